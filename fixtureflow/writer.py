"""Records → bytes: in the layout they came in, or as `dumpdata --indent N` or `--format jsonl` would write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from fixtureflow.errors import InputError, UsageError
from fixtureflow.layout import COMPACT, LINES, Layout, Reformat, indented, reformatter, sort_keys
from fixtureflow.output import Output, opened_output
from fixtureflow.record import Record
from fixtureflow.stream import Block, blocks_of, layout_of

__all__ = ["Format", "Style", "Written", "laid_out", "write"]

Format = Literal["json", "jsonl"]


@dataclass(frozen=True, slots=True)
class Style:
    """How records are to be laid out; nothing said keeps the input's layout."""

    format: Format | None = None
    indent: int | None = None
    compact: bool = False
    sort_keys: bool = False

    def __post_init__(self) -> None:
        if self.compact and self.indent is not None:
            raise UsageError("`compact=` and `indent=` exclude each other")
        if self.format == "jsonl" and self.indent is not None:
            raise UsageError("`indent=` has no place in JSONL: a record is one line")
        if self.indent is not None and not 0 <= self.indent <= 32:
            raise UsageError("`indent=` is a number from 0 to 32")
        if self.format not in (None, "json", "jsonl"):
            raise UsageError(f"`format=` is json or jsonl, not {self.format}")

    @property
    def renews(self) -> bool:
        """Is each record laid out anew?"""
        return self.compact or self.sort_keys or self.indent is not None

    def layout(self, source: Layout) -> tuple[Layout, Reformat | None]:
        """The layout of a document made from one in the layout `source`; and how records that may not stay change."""
        lay_out = reformatter(self.indent)
        if self.sort_keys:
            lay_out = _in_order(lay_out)
        if self.indent is not None:
            return indented(self.indent), lay_out
        if (self.format or source.format) == "jsonl":
            return source if source.format == "jsonl" else LINES, lay_out if self.renews else _on_one_line(lay_out)
        return (COMPACT, lay_out) if self.renews else (source if source.format == "json" else COMPACT, None)


@dataclass(slots=True)
class Written:
    """What was written, in records and in bytes before compression."""

    records: int = 0
    bytes: int = 0


def write(
    records: Iterable[Record],
    output: Output = "-",
    *,
    format: Format | None = None,  # noqa: A002 - the word dumpdata has for it
    indent: int | None = None,
    compact: bool = False,
    sort_keys: bool = False,
) -> Written:
    """Write records to a path, to `"-"` (standard output) or to a binary file; a path whole or not at all.

    Without `format`, `indent` and `compact` the first input's layout is kept. `indent` and `compact` lay out each
    record anew, changing white space only; `sort_keys` sorts the keys of every object, which without `indent` puts a
    record on one line.
    Raises `OutputError`, `UsageError`, and whatever the records raise while they are read.
    """
    style = Style(format, indent, compact, sort_keys)
    written = Written()
    with opened_output(output) as file:
        for piece, count in document(records, style):
            file.write(piece)
            written.records += count
            written.bytes += len(piece)
    return written


def document(records: Iterable[Record], style: Style) -> Iterator[tuple[bytes, int]]:
    """The document that holds the records, in pieces, each with the number of records in it."""
    layout = None
    for block in blocks_of(records, apart=style.renews):
        if layout is None:
            layout, lay_out = style.layout(layout_of(records) or block.source.layout)
            yield layout.head, 0
        else:
            yield (block.lead if lay_out is None and block.lead else layout.separator), 0
        yield laid_out(block, layout, lay_out), len(block)
    if layout is None:
        yield style.layout(layout_of(records) or COMPACT)[0].empty, 0
    else:
        yield layout.tail, 0


def laid_out(block: Block, layout: Layout, lay_out: Reformat | None) -> bytes:
    """The text of a block in a document of this layout."""
    if lay_out is None:
        return block.text(layout.separator)
    try:
        return layout.separator.join(lay_out(block.views()))
    except RecursionError:
        raise _too_deep(block, lay_out) from None


def _too_deep(block: Block, lay_out: Reformat) -> InputError:
    for record in block.records():
        try:
            lay_out([record.raw])
        except RecursionError:
            return record.fault("nested too deep to have its keys sorted", advice="leave out `sort_keys=`")
    return InputError("nested too deep to have its keys sorted", advice="leave out `sort_keys=`")


def _in_order(lay_out: Reformat) -> Reformat:
    return lambda raws: lay_out([sort_keys(bytes(raw)) for raw in raws])


def _on_one_line(lay_out: Reformat) -> Reformat:
    def reformat(raws: Sequence[bytes | msgspec.Raw]) -> list[bytes]:
        return [lay_out([raw])[0] if b"\n" in raw or b"\r" in raw else raw for raw in map(bytes, raws)]

    return reformat
