"""A URL as people write it opens its database, for reading only; what goes wrong is one line without a password."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from support.servers import with_database
from support.sql import execute

from fixtureflow.connection import _place, connected, shown
from fixtureflow.errors import TargetError

WRITES = (
    "INSERT INTO django_content_type (app_label, model) VALUES ('a', 'b')",
    "UPDATE auth_user SET username = 'x'",
    "DELETE FROM django_content_type",
    "DROP TABLE django_content_type",
    "CREATE TABLE new_table (a INTEGER)",
)


def refused(url: str) -> str:
    with pytest.raises(TargetError) as raised, connected(url):
        pass
    line = str(raised.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("committed", [False, True])
def test_nothing_can_be_written(scratch, statement, committed):
    """Not even in the transaction after the first."""
    url = scratch("tokens", populated=True)
    with (
        pytest.raises(TargetError, match=r"failed while it was read: .*(read.?only|READ ONLY)"),
        connected(url) as here,
    ):
        if committed:
            here.commit()
        here.exec_driver_sql(statement)


def test_a_run_sees_one_snapshot(backend, scratch):
    url = scratch("tokens", populated=True)
    if backend == "sqlite":  # with a rollback journal, a reader keeps writers waiting instead
        execute(url, "PRAGMA journal_mode = WAL")
    count = "SELECT count(*) FROM django_content_type"
    with connected(url) as connection:
        execute(url, "INSERT INTO django_content_type (app_label, model) VALUES ('a', 'b')")
        before = connection.exec_driver_sql(count).scalar_one()
    with connected(url) as connection:
        assert connection.exec_driver_sql(count).scalar_one() == before + 1


def test_the_bytes_of_an_sqlite_file_stay_the_same(scratch_on):
    file = Path(scratch_on("sqlite", "tokens", populated=True).removeprefix("sqlite:///"))
    before = hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns
    with connected(str(file)) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM auth_user").all()
    assert (hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns) == before
    assert list(file.parent.glob(f"{file.name}-*")) == []


def test_forms_of_an_sqlite_url(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.sqlite3", "ä b?#%.db", "100%25.db", "nosuffix"):
        sqlite3.connect(name).execute("CREATE TABLE t (a)")
    urls = ["a.sqlite3", "./a.sqlite3", "sqlite:///a.sqlite3", f"sqlite:///{tmp_path}/a.sqlite3", "nosuffix"]
    urls += ["sqlite3:///a.sqlite3?timeout=20", "spatialite:///a.sqlite3", "ä b?#%.db"]
    urls += ["sqlite:///" + quote("ä b?#%.db"), "sqlite:///100%25.db", "sqlite:///100%2525.db"]
    for url in urls:
        with connected(url) as connection:
            assert connection.exec_driver_sql("SELECT name FROM sqlite_master").scalar_one() == "t", url


def test_forms_of_a_postgresql_url(postgresql):
    url = postgresql("tokens")
    parts = urlsplit(url)
    name, place = parts.path[1:], parts.netloc.rpartition("@")[2]
    user = parts.username
    urls = [url.replace("postgresql:", f"{scheme}:") for scheme in ("postgres", "pgsql", "psql", "postgis")]
    urls += [url.replace("postgresql:", "postgresql+psycopg2:"), f"{url}?sslmode=prefer&conn_max_age=600"]
    if parts.hostname:
        urls += [f"postgres://{user}:s%2Fecret@{place}/{name}", f"postgres:///{name}?host={parts.hostname}&user={user}"]
        urls += [f"postgres://{user}@127.0.0.1:1,{place}/{name}?connect_timeout=3"]
    for each in urls:
        with connected(each) as connection:
            assert connection.exec_driver_sql("SELECT current_database()").scalar_one() == name, each


@pytest.mark.parametrize(
    "option", ["options=-csearch_path=tenant", "options=-c%20search_path%3Dtenant", "currentSchema=tenant"]
)
def test_a_postgresql_url_names_a_schema(postgresql, option):
    url = postgresql()
    execute(url, "CREATE SCHEMA tenant")
    with connected(f"{url}{'&' if '?' in url else '?'}{option}") as connection:
        assert connection.exec_driver_sql("SELECT current_schema()").scalar_one() == "tenant"


def test_forms_of_a_mariadb_url(mariadb):
    url = mariadb("tokens")
    name = urlsplit(url).path[1:]
    urls = [url, url.replace("mysql:", "mariadb:"), url.replace("mysql:", "mysql+pymysql:")]
    urls += [f"{url}?charset=utf8mb4&conn_max_age=60&init_command=DROP%20TABLE%20auth_user"]
    with connected(url) as connection:
        file = connection.exec_driver_sql("SELECT @@socket").scalar_one()
    if Path(file).exists():
        credentials = urlsplit(url).netloc.rpartition("@")[0]
        urls += [f"mysql://{credentials}@{quote(file, safe='')}/{name}"]
        urls += [f"mysql://{credentials}@/{name}?unix_socket={file}"]
    for each in urls:
        with connected(each) as connection:
            assert connection.exec_driver_sql("SELECT database()").scalar_one() == name, each
            assert connection.exec_driver_sql("SELECT count(*) FROM auth_user").scalar_one() == 0


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgres://u:p%40%2F%3A%25+@h:5/n%20m", ("u", "p@/:%+", "h", "5", "n m")),
        ("postgres://u:p@x@h/n", ("u", "p@x", "h", "", "n")),
        ("postgres://%2FRun%2Fpg:6/n", ("", "", "/Run/pg", "6", "n")),
        ("postgres:////run/pg/n", ("", "", "/run/pg", "", "n")),
        ("postgres://[::1]:7/n", ("", "", "::1", "7", "n")),
        ("postgres://a,b:8/n", ("", "", "a,b", ",8", "n")),
        ("mysql://u@h", ("u", "", "h", "", "")),
        ("mysql://", ("", "", "", "", "")),
    ],
)
def test_the_parts_of_a_url(url, parts):
    place = _place(url)
    assert (place.user, place.password, place.host, place.port, place.name) == parts


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "neither a database URL nor an SQLite file; give sqlite:///FILE"),
        ("", "neither a database URL nor an SQLite file"),
        ("oracle://u:secret@h/n", r"oracle://u:\*\*\*@h/n is no database that can be read here"),
        ("sqlite://:memory:", "in memory"),
        ("sqlite:////no/such.db", "there is no SQLite file /no/such.db"),
        ("no_such.sqlite3", "there is no SQLite file no_such.sqlite3"),
        ("sqlite:////", "is a folder"),
        ("postgres://u:pa/ss@h/n", "in the password as %2F"),
        ("postgres://u:12?3@h/n", "in the password as %2F"),
        ("postgres://h:port/n", "a port that is no number"),
        ("postgres://u@127.0.0.1:1/n", "refused.*check that the server runs"),
        ("mysql://u@127.0.0.1:1/n", "refused.*check that the server runs"),
        ("mysql://u@127.0.0.1:99999/n", "cannot be used|refused"),
        ("postgres://u@no-such-host.invalid/n", "check that the server runs"),
        ("mysql://u@no-such-host.invalid/n", "check that the server runs"),
        ("postgres://u@127.0.0.1:1/n?nonsense=1", "nonsense.*leave the option out"),
    ],
)
def test_a_wrong_url_is_one_clear_line(url, words):
    with pytest.raises(TargetError, match=words):
        refused_line = refused(url)
        raise TargetError(refused_line)


def test_no_file_is_made(tmp_path):
    refused(f"sqlite:///{tmp_path}/new.sqlite3")
    refused(str(tmp_path / "new.sqlite3"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"not a database, and as long as the header of one would be" * 20, b"SQLite format 3\0"]
)
def test_a_file_that_is_no_database(tmp_path, content):
    file = tmp_path / "a.sqlite3"
    file.write_bytes(content)
    assert "not a database" in refused(str(file))


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_no_such_database(server, scratch_on):
    line = refused(with_database(scratch_on(server), "no_such_database"))
    assert "no_such_database" in line
    assert "create it and run migrate" in line


def test_a_url_without_a_database_name(mariadb):
    assert "names no database" in refused(with_database(mariadb(), ""))


def test_a_wrong_password_on_mariadb(mariadb):
    place = urlsplit(mariadb()).netloc.rpartition("@")[2]
    line = refused(f"mysql://nobody:top-secret@{place}/n")
    assert "nobody:***" in line and line.endswith("check the user and the password")
    assert "top-secret" not in line


def test_a_wrong_password_on_postgresql():
    with answering(error(b"28P01", b'password authentication failed for user "bob" with "top-secret"')) as port:
        line = refused(f"postgres://bob:top-secret@127.0.0.1:{port}/n?sslmode=disable")
    assert line.endswith("check the user and the password")
    assert "top-secret" not in line


def error(code: bytes, text: bytes) -> bytes:
    """PostgreSQL's ErrorResponse."""
    fields = b"SFATAL\0VFATAL\0C" + code + b"\0M" + text + b"\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that says one thing to whoever connects; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(("scheme", "driver"), [("postgres", "psycopg"), ("mysql", "pymysql")])
def test_a_missing_driver_says_what_to_install(scheme, driver):
    code = (
        f"import sys; sys.modules['{driver}'] = None\n"
        "from fixtureflow.connection import connected\n"
        f"with connected('{scheme}://u:top-secret@127.0.0.1/n'): pass"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    extra = "postgresql" if scheme == "postgres" else "mysql"
    assert said.splitlines()[-1].endswith(f"is not installed ({driver}); pip install 'fixtureflow[{extra}]'")
    assert "top-secret" not in said.splitlines()[-1]


def test_a_server_that_goes_away_in_the_middle_is_a_clear_error(postgresql):
    url = postgresql()
    with pytest.raises(TargetError, match=r"failed while it was read: .*terminat"), connected(url) as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        execute(url, f"SELECT pg_terminate_backend({pid})")
        connection.exec_driver_sql("SELECT 1")


def test_other_errors_pass_through(scratch_on):
    with pytest.raises(KeyError), connected(scratch_on("sqlite")):
        raise KeyError


def test_an_error_keeps_what_the_database_said(scratch_on):
    with pytest.raises(TargetError) as raised, connected(scratch_on("sqlite")) as connection:
        connection.exec_driver_sql("SELECT 1 FROM nowhere")
    assert isinstance(raised.value.__cause__, DBAPIError)
    assert str(raised.value).endswith("failed while it was read: no such table: nowhere")


# What a password is told by, whatever else is in it.
PASSWORDS = st.text(max_size=8).map(lambda text: f"Zq9{text}x7Q")
URLS = st.sampled_from(
    [
        "postgres://bob:{}@127.0.0.1:1/n",
        "postgresql://bob:{}@127.0.0.1:1/n?sslmode=disable",
        "mysql://bob:{}@127.0.0.1:1/n",
        "mariadb://bob:{}@/n?unix_socket=/no/such",
        "postgres://bob@127.0.0.1:1/n?password={}",
        "postgres://bob@127.0.0.1:1/n?sslpassword={}&sslmode=disable",
        "oracle://bob:{}@h/n",
        "bob:{}@h/n",
        "postgres:/bob:{}@h",
        "postgres://:{}@127.0.0.1:1,127.0.0.1:1/n",
        "mysql://bob:{}@127.0.0.1:port/n",
        "sqlite://bob:{}@h/n",
    ]
)


@given(URLS, PASSWORDS, st.booleans())
@example("postgres://bob:{}@127.0.0.1:1/n", "Zq9@/x7Q", False)
@example("postgres://bob:{}@127.0.0.1:1/n", "Zq9@?x7Q", False)
@example("postgres://bob@127.0.0.1:1/n?password={}", "Zq9&x7Q", False)
@example("mysql://bob:{}@127.0.0.1:1/n", "Zq9\u20acx7Q", True)
@example("postgres://bob@127.0.0.1:1/n?password={}", "Zq9\0x7Q", False)
@example("postgres://bob:{}@127.0.0.1:1/n", "Zq9\0x7Q", True)
def test_a_password_is_never_shown(form, password, encoded):
    url = form.format(quote(password, safe="") if encoded else password)
    for text in (shown(url), refused(url)):
        assert "Zq9" not in text
        assert "x7Q" not in text


def test_what_is_no_password_is_shown():
    for url in ("sqlite:////srv/a@b.sqlite3", "postgres://bob@h/n?sslmode=require", "mysql://h/n", "a.sqlite3"):
        assert shown(url) == url
    assert shown("postgres://bob:secret@h:5/n?x=1") == "postgres://bob:***@h:5/n?x=1"
    assert shown("postgres://h/n?user=bob&password=secret&x=1") == "postgres://h/n?user=bob&password=***"
