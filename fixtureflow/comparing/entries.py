"""What is kept of each record of a dump: 50 bytes, parted by key, beyond a bound on disk.

Records that have the same key are in the same part of any two dumps, so that parts are compared one by one.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import IO, NamedTuple

from fixtureflow.output import output_faults

__all__ = ["PARTS", "Entries", "Entry"]

PARTS = 256
"""As many as the first byte of a key has values."""
HELD = 32 * 1024 * 1024
"""Bytes of entries kept in memory."""

_FORM = struct.Struct("<16s16sQIIH")


class Entry(NamedTuple):
    """A record: digests of its key and its values, where it stands, its number in its input, that of its model."""

    key: bytes
    value: bytes
    place: int
    size: int
    number: int
    model: int


class Entries:
    """The entries of one dump."""

    def __init__(self) -> None:
        self._parts = [bytearray() for _ in range(PARTS)]
        self._held = 0
        self._file: IO[bytes] | None = None
        self._end = 0
        self._spilled: list[list[tuple[int, int]]] = [[] for _ in range(PARTS)]

    def extend(
        self,
        digests: Iterable[tuple[bytes, bytes]],
        places: Sequence[int],
        sizes: Sequence[int],
        first: int,
        models: Sequence[int],
    ) -> None:
        """Add neighbours; `first` is the number of the first. Raises `OutputError` if the disk is full."""
        parts, pack = self._parts, _FORM.pack
        for (key, value), place, size, number, model in zip(digests, places, sizes, count(first), models):
            parts[key[0]] += pack(key, value, place, size, number, model)
        self._held += len(places) * _FORM.size
        if self._held >= HELD:
            self._spill()

    def add(self, entry: Entry) -> None:
        """Add one. Raises `OutputError` if the disk is full."""
        self._parts[entry.key[0]] += _FORM.pack(*entry)
        self._held += _FORM.size
        if self._held >= HELD:
            self._spill()

    def part(self, number: int) -> Iterator[Entry]:
        """The entries of a part, in the order they were added."""
        data = b"".join([*(self._read(*piece) for piece in self._spilled[number]), self._parts[number]])
        return map(Entry._make, _FORM.iter_unpack(data))

    def _spill(self) -> None:
        with output_faults(tempfile.gettempdir()):
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the entries
            self._file.seek(self._end)
            for part, pieces in zip(self._parts, self._spilled, strict=True):
                self._file.write(part)
                pieces.append((self._end, len(part)))
                self._end += len(part)
                part.clear()
            self._file.flush()
        self._held = 0

    def _read(self, at: int, size: int) -> bytes:
        assert self._file is not None  # noqa: S101
        self._file.seek(at)
        return self._file.read(size)
