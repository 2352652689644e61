"""Runs of records of one model, and how they are when they have been read again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import msgspec

from fixtureflow.exact import scan
from fixtureflow.record import Record, Source
from fixtureflow.stream import Block, places

__all__ = ["NEAR", "Run", "Stretch", "raws_of"]

NEAR = 64
"""Bytes between two neighbours of one input, at most."""

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

    __slots__ = ("_text", "lines", "run")

    def __init__(self, text: bytes, run: Run, source: Source, offset: int, *, lines: bool) -> None:
        super().__init__(b"", [], {}, source, run.number, offset)
        self._text = text
        self.run = run
        self.lines = lines

    def __len__(self) -> int:
        return self.run.count

    def labels(self) -> frozenset[str]:
        return frozenset((self.run.model,))

    def models(self) -> list[str]:
        return [self.run.model] * self.run.count

    def records(self) -> list[Record]:
        if self._records is None:
            raws = self.raws()
            rows = zip(raws, places(self._all(), raws, self.offset), strict=True)
            model, source = self.run.model, self.source
            self._records = [Record(raw, model, source, n, at) for n, (raw, at) in enumerate(rows, start=self.number)]
        return self._records

    def numbers(self) -> Sequence[int]:
        return range(self.number, self.number + self.run.count)

    def views(self) -> list[bytes]:
        return self.raws()

    def raws(self) -> list[bytes]:
        if self.lines:
            return [raw for line in self._all().split(b"\n") if (raw := line.strip(_SPACE))]
        return raws_of(self._all())

    def together(self) -> bytes:
        return b"" if self.lines else self._all()

    def spans(self, start: int) -> tuple[list[int], list[int]]:
        """The place of each record, if the first is at `start`, and its size."""
        text = self._all()
        views = None if self.lines else _views(text)
        if views and len(views) > 1:  # as a rule the same stands between all of them
            sizes = list(map(len, views))
            gap = text[sizes[0] : sizes[0] + (len(text) - sum(sizes)) // (len(sizes) - 1)]
            if gap.join(views) == text:
                return list(accumulate((size + len(gap) for size in sizes[:-1]), initial=start)), sizes
        raws = self.raws()
        return list(places(text, raws, start)), list(map(len, raws))

    def follows(self, other: Block | None) -> tuple[int, int] | None:
        """The places that what parts it from `other` stands between, if it stands just behind it in a JSON array."""
        if not isinstance(other, Stretch) or self.lines or self.run.number != other.run.number + other.run.count:
            return None  # a short record may stand between the two
        near = 0 < self.run.start - other.run.end <= NEAR
        return (other.run.end, self.run.start) if near else None

    def array(self) -> bytes:
        return b"[%b]" % (b",".join(self.raws()) if self.lines else self._all())

    def _all(self) -> bytes:
        """The text of all records."""
        return self._text


def raws_of(text: bytes) -> list[bytes]:
    """The records of a text, which are parted by commas."""
    views = _views(text)
    if views is None:
        return [raw for _, raw, _ in scan(text, first=False, final=True).records]
    return list(map(bytes, views))


def _views(text: bytes) -> list[msgspec.Raw] | None:
    """The same, not copied; None where there is NaN and the like, or what is very deep."""
    try:
        return _raws(b"[%b]" % text)
    except (msgspec.DecodeError, RecursionError):
        return None
