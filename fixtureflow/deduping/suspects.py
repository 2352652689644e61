"""Records that share a key with another, read with all that decides which of them stays."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import msgspec

from fixtureflow.checks.forms import form_of
from fixtureflow.deduping.batches import Batches
from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.table import Row, Table
from fixtureflow.deduping.wanted import Keep
from fixtureflow.references.links import key_form
from fixtureflow.schema.model import Schema

__all__ = ["Suspect", "Suspects"]


class Suspect(msgspec.Struct, gc=False):
    """A record that shares a key with another."""

    number: int
    rank: tuple[Any, ...]
    row: Row
    keys: list[Hashable | None]
    """By the primary key, then by each constraint."""
    followed: int
    """A bit for each key in which a reference of it has changed."""


class Suspects:
    """Reads them, those first that are to stay."""

    def __init__(self, schema: Schema, moves: Moves, keep: Keep) -> None:
        self._schema = schema
        self._moves = moves
        self._keep = keep
        self.found_newest = not keep.newest
        """Had any record the field that says which is the newest?"""

    def of(self, table: Table, active: list[int], more: list[str], batches: Batches, batch: int) -> list[Suspect]:
        """Those of a batch; `more` fields are wanted of them besides those of the `active` constraints."""
        constraints = [table.constraints[at] for at in active]
        newest = [self._keep.newest] if self._keep.newest else []
        names = table.names(*(name for each in constraints for name in each.names), *more, *newest)
        within = partial(batches.reaches, batch)
        parts = zip(table.columns(self._moves, names, within), table.columns(None, names, within), strict=True)
        form = key_form(self._schema, table.place)
        rank = self._rank(table)
        out = []
        for (first, pks, found), (_, old_pks, old) in parts:
            for at, pk in enumerate(pks):
                if not batches.has(batch, first + at):
                    continue
                row = {name: values[at] for name, values in found.items()}
                keys: list[Hashable | None] = [None if pk is None else form(pk)]
                keys += [each.key(tuple(row[name] for name in each.names)) for each in constraints]
                own = pk is None or form(pk) == form(old_pks[at])
                followed = 0 if own else 1
                for number, each in enumerate(constraints, start=1):
                    if any(old[name][at] != row[name] for name in each.names):
                        followed |= 1 << number
                out.append(Suspect(first + at, (own, *rank(row)), row, keys, followed))
        out.sort(key=lambda one: one.number, reverse=self._keep.last)
        out.sort(key=lambda one: one.rank, reverse=True)
        return out

    def _rank(self, table: Table) -> Callable[[Row], tuple[Any, ...]]:
        """What is greater for a record that is rather to stay."""
        name = self._keep.newest
        if not name:
            return lambda row: ()
        field = table.model.fields.get(name) if table.model else None
        form = form_of(field.type if field else None)

        def rank(row: Row) -> tuple[Any, ...]:
            value = row.get(name)
            if value is None or isinstance(value, list | dict):
                return (0, 0)
            self.found_newest = True
            plain = form(value)
            return (1, plain) if isinstance(plain, int | float) else (2, str(plain))

        return rank
