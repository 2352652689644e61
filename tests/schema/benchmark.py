"""How long 500 models take to load and merge: `python tests/schema/benchmark.py [MODELS]`.

A project, a database, a user's file and all presets; each source but the presets is read from its bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from fixtureflow.schema import presets
from fixtureflow.schema.diff import compare
from fixtureflow.schema.file import dump, parse
from fixtureflow.schema.merge import Kind, Source, merge
from fixtureflow.schema.model import Field, Model, NaturalKey, Relation, Schema, Unique


def project(count: int) -> Schema:
    """Models of 12 fields, three of them relations, one of these M2M."""

    def fields(n: int) -> dict[str, Field]:
        near, far = f"app{n % 20}.model{(n + 1) % count}", f"app{n % 20}.model{(n + 7) % count}"
        made = {"id": Field(column="id", type="integer", auto=True)}
        made |= {f"f{i}": Field(column=f"f{i}", type="text", max_length=80, null=False) for i in range(8)}
        made |= {name: Field(column=f"{name}_id", relation=Relation(kind="fk", to=near)) for name in ("a", "b")}
        return made | {"c": Field(column="", relation=Relation(kind="m2m", to=far, auto_through=True))}

    return Schema.of(
        Model(
            label=f"app{n % 20}.model{n}",
            table=f"app_{n}",
            pk=("id",),
            fields=fields(n),
            complete=("fields", "relations"),
            uniques=(Unique(fields=("f0", "a")),),
            natural_key=NaturalKey(status="none"),
        )
        for n in range(count)
    )


def timed(title: str, work: Callable[[], Any]) -> Any:
    best, result = float("inf"), None
    for _ in range(5):
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    print(f"{title:<24}{best * 1000:7.1f} ms")
    return result


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    schema = project(count)
    text = dump(schema)
    print(f"{count} models, {len(text) / 1e6:.1f} MB")

    def load() -> list[Source]:
        presets.preset.cache_clear()
        kinds: tuple[Kind, ...] = ("project", "database", "file")
        return [*(Source(kind, kind, parse(text)) for kind in kinds), *presets.load()]

    sources = timed("load 3 files, presets", load)
    merged = timed("merge", lambda: merge(sources))
    timed("explain a model", lambda: merged.explain("app1.model1"))
    timed("compare two", lambda: compare(sources[0].schema, sources[1].schema))
    timed("write", lambda: dump(schema))


if __name__ == "__main__":
    main()
