"""Some records of one model at once, as columns of what has to be known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Run

__all__ = ["Batch", "Origin", "batches"]

ROWS = 5_000

Column = Sequence[Any]


class Origin(NamedTuple):
    """Where a record can be read again: in a run of a catalogue, the n-th."""

    catalogue: Catalogue
    run: Run
    at: int


class Batch(NamedTuple):
    """Records by their numbers; `hidden` ones are only looked up, and not in the output."""

    numbers: list[int]
    pks: list[Any]
    columns: Mapping[str, Column]
    """By field; None for what a record leaves out."""
    origins: list[Origin]
    hidden: bool

    def taken(self, places: Sequence[int]) -> Batch:
        """Only those at some places."""
        columns = {name: [column[at] for at in places] for name, column in self.columns.items()}
        numbers, pks = [self.numbers[at] for at in places], [self.pks[at] for at in places]
        return Batch(numbers, pks, columns, [self.origins[at] for at in places], self.hidden)

    def joined(self, others: Sequence[Batch]) -> Batch:
        """These and others, which are hidden as these are."""
        if not others:
            return self
        every = [self, *others]
        columns = {name: [value for one in every for value in one.columns[name]] for name in self.columns}
        return Batch(
            [number for one in every for number in one.numbers],
            [pk for one in every for pk in one.pks],
            columns,
            [origin for one in every for origin in one.origins],
            self.hidden,
        )


def batches(
    catalogue: Catalogue, label: str, columns: Columns, number: Callable[[Any], int], *, hidden: bool
) -> Iterator[Batch]:
    """All records of a model; `number` gives them numbers by their pks."""
    pks: list[Any] = []
    rows: list[tuple[Any, ...]] = []
    origins: list[Origin] = []
    for stretch in catalogue.stretches(label):
        for pk, fields in columns.rows(stretch):
            pks.append(pk)
            rows.append(fields)
        origins += map(Origin._make, zip(repeat(catalogue), repeat(stretch.run), range(len(pks) - len(origins))))
        if len(pks) >= ROWS:
            yield _batch(pks, rows, origins, columns, number, hidden)
            pks, rows, origins = [], [], []
    if pks:
        yield _batch(pks, rows, origins, columns, number, hidden)


def _batch(
    pks: list[Any],
    rows: list[tuple[Any, ...]],
    origins: list[Origin],
    columns: Columns,
    number: Callable[[Any], int],
    hidden: bool,
) -> Batch:
    apart = dict(zip(columns.names, zip(*rows, strict=True), strict=True))
    return Batch(list(map(number, pks)), pks, apart, origins, hidden)
