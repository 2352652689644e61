"""A database URL, as Django people write it, made a connection that can only read.

    sqlite:////srv/site/db.sqlite3          and db.sqlite3 itself
    postgres://user:password@host:5432/name?sslmode=require&options=-csearch_path%3Dtenant
    postgres:///name?host=/run/postgresql   and postgres://user@%2Frun%2Fpostgresql/name
    mysql://user:password@host/name?unix_socket=/run/mysqld/mysqld.sock

SQLite is opened with `mode=ro`, the others in a transaction that is READ ONLY; on each the whole run sees one snapshot.
On SQLite it keeps writers waiting, unless the database is in WAL mode: then SQLite may leave an empty `-wal` file.
The forms are those of dj-database-url and django-environ; what they have in a URL for Django alone is passed over.
A password in a URL is percent-encoded, and never in what is said of it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fixtureflow.errors import TargetError

__all__ = ["connected", "shown"]

Backend: TypeAlias = Literal["sqlite", "postgresql", "mysql"]

_BACKENDS: dict[str, Backend] = {
    **dict.fromkeys(("sqlite", "sqlite3", "spatialite"), "sqlite"),
    **dict.fromkeys(("postgres", "postgresql", "pgsql", "psql", "postgis", "timescale", "timescalegis"), "postgresql"),
    **dict.fromkeys(("mysql", "mysql2", "mysqlgis", "mariadb"), "mysql"),
}
_FORMS = "sqlite:///FILE, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME"
_ENCODE = "write /, ?, #, @, : and % in the password as %2F, %3F, %23, %40, %3A, %25"
_SECONDS_TO_CONNECT = 10

# In a URL for Django's own settings; libpq would refuse them.
_FOR_DJANGO = {
    *("conn_max_age", "conn_health_checks", "engine", "atomic_requests", "autocommit", "test_name", "pool"),
    *("disable_server_side_cursors", "server_side_binding", "isolation_level", "assume_role", "ssl_require"),
}
# What PyMySQL takes of the options that Django people give to mysqlclient; `init_command` could write.
_FOR_PYMYSQL = {"charset", "unix_socket", "read_default_file", "ssl_ca", "ssl_cert", "ssl_key", "connect_timeout"}


class Place(msgspec.Struct, frozen=True):
    """A database URL taken apart and decoded."""

    backend: Backend
    user: str = ""
    password: str = ""
    host: str = ""
    port: str = ""
    name: str = ""
    options: dict[str, str] = {}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A read-only connection, closed at the end; one snapshot from its start on.

    Takes a URL or the path of an SQLite file. Raises TargetError, also where the database fails while it is used.
    """
    place = _place(url)
    if "\0" in unquote(url):
        # libpq would read no further, and so connect to another database.
        raise TargetError(f"{shown(url)} holds a NUL character")
    try:
        engine = _ENGINES[place.backend](place)
    except ImportError as error:
        raise TargetError(
            f"the driver for {place.backend} is not installed ({error.name or error})",
            advice=f"pip install 'fixtureflow[{place.backend}]'",
        ) from None
    try:
        connection = _begun(engine.connect(), place)
    except TargetError:
        raise
    except DBAPIError as error:
        raise _refusal(url, place, error) from None
    except Exception as error:  # of a host, a port or a file name that cannot be; its text may quote a secret
        raise TargetError(f"{shown(url)} cannot be used ({type(error).__name__})", advice=f"give {_FORMS}") from None
    try:
        with connection:
            yield connection
    except DBAPIError as error:
        raise TargetError(
            f"{shown(url)} failed while it was read: {_said(error, place)}",
            advice="try again" if error.connection_invalidated else "",
        ) from error
    finally:
        engine.dispose()


def shown(url: str) -> str:
    """`url` without its password: what may be printed. Of what is no URL, without all that could be one."""
    # To the end, since an & in it may not have been encoded.
    url = re.sub(r"([?&;][^=&;]*pass\w*=).*", r"\1***", url, flags=re.IGNORECASE | re.DOTALL)
    before, at, after = url.rpartition("@")
    if not at:
        return url
    scheme, slashes, credentials = before.partition("://")
    if not slashes:
        return f"***@{after}"
    user, colon, _ = credentials.partition(":")
    if not colon and "/" in user:
        return url  # the @ is part of a path
    return f"{scheme}://{user}:***@{after}" if colon else url


def _place(url: str) -> Place:
    """The parts of a URL. Raises TargetError."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return _file(url)
    backend = _BACKENDS.get(re.split(r"[+-]", scheme.lower())[0])
    if backend is None:
        raise TargetError(f"{shown(url)} is no database that can be read here", advice=f"give {_FORMS}")
    if backend == "sqlite":
        if rest and rest[0] not in "/:":
            raise TargetError(f"{shown(url)} names a host, and SQLite has none", advice="give sqlite:///FILE")
        return Place(backend, name=_sqlite_name(rest))
    return _server(backend, url, rest)


def _file(path: str) -> Place:
    """The path of an SQLite file: it exists, or it is called like one."""
    if path and (Path(path).is_file() or re.fullmatch(r"[^@]+\.(sqlite3?|db3?)", path)):
        return Place("sqlite", name=path)
    raise TargetError(f"{shown(path)} is neither a database URL nor an SQLite file", advice=f"give {_FORMS}")


def _sqlite_name(rest: str) -> str:
    """The file of `sqlite:///relative`, `sqlite:////absolute`, `sqlite://:memory:`; percent-encoded or not."""
    name = rest.partition("?")[0]
    name = name[1:] if name.startswith("/") else name
    return name if Path(name).is_file() else unquote(name)


def _server(backend: Backend, url: str, rest: str) -> Place:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path, _, options = rest[len(authority) :].partition("#")[0].partition("?")
    if "@" in rest[len(authority) :]:
        # An unencoded / ? or # has ended the host too soon: what follows is a piece of the password.
        raise TargetError(f"{shown(url)} has an @ after the host", advice=_ENCODE)
    credentials, _, place = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    hosts = [_host(part) for part in place.split(",")]
    if not all(re.fullmatch(r"[0-9]*", port) for _, port in hosts):
        raise TargetError(f"{shown(url)} has a port that is no number")
    host, name = ",".join(host for host, _ in hosts), unquote(path[1:])
    if not host and name.startswith("/"):  # mysql:////run/mysqld/mysqld.sock/name
        host, _, name = name.rpartition("/")
    if any(piece and "=" not in piece for piece in options.split("&")):
        raise TargetError(f"{shown(url)} has an option without a value", advice="write & in an option as %26")
    given = dict(parse_qsl(options, keep_blank_values=True))
    port = ",".join(port for _, port in hosts) if any(port for _, port in hosts) else ""
    return Place(backend, unquote(user), unquote(password), host, port, name, given)


def _host(text: str) -> tuple[str, str]:
    """Host and port of `host:1`, `[::1]:1`, `%2Frun%2Fpostgresql`."""
    parts = re.fullmatch(r"\[(?P<address>[^\]]*)\](?::(?P<port>.*))?|(?P<host>[^:]*)(?::(?P<port_>.*))?", text, re.S)
    if parts is None:
        return text, ""
    return unquote(parts["address"] or parts["host"] or ""), parts["port"] or parts["port_"] or ""


def _sqlite(place: Place) -> Any:
    name = place.name
    if name in ("", ":memory:"):
        raise TargetError("an SQLite database in memory has nothing to read", advice="give its file: sqlite:///FILE")
    file = Path(name)
    if file.is_dir():
        raise TargetError(f"{name} is a folder, not an SQLite file")
    if not file.is_file():
        raise TargetError(f"there is no SQLite file {name}", advice="a path in sqlite:////srv/db has four slashes")

    def connect() -> sqlite3.Connection:
        # check_same_thread: the reader may be in another thread than the one that closes.
        uri = f"{file.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _postgresql(place: Place) -> Any:
    options = {key: value for key, value in place.options.items() if key.lower() not in _FOR_DJANGO}
    if schema := options.pop("currentSchema", ""):
        options.setdefault("options", f"-csearch_path={schema}")
    options.setdefault("connect_timeout", str(_SECONDS_TO_CONNECT))
    parts = {"host": place.host, "port": place.port, "user": place.user, "password": place.password}
    parts |= {"dbname": place.name}
    arguments: dict[str, Any] = options | {key: value for key, value in parts.items() if value}
    # A prepared statement does not get along with PgBouncer; Django prepares none either.
    arguments["prepare_threshold"] = None
    return create_engine(
        "postgresql+psycopg://",
        connect_args=arguments,
        poolclass=NullPool,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def _mysql(place: Place) -> Any:
    given = {key.replace("-", "_").lower(): value for key, value in place.options.items()}
    arguments: dict[str, Any] = {key: value for key, value in given.items() if key in _FOR_PYMYSQL}
    arguments["connect_timeout"] = _number(arguments.get("connect_timeout"), _SECONDS_TO_CONNECT)
    if place.host.startswith("/"):
        arguments["unix_socket"] = place.host
    mode = given.get("ssl_mode", given.get("sslmode", "")).upper().replace("-", "_")
    if mode in ("REQUIRED", "REQUIRE", "VERIFY_CA", "VERIFY_IDENTITY", "VERIFY_FULL"):
        certificates = {key: arguments.pop(f"ssl_{key}", None) for key in ("ca", "cert", "key")}
        checked = mode in ("VERIFY_IDENTITY", "VERIFY_FULL")
        arguments["ssl"] = {"check_hostname": checked} | {key: value for key, value in certificates.items() if value}
    url = URL.create(
        "mysql+pymysql",
        username=place.user or None,
        password=place.password or None,
        host=None if place.host.startswith("/") else place.host or None,
        port=_number(place.port, 3306),
        database=place.name or None,
        query={"charset": arguments.pop("charset", "utf8mb4")},
    )
    return create_engine(url, connect_args=arguments, poolclass=NullPool, isolation_level="REPEATABLE READ")


_ENGINES: dict[Backend, Callable[[Place], Any]] = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else otherwise


def _begun(connection: Connection, place: Place) -> Connection:
    """`connection` in a read-only transaction whose snapshot is taken; closed again if it cannot be."""
    try:
        if place.backend == "mysql":
            # For the session too: a commit must not end it.
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            if not place.name:
                raise TargetError("the URL names no database", advice=f"give {_FORMS}")
        elif place.backend == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        else:
            connection.exec_driver_sql("SELECT 1")
    except BaseException:
        connection.close()
        raise
    return connection


# What drivers say (PostgreSQL in English, MySQL by number, SQLite) and what a person does about it.
_ADVICE = (
    (r"password authentication failed|no password supplied|\b1045\b|\b1698\b", "check the user and the password"),
    (r"role .* does not exist|\b1044\b", "check the user"),
    (r"database .* does not exist|\b1049\b", "check the database's name, or create it and run migrate"),
    (r"invalid (connection|URI query) option", "leave the option out of the URL"),
    (r"database is locked", "wait until whoever writes to it is done"),
    (r"unable to open", "check its permissions; in WAL mode those of its folder too"),
    (r"not a database", "an encrypted or a damaged file is none either"),
    (
        r"refused|timed? ?out|could not translate|resolve|unreachable|No such file|Errno|\b200[2356]\b",
        "check that the server runs, and its host and port",
    ),
)


def _refusal(url: str, place: Place, error: DBAPIError) -> TargetError:
    said = _said(error, place)
    advice = next((advice for pattern, advice in _ADVICE if re.search(pattern, said, re.IGNORECASE)), "")
    name = place.name if place.backend == "sqlite" else shown(url)
    return TargetError(f"cannot read {name}: {said}", advice=advice)


def _said(error: DBAPIError, place: Place) -> str:
    """What the driver said, on one line, without its SQL and without a password."""
    text = " ".join(" ".join(str(part) for part in error.orig.args).split() if error.orig else [type(error).__name__])
    secrets = [place.password, *(value for key, value in place.options.items() if "pass" in key.lower())]
    for secret in secrets:
        if len(secret) > 3:  # a shorter one would stand in words that have nothing to do with it, and so be told
            text = text.replace(secret, "***")
    return text
