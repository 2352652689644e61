"""The highest primary key of each model in a fixture, where keys are integers."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from fixtureflow.errors import InputError
from fixtureflow.record import Record
from fixtureflow.stream import Block, blocks_of

__all__ = ["Highest", "highest_pks", "look"]


class Highest(msgspec.Struct):
    """What one pass has found of a model."""

    model: str
    pk: int = 0
    """The highest; 0 if there is none above."""
    file: str = ""
    number: int = 0
    """Where it stands."""
    other: Record | None = None
    """The first record whose pk is no integer."""

    def refuse(self, maximum: int) -> None:
        """Raises `InputError` for a key that a counted column cannot hold."""
        advice = "mend the record, or leave it out with filter"
        if self.other is not None:
            raise self.other.fault("the primary key is no integer, and the table numbers its rows", advice=advice)
        if self.pk > maximum:
            raise InputError(
                f"the primary key does not fit its column, which ends at {maximum}",
                advice=advice,
                file=self.file,
                number=self.number,
                model=self.model,
                pk=self.pk,
            )


def highest_pks(records: Iterable[Record]) -> dict[str, Highest]:
    """The models that have records, in the order of their first, each with its highest key.

    `"12"` is 12, as for loaddata; a record without a key has none.
    """
    found: dict[str, Highest] = {}
    for block in blocks_of(records):
        look(block, found)
    return found


def look(block: Block, found: dict[str, Highest]) -> None:
    """Add to what has been found what a block has."""
    label, *others = block.labels()
    if label not in found and not others:
        found[label] = Highest(label)
    if others or not _quickly(block, found[label]):
        for record, text in zip(block.records(), block.pks(), strict=True):
            if record.model not in found:
                found[record.model] = Highest(record.model)
            _look(record, text, found[record.model])


def _quickly(block: Block, highest: Highest) -> bool:
    """Look at a block of one model; False if its keys are not all plain integers."""
    keys = block.numbers()
    if keys is None:
        return False
    top = max(keys)
    if top > highest.pk:
        at = keys.index(top)
        number = block.number + at if block.whole else block.records()[at].number
        highest.pk, highest.file, highest.number = top, block.source.name, number
    return True


def _look(record: Record, text: bytes, highest: Highest) -> None:
    if text in (b"", b"null"):  # loaddata lets the database number such a row
        return
    try:
        number = int(text)
    except ValueError:
        converted = _converted(text)
        if converted is None:
            highest.other = highest.other or record
            return
        number = converted
    if number > highest.pk:
        highest.pk, highest.file, highest.number = number, record.source.name, record.number


def _converted(text: bytes) -> int | None:
    """As AutoField.to_python; None for what it refuses."""
    try:
        pk = json.loads(text)
        return int(pk) if isinstance(pk, int | float | str) else None
    except (ValueError, OverflowError, RecursionError):
        return None
