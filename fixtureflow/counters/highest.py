"""The highest primary key of each model in a fixture, where keys are integers."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from fixtureflow.errors import InputError
from fixtureflow.record import Record
from fixtureflow.stream import Block, blocks_of

__all__ = ["LARGEST", "Highest", "highest_pks", "look"]

LARGEST = 2**63 - 1
"""Of a counter, where its column tells nothing else."""

ADVICE = "mend the record, or leave it out with filter"


class Highest(msgspec.Struct):
    """What one pass has found of a model."""

    model: str
    pk: int = 0
    """The highest; 0 if there is none above."""
    file: str = ""
    number: int = 0
    """Where it stands."""
    other: InputError | None = None
    """Says of the first record whose pk is no integer that it is at fault."""

    def refuse(self, maximum: int) -> None:
        """Raises `InputError` for a key that a counted column cannot hold."""
        if self.other is not None:
            raise self.other
        if self.pk > maximum:
            raise InputError(
                f"the primary key does not fit its column, which ends at {maximum}",
                advice=ADVICE,
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
    numbers = None if others else block.integer_pks()
    if numbers is not None:
        top = max(numbers)
        _raise(found.setdefault(label, Highest(label)), top, block, numbers.index(top))
        return
    models = block.models()
    for label in dict.fromkeys(models):
        found.setdefault(label, Highest(label))
    tops: dict[str, tuple[int, int]] = {}
    for at, (label, text) in enumerate(zip(models, block.pks(), strict=True)):
        if text in (b"", b"null"):  # loaddata lets the database number such a row
            continue
        number = _converted(text)
        if number is None:
            if found[label].other is None:
                problem = "the primary key is no integer, and the table numbers its rows"
                found[label].other = block.records()[at].fault(problem, advice=ADVICE)
        elif number > tops.get(label, (0, 0))[0]:
            tops[label] = number, at
    for label, (top, at) in tops.items():
        _raise(found[label], top, block, at)


def _raise(highest: Highest, pk: int, block: Block, at: int) -> None:
    if pk > highest.pk:
        highest.pk, highest.file, highest.number = pk, block.source.name, block.numbers()[at]


def _converted(text: bytes) -> int | None:
    """As AutoField.to_python; None for what it refuses."""
    try:
        pk = json.loads(text)
        return int(pk) if isinstance(pk, int | float | str) else None
    except (ValueError, OverflowError, RecursionError):
        return None
