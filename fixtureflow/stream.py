"""The stream that records flow in: blocks of neighbours, split into records only when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, count, groupby, islice, repeat
from pathlib import Path

import msgspec

from fixtureflow.errors import UsageError
from fixtureflow.exact import scan
from fixtureflow.layout import Layout
from fixtureflow.record import Head, Record, Source

__all__ = ["Alike", "Block", "Records", "blocks_of", "layout_of", "places"]

BATCH = 256
"""Records put together into a block where they come one by one."""


class _Keyed(msgspec.Struct, gc=False):
    pk: msgspec.Raw = msgspec.Raw()


class _Numbered(msgspec.Struct, gc=False):
    pk: int


_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_numbered = msgspec.json.Decoder(list[_Numbered]).decode
_keyed = msgspec.json.Decoder(list[_Keyed]).decode


class Block:
    """Neighbouring records of one input.

    A block as read is one text, checked to be valid; what only looks at models, or passes all on, need not split it.
    """

    __slots__ = ("_array", "_heads", "_label_of", "_labels", "_records", "lead", "number", "offset", "source")

    def __init__(
        self, array: bytes, heads: list[Head], label_of: dict[str, str], source: Source, number: int, offset: int
    ) -> None:
        """`array` is `[`, records and what parts them, `]`; `heads` what decodes of it; `label_of` gives labels.

        `number` and `offset` are those of the first record. Raises `KeyError` for a model that has no label.
        """
        self._array = array
        self._heads = heads
        self._label_of = label_of
        self._labels = frozenset(label_of[model] for model in {head.model for head in heads})
        self.lead = b""
        """What parted its first record from the one before, if that is known."""
        self._records: list[Record] | None = None
        self.source = source
        self.number = number
        self.offset = offset

    @classmethod
    def of(cls, records: list[Record], text: bytes = b"") -> Block:
        """A block of (one or more) records that are apart already; `text` is how they stood together, if known."""
        first = records[0]
        block = cls(b"[%b]" % text if text else b"", [], {}, first.source, first.number, first.offset)
        block._records = records
        return block

    def __len__(self) -> int:
        return len(self._heads or self._records or ())

    @property
    def whole(self) -> bool:
        """Is it one text as it was read, its records not apart yet?"""
        return bool(self._heads)

    def labels(self) -> frozenset[str]:
        """The labels of the models that have a record here."""
        return self._labels or frozenset(record.model for record in self._records or ())

    def models(self) -> list[str]:
        """The label of each record's model, in order."""
        if self._heads:
            label_of = self._label_of
            return [label_of[head.model] for head in self._heads]
        return [record.model for record in self._records or ()]

    def records(self) -> list[Record]:
        """The records, in order."""
        if self._records is None:
            raws = self.raws()
            offsets = places(self.text(b""), raws, self.offset)
            self._records = list(map(Record, raws, self.models(), repeat(self.source), count(self.number), offsets))
        return self._records

    def raws(self) -> list[bytes]:
        """The bytes of each record, in order."""
        return list(map(bytes, self.views()))

    def views(self) -> Sequence[bytes | msgspec.Raw]:
        """The bytes of each record, in order, not copied where they stand in the block: `bytes()` does that."""
        if self._records is not None:
            return [record.raw for record in self._records]
        try:
            return _raws(self._array)
        except RecursionError:  # here the stack is higher than where the text was checked
            return [raw for _, raw, _ in scan(self._array[1:], first=True, final=True).records]

    def pks(self) -> list[bytes]:
        """The JSON text of each record's primary key, in order; empty where a record has none."""
        if self._heads:
            return [bytes(head.pk) for head in self._heads]
        try:
            return [bytes(one.pk) for one in _keyed(self.array())]
        except (msgspec.MsgspecError, RecursionError):  # NaN and the like, or very deep
            return [record.pk_text for record in self.records()]

    def numbers(self) -> Sequence[int]:
        """The number of each record, in its source."""
        if self._heads:
            return range(self.number, self.number + len(self))
        return [record.number for record in self.records()]

    def integer_pks(self) -> list[int] | None:
        """The primary keys, in order, where all are plain integers."""
        try:
            return [one.pk for one in _numbered(self.array())]
        except (msgspec.MsgspecError, RecursionError):
            return None

    def inner_sizes(self, around: int = 0) -> list[int]:
        """The bytes of each record's pk and fields together, and `around`, in order; [] if it is not `whole`."""
        return [len(head.pk) + len(head.fields) + around for head in self._heads]

    def array(self) -> bytes:
        """All records as one JSON array, parted as they were if that is known."""
        return self._array or b"[%b]" % b",".join(self.raws())

    def text(self, separator: bytes) -> bytes:
        """All records as one text, parted as they were if that is known, else by `separator`."""
        return self.together() or separator.join(self.raws())

    def together(self) -> bytes:
        """The records as they stood together; empty where that is not known."""
        return self._array[1:-1]

    def changed(self, records: list[Record]) -> Block:
        """`records`, as many as these, in the places of these: what parts them stays."""
        text = self.together()
        out: list[bytes] = []
        done = 0
        for raw, start, record in zip(old := self.raws(), places(text, old), records, strict=True) if text else ():
            out += text[done:start], record.raw
            done = start + len(raw)
        block = Block.of(records, b"".join(out) + text[done:])
        block.lead = self.lead
        return block


class Alike(Block):
    """Records of one model, apart as they were read."""

    __slots__ = ("_label", "_raws")

    def __init__(self, array: bytes, raws: list[bytes], label: str, source: Source, number: int, offset: int) -> None:
        super().__init__(array, [], {}, source, number, offset)
        self._raws = raws
        self._label = label

    def __len__(self) -> int:
        return len(self._raws)

    def labels(self) -> frozenset[str]:
        return frozenset((self._label,))

    def models(self) -> list[str]:
        return [self._label] * len(self._raws)

    def views(self) -> list[bytes]:
        return self._raws


def places(text: bytes, raws: list[bytes], offset: int = 0) -> Iterable[int]:
    """Where each of `raws`, parted by commas and white space, stands in `text`, which begins at `offset`."""
    step = _gap(text, len(raws[0])) if len(raws) > 1 else 0
    starts = list(accumulate((len(raw) + step for raw in raws[:-1]), initial=0))
    if all(map(text.startswith, raws, starts)):
        return [offset + start for start in starts]
    return _walked(text, raws, offset)


def _gap(text: bytes, at: int) -> int:
    end = at
    while text[end] in b" \t\r\n,":
        end += 1
    return end - at


def _walked(text: bytes, raws: list[bytes], offset: int) -> Iterator[int]:
    at = 0
    for raw in raws:
        at += _gap(text, at)
        yield offset + at
        at += len(raw)


class Records(Iterable[Record]):
    """A stream of records: each `iter()` is a pass of its own, as far as the input can be read again.

    Stages take any iterable of records and give `Records`; nothing is read before the first record is asked for.
    """

    def __init__(self, start: Callable[[], Iterator[Block]], upstream: Iterable[Record] = ()) -> None:
        self._start = start
        self._upstream = upstream

    def blocks(self, *, apart: bool = False) -> Iterator[Block]:
        """A pass over the records, in blocks. `apart`: each record is wanted, and none for what its model is."""
        return self._start()

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(block.records() for block in self.blocks())

    @property
    def layout(self) -> Layout | None:
        """The layout of the first input, once a record of it (or its end) has been read; None where there is none."""
        return getattr(self._upstream, "layout", None)


def layout_of(records: Iterable[Record]) -> Layout | None:
    """The layout of the first input, as far as it is known: not before the first record has been read."""
    return getattr(records, "layout", None)


def blocks_of(records: Iterable[Record], *, apart: bool = False) -> Iterator[Block]:
    """A pass over any iterable of records, in blocks, each of one input. Raises `UsageError` for what is none.

    `apart`: each record is wanted, and none for what its model is; an input is read faster then.
    """
    if isinstance(records, str | bytes | Path):
        raise UsageError("records are wanted, not a name", advice="read them: ff.read(name)")
    if isinstance(records, Records):
        yield from records.blocks(apart=apart)
        return
    rows = iter(records)
    while batch := list(islice(rows, BATCH)):
        for _, run in groupby(batch, key=lambda record: record.source):
            yield Block.of(list(run))
