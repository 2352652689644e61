"""What runs in the subprocess: imports the project, answers one question about it, and says in one line what failed.

The answer goes to what was standard output when the process began; whatever the project prints goes nowhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.errors import SchemaError
from fixtureflow.schema.django.words import place, said

__all__ = ["main"]


def main() -> None:
    """Answer the question in `sys.argv`: `schema SETTINGS`, `databases SETTINGS` or `unapplied SETTINGS ALIAS`."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    _, question, settings, *arguments = sys.argv
    # A project may look at how it was started, and dumpdata is the nearest to what is asked of it.
    sys.argv = ["manage.py", "dumpdata"]
    sys.path[:] = [os.getcwd(), *(folder for folder in sys.path if folder)]  # noqa: PTH109
    try:
        found = _QUESTIONS[question](settings, *arguments)
        answer.write(msgspec.json.encode({"answer": found}))
    except SchemaError as error:
        answer.write(msgspec.json.encode({"problem": error.problem, "advice": error.advice}))
    answer.close()
    os._exit(0)  # not to wait for threads that the project may have started


def _schema(settings: str) -> Any:
    _need_django()
    with _unconnected():
        _set_up(settings)
        from fixtureflow.schema.django import registry

        try:
            return registry.schema(settings)
        except SchemaError as error:
            raise SchemaError(f"{settings}: {error.problem}", advice=error.advice) from None
        except Exception as error:
            raise _refusal(settings, error) from None


def _databases(settings: str) -> dict[str, Any]:
    """DATABASES, with what connecting needs; apps and drivers are not imported."""
    _need_django()
    with _unconnected():
        try:
            from django.db import connections

            entries: dict[str, dict[str, Any]] = connections.settings
            names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
            return {alias: {name: _plain(entry.get(name)) for name in names} for alias, entry in entries.items()}
        except BaseException as error:
            raise _refusal(settings, error) from None


def _plain(value: Any) -> Any:
    """A setting as JSON has it: paths as text, and None for what is code."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, str | os.PathLike):
        return str(value)
    return value if isinstance(value, int | float) else None


def _unapplied(settings: str, alias: str) -> list[str]:
    _need_django()
    with _unconnected():
        _set_up(settings)
    from django.db import Error, connections
    from django.db.migrations.executor import MigrationExecutor

    if alias not in connections:
        known = ", ".join(sorted(connections))
        raise SchemaError(f"{settings} has no database {alias!r}", advice=f"it has {known}")
    connection = connections[alias]
    name = str(connection.settings_dict["NAME"])
    plain_file = connection.vendor == "sqlite" and name != ":memory:" and not name.startswith("file:")
    if plain_file and not Path(name).exists():
        # Connecting would make the file.
        raise SchemaError(f"{settings}: database {alias!r}: {name}: no such file", advice="migrate it first")
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        problem = f"{settings}: database {alias!r} cannot be asked: {said(error)}"
        raise SchemaError(problem, advice="is the server up, and do its name and user fit?") from None
    except Exception as error:
        advice = "`python manage.py showmigrations --plan` has to pass first"
        raise SchemaError(f"{place(settings, error)}: {said(error)}", advice=advice) from None
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


_QUESTIONS: dict[str, Callable[..., Any]] = {"schema": _schema, "databases": _databases, "unapplied": _unapplied}


def _need_django() -> None:
    try:
        import django  # noqa: F401
    except ImportError as error:
        raise SchemaError(
            "Django is not installed beside fixtureflow" if _missing(error) == "django" else said(error),
            advice="install fixtureflow in the project's own environment, and run it from there",
        ) from None


@contextmanager
def _unconnected() -> Iterator[None]:
    """Let every attempt to connect fail as it does where the server is down, which projects expect."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.utils import OperationalError

    def refuse(self: Any) -> None:
        raise OperationalError("no database is connected to while the schema is read")

    ways = BaseDatabaseWrapper.connect, BaseDatabaseWrapper.ensure_connection
    BaseDatabaseWrapper.connect = BaseDatabaseWrapper.ensure_connection = refuse
    try:
        yield
    finally:
        BaseDatabaseWrapper.connect, BaseDatabaseWrapper.ensure_connection = ways


def _set_up(settings: str) -> None:
    """`django.setup()`, without the logging, which would open the project's log files."""
    try:
        import django
        from django.conf import settings as configured

        configured.LOGGING_CONFIG = None
        django.setup()
    except BaseException as error:
        raise _refusal(settings, error) from None


def _refusal(settings: str, error: BaseException) -> SchemaError:
    """What is wrong with the project, and what to do about it."""
    missing = _missing(error)
    apps = _installed_apps()
    if missing and (settings == missing or settings.startswith(f"{missing}.")):
        if "/" in settings or settings.endswith(".py"):
            advice = "name the module, with dots: mysite.settings"
        else:
            advice = "run this in the folder of manage.py, or set PYTHONPATH as the project needs it"
        return SchemaError(f"cannot import settings {settings}: no module named {missing!r}", advice=advice)
    if missing and any(app == missing or app.startswith(f"{missing}.") for app in apps):
        problem = f"{settings}: INSTALLED_APPS has {missing!r}, and there is no such module"
        return SchemaError(problem, advice=f"install it in this environment: {sys.prefix}")
    if missing:
        problem = f"{place(settings, error)}: no module named {missing!r}"
        return SchemaError(problem, advice=f"install it in this environment: {sys.prefix}")
    advice = "`python manage.py check` in the same folder and environment has to pass first"
    if "Error loading" in str(error):  # as Django's backends say of their drivers
        advice = f"install the driver in this environment: {sys.prefix}"
    elif type(error).__name__ == "OperationalError":
        advice = "the project asks its database while it is imported, and fixtureflow connects to none: put that off"
    return SchemaError(f"{place(settings, error)}: {said(error)}", advice=advice)


def _missing(error: BaseException) -> str:
    return error.name or "" if isinstance(error, ModuleNotFoundError) else ""


def _installed_apps() -> list[str]:
    from django.conf import settings

    wrapped = settings._wrapped
    return [str(app) for app in getattr(wrapped, "INSTALLED_APPS", ())]
