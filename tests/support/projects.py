"""The real Django projects under tests/projects, run as a person would: `manage.py` in a process of its own,
forked from one that has set the project up."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from . import warm

PROJECTS = Path(__file__).parents[1] / "projects"

# The project `tokens` makes a token for each new user, under loaddata too: this turns it off.
NO_TOKENS = {"TOKEN_FOR_NEW_USERS": "0"}


class ManageError(AssertionError):
    """A command of manage.py ended with an error. `stderr` is all it said, the message the end of it."""

    def __init__(self, command: tuple[str, ...], stderr: str) -> None:
        super().__init__(f"{' '.join(command)}: …{stderr[-1500:]}")
        self.stderr = stderr


def manage(
    project: str,
    url: str,
    *command: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    strict: bool = False,
) -> bytes:
    """What the project's manage.py prints, run on the database at `url`. Raises ManageError.

    `strict` takes the database backend that never switches constraint checks off; see `constraints.loaddata_strictly`.
    """
    return run_python(project, url, "manage.py", *command, stdin=stdin, env=env, strict=strict)


def run_python(
    project: str,
    url: str,
    *command: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    strict: bool = False,
) -> bytes:
    """What a Python script or module prints, run in the project's folder with its settings. Raises ManageError."""
    settings = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "mysite.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(PROJECTS.parent),
        "STRICT_CONSTRAINTS": "1" if strict else "0",
        **(env or {}),
    }
    kind = json.dumps([project, settings | {"DATABASE_URL": urlsplit(url).scheme}]) if url else ""
    environment = {**os.environ, **settings}
    code, stdout, stderr = warm.run(command, cwd=PROJECTS / project, env=environment, kind=kind, stdin=stdin)
    if code:
        raise ManageError(command, stderr.decode())
    return stdout


def migrate(project: str, url: str) -> None:
    manage(project, url, "migrate", "--run-syncdb", "--verbosity=0")


def populate(project: str, url: str) -> None:
    """Fill a migrated, empty database with the project's rows, the same each time."""
    manage(project, url, "populate")


def dumpdata(project: str, url: str, *options: str) -> bytes:
    return manage(project, url, "dumpdata", *options)


def loaddata(
    project: str,
    url: str,
    fixture: bytes | Path,
    *options: str,
    env: Mapping[str, str] | None = None,
    strict: bool = False,
) -> None:
    """Load a JSON fixture, given as its bytes or as its file. Raises ManageError."""
    if isinstance(fixture, Path):
        manage(project, url, "loaddata", str(fixture), *options, env=env, strict=strict)
    else:
        manage(project, url, "loaddata", "--format=json", "-", *options, stdin=fixture, env=env, strict=strict)
