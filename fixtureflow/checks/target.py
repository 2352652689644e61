"""What a target database says of itself, and which keys it has. It is only ever read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sql
from sqlalchemy import Connection

from fixtureflow.checks.judge import Dialect
from fixtureflow.references.links import Place, field_of
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.values.stored import Backend, storer

__all__ = ["TargetRows", "dialect_of"]

_BACKENDS: dict[str, Backend] = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
_TYPES: dict[str | None, Any] = {"integer": sql.BigInteger(), "text": sql.String(), "uuid": sql.Uuid(as_uuid=False)}
_COLUMNS = """
    SELECT table_name, column_name, character_set_name, collation_name
    FROM information_schema.columns
    WHERE table_schema = database() AND character_set_name IS NOT NULL
"""


def dialect_of(connection: Connection) -> Dialect:
    """What holds of all values in that database."""
    backend = _BACKENDS[connection.dialect.name]
    if backend != "mysql":
        return Dialect(backend=backend)
    packet, mode = connection.exec_driver_sql("SELECT @@GLOBAL.max_allowed_packet, @@sql_mode").one()
    columns = connection.exec_driver_sql(_COLUMNS).all()
    return Dialect(
        backend=backend,
        strict="STRICT_TRANS_TABLES" in mode or "STRICT_ALL_TABLES" in mode,
        utf8mb3=frozenset((table, name) for table, name, charset, _ in columns if charset in ("utf8", "utf8mb3")),
        folded=frozenset((table, name) for table, name, _, collation in columns if "_ci" in (collation or "")),
        packet=int(packet),
    )


class TargetRows:
    """The rows of a database's tables."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._backend = _BACKENDS[connection.dialect.name]
        self._tables: dict[str, bool] = {}

    def present(self, place: Place, values: list[Any]) -> list[bool] | None:
        """Which of these keys it has, primary, `to_field` or natural ones; None if it cannot be asked."""
        model = self._schema.concrete(place.model)
        if model is None or not model.table or not self._has(model.table):
            return None
        if any(isinstance(value, list) for value in values):
            return self._natural(model, values)
        name = place.field or (model.pk[0] if model.pk and len(model.pk) == 1 else "")
        field = model.fields.get(name)
        kind = field_of(self._schema, place)
        if field is None or kind is None or not field.column or kind.type not in _TYPES:
            return None
        store = storer(kind, self._backend)
        stored = [_stored(store, value) for value in values]
        # PostgreSQL compares values of one type only.
        column: Any = sql.column(field.column, _TYPES.get(kind.type) if self._backend == "postgresql" else None)
        query = sql.select(column).select_from(sql.table(model.table, column)).where(column.in_(_some(stored)))
        found = {_shown(row[0]) for row in self._connection.execute(query)}
        return [_shown(value) in found for value in stored]

    def _natural(self, model: Model, values: list[Any]) -> list[bool] | None:
        natural = model.natural_key
        if natural is None or natural.status != "fields" or not natural.fields:
            return None
        try:
            tables, columns = self._joined(model, natural.fields)
        except LookupError:
            return None
        rows = [tuple(value) for value in values if isinstance(value, list) and len(value) == len(columns)]
        query = sql.select(*columns).select_from(tables)
        firsts = _some([str(row[0]) for row in rows])
        query = query.where(sql.cast(columns[0], sql.String(255)).in_(firsts))
        found = {tuple(map(_shown, row)) for row in self._connection.execute(query)}
        return [isinstance(value, list) and tuple(map(_shown, value)) in found for value in values]

    def _joined(self, model: Model, paths: Iterable[str]) -> tuple[Any, list[Any]]:
        """The tables that the lookups run through, joined, and their columns."""
        start = sql.table(model.table or "", *_columns(model)).alias("t")
        joined: Any = start
        aliases: dict[tuple[str, ...], tuple[Model, Any]] = {(): (model, start)}
        columns = []
        for path in paths:
            *steps, last = path.split("__")
            at: tuple[str, ...] = ()
            for step in steps:
                here, alias = aliases[at]
                at = (*at, step)
                if at not in aliases:
                    other, column, key = self._led(here, step)
                    new = sql.table(other.table or "", *_columns(other)).alias(f"t{len(aliases)}")
                    joined = joined.outerjoin(new, alias.c[column] == new.c[key])
                    aliases[at] = (other, new)
            here, alias = aliases[at]
            field = here.fields.get(last)
            if field is None or not field.column:
                raise LookupError(path)
            columns.append(alias.c[field.column])
        return joined, columns

    def _led(self, model: Model, name: str) -> tuple[Model, str, str]:
        """The model that a field leads to, and the columns by which."""
        field = model.fields.get(name)
        relation = field.relation if field else None
        other = self._schema.concrete(relation.to) if isinstance(relation, Relation) else None
        if field is None or other is None or not isinstance(relation, Relation) or not other.table:
            raise LookupError(name)
        key = other.fields.get(relation.to_field or (other.pk or ("",))[0])
        if key is None or not key.column or not field.column:
            raise LookupError(name)
        return other, field.column, key.column

    def _has(self, table: str) -> bool:
        if table not in self._tables:
            self._tables[table] = sql.inspect(self._connection).has_table(table)
        return self._tables[table]


def _columns(model: Model) -> Iterator[Any]:
    return (sql.column(field.column) for field in model.fields.values() if field.column)


def _some(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(value for value in values if value is not None))


def _stored(store: Any, value: Any) -> Any:
    try:
        return store(value)
    except ValueError:
        return None


def _shown(value: Any) -> str:
    return str(value)
