"""Records that share keys, parted so that each shares keys with records of its own batch only: one can be looked at
while the others wait on the disk."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

__all__ = ["Batches"]

MOST = 100_000
"""Records of a batch, unless more hang together."""


class Batches:
    """Some 13 bytes for each record of a table."""

    def __init__(self, count: int) -> None:
        self._first = array("I", range(count))
        """A record before it that it hangs together with, itself for the first."""
        self._shares = bytearray(count)
        self._batch = array("I")
        self.count = 0

    def join(self, one: int, other: int) -> None:
        """The two share a key."""
        self._shares[one] = self._shares[other] = 1
        one, other = self._root(one), self._root(other)
        if one != other:
            self._first[max(one, other)] = min(one, other)

    def part(self) -> None:
        """Put each record that shares a key into a batch, from 1 to `count`, in the order of the first of them."""
        size = len(self._shares)
        sizes = array("I", bytes(4 * size))
        for number in self._sharing():
            sizes[self._root(number)] += 1
        self._batch = array("I", bytes(4 * size))
        held = MOST
        for number in self._sharing():
            root = self._root(number)
            if root == number:
                if held + sizes[root] > MOST:
                    self.count, held = self.count + 1, 0
                held += sizes[root]
                self._batch[root] = self.count
            else:
                self._batch[number] = self._batch[root]

    def has(self, batch: int, number: int) -> bool:
        """Is the record in the batch?"""
        return self._batch[number] == batch

    def reaches(self, batch: int, first: int, count: int) -> bool:
        """Is any of some neighbours in the batch?"""
        return batch in self._batch[first : first + count]

    def _sharing(self) -> Iterator[int]:
        at = self._shares.find(1)
        while at >= 0:
            yield at
            at = self._shares.find(1, at + 1)

    def _root(self, number: int) -> int:
        first = self._first
        while first[number] != number:
            first[number] = first[first[number]]
            number = first[number]
        return number
