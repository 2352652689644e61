"""Loading with constraints on, so that a fixture in a wrong order fails: `loaddata` as it comes would not mind.

Two things are in the way. `loaddata` switches checks off: the backends in `support.strict` never do. And Django defers
foreign keys to the commit on SQLite and PostgreSQL: `make_constraints_immediate` changes the tables, for good.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from .projects import loaddata
from .servers import postgresql_connection


def loaddata_strictly(
    project: str, url: str, fixture: bytes | Path, *options: str, env: Mapping[str, str] | None = None
) -> None:
    """`loaddata` with every foreign key checked at every row. Raises ManageError."""
    make_constraints_immediate(url)
    loaddata(project, url, fixture, *options, env=env, strict=True)


def make_constraints_immediate(url: str) -> None:
    """Have the database check foreign keys at each statement. MariaDB always does."""
    if url.startswith("sqlite"):
        _make_sqlite_immediate(url.removeprefix("sqlite:///"))
    elif url.startswith("postgres"):
        _make_postgresql_immediate(url)


def _make_sqlite_immediate(file: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' DEFERRABLE INITIALLY DEFERRED', '')")
    connection.close()


def _make_postgresql_immediate(url: str) -> None:
    with postgresql_connection(url) as connection:
        deferrable = connection.execute(
            "SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I NOT DEFERRABLE', conrelid::regclass, conname)"
            " FROM pg_constraint WHERE contype = 'f' AND condeferrable"
        )
        for (statement,) in deferrable.fetchall():
            connection.execute(statement)
