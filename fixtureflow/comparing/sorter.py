"""Short byte strings of one length, given back in order; beyond a bound they wait on disk."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from typing import IO

from fixtureflow.output import output_faults

__all__ = ["Sorter"]

HELD = 1 << 19
"""Strings kept in memory: some 50 MB."""
READ_AT_ONCE = 1 << 12


class Sorter:
    """Sorts all that has been added, each time it is gone through."""

    def __init__(self, size: int) -> None:
        """`size` is the length of each."""
        self._size = size
        self._held: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, int]] = []
        self._end = 0

    def __len__(self) -> int:
        return self._end // self._size + len(self._held)

    def add(self, item: bytes) -> None:
        """Raises `OutputError` where there is no room on disk."""
        self._held.append(item)
        if len(self._held) >= HELD:
            self._spill()

    def __iter__(self) -> Iterator[bytes]:
        self._held.sort()
        return heapq.merge(*(self._run(start, end) for start, end in self._runs), self._held)

    def _spill(self) -> None:
        self._held.sort()
        text = b"".join(self._held)
        with output_faults(tempfile.gettempdir()):
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the sorter
            self._file.seek(self._end)
            self._file.write(text)
            self._file.flush()
        self._runs.append((self._end, self._end + len(text)))
        self._end += len(text)
        self._held = []

    def _run(self, start: int, end: int) -> Iterator[bytes]:
        assert self._file is not None  # noqa: S101
        step = self._size * READ_AT_ONCE
        for at in range(start, end, step):
            self._file.seek(at)
            data = self._file.read(min(step, end - at))
            for place in range(0, len(data), self._size):
                yield data[place : place + self._size]
