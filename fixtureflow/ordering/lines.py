"""Lines of records, each in an order of its own, merged by where they stood in the input."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush

from fixtureflow.ordering.loops import Changes, first_half
from fixtureflow.ordering.recordgraph import RecordGraph
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import NEAR
from fixtureflow.stream import BATCH, Block

__all__ = ["Line", "Rearranged", "merged"]

HELD_BYTES = 256 * 1024


class Line:
    """Records of some models in the order they came; `after` are the lines that end before it begins."""

    def __init__(self, models: Sequence[str], after: set[int], catalogue: Catalogue) -> None:
        self.after = after
        self._catalogue = catalogue
        self._runs = catalogue.ids(*models)

    def pieces(self) -> Iterator[tuple[int, int, int]]:
        """In order, what stands together: the place by which it takes turns, its begin and end in the line."""
        return ((self._catalogue.run(run).start, at, at + 1) for at, run in enumerate(self._runs))

    def blocks(self, begin: int, end: int) -> Iterator[Block]:
        """The records from one point of the line to another."""
        for run in self._runs[begin:end]:
            yield self._catalogue.spool.stretch(self._catalogue.run(run))


class Rearranged(Line):
    """Records in an order of their own; those in `halves` come twice, first without some of what they refer to."""

    def __init__(
        self,
        models: Sequence[str],
        after: set[int],
        catalogue: Catalogue,
        found: RecordGraph,
        nodes: array[int],
        glued: bytearray,
        halves: Mapping[int, Changes],
    ) -> None:
        super().__init__(models, after, catalogue)
        self._models = found.models
        self._starts, self._sizes = found.starts, found.sizes
        self._numbers, self._kinds = found.numbers, found.kinds
        self._nodes = nodes
        self._glued = glued
        """1 for what stands in a loop with the one before it."""
        self._halves = halves

    def pieces(self) -> Iterator[tuple[int, int, int]]:
        begin = 0
        size = len(self._nodes)
        while begin < size:
            end = self._glued.find(0, begin + 1)
            end = size if end < 0 else end
            yield self._starts[self._nodes[begin]], begin, end
            begin = end

    def blocks(self, begin: int, end: int) -> Iterator[Block]:
        given: set[int] = set()
        batch: list[Record] = []
        held = 0
        while begin < end:
            stop, start, finish = self._neighbours(begin, end)
            text, source, offset = self._catalogue.spool.fetch(start, finish)
            for node in self._nodes[begin:stop]:
                at = self._starts[node] - start
                raw = text[at : at + self._sizes[node]]
                if node in self._halves and node not in given:
                    given.add(node)
                    raw = first_half(raw, self._halves[node])
                if batch and batch[-1].source is not source:
                    yield Block.of(batch)
                    batch, held = [], 0
                batch.append(Record(raw, self._models[self._kinds[node]], source, self._numbers[node], offset + at))
                held += len(raw)
            if len(batch) >= BATCH or held >= HELD_BYTES:
                yield Block.of(batch)
                batch, held = [], 0
            begin = stop
        if batch:
            yield Block.of(batch)

    def _neighbours(self, begin: int, end: int) -> tuple[int, int, int]:
        """How far the records stand side by side in the input too, and from where to where."""
        nodes, starts, sizes = self._nodes, self._starts, self._sizes
        node = nodes[begin]
        start = starts[node]
        finish = start + sizes[node]
        stop = begin + 1
        while stop < end and nodes[stop] == node + 1 and stop - begin < BATCH and finish - start < HELD_BYTES:
            node += 1
            if starts[node] - finish > NEAR:
                break
            finish = starts[node] + sizes[node]
            stop += 1
        return stop, start, finish


def merged(lines: Sequence[Line]) -> Iterator[Block]:
    """All records; of the lines that may go on, the one whose next piece stood first in the input does."""
    needed: list[list[int]] = [[] for _ in lines]
    waits = [len(line.after) for line in lines]
    for at, line in enumerate(lines):
        for other in line.after:
            needed[other].append(at)
    pieces = [line.pieces() for line in lines]
    ready: list[tuple[int, int, int, int]] = []
    for at, count in enumerate(waits):
        if not count:
            _queue(ready, pieces, at)
    while ready:
        _, at, begin, end = heappop(ready)
        limit = ready[0][0] if ready else None
        for place, start, stop in pieces[at]:
            if (limit is not None and place > limit) or stop - begin > BATCH:
                heappush(ready, (place, at, start, stop))
                break
            end = stop
        else:
            yield from lines[at].blocks(begin, end)
            for waiting in needed[at]:
                waits[waiting] -= 1
                if not waits[waiting]:
                    _queue(ready, pieces, waiting)
            continue
        yield from lines[at].blocks(begin, end)


def _queue(ready: list[tuple[int, int, int, int]], pieces: Sequence[Iterator[tuple[int, int, int]]], at: int) -> None:
    first = next(pieces[at], None)
    if first is not None:
        heappush(ready, (first[0], at, first[1], first[2]))
