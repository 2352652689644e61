"""Natural keys that are no plain list of fields, and some that are though they do not look it: as dumpdata writes them,
or left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import run_python
from support.schemas import schema_of
from test_django_oracle import computed, rows_of, turned, without

import fixtureflow as ff

PROJECT = "unusual"
NULL = b'"name": "without"'
"""A record whose natural key holds a null: it keeps its pk, since loaddata would find no row by it."""


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unusual")
    run_python(PROJECT, "", "-m", "support.unusual", str(folder))
    return folder


def test_it_is_what_dumpdata_natural_foreign_writes(dumps: Path) -> None:
    plain, natural = ((dumps / f"{name}.json").read_bytes() for name in ("plain", "natural"))
    skipped = computed(PROJECT)
    assert skipped == {
        "keys.climbs.parent",
        "keys.nested.typed",
        "keys.throughcomputed.lowered",
    }
    got, before = rows_of(turned(plain, PROJECT), PROJECT), rows_of(plain, PROJECT)
    assert without(got, skipped) == without(rows_of(natural, PROJECT), skipped)
    alone = [key for key in got if key.startswith("keys.nested ")]
    assert alone and [got[key] for key in alone] == [before[key] for key in alone]


def test_it_is_what_natural_primary_writes(dumps: Path) -> None:
    plain, both = ((dumps / f"{name}.json").read_bytes() for name in ("plain", "both"))
    models = schema_of(PROJECT).models
    kept = {label for label, m in models.items() if m.natural_key and m.natural_key.status == "computed"}

    def comparable(dump: bytes) -> list[bytes]:
        found = without(rows_of(dump, PROJECT), computed(PROJECT))
        return sorted(text for key, text in found.items() if key.partition(" ")[0] not in kept and NULL not in text)

    with pytest.raises(ff.InputError, match="1 key cannot be turned, the first its natural key holds null"):
        turned(plain, PROJECT, natural_primary="django")
    assert comparable(turned(plain, PROJECT, natural_primary="django", unresolved="keep")) == comparable(both)


def test_the_way_back(dumps: Path) -> None:
    plain = (dumps / "plain.json").read_bytes()
    assert turned(turned(plain, PROJECT), PROJECT, to_pk=True) == plain
