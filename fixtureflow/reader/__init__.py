"""Bytes → records: JSON arrays in any layout, JSONL, deeper documents, compressed or not, several in one go."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fixtureflow.errors import InputError, UsageError
from fixtureflow.layout import LINES, Layout
from fixtureflow.reader.array import ArrayReader
from fixtureflow.reader.blocks import BLOCK
from fixtureflow.reader.detect import LOOK, excerpt, start_of
from fixtureflow.reader.lines import LinesReader
from fixtureflow.reader.opening import Input, Progress, Text, name_of, opened
from fixtureflow.record import Source
from fixtureflow.stream import Block, Records

__all__ = ["Input", "Progress", "Reading", "read"]

_log = logging.getLogger("fixtureflow")


def read(
    *inputs: Input,
    at: str | None = None,
    repair: bool = False,
    progress: Progress | None = None,
    block: int = BLOCK,
) -> Reading:
    """The records of fixtures, one input after the other; opened when the first record is asked for.

    An input is a path, `"-"` for standard input (also where none is given), or a file open in binary mode. Its format
    and compression are told by its content. `at` is where the records are in a document that is no list
    (`"data.objects"`). `repair` leaves out text before and after the records, and the cut last record of a cut file.
    Raises `InputError`, while it is read.
    """
    return Reading(inputs or ("-",), at, repair, progress, block)


class Reading(Records):
    """Records read from inputs. Files can be read again; a stream only once."""

    def __init__(
        self, inputs: tuple[Input, ...], at: str | None, repair: bool, progress: Progress | None, block: int
    ) -> None:
        super().__init__(self.blocks)
        if at == "":
            raise UsageError("`at=` names no place", advice='leave it out, or write `at="data.objects"`')
        for item in inputs:
            if not isinstance(item, str | Path) and not hasattr(item, "read"):
                problem = f"an input is a path or a file open for reading, not {type(item).__name__}"
                raise UsageError(problem, advice="give several one by one: ff.read(*names)")
        streams = [item for item in inputs if not _is_path(item)]
        if len({id(item) if item != "-" else "-" for item in streams}) < len(streams):
            raise UsageError("a stream is named twice, and can be read only once")
        self.inputs = inputs
        self.at = at
        self.repair = repair
        self.progress = progress
        self.block = block
        self.sources = [Source(name_of(item)) for item in inputs]
        self.count = 0
        """Records read in the latest pass."""
        self.started = False

    @property
    def layout(self) -> Layout:
        return self.sources[0].layout

    def blocks(self, *, apart: bool = False) -> Iterator[Block]:
        if self.started and not all(map(_is_path, self.inputs)):
            raise UsageError("a stream can be read only once", advice="write it to a file first, and read that")
        self.started = True
        self.count = 0
        for item, source in zip(self.inputs, self.sources, strict=True):
            with opened(item, self.progress) as text:
                for block in self._records(text, source, apart=apart):
                    self.count += len(block)
                    yield block

    def _records(self, text: Text, source: Source, *, apart: bool) -> Iterator[Block]:
        if self.at is not None:
            return self._nested(text, source, self.at)
        head = b""
        while len(head) < LOOK and (data := text.read(min(LOOK - len(head), self.block))):
            head += data
        if text.cut and not head.strip():
            self._cut(LinesReader(text, head, 0, source, self.block))
            return iter(())
        start = start_of(head, source.name, repair=self.repair)
        if start.stray:
            _log.warning("%s: left out the text before the records: %s", source.name, excerpt(start.stray))
        rest = head[start.position :]
        if start.format == "json":
            before = b"[" if start.stray else head[: start.position]
            array = ArrayReader(text, rest, start.position, source, self.block, apart=apart)
            return self._array(text, array, before, start.gap)
        self._refuse_document(rest, source)
        return self._lines(text, LinesReader(text, rest, start.position, source, self.block))

    def _nested(self, text: Text, source: Source, at: str) -> Iterator[Block]:
        from fixtureflow.reader.nested import Nested

        lists = Nested(text, at, source.name, self.block, repair=self.repair)
        number = 1
        while found := lists.next():
            rest, offset = found
            while not (stripped := rest.lstrip(b" \t\r\n")) and (data := text.read(self.block)):
                rest += data
            array = ArrayReader(text, rest, offset, source, self.block, number)
            layout = source.layout
            yield from self._array(text, array, b"[", rest[: len(rest) - len(stripped)])
            if number > 1:
                source.layout = layout
            if array.end == "cut":
                return
            number = array.number
            lists.resume(array.rest, array.offset)

    def _array(self, text: Text, array: ArrayReader, before: bytes, gap: bytes) -> Iterator[Block]:
        layout = Layout("json", before + gap, b"," + (gap or b" "), gap.rstrip(b" \t") + (b"]\n" if gap else b"]"))
        array.source.layout = layout
        for block in array.blocks():
            layout.separator = array.separator or layout.separator
            yield block
        if array.end == "cut" or text.cut:
            self._cut(array)
        elif self.at is None:
            layout.tail = array.closing + self._after(text, array)

    def _lines(self, text: Text, lines: LinesReader) -> Iterator[Block]:
        lines.source.layout = replace(LINES)
        yield from lines.blocks()
        if lines.end == "cut" or text.cut:
            self._cut(lines)

    def _cut(self, reader: ArrayReader | LinesReader) -> None:
        whole = reader.number - 1
        if not self.repair:
            raise InputError(
                f"the file is cut short: {whole} {'record is' if whole == 1 else 'records are'} whole",
                advice="dump it again, or keep what is whole with `repair=True`",
                file=reader.source.name,
                number=reader.number,
                offset=reader.offset,
            )
        _log.warning("%s: is cut short; whole records kept: %d", reader.source.name, whole)

    def _after(self, text: Text, array: ArrayReader) -> bytes:
        """The white space after the closing `]`; anything else there is an accident."""
        after = array.rest
        while not after.strip() and (data := text.read(self.block)):
            after = after[:LOOK] + data
        if not after.strip():
            return after
        after += text.read(LOOK)
        if not self.repair:
            again = after.lstrip()[:1] == b"["
            raise InputError(
                f"has text after the records' closing ]: {excerpt(after)}",
                advice="give files one by one instead of joining them" if again else "leave it out with `repair=True`",
                file=array.source.name,
                offset=array.offset,
            )
        _log.warning("%s: left out the text after the records: %s", array.source.name, excerpt(after))
        return b""

    def _refuse_document(self, text: bytes, source: Source) -> None:
        """An object whose first line is no record is one document, not JSONL."""
        first = text.lstrip().partition(b"\n")[0]
        if (_MODEL.search(first) and not _DEEPER.match(first)) or _is_record(first):
            return
        from fixtureflow.reader.nested import suggestions

        places = suggestions(text)
        if not places and _MODEL.search(first):
            return
        where = f'its records seem to be at {" and ".join(places)}: `at="{places[0]}"`' if places else _AT
        raise InputError("is one JSON object, not a list of records", advice=where, file=source.name, offset=0)


def _is_path(item: Input) -> bool:
    return isinstance(item, str | Path) and item != "-"


def _is_record(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("model"), str)


_MODEL = re.compile(rb'"model"[ \t]*:')
_DEEPER = re.compile(rb'\{[ \t]*"(?!model"|pk"|fields")[^"]*"[ \t]*:[ \t]*[\[{]')
_AT = 'name where its records are: `at="data.objects"`'
