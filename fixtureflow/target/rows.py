"""A model's table in the target: how its rows are found by a key, and what is read of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sql
from sqlalchemy import Connection

from fixtureflow.schema import catalogue
from fixtureflow.schema.model import Field, Model, Unique
from fixtureflow.target.search import Condition, Part, Row, Search
from fixtureflow.target.types import ColumnType, column_types
from fixtureflow.values.stored import Backend, storer

__all__ = ["Key", "Table", "Target"]

_MILLISECONDS = re.compile(r"(\.\d{3})000")


class Target:
    """The database that records are to be loaded into; only read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.backend: Backend = {"mariadb": "mysql"}.get(connection.dialect.name, connection.dialect.name)  # type: ignore[assignment]
        self.types = column_types(connection)
        self.tables = catalogue.tables(connection)

    def table(self, model: Model) -> Table | None:
        """The table of a model, if it is there."""
        return Table(self, model) if model.table in self.tables else None

    def pairs(self, table: str, columns: tuple[str, str], owners: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """The rows of a many-to-many table whose first column holds one of `owners`."""
        types = self.types.get(table, {})
        one, other = ((name, types.get(name, ColumnType(""))) for name in columns)
        search = Search(self.connection, table, [Part(*one)], [one, other])
        for _, owner, item in search.find([(owner,) for owner in owners]):
            yield owner, item


class Key:
    """One unique key of a table, as fields of its model."""

    def __init__(self, table: Table, fields: Sequence[str], unique: Unique | None = None) -> None:
        self.fields = tuple(fields)
        self.name = (unique.name if unique else "") or ", ".join(fields)
        self.nulls_equal = unique is not None and not unique.nulls_distinct
        self.whole = not (unique and (unique.condition or unique.expressions))
        """Is it on all rows, and on plain columns?"""
        self._forms = [table.form(name) for name in fields]
        self._as_they_are = table.as_they_are
        condition = None
        if unique and not self.whole:
            quote = table.quoted
            on = unique.expressions or tuple(quote(table.column(name)) for name in unique.fields)
            condition = Condition(on, unique.condition)
        parts = [table.part(name) for name in fields]
        self.search = Search(
            table.target.connection,
            table.name,
            parts if self.whole else [part._replace(span=False) for part in parts],
            [(table.column(name), table.type(name)) for name in table.pk],
            nulls_equal=self.nulls_equal,
            condition=condition,
        )

    def rows(self, columns: Sequence[Sequence[Any]]) -> list[Row | None]:
        """What is asked of the database for rows, of which values are given by field; None where none can have them."""
        if self.whole and all(map(self._as_they_are, self.fields, columns)):
            return list(zip(*columns, strict=True))
        return [self._stored(values) for values in zip(*columns, strict=True)]

    def _stored(self, values: Sequence[Any]) -> Row | None:
        out: list[Any] = []
        for value, form in zip(values, self._forms, strict=True):
            if value is None and self.whole and not self.nulls_equal:
                return None
            try:
                parts = form(value)
            except ValueError:
                return None
            out += parts if self.whole else parts[:1]
        return tuple(out)


class Table:
    """One table, by the fields of its model."""

    def __init__(self, target: Target, model: Model) -> None:
        self.target = target
        self.model = model
        self.name = model.table or ""
        self.pk = model.pk or ("id",)
        self._types = target.types.get(self.name, {})
        there = target.tables[self.name].columns
        self.fields = [
            name
            for name, field in model.fields.items()
            if field.column != "" and (field.column or name) in there and not field.generated
        ]
        """Those with a column that is there."""

    def column(self, name: str) -> str:
        field = self.model.fields.get(name)
        return (field.column if field else "") or name

    def type(self, name: str) -> ColumnType:
        return self._types.get(self.column(name), ColumnType(""))

    def field(self, name: str) -> Field:
        return self.model.fields.get(name) or Field()

    def quoted(self, name: str) -> str:
        found: str = self.target.connection.dialect.identifier_preparer.quote_identifier(name)
        return found

    def part(self, name: str) -> Part:
        kind = self.field(name).type
        return Part(self.column(name), self.type(name), kind in ("datetime", "time"), kind == "binary")

    def form(self, name: str) -> Callable[[Any], tuple[Any, ...]]:
        """The function that makes of a field's value what is asked of the database.

        It raises ValueError for what no row can have: PostgreSQL would refuse to look for a number that is too large,
        and SQLite would take a text to end where a NUL stands.
        """
        no_nul = self.target.backend != "mysql"
        stored = storer(self.field(name), self.target.backend)
        span = self.part(name).span
        column = self.target.tables[self.name].columns.get(self.column(name))
        low, high = (column.minimum, column.maximum) if column else (None, None)

        def form(value: Any) -> tuple[Any, ...]:
            if value is None:
                return (None, None) if span else (None,)
            text = stored(value)
            if no_nul and type(text) is str and "\0" in text:
                raise ValueError("NUL")
            if high is not None and low is not None and type(text) is int and not low <= text <= high:
                raise ValueError("out of range")
            return (text, _MILLISECONDS.sub(r"\g<1>999", text)) if span else (text,)

        return form

    def largest(self, name: str) -> int:
        """The largest integer that there is room for in a field's column."""
        column = self.target.tables[self.name].columns.get(self.column(name))
        return column.maximum if column and column.maximum is not None else 2**63 - 1

    def as_they_are(self, name: str, values: Sequence[Any]) -> bool:
        """Are values of a field stored just as they are? Most are, and need no looking at one by one."""
        kind, kinds = self.field(name).type, set(map(type, values))
        if kind == "integer" and kinds == {int}:
            column = self.target.tables[self.name].columns.get(self.column(name))
            low, high = (column.minimum, column.maximum) if column else (None, None)
            return low is None or high is None or bool(low <= min(values) and max(values) <= high)
        return kind == "text" and kinds == {str} and (self.target.backend == "mysql" or "\0" not in "".join(values))

    def asked(self, pks: Sequence[Any]) -> tuple[Sequence[int], list[Row]]:
        """What is asked of the database for pks, and the places of these; None, and what no row can have, left out."""
        if len(self.pk) == 1 and self.as_they_are(self.pk[0], pks):
            return range(len(pks)), list(zip(pks, strict=True))
        forms = [self.form(name) for name in self.pk]
        places: list[int] = []
        rows: list[Row] = []
        for at, pk in enumerate(pks):
            try:
                parts = () if pk is None else (pk,) if len(forms) == 1 else pk
                if parts:
                    rows.append(tuple(one for form, part in zip(forms, parts, strict=True) for one in form(part)))
                    places.append(at)
            except (ValueError, TypeError):
                continue
        return places, rows

    def empty(self) -> bool:
        """Has it no rows?"""
        query = sql.select(sql.literal(1)).select_from(sql.table(self.name)).limit(1)
        return self.target.connection.execute(query).first() is None

    def key(self) -> Key:
        return Key(self, self.pk)

    def by_pk(self, fields: Sequence[str]) -> Search:
        """Finds rows by their pk; gives these fields of them."""
        parts = [self.part(name) for name in self.pk]
        return Search(
            self.target.connection, self.name, parts, [(self.column(name), self.type(name)) for name in fields]
        )

    def by(self, name: str) -> Search:
        """Finds rows by one field; gives their pk."""
        wanted = [(self.column(one), self.type(one)) for one in self.pk]
        return Search(self.target.connection, self.name, [self.part(name)], wanted)

    def uniques(self) -> tuple[list[Key], list[Unique]]:
        """The unique keys, and those that the database cannot be asked for."""
        keys, not_checked = [], []
        for unique in self.model.uniques or ():
            fields: Sequence[str] = unique.fields
            if unique.expressions or unique.condition:
                fields = self._named(" ".join((*unique.expressions, unique.condition)), unique.fields)
            if not set(fields) <= set(self.fields):
                not_checked.append(unique)
                continue
            key = Key(self, fields, unique)
            if key.whole or key.search.works():
                keys.append(key)
            else:
                not_checked.append(unique)
        return keys, not_checked

    def _named(self, text: str, fields: Sequence[str]) -> list[str]:
        """The fields whose columns an index is on, or names in an expression or a condition."""
        words = set(re.findall(r'"[^"]+"|\w+', text))
        return [
            name
            for name in self.fields
            if name in fields or self.column(name) in words or f'"{self.column(name)}"' in words
        ]

    def span(self) -> tuple[int, int] | None:
        """The lowest and the highest pk that are in use, if these are integers; (0, -1) of a table that is empty."""
        column: sql.ColumnClause[Any] = sql.column(self.column(self.pk[0]))
        ends = (sql.select(end(column)).select_from(sql.table(self.name)) for end in (sql.func.min, sql.func.max))
        query = sql.select(*(end.scalar_subquery() for end in ends))  # in one go SQLite would read the whole table
        low, high = self.target.connection.execute(query).one()
        if low is None:
            return 0, -1
        return (low, high) if isinstance(low, int) and isinstance(high, int) else None

    def highest_pk(self) -> int:
        """The highest integer in use or given out by the sequence."""
        _, highest = self.span() or (0, 0)
        return max(0, highest, *self._given_out())

    def _given_out(self) -> Iterable[int]:
        connection = self.target.connection
        yield 0
        if self.target.backend == "postgresql" and self.model.sequence:
            # As PostgreSQL itself spells the name, quoted where it has to be.
            yield connection.exec_driver_sql(f"SELECT last_value FROM {self.model.sequence}").scalar() or 0
        elif self.target.backend == "sqlite":
            if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").first():
                query = sql.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
                yield connection.execute(query, {"name": self.name}).scalar() or 0
        elif self.target.backend == "mysql":
            query = sql.text(
                "SELECT auto_increment FROM information_schema.tables "
                "WHERE table_schema = database() AND table_name = :name"
            )
            yield (connection.execute(query, {"name": self.name}).scalar() or 1) - 1
