"""A JSON array → blocks of records.

The fast path takes a piece of text, finds the last place where one record seems to end and another to begin, and
decodes `[` piece `]`. JSON is read from left to right, so if the piece is valid the seam is a true one, whatever
strings or nested objects hold. If the piece is only cut short, the seam was inside a record: the one before is tried,
a bounded number of times. Where records are full of what looks like seams, the decoder is led from record to record
instead; and if not even one is whole, a piece of twice the size is read, so that no input is read more than a fixed
number of times, and no more is held than a record needs.
Whatever is odd goes to the exact path, which alone knows what to say of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import repeat

import msgspec

from fixtureflow.exact import scan
from fixtureflow.reader.blocks import MEND, SPACE, BlockReader
from fixtureflow.reader.opening import Text
from fixtureflow.record import Head, Source
from fixtureflow.stream import Alike, Block

__all__ = ["ArrayReader"]

SEAMS_TRIED = 4
BLOCKS_WALKED = 16
"""After a piece where no seam held, before seams are tried again."""
LONGEST_TOKEN = 16
"""Of those that are neither strings nor numbers of many digits."""

_raw = msgspec.json.Decoder(msgspec.Raw).decode
_every = msgspec.json.Decoder(list[msgspec.Raw]).decode
_heads = msgspec.json.Decoder(list[Head]).decode

_SEAM = re.compile(rb"\}([ \t\r\n]*,[ \t\r\n]*)\{")
_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*"[^"\\]*"')
_MODEL = re.compile(rb'\{[ \t\r\n]*"model"[ \t\r\n]*:[ \t\r\n]*"[^"\\]*"')
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")


class ArrayReader(BlockReader):
    """The records of a JSON array, from just after its `[`; `rest` is afterwards what follows the `]`."""

    separator = b""
    """What stands between the first two records, once they have been read."""
    closing = b""
    """The `]` and the white space before it, once it has been read."""

    _seam = b""
    _likely = b""
    _walking = 0
    _behind = b""
    """What has been read after the last record given out."""
    _label = ""
    _alike = b""
    """How a record of the model at hand begins, if records are to be apart and do not change models all the time."""

    def __init__(
        self,
        text: Text,
        start: bytes,
        offset: int,
        source: Source,
        size: int,
        number: int = 1,
        *,
        apart: bool = False,
    ) -> None:
        """`apart`: each record is wanted, and none for what its model is; a model that is named twice may pass."""
        super().__init__(text, start, offset, source, size, number)
        self._apart = apart

    def blocks(self) -> Iterator[Block]:
        size = self.size
        while not self.end:
            data = self.text.read(size)
            block: Block | tuple[()] | None = self._at_hand(data)
            if not block:
                text = self.rest + data if self.rest else data
                block = self._last(text) if not data else self._fast(text)
                if block is None:
                    block = self._exact(text, final=not data)
            size = self.size if block else max(self.size, len(self.rest))
            if block:
                yield block

    @property
    def _walks(self) -> bool:
        """Is it to go from record to record, instead of looking for seams?"""
        return self._walking > 0 or len(self.rest) >= self.size

    def _at_hand(self, data: bytes) -> Block | None:
        """The records up to where, most likely, one more of the model at hand begins in what was read last."""
        cut = data.rfind(self._likely) + 1 if self._likely and not self._walks else 0
        if cut <= len(data) // 2:
            return None
        block = self._decoded(b"".join((b"[", self.rest, memoryview(data)[:cut], b"]")))
        if not block:
            return None
        self.offset += len(self.rest)
        return self._taken(block, data, cut, cut + len(self.separator))

    def _fast(self, text: bytes) -> Block | tuple[()] | None:
        """The records up to the last seam that holds; () if more text is needed; None for the exact path."""
        if not self._walks:
            for cut, resume in self._seams(text):
                block = self._decoded(b"".join((b"[", memoryview(text)[:cut], b"]")))
                if block is None:
                    return None
                if block:
                    return self._taken(block, text, cut, resume)
            self._walking = BLOCKS_WALKED
        self._walking -= self._walking > 0
        at, fit = self._walked(text)
        if at:
            cut = at
            while text[cut - 1] in SPACE:
                cut -= 1
            block = self._decoded(b"".join((b"[", memoryview(text)[:cut], b"]")))
            return self._taken(block, text, cut, at + 1) if block else None
        self.rest = text
        return () if fit else None

    def _taken(self, block: Block, text: bytes, cut: int, resume: int) -> Block:
        self._learn(text, cut - 1)
        begins = self._seam and _MODEL.match(text, resume)
        self._likely = b"}" + self.separator + begins.group() if begins else b""
        self._behind = text[cut:resume]
        self._advance(text, resume)
        return block

    def _last(self, text: bytes) -> Block | None:
        """The records up to the closing `]`; None for the exact path."""
        whole = text.rstrip(SPACE)
        block = self._decoded(b"[%b]" % whole[:-1].rstrip(SPACE)) if whole.endswith(b"]") else None
        if not block:
            return None
        if not self._seam:
            space = len(text) - len(text.lstrip(SPACE))
            self._learn(text, space + len(block.raws()[0]) - 1)
        self._close(text, len(whole))
        return block

    def _decoded(self, array: bytes) -> Block | tuple[()] | None:
        """`array` as a block, () if it is only cut short, None if it is odd or empty."""
        try:
            raws = self._all_alike(array) if self._alike else []
            heads = [] if raws else _heads(array)
            if not array.isascii():
                str(array, "utf-8")
            lead = b""
            if array[1] in SPACE:
                stripped = array[1:].lstrip(SPACE)
                lead = array[1 : len(array) - len(stripped)]
                array = b"[" + stripped
            offset = self.offset + len(lead)
            if raws:
                block: Block = Alike(array, raws, self._label, self.source, self.number, offset)
            else:
                block = Block(array, heads, self.labels, self.source, self.number, offset)
        except (msgspec.ValidationError, UnicodeDecodeError, KeyError, RecursionError):
            return None
        except msgspec.DecodeError as error:
            at = _AT_BYTE.search(str(error))
            return () if at is None or int(at.group(1)) >= len(array) - 1 else None
        if not len(block):
            return None
        if self._apart and not raws:
            self._look(block)
        block.lead = self._behind + lead if self.number > self.first else b""
        self.number += len(block)
        return block

    def _look(self, block: Block) -> None:
        """Learn how records begin, where they are of one model."""
        label, *others = block.labels()
        begins = None if others else _MODEL.match(block.array(), 1)
        self._label, self._alike = label, begins.group() if begins else b""

    def _all_alike(self, array: bytes) -> list[bytes]:
        """The records, if all begin in that way."""
        raws = list(map(bytes, _every(array)))
        return raws if all(map(bytes.startswith, raws, repeat(self._alike))) else []

    def _exact(self, text: bytes, *, final: bool) -> Block | None:
        try:
            found = scan(text, first=self.number == self.first, final=final)
        except UnicodeDecodeError as error:
            whole = scan(text[: error.start], first=self.number == self.first, final=False)
            raise self.not_utf8(len(whole.records), self.offset + error.start, text[error.start]) from None
        offsets = [self.offset + at for at, _, _ in found.records]
        follows = self.number > self.first
        block = self.exact([raw for _, raw, _ in found.records], [value for _, _, value in found.records], offsets)
        if block:
            start, end = found.records[0][0], found.records[-1][0] + len(found.records[-1][1])
            block = Block.of(block.records(), text[start:end])
            block.lead = self._behind + text[:start] if follows else b""
            self._behind = text[end : found.position]
        if found.end == "fault":
            raise self.fault(0, self.offset + found.position, f"is not valid JSON: {found.problem}", MEND)
        if block:
            at, raw, _ = found.records[0]
            self._learn(text, at + len(raw) - 1)
        if found.end == "closed":
            self._close(text, found.position)
            return block
        self._advance(text, found.position)
        if final:
            self._advance(self.rest, len(self.rest) - len(self.rest.lstrip(SPACE)))
            self.end = "cut"
        return block

    def _close(self, text: bytes, position: int) -> None:
        self.closing = text[len(text[: position - 1].rstrip(SPACE)) : position]
        self.end = "closed"
        self._advance(text, position)

    def _advance(self, text: bytes, position: int) -> None:
        self.rest = text[position:]
        self.offset += position

    def _seams(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Where a record may end and the next begin, the last first: as the first two records had it; then any."""
        at = len(text)
        for _ in range(SEAMS_TRIED):
            if not self._seam or (at := text.rfind(self._seam, 0, at)) < 0:
                break
            yield at + 1, at + 1 + len(self.separator)
        window = self.size
        found: deque[re.Match[bytes]] = deque()
        while not found and window // 2 < len(text):
            found = deque(_SEAM.finditer(text, max(0, len(text) - window)), SEAMS_TRIED)
            window *= 2
        for match in reversed(found):
            yield match.start() + 1, match.end() - 1

    def _walked(self, text: bytes) -> tuple[int, bool]:
        """The last comma between records, found by decoding one after the other; and if what follows is only cut."""
        view = memoryview(text)
        comma = 0
        at = 0
        while True:
            try:
                _raw(view[at:])
            except RecursionError:
                return comma, False
            except msgspec.DecodeError as error:
                trailing = _TRAILING.search(str(error))
                if trailing is None:  # a number or a word that is cut short is said to be malformed
                    malformed = _AT_BYTE.search(str(error))
                    return comma, malformed is None or at + int(malformed.group(1)) > len(text) - LONGEST_TOKEN
                end = at + int(trailing.group(1)) - 1
                if text[end : end + 1] != b",":
                    return comma, text[end:].strip(SPACE) == b"]"
                comma = end
                at = end + 1
            else:
                return comma, True

    def _learn(self, text: bytes, end: int) -> None:
        """How this input parts its records, from what follows the one whose `}` stands at `end`."""
        between = None if self._seam else _SEAM.match(text, end)
        key = between and _FIRST_KEY.match(text, between.end() - 1)
        if between and key:
            self.separator = between.group(1)
            self._seam = b"}" + self.separator + key.group()
