"""Keys as small numbers: exact, and compact where they are the integers that a database counted."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from fixtureflow.references.links import Key

__all__ = ["Keys", "Numbers"]

DENSE = 1 << 16
"""Integers up to this, or up to eight times as many as there are, are looked up in an array."""


class Numbers:
    """Gives out the numbers 0, 1, 2 …; shared by keys of several kinds."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> int:
        self.count += 1
        return self.count - 1

    def take(self, count: int) -> int:
        """The first of so many numbers."""
        self.count += count
        return self.count - count


class Keys:
    """The numbers of keys of one kind. `number` gives one to a key that has none, `find` gives -1."""

    __slots__ = ("_form", "_held", "_next", "_numbers", "_numeric", "_sparse", "dense")

    def __init__(self, form: Callable[[Any], Key], numbers: Numbers) -> None:
        self._form = form
        self._numeric = form(0) == 0  # otherwise no integer is ever a key, and `dense` stays empty
        self._numbers = numbers
        self._next = numbers.next
        self.dense = array("i")
        """The numbers of the integers from 0, -1 for none: loops over millions look here before they call `number`."""
        self._sparse: dict[Key, int] = {}
        self._held = 0

    def number(self, value: Any) -> int:
        key: Any = value if self._numeric and type(value) is int else self._form(value)
        if type(key) is int and key >= 0 and (key < len(self.dense) or self._grown(key)):
            found = self.dense[key]
            if found < 0:
                found = self.dense[key] = self._next()
                self._held += 1
            return found
        known = self._sparse.get(key)
        if known is None:
            known = self._sparse[key] = self._next()
            self._held += 1
        return known

    def number_all(self, values: Sequence[Any]) -> list[int]:
        """`number` of each."""
        found = self.find_all(values)
        if -1 not in found:
            return found
        if max(found) < 0 and self._counted(values):
            dense, first = self.dense, self._numbers.take(len(values))
            found = list(range(first, first + len(values)))
            for key, number in zip(values, found, strict=True):
                dense[key] = number
            self._held += len(values)
            return found
        return list(map(self.number, values))

    def _counted(self, values: Sequence[Any]) -> bool:
        """Are they integers, all different, that the array can hold?"""
        if not self._numeric or set(map(type, values)) != {int} or min(values) < 0:
            return False
        if max(values) >= len(self.dense) and not self._grown(max(values)):
            return False
        return len(set(values)) == len(values)

    def find(self, value: Any) -> int:
        key: Any = value if self._numeric and type(value) is int else self._form(value)
        if type(key) is int and 0 <= key < len(self.dense):
            return self.dense[key]
        return self._sparse.get(key, -1)

    def find_all(self, values: Collection[Any]) -> list[int]:
        """`find` of each."""
        dense, size, find, sparse = self.dense, len(self.dense), self.find, self._sparse.get
        if not self._numeric:
            return list(map(find, values))
        try:
            if len(values) > 1 and min(values) >= 0:
                return list(itemgetter(*values)(dense))  # half the time of a loop
        except (IndexError, TypeError):
            pass
        return [
            find(value) if type(value) is not int else dense[value] if 0 <= value < size else sparse(value, -1)
            for value in values
        ]

    def highest(self, counts: Callable[[int], bool] = lambda _: True) -> int:
        """The highest integer of those whose number `counts`, 0 if there is none."""
        dense = self.dense
        top = next((key for key in range(len(dense) - 1, 0, -1) if dense[key] >= 0 and counts(dense[key])), 0)
        return max(top, *(key for key, number in self._sparse.items() if type(key) is int and counts(number)), 0)

    def places(self) -> tuple[Sequence[int], Mapping[Key, int]]:
        """The numbers of the integers from 0, -1 for none, and those of the other keys."""
        return self.dense, self._sparse

    def sizes(self) -> tuple[int, int]:
        """How many places the array has, and how many keys are held outside of it."""
        return len(self.dense), len(self._sparse)

    def _grown(self, key: int) -> bool:
        """Make the array reach `key`, if most of it would not stay empty."""
        limit = max(DENSE, 8 * self._held)
        if key >= limit:
            return False
        old = len(self.dense)
        new = min(limit, max(key + 1, 2 * old))
        self.dense.extend(array("i", [-1]) * (new - old))
        for moved in [k for k in self._sparse if type(k) is int and old <= k < new]:
            self.dense[moved] = self._sparse.pop(moved)
        return True
