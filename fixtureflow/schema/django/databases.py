"""The database that a Django project's settings name, as a URL.

The settings are imported as the schema of a project is, in a process of their own, and nothing is connected to there;
apps are not loaded. Source of what an entry of DATABASES means: `get_connection_params` of Django's backends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from fixtureflow.errors import SchemaError, TargetError, UsageError
from fixtureflow.schema.django import ask

__all__ = ["database_url", "named_target", "project_database"]

_ENGINES = (
    ("sqlite", r"sqlite3|spatialite"),
    ("postgres", r"postgres|postgis|psqlextra|timescale"),
    ("mysql", r"mysql|mariadb"),
)
"""Found anywhere in the dotted path of ENGINE, since packages wrap Django's backends."""


def named_target(target: str | None, settings: str | None, *, path: Path | None = None) -> str | None:
    """`target` as it is, or for `django:ALIAS` the URL of that database of the settings module `settings`.

    Raises UsageError if only one of the two is given, TargetError as `project_database`.
    """
    name, _, alias = (target or "").partition(":")
    if name != "django":
        if settings:
            raise UsageError(
                "--target-settings goes with --target django:ALIAS", advice="write --target django:default"
            )
        return target
    if not settings:
        raise UsageError(
            f"--target {target}: of which project?", advice="add --target-settings mysite.settings, its settings module"
        )
    return project_database(settings, alias or "default", path=path)


def project_database(settings: str, alias: str = "default", *, path: Path | None = None) -> str:
    """The URL of a database in the project's DATABASES, with its password.

    `path` is the project's folder, the current one by default. Raises TargetError: settings that do not import, no such
    alias, an engine that is not supported.
    """
    try:
        entries = ask("databases", settings, path)
    except SchemaError as error:
        raise TargetError(error.problem, advice=error.advice) from None
    if alias not in entries:
        known = ", ".join(sorted(entries))
        raise TargetError(f"{settings} has no database {alias!r}", advice=f"it has {known}")
    try:
        return database_url(entries[alias], path or Path.cwd())
    except ValueError as error:
        raise TargetError(
            f"{settings}: database {alias!r}: {error}", advice="give its URL, if it is SQLite, PostgreSQL or MySQL"
        ) from None


def database_url(entry: Mapping[str, Any], folder: Path) -> str:
    """The URL of one entry of DATABASES; a relative SQLite file is one in `folder`. Raises ValueError."""
    engine = str(entry.get("ENGINE") or "")
    scheme = next((scheme for scheme, words in _ENGINES if re.search(words, engine)), "")
    if not scheme:
        raise ValueError(f"its ENGINE, {engine or 'none'}, cannot be read here")
    name = str(entry.get("NAME") or "")
    options: dict[str, Any] = dict(entry.get("OPTIONS") or {})
    if scheme == "sqlite":
        return f"sqlite:///{quote(_file(name, folder))}"
    # What Django's backends let OPTIONS say instead.
    parts = {key: str(entry.get(key) or "") for key in ("USER", "PASSWORD", "HOST", "PORT")}
    for key, words in _IN_OPTIONS.items():
        given = [options.pop(word) for word in words if word in options]
        if key == "NAME":
            name = name or str((given or [""])[0])
        else:
            parts[key] = parts[key] or str((given or [""])[0])
    for key, value in (options.pop("ssl", None) or {}).items() if isinstance(options.get("ssl"), dict) else ():
        options[f"ssl_{key}"] = value
    if not (name or "service" in options or "read_default_file" in options):
        raise ValueError("its NAME is empty")
    credentials = quote(parts["USER"], safe="") + (f":{quote(parts['PASSWORD'], safe='')}" if parts["PASSWORD"] else "")
    place = _hosts(parts["HOST"]) + (f":{parts['PORT']}" if parts["PORT"] else "")
    plain = {key: str(value) for key, value in options.items() if isinstance(value, str | int) and value is not True}
    query = f"?{urlencode(plain, quote_via=quote)}" if plain else ""
    return f"{scheme}://{credentials}{'@' if credentials else ''}{place}/{quote(name, safe='')}{query}"


_IN_OPTIONS = {
    "NAME": ("database", "db", "dbname"),
    "USER": ("user",),
    "PASSWORD": ("password", "passwd"),
    "HOST": ("host",),
    "PORT": ("port",),
}


def _file(name: str, folder: Path) -> str:
    if name.startswith("file:"):
        if "mode=memory" in name or ":memory:" in name:
            return ":memory:"
        name = unquote(urlsplit(name).path)
    if name in ("", ":memory:"):
        return ":memory:"
    return str(folder.absolute() / name)


def _hosts(text: str) -> str:
    return ",".join(f"[{host}]" if host.count(":") > 1 else quote(host, safe="") for host in text.split(","))
