"""What the target has for keys of which the fixture has no record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from fixtureflow.references.links import Place
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.target.rows import Table, Target
from fixtureflow.target.search import Search

__all__ = ["Outside"]


class Outside:
    """Asks the target, for many at once."""

    def __init__(self, schema: Schema, target: Target) -> None:
        self._schema = schema
        self._target = target
        self._search = cache(self._made)

    def has(self, place: Place, values: Sequence[Any]) -> list[bool]:
        """Are there rows with these keys of a place?"""
        out = [False] * len(values)
        search, table = self._search(place), self.table(place.model)
        if search is None or table is None:
            return out
        field = place.field or table.pk[0]
        places: Sequence[int] = range(len(values))
        if table.as_they_are(field, values):
            rows = list(zip(values, strict=True))
        else:
            places, rows, form = [], [], table.form(field)
            for at, value in enumerate(values):
                try:
                    rows.append(form(value))
                    places.append(at)
                except ValueError:
                    continue
        for at, *_ in search.find(rows):
            out[places[at]] = True
        return out

    def natural_pk(self, model: Model, paths: tuple[str, ...], value: Sequence[Any]) -> Any:
        """The pk of the target's row of which the lookups `paths` give `value`; None if no row has it."""
        table = self.table(model.label)
        if table is None or len(paths) != len(value):
            return None
        own: dict[str, Any] = {}
        inner: dict[str, list[tuple[str, Any]]] = {}
        for path, part in zip(paths, value, strict=True):
            name, _, rest = path.partition("__")
            if rest:
                inner.setdefault(name, []).append((rest, part))
            else:
                own[name] = part
        for name, parts in inner.items():
            relation = table.field(name).relation
            to = self._schema.concrete(relation.to) if isinstance(relation, Relation) else None
            pk = self.natural_pk(to, tuple(p for p, _ in parts), [v for _, v in parts]) if to else None
            if pk is None:
                return None
            own[name] = pk
        if not own.keys() <= set(table.fields):
            return None
        search = Search(
            self._target.connection,
            table.name,
            [table.part(name) for name in own],
            [(table.column(name), table.type(name)) for name in table.pk],
        )
        try:
            row = tuple(part for name, one in own.items() for part in table.form(name)(one))
        except ValueError:
            return None
        found = [pk for _, pk, *_ in search.find([row])]
        return found[0] if len(found) == 1 else None

    def table(self, label: str) -> Table | None:
        """The table of a model, if the target has it."""
        model = self._schema.concrete(label)
        return self._target.table(model) if model and model.table else None

    def _made(self, place: Place) -> Search | None:
        table = self.table(place.model)
        name = place.field or (table.pk[0] if table else "")
        usable = table is not None and len(table.pk) == 1 and name in table.fields
        return table.by(name) if table and usable else None
