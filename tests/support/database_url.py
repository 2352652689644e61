"""A database URL as Django's `DATABASES` wants it: what the projects' settings read their database with.

    sqlite:////tmp/a.sqlite3      postgresql://user:password@host:5432/name      mysql://user@host:3306/name

A PostgreSQL server that listens on a socket only is `postgresql://user@/name?host=/run/postgresql`.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

VENDORS = {
    "sqlite": "sqlite3",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}


def databases() -> dict[str, dict[str, Any]]:
    """Django's `DATABASES` from the environment: `DATABASE_URL`, and `STRICT_CONSTRAINTS=1` for the strict backends."""
    url = os.environ.get("DATABASE_URL", "sqlite:///:memory:")
    return {"default": django_database(url, strict=os.environ.get("STRICT_CONSTRAINTS") == "1")}


def django_database(url: str, *, strict: bool = False) -> dict[str, Any]:
    """One entry of Django's `DATABASES`; `strict` takes the backend that never switches constraint checks off."""
    parts = urlsplit(url)
    vendor = VENDORS[parts.scheme.partition("+")[0]]
    if vendor == "mysql":
        use_pymysql()
    engine = f"support.strict.{vendor}" if strict else f"django.db.backends.{vendor}"
    name = unquote(parts.path.removeprefix("/"))
    if vendor == "sqlite3":
        return {"ENGINE": engine, "NAME": name}
    query = parse_qs(parts.query)
    return {
        "ENGINE": engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.get("host", [""])[0],
        "PORT": str(parts.port or ""),
    }


def use_pymysql() -> None:
    """Let the pure-Python driver stand in for mysqlclient, which needs a compiler and MySQL's headers."""
    import pymysql

    # Django asks for a version of mysqlclient; PyMySQL follows its API under numbers of its own.
    pymysql.version_info = max(pymysql.version_info, (2, 2, 1, "final", 0))
    pymysql.install_as_MySQLdb()
    sys.modules["MySQLdb"].version_info = pymysql.version_info
