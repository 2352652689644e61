"""What runs in the subprocess: imports the project, answers one question about it, and says in one line what failed.

The answer goes to what was standard output when the process began; whatever the project prints goes nowhere.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.errors import SchemaError, one_line

__all__ = ["main"]

# The errors whose message is about names. That of any other may quote a value, and the value may be a password.
_TELLING = {
    *("ImportError", "ModuleNotFoundError", "ImproperlyConfigured", "AppRegistryNotReady", "NameError"),
    *("AttributeError", "LookupError", "KeyError", "FieldError", "FieldDoesNotExist", "RuntimeError", "TypeError"),
    *(
        "FileNotFoundError",
        "PermissionError",
        "SystemExit",
        "OperationalError",
        "ProgrammingError",
        "NodeNotFoundError",
    ),
    *("CircularDependencyError", "InconsistentMigrationHistory", "BadMigrationError", "NotSupportedError"),
}
_SECRET = re.compile("PASS|SECRET|TOKEN|CREDENTIAL|SIGNATURE|SALT|_KEY|KEY_|APIKEY", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^\s'\"]*@")


def main() -> None:
    """Answer the question in `sys.argv`: `schema SETTINGS` or `unapplied SETTINGS ALIAS`."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    _, question, settings, *arguments = sys.argv
    # A project may look at how it was started, and dumpdata is the nearest to what is asked of it.
    sys.argv = ["manage.py", "dumpdata"]
    sys.path[:] = [os.getcwd(), *(folder for folder in sys.path if folder)]  # noqa: PTH109
    try:
        found = _schema(settings) if question == "schema" else _unapplied(settings, *arguments)
        said = msgspec.json.encode({"answer": found})
    except SchemaError as error:
        said = msgspec.json.encode({"problem": error.problem, "advice": error.advice})
    answer.write(said)
    answer.close()
    os._exit(0)  # not to wait for threads that the project may have started


def _schema(settings: str) -> Any:
    _need_django()
    _connect_to_nothing()
    _set_up(settings)
    from fixtureflow.schema.django import registry

    try:
        return registry.schema(settings)
    except SchemaError as error:
        raise SchemaError(f"{settings}: {error.problem}", advice=error.advice) from None
    except Exception as error:
        raise _refusal(settings, error) from None


def _unapplied(settings: str, alias: str) -> list[str]:
    _need_django()
    _set_up(settings)
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    if alias not in connections:
        known = ", ".join(sorted(connections))
        raise SchemaError(f"{settings} has no database {alias!r}", advice=f"it has {known}")
    connection = connections[alias]
    name = connection.settings_dict["NAME"]
    in_memory = connection.vendor == "sqlite" and (":memory:" in str(name) or "mode=memory" in str(name))
    if connection.vendor == "sqlite" and not in_memory and not Path(name).exists():
        # Connecting would make the file.
        raise SchemaError(f"{settings}: database {alias!r}: {name}: no such file", advice="migrate it first")
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception as error:
        advice = "is the server up, and do its name and user fit?"
        problem = f"{settings}: database {alias!r} cannot be asked: {_said(error)}"
        raise SchemaError(problem, advice=advice) from None
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _need_django() -> None:
    try:
        import django  # noqa: F401
    except ImportError as error:
        raise SchemaError(
            "Django is not installed beside fixtureflow" if _missing(error) == "django" else _said(error),
            advice="install fixtureflow in the project's own environment, and run it from there",
        ) from None


def _connect_to_nothing() -> None:
    """Let every attempt to connect fail as it does where the server is down, which projects expect."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.utils import OperationalError

    def refuse(self: Any) -> None:
        raise OperationalError("no database is connected to while the schema is read")

    BaseDatabaseWrapper.connect = refuse
    BaseDatabaseWrapper.ensure_connection = refuse


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
        problem = f"{_place(settings, error)}: no module named {missing!r}"
        return SchemaError(problem, advice=f"install it in this environment: {sys.prefix}")
    advice = "`python manage.py check` in the same folder and environment has to pass first"
    if type(error).__name__ == "OperationalError":
        advice = "the project asks its database while it is imported, and fixtureflow connects to none: put that off"
    return SchemaError(f"{_place(settings, error)}: {_said(error)}", advice=advice)


def _missing(error: BaseException) -> str:
    return error.name or "" if isinstance(error, ModuleNotFoundError) else ""


def _installed_apps() -> list[str]:
    from django.conf import settings

    wrapped = settings._wrapped
    return [str(app) for app in getattr(wrapped, "INSTALLED_APPS", ())]


def _place(settings: str, error: BaseException) -> str:
    """The settings, and the deepest line of the project's own that led to the error."""
    here = os.getcwd() + os.sep  # noqa: PTH109
    if isinstance(error, SyntaxError) and error.filename:
        return f"{settings}: {error.filename.removeprefix(here)}, line {error.lineno}"
    frames = [
        f"{frame.filename.removeprefix(here)}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_own(frame.filename)
    ]
    return f"{settings}: {frames[-1]}" if frames else settings


def _is_own(filename: str) -> bool:
    """Is the file the project's own, and not of a package installed below its folder?"""
    return filename.startswith(os.getcwd() + os.sep) and "site-packages" not in filename  # noqa: PTH109


def _said(error: BaseException) -> str:
    """The kind of error, and what it says if that is sure to hold no secret."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{kind}: {error.msg}"
    if isinstance(error, SystemExit):
        kind = "the project ends the program (SystemExit)"
    if type(error).__name__ not in _TELLING or not str(error).strip():
        return kind
    text = _IN_URL.sub("***@", str(error).strip())
    for secret in sorted(_secrets(error), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = one_line(" ".join(text.split()))
    return f"{kind}: {text[:300]}{'…' if len(text) > 300 else ''}"


def _secrets(error: BaseException) -> set[str]:
    """All text that has the name of a secret: in the environment, in settings, and where the error passed through."""
    from django.conf import settings

    found = set(_named_secret(os.environ))
    if settings.configured:
        found |= set(_named_secret(vars(settings._wrapped)))
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if _is_own(frame.f_code.co_filename):
            found |= {*_named_secret(frame.f_globals), *_named_secret(frame.f_locals)}
    return {secret for secret in found if len(secret) > 2}


def _named_secret(names: Mapping[Any, Any], depth: int = 0) -> Iterator[str]:
    for name, value in list(names.items()):
        if isinstance(value, str):
            if isinstance(name, str) and _SECRET.search(name):
                yield value
            for login in _IN_URL.findall(value):
                yield login.removesuffix("@").partition(":")[2]
        elif isinstance(value, Mapping) and depth < 4 and isinstance(name, str) and not name.startswith("__"):
            yield from _named_secret(value, depth + 1)
