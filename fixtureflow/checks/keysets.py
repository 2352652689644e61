"""Questions to logs of keys: which stand there twice, and which of these are not among those.

Keys that a database counted are looked up in an array of bytes; of others so many are held at a time as memory allows,
and the logs are gone through again for the next.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence, Set
from itertools import count, islice
from operator import lt
from typing import NamedTuple

from fixtureflow.checks.logs import END, LEAST, NATURAL, NONE, Log
from fixtureflow.findings import EXAMPLES

__all__ = ["HELD", "Absent", "KeySet", "Repeat", "numbered", "repeats"]

HELD = 1 << 19
"""Keys that are no dense integers and are held at a time: some 60 MB."""
DENSE = 1 << 16
"""Integers in a range of this, or of eight times as many as there are, are looked up in an array of bytes."""


class Repeat(NamedTuple):
    """A key that has come before: its log and record, and those in which it came first."""

    log: int
    record: int
    first_log: int
    first_record: int


class Absent:
    """References to keys that are not there: how many, and (record, key) of the first few."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, int]] = []


class KeySet:
    """The keys in some logs."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = logs
        self._rounds = 1
        self._held: set[int] = set()
        self._flags = bytearray()
        self._least = 0
        self.rising = True
        """Does each key come after all smaller ones? Then none stands there twice."""
        self.repeated = False
        """Does one stand there twice, as far as that has been seen?"""
        self.size = 0
        self._measure()

    @property
    def is_dense(self) -> bool:
        """Are the keys integers of which not many are left out?"""
        return bool(self._flags)

    @property
    def dense(self) -> tuple[int, int]:
        """The smallest and the largest of such keys; (0, -1) of others."""
        return self._least, self._least + len(self._flags) - 1

    def absent(self, references: Log, *, natural: bool = False, but: Set[int] = frozenset()) -> Absent:
        """The references to none of the keys; either the natural ones, or all others, and none of those in `but`."""
        found = Absent()
        for turn in range(self._rounds):
            held = self._round(turn)
            record = 0
            few: list[tuple[int, int]] = []
            for chunk in references.chunks():
                if not natural and not references.gaps and self._all_there(chunk):
                    record += len(chunk)
                    continue
                wanted = self._missing(set(chunk), turn, held, natural=natural) - but
                if wanted:
                    found.count += sum(map(wanted.__contains__, chunk))
                    if len(few) < EXAMPLES:
                        few += islice(_places(chunk, wanted, record, several=references.several), EXAMPLES)
                record += chunk.count(END) if references.several else len(chunk)
            found.first = sorted(found.first + few)[:EXAMPLES]
        return found

    def each_absent(
        self, references: Log, *, natural: bool = False, but: Set[int] = frozenset()
    ) -> Iterator[tuple[int, int]]:
        """(record, key) of each such reference, one by one."""
        for turn in range(self._rounds):
            held = self._round(turn)
            record = 0
            for chunk in references.chunks():
                wanted = self._missing(set(chunk), turn, held, natural=natural) - but
                yield from _places(chunk, wanted, record, several=references.several) if wanted else ()
                record += chunk.count(END) if references.several else len(chunk)

    def _missing(self, keys: set[int], turn: int, held: set[int], *, natural: bool) -> set[int]:
        keys.discard(NONE)
        keys.discard(END)
        if natural:
            keys = {key for key in keys if key >= NATURAL}
        if self._flags:
            flags, least, size = self._flags, self._least, len(self._flags)
            keys = {key for key in keys if not (0 <= key - least < size and flags[key - least])}
        else:
            keys -= held
            if self._rounds > 1:
                keys = {key for key in keys if key % self._rounds == turn}
        return keys if natural or not keys or max(keys) < NATURAL else {key for key in keys if key < NATURAL}

    def _all_there(self, chunk: array[int]) -> bool:
        """Is there no question that all are there? The fast way, for what is most often so."""
        if not self._flags or self._least or min(chunk) < 0:
            return False
        try:
            return all(map(self._flags.__getitem__, chunk))
        except IndexError:
            return False

    def _round(self, turn: int) -> set[int]:
        if self._flags or self._rounds == 1:
            return self._held
        held: set[int] = set()
        for chunk in _present(self._logs):
            held.update(key for key in chunk if key % self._rounds == turn)
        return held

    def _measure(self) -> None:
        least, most, last = 0, -1, NONE
        spans: list[bool] = []
        for chunk in _present(self._logs):
            rising = all(map(lt, chunk, chunk[1:]))
            low, high = (chunk[0], chunk[-1]) if rising else (min(chunk), max(chunk))
            least, most = (low, high) if most < least else (min(least, low), max(most, high))
            self.rising = self.rising and rising and low > last
            last = high
            self.size += len(chunk)
            spans.append(rising and high - low == len(chunk) - 1)
        least = 0 if 0 < least < DENSE else least
        if self.size and most - least < max(DENSE, 8 * self.size):
            self._least = least
            self._flags = bytearray(most - least + 1)
            self._mark(spans)
        elif self.size <= HELD:
            for chunk in _present(self._logs):
                self._held.update(chunk)
            self.repeated = len(self._held) < self.size
        else:
            self._rounds = -(-self.size // HELD)
            self.repeated = not self.rising

    def _mark(self, spans: list[bool]) -> None:
        flags, least = self._flags, self._least
        for chunk, is_span in zip(_present(self._logs), spans, strict=True):
            if is_span:
                flags[chunk[0] - least : chunk[-1] - least + 1] = b"\1" * len(chunk)
                continue
            for key in chunk:
                flags[key - least] = 1
        self.repeated = not self.rising and flags.count(1) < self.size


def _present(logs: Sequence[Log]) -> Iterator[array[int]]:
    """The keys, without what is none."""
    for log in logs:
        for chunk in log.chunks():
            keys = array("q", [key for key in chunk if key >= LEAST]) if log.gaps else chunk
            if keys:
                yield keys


def repeats(logs: Sequence[Log]) -> Iterator[Repeat]:
    """Each key that has come before, in any order; the logs have one key of each record."""
    found = KeySet(logs)
    if not found.repeated:
        return
    rounds = -(-found.size // HELD)
    del found
    for turn in range(rounds):
        first: dict[int, tuple[int, int]] = {}
        for number, log in enumerate(logs):
            record = 0
            for chunk in log.chunks():
                for at, key in enumerate(chunk, record):
                    if key >= LEAST and key % rounds == turn:
                        before = first.setdefault(key, (number, at))
                        if before != (number, at):
                            yield Repeat(number, at, *before)
                record += len(chunk)


def numbered(logs: Sequence[tuple[Log, int]], references: Log) -> array[int]:
    """Of each record that refers to something, by one key, the number of the record that has the key, else -1.

    Each log comes with the number of its first record. Of a key that stands there twice the last counts.
    """
    found = KeySet([log for log, _ in logs])
    least, most = found.dense
    places = array("i", [-1]) * (most - least + 1)
    known: dict[int, int] = {}
    for log, start in logs:
        numbers = count(start)
        for chunk in log.chunks():
            if found.is_dense:
                for key, number in zip(chunk, numbers):  # noqa: B905 - the numbers go on in the next chunk
                    if key >= least:
                        places[key - least] = number
            else:
                known.update(zip(chunk, numbers))  # noqa: B905
    result = array("i")
    for chunk in references.chunks():
        if found.is_dense:
            result.extend([places[key - least] if least <= key <= most else -1 for key in chunk])
        else:
            result.extend([known.get(key, -1) if key >= LEAST else -1 for key in chunk])
    return result


def _places(chunk: array[int], wanted: set[int], record: int, *, several: bool) -> Iterator[tuple[int, int]]:
    if not several:
        for at, key in enumerate(chunk, record):
            if key in wanted:
                yield at, key
        return
    for key in chunk:
        if key == END:
            record += 1
        elif key in wanted:
            yield record, key
