"""What SQL is written for: a schema, a kind of database, and the tables of one if there is one to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast, get_args

import msgspec
from sqlalchemy import Connection, literal, select, table
from sqlalchemy.sql import quoted_name

from fixtureflow.connection import connected, shown
from fixtureflow.counters.counter import Table, tables_in
from fixtureflow.errors import UsageError
from fixtureflow.schema.database import from_database
from fixtureflow.schema.merge import Source, merge
from fixtureflow.schema.model import Schema
from fixtureflow.values.stored import Backend

__all__ = ["Ground", "grounded"]


class Ground(msgspec.Struct):
    """Where the rows are to go, as far as it is known; `sources` are for `schema.sources.gather`."""

    backend: Backend
    sources: list[Source]
    tables: dict[str, Table] | None = None
    """Those of the target; None without one."""
    connection: Connection | None = None

    def filled(self) -> set[str]:
        """The tables that have rows already, of those that the sources know."""
        known = {table for source in self.sources for table in _tables(source.schema)}
        there = known & (self.tables or {}).keys()
        return {name for name in there if self.connection is not None and _has_rows(self.connection, name)}


def _tables(schema: Schema) -> Iterator[str]:
    for model in schema.models.values():
        yield model.table or ""
        yield from (relation.through_table or "" for _, relation in model.relations())


def _has_rows(connection: Connection, name: str) -> bool:
    found = select(literal(1)).select_from(table(quoted_name(name, True))).limit(1)
    return connection.execute(found).first() is not None


@contextmanager
def grounded(
    schema: Schema | Iterable[Source] | None, *, target: str | None = None, dialect: Backend | None = None
) -> Iterator[Ground]:
    """Look at the target, if one is named, and else take the word of `dialect`; the connection ends with the context.

    The target's own schema is added to the sources, if it is not among them. Raises UsageError, TargetError.
    """
    sources = [Source("file", "the schema given", schema)] if isinstance(schema, Schema) else list(schema or ())
    if dialect is not None and dialect not in get_args(Backend):
        raise UsageError(f"--dialect is postgresql, mysql or sqlite, not {dialect}")
    if target is None:
        if dialect is None:
            raise UsageError("which database is it for?", advice="give --target URL, or --dialect and a schema")
        yield Ground(dialect, sources)
        return
    with connected(target) as connection:
        backend = cast(Backend, "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name)
        if dialect not in (None, backend):
            raise UsageError(f"the target is {backend}, not {dialect}", advice="leave out --dialect")
        if not any(source.kind == "database" for source in sources):
            known = merge(sources).schema if sources else None
            sources.append(Source("database", f"database {shown(target)}", from_database(connection, known=known)))
        yield Ground(backend, sources, tables_in(connection), connection)
