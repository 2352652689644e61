"""How long it takes to read the schema of a database: `python tests/benchmarks/reflect.py [TABLES] [BACKEND]…`.

Makes a scratch database of so many tables (500), each with 15 columns, two foreign keys and three unique constraints,
every fifth a many-to-many table, with content types for all models; on all backends that there are unless some are
named.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import event
from support.servers import BACKENDS, UnavailableError, find_server
from support.sql import execute

from fixtureflow.connection import connected
from fixtureflow.schema.database import reflected

TYPES = ("VARCHAR(80) NOT NULL", "INTEGER", "DECIMAL(10, 2)", "DATE", "SMALLINT NOT NULL", "TEXT")


def statements(count: int) -> Iterator[str]:
    yield "CREATE TABLE django_content_type (id INTEGER PRIMARY KEY, app_label VARCHAR(100), model VARCHAR(100))"
    models = []
    for number in range(count):
        app, before = f"app{number % 20}", models[-1] if models else ""
        if number % 5 == 4:
            owner, name = models[-1], models[-1].rpartition("_")[2]
            other, far = models[-2], models[-2].rpartition("_")[2]
            yield (
                f"CREATE TABLE {owner}_many (id INTEGER PRIMARY KEY,"
                f" {name}_id INTEGER NOT NULL REFERENCES {owner} (id),"
                f" {far}_id INTEGER NOT NULL REFERENCES {other} (id), UNIQUE ({name}_id, {far}_id))"
            )
            continue
        columns = ", ".join(f"c{i} {TYPES[i % len(TYPES)]}" for i in range(12))
        references = (
            f", near_id INTEGER REFERENCES {before} (id), far_id INTEGER REFERENCES {models[0]} (id)" if before else ""
        )
        together = ", UNIQUE (c0, c1), UNIQUE (c1, c2), UNIQUE (c4)"
        models.append(f"{app}_model{number}")
        yield f"CREATE TABLE {models[-1]} (id INTEGER PRIMARY KEY, {columns}{references}{together})"
        yield f"INSERT INTO django_content_type VALUES ({number}, '{app}', 'model{number}')"


def main(count: int, backends: list[str], folder: Path) -> None:
    for backend in backends:
        try:
            server = find_server(backend, folder)
        except UnavailableError as reason:
            print(f"{backend:<12} {reason}")
            continue
        name = "fixtureflow_benchmark_reflect"
        server.drop(name)
        server.create(name)
        try:
            execute(server.url(name), *statements(count))
            report(backend, server.url(name))
        finally:
            server.drop(name)
            server.close()


def report(backend: str, url: str) -> None:
    queries: list[str] = []
    with connected(url) as connection:
        event.listen(connection, "before_cursor_execute", lambda *arguments: queries.append(arguments[2]))
        start = perf_counter()
        found = reflected(connection)
        took = perf_counter() - start
    many = sum(relation.kind == "m2m" for model in found.schema.models.values() for _, relation in model.relations())
    print(
        f"{backend:<12}{took * 1000:8.0f} ms  {len(queries)} queries, {len(found.schema.models)} models,"
        f" {many} many-to-many fields, {len(found.unknown_tables)} unknown tables"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(int((sys.argv[1:] or ["500"])[0]), sys.argv[2:] or list(BACKENDS), Path(scratch))
