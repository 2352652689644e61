"""What becomes of each record, kept in a few bytes for each, and found by its primary key."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from enum import IntEnum
from itertools import chain
from typing import Any

from fixtureflow.references.keys import Keys, Numbers
from fixtureflow.references.links import Place, key_form
from fixtureflow.schema.model import Schema

__all__ = ["DROPPED", "KEPT", "Fate", "Fates"]


class Fate(IntEnum):
    """What is decided of a record."""

    UNSEEN = 0
    NEW = 1
    """The target has no such row: the record is kept."""
    SAME = 2
    """The target has it under the same pk: left out."""
    REMAPPED = 3
    """The target has it under another pk: left out, and references follow."""
    RENUMBERED = 4
    """New, and its pk was taken: kept under another."""
    REJECTED = 5
    ABSENT = 6
    """Only looked up, or left out by a pattern, and the target has no such row."""
    UPDATED = 7
    """The target has it, and it takes that row's place: kept under the target's pk."""


KEPT = (Fate.NEW, Fate.RENUMBERED, Fate.UPDATED)
DROPPED = (Fate.SAME, Fate.REMAPPED)


class Fates:
    """Fates by number; a record has the number of its pk. Some 15 bytes for each record."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._numbers = Numbers()
        self._keys: dict[str, Keys] = {}
        self.fate = bytearray()
        self._moved: dict[int, Any] = {}
        self.changed: set[str] = set()
        """Models of which a pk changes, is rejected or absent: references to others need no looking at."""
        self.renamed: set[str] = set()
        """Models of which a row of the target has another natural key than its record."""
        self.lost: set[str] = set()
        """Models of which records are rejected or absent."""
        self.odd: set[str] = set()
        """Models of which not every record is new."""
        self.without_pk: dict[str, array[int]] = {}
        """By model, the numbers of the records that have no pk, in the order they were read."""

    def keys(self, label: str) -> Keys:
        """The numbers of a model's pks; `label` is that of a concrete model."""
        found = self._keys.get(label)
        if found is None:
            found = self._keys[label] = Keys(key_form(self._schema, Place(label, "")), self._numbers)
        return found

    def has(self, label: str) -> bool:
        """Were records of the model read?"""
        return label in self._keys

    def number(self, label: str, pk: Any) -> int:
        """The number of a record, a new one if it has none yet."""
        number = self.keys(label).number(pk) if pk is not None else self._numbers.next()
        if number >= len(self.fate):
            self.fate.extend(bytes(number + 1024 - len(self.fate)))
        return number

    def numbers(self, label: str, pks: Sequence[Any]) -> list[int]:
        """The same of many that have a pk."""
        numbers = self.keys(label).number_all(pks)
        if (most := max(numbers, default=0)) >= len(self.fate):
            self.fate.extend(bytes(most + 1024 - len(self.fate)))
        return numbers

    def nameless(self, label: str, nth: int) -> int:
        """The number of the n-th record without a pk of a model, from 0; a new one if it has none yet."""
        numbers = self.without_pk.setdefault(label, array("I"))
        if nth == len(numbers):
            numbers.append(self.number(label, None))
        return numbers[nth]

    def has_unnamed(self, label: str) -> bool:
        """Are there records without a pk of a concrete model?"""
        models = map(self._schema.concrete, self.without_pk)
        return any(model is not None and model.label == label for model in models)

    def find(self, label: str, pk: Any) -> int:
        """The number of a record, -1 if there is none."""
        keys = self._keys.get(label)
        return keys.find(pk) if keys else -1

    def keep(self, numbers: Sequence[int]) -> None:
        """Decide that records are new; most are."""
        fate = self.fate
        for number in numbers:
            fate[number] = Fate.NEW
        if self._moved:
            for number in self._moved.keys() & set(numbers):
                del self._moved[number]

    def decide(self, label: str, number: int, fate: Fate, moved: Any = None) -> None:
        """`moved` is the pk that the record has in the target, if it is another."""
        self.fate[number] = fate
        if fate != Fate.NEW:
            self.odd.add(label)
        if moved is not None:
            self._moved[number] = moved
        else:
            self._moved.pop(number, None)
        if fate in (Fate.REJECTED, Fate.ABSENT):
            self.lost.add(label)
        if moved is not None or fate in (Fate.REJECTED, Fate.ABSENT):
            self.changed.add(label)

    def where_moved(self, numbers: Sequence[int]) -> list[int]:
        """The places of those that have another pk in the target."""
        moved = self._moved
        return [at for at, number in enumerate(numbers) if number in moved] if moved else []

    def moving(self, numbers: Sequence[int]) -> list[int]:
        """The places of those that are none of a record, and of those that have another pk in the target."""
        moved = self._moved
        if moved.keys().isdisjoint(numbers) and min(numbers, default=0) >= 0:
            return []
        return [at for at, number in enumerate(numbers) if number < 0 or number in moved]

    def moved(self, number: int, pk: Any) -> Any:
        """The pk in the target of the record that had `pk`."""
        return self._moved.get(number, pk)

    def highest(self, label: str) -> tuple[int, bool]:
        """Of a concrete model the highest integer that is the pk of a record that is kept, as it is then, 0 for none.

        And whether one is kept whose pk is no integer.
        """
        keys, fate, moved = self.keys(label), self.fate, self._moved

        def stays(number: int) -> bool:
            return fate[number] in KEPT and number not in moved

        tops = [keys.highest(stays)]
        dense, sparse = keys.places()
        if label in self.changed:
            ours = (number for number in chain(dense, sparse.values()) if number in moved)
            tops += [pk for number in ours if fate[number] in KEPT and type(pk := moved[number]) is int]
        return max(tops), any(type(key) is not int and stays(number) for key, number in sparse.items())
