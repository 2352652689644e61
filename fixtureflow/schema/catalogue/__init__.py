"""The tables of a database, read in a few queries of its catalogue however many there are.

SQLAlchemy's reflection is not used: it asks MySQL and SQLite table by table, misses most of the unique constraints that
Django makes in SQLite, leaves out expressions and conditions, and warns of types that it does not know.
"""

from __future__ import annotations

from sqlalchemy import Connection

from fixtureflow.errors import TargetError
from fixtureflow.schema.catalogue import mysql, postgresql, sqlite
from fixtureflow.schema.catalogue.nouns import Column, Key, Reference, Table

__all__ = ["Column", "Key", "Reference", "Table", "longest_name", "server", "tables"]

_READERS = {"sqlite": sqlite.tables, "postgresql": postgresql.tables, "mysql": mysql.tables, "mariadb": mysql.tables}


def tables(connection: Connection) -> dict[str, Table]:
    """All tables that an unqualified name reaches, by name; views, virtual tables and extensions' tables left out."""
    read = _READERS.get(connection.dialect.name)
    if read is None:
        raise TargetError(f"the tables of {connection.dialect.name} cannot be read here")
    return read(connection)


def server(connection: Connection) -> str:
    """The database and its version, for a person: `PostgreSQL 17.2`."""
    dialect = connection.dialect
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
    name = "MariaDB" if getattr(dialect, "is_mariadb", False) else names.get(dialect.name, dialect.name)
    version = getattr(dialect, "server_version_info", None)
    if dialect.name == "sqlite":
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one().split(".")
    return f"{name} {'.'.join(str(part) for part in version or () if str(part).isdecimal())}".strip()


def longest_name(connection: Connection) -> int | None:
    """How long a table's name may be before Django shortens it; None for any length.

    Source: `max_name_length` in django/db/backends/*/operations.py.
    """
    return {"postgresql": 63, "mysql": 64, "mariadb": 64}.get(connection.dialect.name)
