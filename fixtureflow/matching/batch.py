"""Some records of one model at once, as columns of what has to be known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Run

__all__ = ["Batch", "Origin", "batches"]

ROWS = 5_000

Origin: TypeAlias = tuple[Catalogue, Run]
"""Where a record can be read again."""


class Batch(NamedTuple):
    """Records by their numbers; `hidden` ones are only looked up, and not in the output."""

    numbers: list[int]
    pks: list[Any]
    columns: dict[str, list[Any]]
    """By field; None for what a record leaves out."""
    origins: list[Origin]
    nths: list[int]
    """Which of the run it is, from 0."""
    hidden: bool

    def value(self, name: str, at: int) -> Any:
        """Of a field that is read; of others None."""
        column = self.columns.get(name)
        return column[at] if column else None

    def taken(self, places: Sequence[int]) -> Batch:
        """Only those at some places."""
        columns = {name: [column[at] for at in places] for name, column in self.columns.items()}
        numbers, pks = [self.numbers[at] for at in places], [self.pks[at] for at in places]
        origins, nths = [self.origins[at] for at in places], [self.nths[at] for at in places]
        return Batch(numbers, pks, columns, origins, nths, self.hidden)

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
            [nth for one in every for nth in one.nths],
            self.hidden,
        )


def batches(
    catalogue: Catalogue, label: str, columns: Columns, number: Callable[[Sequence[Any]], list[int]], *, hidden: bool
) -> Iterator[Batch]:
    """All records of a model; `number` gives numbers to those with some pks."""
    batch = _empty(columns, hidden)
    for stretch in catalogue.stretches(label):
        pks, fields = columns.columns(stretch)
        batch.pks.extend(pks)
        for column, values in zip(batch.columns.values(), fields, strict=True):
            column.extend(values)
        batch.origins.extend([(catalogue, stretch.run)] * len(pks))
        batch.nths.extend(range(len(pks)))
        if len(batch.pks) >= ROWS:
            yield batch._replace(numbers=number(batch.pks))
            batch = _empty(columns, hidden)
    if batch.pks:
        yield batch._replace(numbers=number(batch.pks))


def _empty(columns: Columns, hidden: bool) -> Batch:
    return Batch([], [], {name: [] for name in columns.names}, [], [], hidden)
