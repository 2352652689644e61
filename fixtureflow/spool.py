"""Records made readable a second time, anywhere: a plain file where it stands, anything else from a copy on disk.

A place is a number: where a record stands in all that is kept, the inputs one after the other. It is all that a stage
has to remember of a record to get it back.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from fixtureflow.errors import InputError, OutputError
from fixtureflow.exact import scan
from fixtureflow.output import output_faults
from fixtureflow.reader import Input, Reading
from fixtureflow.record import Record, Source
from fixtureflow.stream import Block, blocks_of, places

__all__ = ["NEAR", "Run", "Spool", "Stretch"]

ROOM_KEPT = 64 * 1024 * 1024
"""Bytes of disk that a copy leaves free; looked at each time so much has been written."""
NEAR = 64
"""Bytes between two neighbours of one input, at most."""
APART = 1024
"""Places between two inputs."""

_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPACE = b" \t\r\n"


class Run(msgspec.Struct, gc=False, frozen=True):
    """Neighbours of one model: the places of their first byte and after their last, how many, the first's number."""

    model: str
    start: int
    end: int
    count: int
    number: int


class Stretch(Block):
    """A run of records read again; split only when asked."""

    __slots__ = ("_lines", "_run", "_text")

    def __init__(self, text: bytes, run: Run, source: Source, offset: int, *, lines: bool) -> None:
        super().__init__(b"", [], {}, source, run.number, offset)
        self._text = text
        self._run = run
        self._lines = lines

    def __len__(self) -> int:
        return self._run.count

    def labels(self) -> set[str]:
        return {self._run.model}

    def models(self) -> list[str]:
        return [self._run.model] * self._run.count

    def records(self) -> list[Record]:
        if self._records is None:
            raws = self.raws()
            rows = zip(raws, places(self._text, raws, self.offset), strict=True)
            model, source = self._run.model, self.source
            self._records = [Record(raw, model, source, n, at) for n, (raw, at) in enumerate(rows, start=self.number)]
        return self._records

    def views(self) -> list[bytes]:
        return self.raws()

    def raws(self) -> list[bytes]:
        if self._lines:
            return [raw for line in self._text.split(b"\n") if (raw := line.strip(_SPACE))]
        try:
            return list(map(bytes, _raws(b"[%b]" % self._text)))
        except (msgspec.DecodeError, RecursionError):  # NaN and the like, or very deep
            return [raw for _, raw, _ in scan(self._text, first=False, final=True).records]

    def pks(self) -> list[bytes]:
        return [record.pk_text for record in self.records()]

    def text(self, separator: bytes) -> bytes:
        return separator.join(self.raws()) if self._lines else self._text

    def spans(self, start: int) -> tuple[list[int], list[int]]:
        """The place of each record, if the first is at `start`, and its size."""
        raws = self.raws()
        return list(places(self._text, raws, start)), list(map(len, raws))

    def follows(self, other: Block | None) -> tuple[int, int] | None:
        """The places that what parts it from `other` stands between, if it stands just behind it in a JSON array."""
        if isinstance(other, Stretch) and not self._lines and 0 < self._run.start - other._run.end <= NEAR:
            return other._run.end, self._run.start
        return None

    def array(self) -> bytes:
        """The records as one JSON array."""
        return b"[%b]" % (b",".join(self.raws()) if self._lines else self._text)


class Spool:
    """Keeps the records of one stream; memory holds a few numbers for each input.

    `runs` is the pass over the stream, `stretch` reads a run again, `read` any bytes. A plain file must not change
    meanwhile: that raises `InputError`. A copy is made in the system's folder for temporary files (TMPDIR) and goes
    with the spool; no room for it raises `OutputError`.
    """

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._copy: _Copy | None = None
        self._sources: list[Source] = []
        self._end = 0
        # Segments: within one, places and offsets in a source go in step.
        self._starts = array("Q")
        self._offsets = array("q")
        self._homes: list[tuple[Source, _File | _Copy, int]] = []  # source, where it is, position of place 0
        self._home_of = array("I")
        weakref.finalize(self, _close, self._files)

    def runs(self, records: Iterable[Record]) -> Iterator[Run]:
        """Keep all records; tells of them in runs, none longer than a block."""
        as_read = isinstance(records, Reading)
        files = _opened(records) if isinstance(records, Reading) else {}
        self._files += files.values()
        source: Source | None = None
        file: _File | None = None
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
        lines = isinstance(file, _File) and source.layout.format == "jsonl"
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

    def _home(self, source: Source, file: _File | _Copy, zero: int) -> None:
        self._homes.append((source, file, zero))

    def _segment(self, place: int, offset: int) -> None:
        self._starts.append(place)
        self._offsets.append(offset)
        self._home_of.append(len(self._homes) - 1)

    def _kept(self, block: Block) -> int:
        """Copy a block; the place of its first record."""
        if self._copy is None:
            self._copy = _Copy()
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
        if block.whole:
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
    labels = block.labels()
    plain = block.whole
    if as_read and len(labels) == 1 and (plain or copied is None):
        if plain:
            end = first + len(block.text(b""))
        else:
            last = block.records()[-1]
            end = first + last.offset - block.offset + len(last.raw)
        yield Run(labels.pop(), first, end, len(block), block.number)
        return
    records = block.records()
    at = copied or [first + record.offset - block.offset for record in records]
    # Of what a stage has thinned out, neighbours need not be neighbours in their input.
    rows = zip(records, at, range(len(records)), strict=True)
    for (model, _, _), group in groupby(rows, lambda row: (row[0].model, row[0].number - row[2], id(row[0].source))):
        run = list(group)
        (head, start, _), (tail, last_start, _) = run[0], run[-1]
        yield Run(model, start, last_start + len(tail.raw), len(run), head.number)


class _File:
    """A plain file, read where it stands."""

    def __init__(self, descriptor: int, name: str, start: int) -> None:
        self.descriptor = descriptor
        self.name = name
        self.shift = start
        """The position of the text's first byte."""
        self.state = self._state()
        self.size = self.state[0]

    def holds(self, block: Block) -> bool:
        """Do the records stand in the file as they were read? Not if it is compressed or in UTF-16."""
        text = block.text(b"")[:4096] if block.whole else block.raws()[0][:4096]
        for mark in (0, 3):  # 3 for a byte order mark, which the reader drops
            if os.pread(self.descriptor, len(text), self.shift + mark + block.offset) == text:
                self.shift += mark
                return True
        return False

    def read(self, position: int, size: int) -> bytes:
        data = os.pread(self.descriptor, size, position)
        while len(data) < size:
            more = os.pread(self.descriptor, size - len(data), position + len(data))
            if not more:
                raise self._changed()
            data += more
        return data

    def check(self) -> None:
        if self._state() != self.state:
            raise self._changed()

    def _state(self) -> tuple[int, int]:
        found = os.fstat(self.descriptor)
        return found.st_size, found.st_mtime_ns

    def _changed(self) -> InputError:
        return InputError("has changed while it was read", advice="run it again when nobody writes it", file=self.name)


class _Copy:
    """A file of our own, without a name, for what can be read only once."""

    def __init__(self) -> None:
        with output_faults(tempfile.gettempdir()):
            self.file = tempfile.TemporaryFile(buffering=1024 * 1024)  # noqa: SIM115 - it lives as long as the spool
        self.size = 0
        self.checked = 0

    def write(self, *texts: bytes) -> None:
        folder = tempfile.gettempdir()
        with output_faults(folder):
            for text in texts:
                self.file.write(text)
                self.size += len(text)
            if self.size >= self.checked:
                self.checked = self.size + ROOM_KEPT
                if shutil.disk_usage(folder).free < 2 * ROOM_KEPT:
                    raise OutputError(
                        f"{folder}: has no room for a copy of the input, of which {self.size:,} bytes have been read",
                        advice="make room, set TMPDIR to a folder that has, or give the fixture as a plain file",
                    )

    def read(self, position: int, size: int) -> bytes:
        self.file.seek(position)
        data: bytes = self.file.read(size)
        return data


def _opened(reading: Reading) -> dict[int, _File]:
    """The inputs that are plain files, by their source."""
    found = {}
    for item, source in zip(reading.inputs, reading.sources, strict=True):
        place = _descriptor(item) if hasattr(os, "pread") else None
        if place is not None:
            found[id(source)] = _File(place[0], source.name, place[1])
    return found


def _descriptor(item: Input) -> tuple[int, int] | None:
    """A file descriptor of our own and the position that reading begins at, if the input is a plain file."""
    try:
        if isinstance(item, str | Path) and item != "-":
            if not Path(item).is_file():  # to open a named pipe for a moment would end its writer
                return None
            descriptor, start = os.open(item, os.O_RDONLY), 0
        else:
            stream = sys.stdin.buffer if isinstance(item, str | Path) else item
            if not isinstance(stream, io.FileIO) and not isinstance(getattr(stream, "raw", None), io.FileIO):
                return None
            descriptor, start = os.dup(stream.fileno()), stream.tell()
    except (OSError, ValueError):  # the reader says it better
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor, start


def _close(files: list[_File]) -> None:
    for file in files:
        os.close(file.descriptor)
