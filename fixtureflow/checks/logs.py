"""Columns of keys as logs of 64-bit integers, in the order of their records; beyond a bound they go to a file.

A number stands for itself and anything else for its hash, 61 bits of it and a mark, so that the two never meet. Two
keys of one hash would be taken for one: among 10,000,000 there is one such pair once in 40,000 fixtures.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Hashable, Iterator
from typing import Any

from fixtureflow.output import output_faults

__all__ = ["BITS", "END", "LEAST", "NATURAL", "NONE", "PLAIN", "Disk", "Log", "hashed", "natural_hash"]

NONE = -(2**63)
"""In place of a key that is none."""
END = NONE + 1
"""After the keys of each record, in a log that has several of one record."""
LEAST = NONE + 2
"""The smallest number that is a key."""
PLAIN = 2**62
NATURAL = 2**62 + 2**61
"""From here on stand natural keys."""
BITS = 2**61 - 1

CHUNK = 1 << 16
"""Keys looked at in one go."""
_SPILLED = 1 << 17
"""Keys that a log gathers before it goes to the file."""


def hashed(key: Hashable) -> int:
    """The number that stands for a key that is none itself; equal keys are to have one `repr`."""
    # Of numbers Python's hash is a remainder, and that of -1 the one of -2.
    return hash(key if type(key) is str else repr(key)) & BITS | PLAIN


def natural_hash(key: Hashable) -> int:
    """The number that stands for a natural key."""
    return hash(repr(key)) & BITS | NATURAL


class Disk:
    """What all logs share: how much memory they may still take, and the file for what comes after."""

    def __init__(self, memory: int) -> None:
        self.left = memory
        self._file: Any = None
        self._end = 0

    @property
    def used(self) -> bool:
        return self._file is not None

    def write(self, keys: array[int]) -> int:
        """Keep keys; where they stand. Raises `OutputError` where there is no room."""
        with output_faults(tempfile.gettempdir()):
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as the logs
            at, self._end = self._end, self._end + 8 * len(keys)
            self._file.seek(at)
            view = memoryview(keys).cast("B")
            while view:
                view = view[self._file.write(view) :]
        return at

    def read(self, at: int, count: int) -> array[int]:
        self._file.seek(at)
        return array("q", self._file.read(8 * count))


class Log:
    """Keys in the order they came."""

    __slots__ = ("_disk", "_spilled", "_tail", "gaps", "natural", "several")

    def __init__(self, disk: Disk, *, several: bool = False) -> None:
        self._disk = disk
        self._spilled: list[tuple[int, int]] = []
        self._tail = array("q")
        self.several = several
        """May one record have several keys, or none? Then `END` stands after those of each."""
        self.natural = False
        """Are there natural keys among them?"""
        self.gaps = True
        """May there be a record without a key?"""

    def __len__(self) -> int:
        return sum(count for _, count in self._spilled) + len(self._tail)

    def extend(self, keys: array[int]) -> None:
        self._tail.extend(keys)
        self._disk.left -= 8 * len(keys)
        if self._disk.left < 0 and len(self._tail) >= _SPILLED:
            self._spilled.append((self._disk.write(self._tail), len(self._tail)))
            self._disk.left += 8 * len(self._tail)
            self._tail = array("q")

    def chunks(self) -> Iterator[array[int]]:
        """All keys, some at a time."""
        for at, count in self._spilled:
            for start in range(0, count, CHUNK):
                yield self._disk.read(at + 8 * start, min(CHUNK, count - start))
        for start in range(0, len(self._tail), CHUNK):
            yield self._tail[start : start + CHUNK]

    def items(self) -> Iterator[tuple[int, int]]:
        """(record, key) of all keys."""
        record = 0
        for chunk in self.chunks():
            for key in chunk:
                if not self.several:
                    yield record, key
                    record += 1
                elif key == END:
                    record += 1
                else:
                    yield record, key

    def at(self, place: int) -> int:
        """The key at a place, counted from 0."""
        for at, count in self._spilled:
            if place < count:
                return self._disk.read(at + 8 * place, 1)[0]
            place -= count
        return self._tail[place]
