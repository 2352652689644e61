"""JSON lines → blocks of records: a record a line; blank lines mean nothing, as for loaddata."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import accumulate

import msgspec

from fixtureflow.exact import scan
from fixtureflow.reader.blocks import MEND, SPACE, BlockReader
from fixtureflow.record import Head, Record
from fixtureflow.stream import Block

__all__ = ["LinesReader"]

_head_lines = msgspec.json.Decoder(Head).decode_lines
_raw_lines = msgspec.json.Decoder(msgspec.Raw).decode_lines


class LinesReader(BlockReader):
    """The records of a JSONL text, one a line; blank lines mean nothing, as for loaddata."""

    def blocks(self) -> Iterator[Block]:
        held = [self.rest]
        while not self.end:
            data = self.text.read(self.size)
            newline = data.rfind(b"\n") + 1
            if data and not newline:
                held.append(data)
                continue
            piece = b"".join(held) + data[:newline]
            held = [data[newline:]]
            block = self._decoded(piece, final=not data)
            if not self.end:
                self.offset += len(piece)
                self.end = "" if data else "closed"
            if block:
                yield block

    def _decoded(self, piece: bytes, *, final: bool) -> Block | None:
        lines = piece.split(b"\n")
        starts = accumulate((len(line) + 1 for line in lines), initial=self.offset)
        kept = [(at, line) for at, line in zip(starts, lines, strict=False) if line.strip(SPACE)]
        offsets = [at + len(line) - len(line.lstrip(SPACE)) for at, line in kept]
        raws = [line.strip(SPACE) for _, line in kept]
        try:
            codecs.utf_8_decode(piece, "strict", not final)  # a cut file may end within a character
        except UnicodeDecodeError as error:
            whole = sum(at + len(line) <= self.offset + error.start for at, line in kept)
            raise self.not_utf8(whole, self.offset + error.start, piece[error.start]) from None
        try:
            if list(map(bytes, _raw_lines(piece))) == raws:
                models = [self.labels[head.model] for head in _head_lines(piece)]
                numbers = range(self.number, self.number + len(raws))
                rows = zip(raws, models, numbers, offsets, strict=True)
                self.number += len(raws)
                return (
                    Block.of([Record(raw, model, self.source, n, at) for raw, model, n, at in rows]) if raws else None
                )
        except (msgspec.DecodeError, KeyError, RecursionError):
            pass
        return self._exact(raws, offsets, final=final)

    def _exact(self, raws: list[bytes], offsets: list[int], *, final: bool) -> Block | None:
        values: list[object] = []
        for index, raw in enumerate(raws):
            found = scan(raw, first=False, final=True)
            if final and index == len(raws) - 1 and found.end == "more" and not found.records:
                self.end = "cut"
                self.offset = offsets.pop()
                raws = raws[:-1]
                break
            if found.end != "more" or [text for _, text, _ in found.records] != [raw]:
                problem = found.problem or "the record does not end where its line does"
                raise self.fault(index, offsets[index], f"is not valid JSON: {problem}", MEND)
            values.append(found.records[0][2])
        return self.exact(raws, values, offsets)
