"""The unique constraints that a database cannot hold: Django leaves them out of its tables, with a warning at most."""

from __future__ import annotations

import re

from fixtureflow.schema.model import Unique

__all__ = ["why_not_held"]

_SERVER = re.compile(r"(SQLite|PostgreSQL|MariaDB|MySQL)( [\d.]+)?")


def why_not_held(unique: Unique, server: str) -> str:
    """Why the constraint is none in a database of that name and version (`MariaDB 10.11.6`); empty where it could be.

    Source: `_unique_supported` in django/db/backends/base/schema.py, and the `features.py` of each backend.
    """
    match = _SERVER.fullmatch(server)
    if match is None:
        return ""
    name, version = match[1], tuple(int(part) for part in (match[2] or "").split(".") if part.strip())
    if unique.condition and name in ("MariaDB", "MySQL"):
        kind = "with a condition"
    elif unique.expressions and (name == "MariaDB" or (name == "MySQL" and version < (8, 0, 13))):
        kind = "on expressions"
    elif unique.deferrable and name != "PostgreSQL":
        kind = "that wait for the commit (deferrable)"
    elif not unique.nulls_distinct and (name != "PostgreSQL" or version < (15,)):
        kind = "to which nulls are equal (nulls_distinct=False)"
    else:
        return ""
    return f"{server} has no unique constraints {kind}, so migrate makes none there"
