"""The schema of a Django project, taken from its app registry: the whole truth, short of what is in its database.

Django settles on one settings module per process and cannot be made to forget it, and importing a project runs its
code: signals are connected, standard output is written to, `sys.exit` is called. So the project is imported by a
subprocess of the same interpreter, started in its folder as `manage.py` is, which sends back nothing but the schema.
The caller's process stays as it was, needs no Django, and may ask for one project after the other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from fixtureflow.errors import SchemaError
from fixtureflow.schema.model import Schema

__all__ = ["ask", "from_project", "unapplied_migrations"]

# Not `-m`: fixtureflow is to be the caller's own, wherever that is, and all else what the project would import.
_START = (
    "import sys; sys.path.insert(0, {0!r}); import fixtureflow; del sys.path[0]; sys.path.append({0!r}); "
    "from fixtureflow.schema.django.inside import main; main()"
)


def from_project(settings: str, *, path: Path | None = None) -> Schema:
    """The schema of the project with the settings module `settings`, found as `manage.py` in the folder `path` would.

    `path` is the current folder by default. No database is connected to: where the project itself tries, while it is
    imported or in a `natural_key()`, it is told that there is none. Raises SchemaError, in one line and without the
    values of settings, for a project that does not import.
    """
    return msgspec.convert(ask("schema", settings, path), type=Schema)


def unapplied_migrations(settings: str, *, path: Path | None = None, database: str = "default") -> list[str]:
    """The project's migrations that its database lacks, in the order to apply them: `["shop.0002_price", …]`.

    **Connects** to the database of that alias in the project's settings, and reads which migrations it has; it writes
    nothing. Raises SchemaError as `from_project` does, and where the database cannot be asked.
    """
    return msgspec.convert(ask("unapplied", settings, path, database), type=list[str])


def ask(
    question: Literal["schema", "unapplied", "databases"], settings: str, path: Path | None, *arguments: str
) -> Any:
    """What the project's process answers; see inside.py. Raises SchemaError."""
    folder = Path.cwd() if path is None else path.absolute()
    if not settings:
        raise SchemaError("no settings module is named", advice="name it with dots: mysite.settings")
    if not folder.is_dir():
        raise SchemaError(f"{folder}: no such folder", advice="name the folder that manage.py is in")
    package = str(Path(__file__).parents[3])
    done = subprocess.run(  # noqa: S603 — this interpreter, and the arguments are not for a shell
        [sys.executable, "-c", _START.format(package), question, settings, *arguments],
        cwd=folder,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    try:
        answer = msgspec.json.decode(done.stdout)
    except msgspec.DecodeError:
        raise SchemaError(
            f"{settings}: the project's process ended without an answer (exit code {done.returncode})",
            advice="`python manage.py check` there should say why",
        ) from None
    if "problem" in answer:
        raise SchemaError(answer["problem"], advice=answer["advice"])
    return answer["answer"]
