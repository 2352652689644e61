"""Many rows looked up at once: the keys go to the database as one JSON document, and it compares them.

So values never become SQL, are compared with the type and the collation of the column, by way of its index, and no
table is made. Needs MariaDB 10.6 or MySQL 8.0 (`JSON_TABLE`); any PostgreSQL and any SQLite that are still supported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from fixtureflow.target.types import ColumnType

__all__ = ["PLAIN", "Condition", "Part", "Row", "Search"]

BATCH = 5_000
Row = tuple[Any, ...]


class Part(NamedTuple):
    """One column of a key."""

    column: str
    type: ColumnType
    span: bool = False
    """Given as two values, the first and the last that count as equal: a moment cut to milliseconds."""
    binary: bool = False


class Condition(NamedTuple):
    """A unique index that is partial or on expressions, in the database's SQL; `parts` are the columns it may name."""

    expressions: tuple[str, ...]
    where: str = ""


class Search:
    """Finds the rows of one table by one key.

    The rows asked for are given as tuples, for each part its value in stored form (two for a span; bytes for binary).
    """

    def __init__(
        self,
        connection: Connection,
        table: str,
        parts: Sequence[Part],
        wanted: Sequence[tuple[str, ColumnType]],
        *,
        nulls_equal: bool = False,
        condition: Condition | None = None,
    ) -> None:
        self._connection = connection
        self._kind = "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name
        self._parts = parts
        self._columnwise = self._kind == "postgresql"
        self._equal = {"postgresql": "IS NOT DISTINCT FROM", "sqlite": "IS", "mysql": "<=>"}[self._kind]
        self._equal = self._equal if nulls_equal else "="
        self.folds = any(part.type.folds for part in parts) or condition is not None
        """May rows be equal here that are given with different values?"""
        self._values = self._source()
        self._sql = self._conditional(table, wanted, condition) if condition else self._plain(table, wanted)
        self._normal = self._normals(condition)

    def find(self, rows: Sequence[Row]) -> Iterable[Row]:
        """(place in `rows`, wanted columns …) of each row of the table whose key is asked for."""
        for start in range(0, len(rows), BATCH):
            for place, *found in self._run(self._sql, rows[start : start + BATCH]):
                yield (start + place, *found)

    def normal(self, rows: Sequence[Row]) -> list[Row | None]:
        """Each row in a form that is equal where the database holds it equal; None where a condition leaves it out."""
        if not self.folds:
            return list(rows)
        out: list[Row | None] = [None] * len(rows)
        for start in range(0, len(rows), BATCH):
            for place, *key in self._run(self._normal, rows[start : start + BATCH]):
                out[start + place] = tuple(key)
        return out

    def works(self) -> bool:
        """Does the database understand it? It may not know a function of an index that the project brought along."""
        try:
            with self._connection.begin_nested():
                self._run(self._sql, [])
                self._run(self._normal, [])
        except DBAPIError:
            return False
        return True

    def _run(self, statement: str, rows: Sequence[Row]) -> list[Row]:
        given = self._document(rows)
        return list(map(tuple, self._connection.exec_driver_sql(statement, given)))

    def _document(self, rows: Sequence[Row]) -> tuple[str, ...]:
        binary = [part.binary for part in self._parts for _ in range(2 if part.span else 1)]
        columns = [[row[at] for row in rows] for at in range(len(binary))]
        for at, flag in enumerate(binary):
            if flag:
                columns[at] = [value.hex().upper() if isinstance(value, bytes) else value for value in columns[at]]
        if self._columnwise:
            return tuple(_json(column) for column in columns)
        return (_json(columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))),)

    # What follows writes the SQL.

    def _quoted(self, name: str) -> str:
        quoted: str = self._connection.dialect.identifier_preparer.quote_identifier(name)
        return quoted.replace("%", "%%") if self._kind != "sqlite" else quoted

    def _source(self) -> str:
        """The rows asked for, as a derived table with the columns n, k0, k1, …"""
        types = [part.type for part in self._parts for _ in range(2 if part.span else 1)]
        binary = [part.binary for part in self._parts for _ in range(2 if part.span else 1)]
        if self._kind == "postgresql":
            names = [f"k{at}" for at in range(len(types))]
            casts = ", ".join(
                f"decode({name}, 'hex') AS {name}" if raw else f"CAST({name} AS {kind.name}) AS {name}"
                for name, kind, raw in zip(names, types, binary, strict=True)
            )
            lists = ", ".join("json_array_elements_text(CAST(%s AS json))" for _ in names)
            plain = ", ".join(names)
            return f"(SELECT n - 1 AS n, {casts} FROM ROWS FROM ({lists}) WITH ORDINALITY AS j({plain}, n))"
        if self._kind == "sqlite":
            if len(types) == 1:
                return "(SELECT key AS n, value AS k0 FROM json_each(?))"
            values = ", ".join(f"json_extract(value, '$[{at}]') AS k{at}" for at in range(len(types)))
            return f"(SELECT key AS n, {values} FROM json_each(?))"
        paths = ["$"] if len(types) == 1 else [f"$[{at}]" for at in range(len(types))]
        columns = ", ".join(
            f"k{at} {_declared(kind, raw)} PATH '{path}'"
            for at, (kind, raw, path) in enumerate(zip(types, binary, paths, strict=True))
        )
        unhexed = ", ".join(f"UNHEX(k{at}) AS k{at}" if raw else f"k{at}" for at, raw in enumerate(binary))
        return (
            f"(SELECT n - 1 AS n, {unhexed} FROM JSON_TABLE(%s, '$[*]' COLUMNS (n FOR ORDINALITY, {columns})) AS j)"
            if any(binary)
            else f"JSON_TABLE(%s, '$[*]' COLUMNS (n FOR ORDINALITY, {columns}))"
        )

    @property
    def _first(self) -> str:
        """The number of a row asked for, from 0."""
        return "v.n - 1" if self._values.startswith("JSON_TABLE") else "v.n"

    def _plain(self, table: str, wanted: Sequence[tuple[str, ColumnType]]) -> str:
        terms, at = [], 0
        for part in self._parts:
            column = f"t.{self._quoted(part.column)}"
            if part.binary and self._kind == "sqlite":
                column = f"hex({column})"
            if part.span:
                terms.append(f"{column} BETWEEN v.k{at} AND v.k{at + 1}")
            else:
                terms.append(f"{column} {self._equal} v.k{at}")
            at += 2 if part.span else 1
        return (
            f"SELECT {self._first}, {self._selected(wanted)} FROM {self._values} AS v {self._join} "
            f"{self._quoted(table)} AS t ON {' AND '.join(terms)}"
        )

    @property
    def _join(self) -> str:
        # The keys first: neither knows how few they are.
        return {"sqlite": "CROSS JOIN", "mysql": "STRAIGHT_JOIN", "postgresql": "JOIN"}[self._kind]

    def _selected(self, wanted: Sequence[tuple[str, ColumnType]]) -> str:
        return ", ".join(self._as_it_is(f"t.{self._quoted(name)}", kind) for name, kind in wanted)

    def _as_it_is(self, column: str, kind: ColumnType) -> str:
        """What a driver would make something else of is asked for as text."""
        plain = self._kind != "postgresql" or kind.name in PLAIN
        return column if plain else f"CAST({column} AS text)"

    def _asked(self, condition: Condition) -> str:
        """The rows asked for that a partial index holds, with its expressions as e0, e1, …"""
        first = "n - 1" if self._values.startswith("JSON_TABLE") else "n"
        names = ", ".join(f"k{at} AS {self._quoted(part.column)}" for at, part in enumerate(self._parts))
        expressions = ", ".join(f"({text}) AS e{at}" for at, text in enumerate(self._escaped(condition)))
        where = f" WHERE {self._percent(condition.where)}" if condition.where else ""
        return f"(SELECT n, {expressions} FROM (SELECT {first} AS n, {names} FROM {self._values} AS j2) AS f{where})"

    def _conditional(self, table: str, wanted: Sequence[tuple[str, ColumnType]], condition: Condition) -> str:
        expressions = ", ".join(f"({text}) AS e{at}" for at, text in enumerate(self._escaped(condition)))
        columns = ", ".join(self._quoted(name) for name, _ in wanted)
        where = f" WHERE {self._percent(condition.where)}" if condition.where else ""
        there = f"(SELECT {columns}, {expressions} FROM {self._quoted(table)}{where})"
        terms = " AND ".join(f"t.e{at} {self._equal} v.e{at}" for at in range(len(condition.expressions)))
        return (
            f"SELECT v.n, {self._selected(wanted)} FROM {self._asked(condition)} AS v "
            f"{self._join} {there} AS t ON {terms}"
        )

    def _normals(self, condition: Condition | None) -> str:
        if condition:
            names = [f"e{at}" for at in range(len(condition.expressions))]
            parts = ", ".join(self._folded(f"v.{name}", None) for name in names)
            return f"SELECT v.n, {parts} FROM {self._asked(condition)} AS v"
        keys = [part for part in self._parts for _ in range(2 if part.span else 1)]
        parts = ", ".join(self._folded(f"v.k{at}", part.type) for at, part in enumerate(keys))
        return f"SELECT {self._first}, {parts} FROM {self._values} AS v"

    def _folded(self, value: str, kind: ColumnType | None) -> str:
        if self._kind == "mysql" and (kind is None or kind.collation):
            value = f"RTRIM({value})" if kind is None or kind.pads else value
            return f"HEX(WEIGHT_STRING({value}))"
        if self._kind == "postgresql":
            if kind and kind.name == "citext":
                return f"lower(CAST({value} AS text))"
            if kind and kind.name == "character":
                return f"rtrim(CAST({value} AS text))"
            return f"CAST({value} AS text)"
        if self._kind == "sqlite" and kind and kind.collation:
            return f"rtrim({value})" if kind.pads else f"lower({value})"
        return value

    def _escaped(self, condition: Condition) -> list[str]:
        return [self._percent(text) for text in condition.expressions]

    def _percent(self, text: str) -> str:
        return text.replace("%", "%%") if self._kind != "sqlite" else text


PLAIN = {
    "integer",
    "bigint",
    "smallint",
    "character varying",
    "text",
    "boolean",
    "uuid",
    "double precision",
    "numeric",
}
PLAIN |= {"timestamp with time zone", "timestamp without time zone", "date", "bytea", "time without time zone"}


def _declared(kind: ColumnType, binary: bool) -> str:
    if binary:
        return "TEXT CHARACTER SET ascii COLLATE ascii_bin"
    if not kind.collation:
        return "varchar(64)" if kind.name in ("uuid", "inet4", "inet6") else kind.name
    charset, collation = kind.collation.split(" ")
    name = "varchar(1000)" if kind.name.startswith(("enum", "set")) else kind.name
    return f"{name} CHARACTER SET {charset} COLLATE {collation}"


def _json(values: list[Any]) -> str:
    try:
        return msgspec.json.encode(values).decode()
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError):
        return json.dumps(values)  # integers past 64 bits, lone surrogates
