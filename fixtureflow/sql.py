"""SQL that is written to a file: names and texts quoted, each database in its own way.

Names come from a schema, and so may hold anything: what is quoted here reads the same whatever modes the session that
runs the file has set.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from fixtureflow.values.stored import Backend

__all__ = ["literal", "name"]


def name(backend: Backend, *parts: str) -> str:
    """A name, or a path of names (`schema`, `table`) of which empty ones are left out, in quotes."""
    return ".".join(_quote(backend)(part) for part in parts if part)


def literal(backend: Backend, text: str) -> str:
    """A text in quotes. A backslash in it means itself, whatever `standard_conforming_strings` and `sql_mode` are."""
    if "\\" in text and backend == "mysql":
        return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
    quoted = "'" + text.replace("'", "''") + "'"
    if "\\" in text and backend == "postgresql":
        return "E" + quoted.replace("\\", "\\\\")
    return quoted


@cache
def _quote(backend: Backend) -> Any:
    dialect: Any = import_module(f"sqlalchemy.dialects.{backend}").dialect
    # As the drivers have it, a % in a name would be doubled.
    return dialect(paramstyle="named").identifier_preparer.quote_identifier
