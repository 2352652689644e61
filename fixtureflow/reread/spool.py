"""Records made readable a second time, anywhere: a plain file where it stands, anything else from a copy on disk.

A place is a number: where a record stands in all that is kept, the inputs one after the other. It is all that a stage
has to remember of a record to get it back.
"""

from __future__ import annotations

import os
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from fixtureflow.reader import Reading
from fixtureflow.record import Record, Source
from fixtureflow.reread.kept import Copy, InPlace, plain_files
from fixtureflow.reread.stretch import Run, Stretch
from fixtureflow.stream import Block, blocks_of, places

__all__ = ["Spool"]

APART = 1024
"""Places between two inputs, more than there are between neighbours of one."""


class Spool:
    """Keeps the records of one stream; memory holds a few numbers for each input.

    `runs` is the pass over the stream, `stretch` reads a run again, `read` any bytes. A plain file must not change
    meanwhile: that raises `InputError`. A copy is made in the system's folder for temporary files (TMPDIR) and goes
    with the spool; no room for it raises `OutputError`.
    """

    def __init__(self) -> None:
        self._files: list[InPlace] = []
        self._copy: Copy | None = None
        self._end = 0
        # Segments: within one, places and offsets in a source go in step.
        self._starts = array("Q")
        self._offsets = array("q")
        self._homes: list[tuple[Source, InPlace | Copy, int]] = []  # source, where it is, position of place 0
        self._home_of = array("I")
        weakref.finalize(self, _close, self._files)

    def runs(self, records: Iterable[Record], watch: Callable[[Block], None] | None = None) -> Iterator[Run]:
        """Keep all records; tells of them in runs, none longer than a block. `watch` is shown each block first."""
        as_read = isinstance(records, Reading)
        files = plain_files(records) if isinstance(records, Reading) else {}
        self._files += files.values()
        source: Source | None = None
        file: InPlace | None = None
        for block in blocks_of(records):
            if block.source is not source:
                source = block.source
                file = files.get(id(source))
                if file and file.holds(block):
                    self._home(source, file, -self._end)
                    self._segment(self._end, -file.shift)
                    self._end += file.size + APART
                else:  # no plain file: a stream, compressed, another encoding, or what a stage made
                    file = None
            if watch is not None:
                watch(block)
            first = (self._starts[-1] - self._offsets[-1] + block.offset) if file else self._kept(block)
            yield from _runs(block, first, as_read=as_read, copied=None if file else self._places)
        if self._copy:
            self._copy.file.flush()
        self.check()

    def stretch(self, run: Run) -> Stretch:
        """The records of a run."""
        at = self._segment_of(run.start)
        source, file, zero = self._homes[self._home_of[at]]
        text = file.read(zero + run.start, run.end - run.start)
        lines = isinstance(file, InPlace) and source.layout.format == "jsonl"
        return Stretch(text, run, source, run.start - self._starts[at] + self._offsets[at], lines=lines)

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two places of one input."""
        return self.fetch(start, end)[0]

    def fetch(self, start: int, end: int) -> tuple[bytes, Source, int]:
        """The bytes between two places of one input; the input, and their offset there."""
        at = self._segment_of(start)
        source, file, zero = self._homes[self._home_of[at]]
        return file.read(zero + start, end - start), source, start - self._starts[at] + self._offsets[at]

    def check(self) -> None:
        """Raises `InputError` if a file has changed since it was first read."""
        for file in self._files:
            file.check()

    def _segment_of(self, place: int) -> int:
        return bisect_right(self._starts, place) - 1 if len(self._starts) > 1 else 0

    def _home(self, source: Source, file: InPlace | Copy, zero: int) -> None:
        self._homes.append((source, file, zero))

    def _segment(self, place: int, offset: int) -> None:
        self._starts.append(place)
        self._offsets.append(offset)
        self._home_of.append(len(self._homes) - 1)

    def _kept(self, block: Block) -> int:
        """Copy a block; the place of its first record."""
        if self._copy is None:
            self._copy = Copy()
        copy = self._copy
        layout = block.source.layout
        separator = layout.separator if layout.format == "json" else b", "
        first = self._end
        if not self._homes or self._homes[-1][0] is not block.source or self._homes[-1][1] is not copy:
            first = self._end = self._end + APART
            self._home(block.source, copy, copy.size - first)
            self._segment(first, block.offset)
        text = block.text(separator)
        copy.write(text, separator)
        self._end += len(text) + len(separator)
        self._places = None
        if block.whole or _is_run(block):
            self._in_step(first, block.offset)
        else:
            records = block.records()
            self._places = list(places(text, [record.raw for record in records], first))
            for place, record in zip(self._places, records, strict=True):
                self._in_step(place, record.offset)
        return first

    _places: list[int] | None = None

    def _in_step(self, place: int, offset: int) -> None:
        if place - offset != self._starts[-1] - self._offsets[-1]:
            self._segment(place, offset)


def _runs(block: Block, first: int, *, as_read: bool, copied: list[int] | None) -> Iterator[Run]:
    """Parts a block by models; `copied` has the places of its records where they are not in step with the offsets."""
    if _is_run(block) and copied is None:
        yield Run(min(block.labels()), first, first + len(block.text(b"")), len(block), block.number)
        return
    labels = block.labels()
    plain = block.whole
    if as_read and len(labels) == 1 and (plain or copied is None):
        if plain:
            end = first + len(block.text(b""))
        else:
            last = block.records()[-1]
            end = first + last.offset - block.offset + len(last.raw)
        (label,) = labels
        yield Run(label, first, end, len(block), block.number)
        return
    records = block.records()
    at = copied or [first + record.offset - block.offset for record in records]
    begins = [0, *(n for n, (one, two) in enumerate(pairwise(records), 1) if _are_apart(one, two)), len(records)]
    for begin, end in pairwise(begins):
        head, tail = records[begin], records[end - 1]
        yield Run(head.model, at[begin], at[end - 1] + len(tail.raw), end - begin, head.number)


def _is_run(block: Block) -> bool:
    """Is it a run already? Its records stand as far apart as they stood, or their offsets mean nothing any more."""
    return type(block) is Stretch and not block.lines


def _are_apart(one: Record, two: Record) -> bool:
    """Of what a stage has thinned out, neighbours need not be neighbours in their input."""
    return one.model != two.model or one.number + 1 != two.number or one.source is not two.source


def _close(files: list[InPlace]) -> None:
    for file in files:
        os.close(file.descriptor)
