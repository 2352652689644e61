"""Load fixtures one after the other with the real loaddata, each into the same empty tables; run in a project.

    python -m check.load_each < fixtures

Reads a JSON list of fixtures, prints a JSON list with what loaddata said of each: null where it loaded. Between two the
rows are gone again. With `WARNINGS=error` in the environment a warning counts too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection


def main() -> None:
    django.setup()
    from django.contrib.contenttypes.models import ContentType

    kept = set(ContentType.objects.values_list("pk", flat=True))
    said = []
    with tempfile.TemporaryDirectory() as folder:
        for number, fixture in enumerate(json.loads(sys.stdin.buffer.read())):
            path = Path(folder, f"{number}.json")
            path.write_bytes(fixture.encode("utf-8", "surrogatepass"))
            said.append(load(path))
            path.unlink()
            empty(fixture, kept)
    json.dump(said, sys.stdout)


def load(path: Path) -> str | None:
    try:
        with warnings.catch_warnings(action="error" if os.environ.get("WARNINGS") == "error" else "ignore"):
            call_command("loaddata", str(path), verbosity=0)
    except Exception as error:
        connection.close()
        return f"{type(error).__name__}: {error}"
    return None


def empty(fixture: str, kept: set[int]) -> None:
    try:
        records = json.loads(fixture)
    except ValueError:
        return
    labels = {record["model"] for record in records if isinstance(record.get("model"), str)}
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        for label in labels:
            try:
                meta = apps.get_model(label)._meta
            except LookupError:
                continue
            tables = [field.m2m_db_table() for field in meta.local_many_to_many] + [meta.db_table]
            for table in tables:
                where = f" WHERE id NOT IN ({', '.join(map(str, kept))})" if table == "django_content_type" else ""
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}{where}")
        if connection.vendor == "postgresql":
            cursor.execute("RESET session_replication_role")


if __name__ == "__main__":
    main()
