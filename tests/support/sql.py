"""Statements run on a scratch database, to give it what no project has."""

from __future__ import annotations

import sqlite3

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
