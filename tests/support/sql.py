"""Statements run on a scratch database, to give it what no project has; and queries."""

from __future__ import annotations

import sqlite3
from typing import Any

from .servers import mariadb_connection, postgresql_connection


def execute(url: str, *statements: str) -> None:
    """Each statement in a transaction of its own."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()
    elif url.startswith("postgres"):
        with postgresql_connection(url) as connection:
            for statement in statements:
                connection.execute(statement)
    else:
        with mariadb_connection(url) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        rows = connection.execute(statement).fetchall()
        connection.close()
        return rows
    if url.startswith("postgres"):
        with postgresql_connection(url) as connection:
            return list(connection.execute(statement).fetchall())
    with mariadb_connection(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
