"""Where records are looked up that a fixture refers to: in itself, in a second fixture, in a database (only read)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fixtureflow.database import is_database
from fixtureflow.errors import TargetError
from fixtureflow.reader import read
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Model, Schema
from fixtureflow.turning.tables import Rows

if TYPE_CHECKING:
    from fixtureflow.target.rows import Target

__all__ = ["DatabaseRows", "FixtureRows", "looked_up_in"]


class FixtureRows:
    """The records of a fixture."""

    def __init__(self, schema: Schema, catalogue: Catalogue, name: str) -> None:
        self.name = name
        self._catalogue = catalogue
        self._labels: dict[str, list[str]] = {}
        for label in catalogue.models:
            model = schema.concrete(label)
            self._labels.setdefault(model.label if model else label, []).append(label)

    def columns(self, model: Model, names: Sequence[str]) -> Iterator[list[list[bytes]]]:
        labels = self._labels.get(model.label)
        if labels:
            texts = Texts(names)
            for stretch in self._catalogue.stretches(*labels):
                yield texts.columns(stretch)


class DatabaseRows:
    """The rows of a database's tables, as dumpdata would write their columns."""

    def __init__(self, url: str) -> None:
        from fixtureflow.connection import shown

        self.name = shown(url)
        self._url = url
        self._target: Target | None = None

    def columns(self, model: Model, names: Sequence[str]) -> Iterator[list[list[bytes]]]:
        from fixtureflow.connection import connected
        from fixtureflow.target.dumping import dumped_rows
        from fixtureflow.target.rows import Target

        # What cannot be asked for has no rows here; a reference that needs one is told of as dangling.
        if not model.table or not model.pk or len(model.pk) != 1:
            return
        with connected(self._url) as connection:
            if self._target is None:
                self._target = Target(connection)
            self._target.connection = connection
            table = self._target.table(model)
            if table is None:
                return
            wanted = [model.pk[0], *names]
            lacking = [name for name in wanted if name not in table.fields]
            if lacking:
                raise TargetError(f"{self.name}: the table {model.table} has no column for {model.label}.{lacking[0]}")
            for rows in dumped_rows(table, wanted, milliseconds=True):
                yield [[_text(value) for value in column] for column in zip(*rows, strict=True)]


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def looked_up_in(schema: Schema, place: str) -> Rows:
    """What `--lookup` names: a database URL, an SQLite file, or a fixture."""
    if is_database(place):
        return DatabaseRows(place)
    return FixtureRows(schema, Catalogue(read(place)), place)
