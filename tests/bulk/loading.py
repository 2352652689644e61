"""Dumps taken through CSV files and the databases' own clients."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.clients import run_sql
from support.projects import manage

import fixtureflow as ff
from fixtureflow.schema.model import Schema
from fixtureflow.values.stored import Backend

EMPTY = "from django.core.management import call_command as c; c('flush', interactive=False, inhibit_post_migrate=True)"


def empty(project: str, url: str) -> None:
    """Take all rows out of a migrated database, those that `migrate` has put there too."""
    manage(project, url, "shell", "-v0", "-c", EMPTY)


def bulk_load(dump: bytes, folder: Path, url: str, schema: Schema | None, **options: Any) -> ff.CsvSplit:
    """Split the dump to CSV for the database at `url`, and have its client load that."""
    done = ff.split_to_csv(ff.read(io.BytesIO(dump)), folder, schema, target=url, **options)
    run_sql(url, folder / "load.sql")
    return done


def dialect_of(backend: str) -> Backend:
    return "mysql" if backend == "mariadb" else backend  # type: ignore[return-value]


def fixture(model: str, rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows with a `pk` among their fields as a fixture."""
    records = [{"model": model, "pk": row["pk"], "fields": {k: v for k, v in row.items() if k != "pk"}} for row in rows]
    return json.dumps(records).encode()
