"""Where records are looked up that a fixture refers to: in itself, in a second fixture, in a database (only read)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from fixtureflow.reader import read
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Model, Schema
from fixtureflow.turning.tables import Rows

__all__ = ["DatabaseRows", "FixtureRows", "looked_up_in"]

BATCH = 2_000


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

    def columns(self, model: Model, names: Sequence[str]) -> Iterator[list[list[bytes]]]:
        import sqlalchemy as sql

        from fixtureflow.connection import connected

        # What cannot be asked for has no rows here; a reference that needs one is told of as dangling.
        if not model.table or not model.pk or len(model.pk) != 1:
            return
        wanted = [model.pk[0], *names]
        fields = [model.fields.get(name) for name in wanted]
        columns: list[Any] = [
            sql.column((field and field.column) or name) for name, field in zip(wanted, fields, strict=True)
        ]
        kinds = [field.type if field else None for field in fields]
        table = sql.table(model.table, *columns)
        with connected(self._url) as connection:
            if not sql.inspect(connection).has_table(model.table):
                return
            for rows in connection.execute(sql.select(table)).partitions(BATCH):
                yield [
                    [_text(value, kind) for value in column]
                    for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)
                ]


def _text(value: Any, kind: str | None) -> bytes:
    """The value as dumpdata writes it."""
    match value:
        case str() if kind == "uuid":
            value = str(UUID(value))
        case bool() | int() | str() | None:
            if kind == "boolean" and value is not None:
                value = bool(value)
        case datetime():
            value = value.isoformat(timespec="milliseconds" if value.microsecond else "auto").replace("+00:00", "Z")
        case date() | time():
            value = value.isoformat()
        case Decimal() | UUID():
            value = str(value)
        case bytes():
            value = value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False).encode()


def looked_up_in(schema: Schema, place: str) -> Rows:
    """What `--lookup` names: a database URL, an SQLite file, or a fixture."""
    if "://" in place or _is_sqlite(place):
        return DatabaseRows(place)
    return FixtureRows(schema, Catalogue(read(place)), place)


def _is_sqlite(place: str) -> bool:
    try:
        with Path(place).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False
