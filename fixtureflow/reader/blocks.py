"""What reading an array and reading lines share: how checked values become blocks of records, and what is no record."""

from __future__ import annotations

from typing import Any

from fixtureflow.errors import InputError
from fixtureflow.reader.opening import Text
from fixtureflow.record import Record, Source, model_label
from fixtureflow.stream import Block

__all__ = ["BLOCK", "MEND", "SPACE", "BlockReader"]

BLOCK = 256 * 1024
"""Bytes asked for at a time; much larger falls out of the processor's cache."""


SPACE = b" \t\r\n"
"""What JSON takes for white space."""
MEND = "mend it by hand, or dump it again"


class _Labels(dict[str, str]):
    """Model as the fixture spells it → label; each spelling is looked at once. Raises KeyError for what is none."""

    def __missing__(self, text: str) -> str:
        label = model_label(text)
        if label is None:
            raise KeyError(text)
        self[text] = label
        return label


class BlockReader:
    """What both forms share: where the text stands, and how the exact path's values become records."""

    end = ""
    """How the reading ended: "closed", or "cut" if the text ends within a record."""

    def __init__(self, text: Text, start: bytes, offset: int, source: Source, size: int, number: int = 1) -> None:
        """`start` is text that was read already, `offset` where it stands; `number` is that of the first record."""
        self.text = text
        self.rest = start
        self.offset = offset
        self.source = source
        self.size = size
        self.number = number
        self.first = number
        self.labels = _Labels()

    def exact(self, raws: list[bytes], values: list[Any], offsets: list[int]) -> Block | None:
        """The records that the exact path found. Raises `InputError` for what is JSON, but no record."""
        for index, value in enumerate(values):
            if wrong := _wrong(value):
                raise self.fault(index, offsets[index], *wrong)
        if not raws:
            return None
        numbers = range(self.number, self.number + len(raws))
        labels = [self.labels[value["model"]] for value in values]
        rows = zip(raws, labels, numbers, offsets, strict=True)
        block = Block.of([Record(raw, label, self.source, number, at) for raw, label, number, at in rows])
        self.number += len(block)
        return block

    def fault(self, index: int, offset: int, problem: str, advice: str) -> InputError:
        """An error about the record `index` places after the last one given out."""
        return InputError(problem, advice=advice, file=self.source.name, number=self.number + index, offset=offset)

    def not_utf8(self, whole: int, offset: int, byte: int) -> InputError:
        advice = "if the dump is in another encoding, convert it first: iconv -f latin1 -t utf-8"
        return self.fault(whole, offset, f"is not UTF-8: byte 0x{byte:02x}", advice)


def _wrong(value: Any) -> tuple[str, str] | None:
    """Why a value is no record, and what to do."""
    if not isinstance(value, dict):
        return "is not an object", 'a fixture is a list of {"model": …, "pk": …, "fields": {…}}'
    if "model" not in value:
        return "has no `model`", "every record of a fixture names its model; is this a dumpdata fixture?"
    model = value["model"]
    if not isinstance(model, str):
        return "`model` is not a string", "a label is written app_label.modelname"
    if model_label(model) is None:
        problem = f"model {model[:60]!r} is not a label" if model else "model is empty"
        return problem, "a label is written app_label.modelname"
    return None
