"""Subsets of real dumps, loaded by the real loaddata into a new database: with every constraint checked, and nothing
that a row needs left behind. What is in the way of a record that is left out, so that it could have been, is shown."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.compare import identities, relations, row_differences, rows
from support.projects import NO_TOKENS, ManageError, dumpdata, loaddata
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]

NATURAL = ("--natural-foreign",)
BOTH = ("--natural-foreign", "--natural-primary")


def subset(dump: bytes, project: str, **options: Any) -> bytes:
    out = io.BytesIO()
    ff.write(ff.subset(ff.read(io.BytesIO(dump)), schema_of(project), **options), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("backend", "project", "options", "reverse"),
    [
        ("sqlite", "everything", (), ""),
        ("sqlite", "everything", NATURAL, "*"),
        ("sqlite", "swapped", NATURAL, ""),
        ("sqlite", "tokens", (), "*"),
        ("postgresql", "everything", (), ""),
        ("postgresql", "tokens", NATURAL, ""),
        ("mariadb", "everything", NATURAL, ""),
        ("mariadb", "tokens", (), ""),
    ],
)
def test_a_sample_loads_and_its_rows_are_those_of_the_source(
    backend: str, project: str, options: tuple[str, ...], reverse: str, scratch_on: Scratch
) -> None:
    source, target = scratch_on(backend, project, populated=True), scratch_on(backend, project)
    dump = dumpdata(project, source, *options)
    small = subset(dump, project, sample="3%", seed=1, follow_reverse=reverse or ())
    assert 0 < len(json.loads(small)) < len(json.loads(dump))
    loaddata(project, target, small, env=NO_TOKENS)
    assert row_differences(project, target, source, subset=True) == []
    assert nowhere(project, target) == []


def nowhere(project: str, url: str) -> list[str]:
    """The generic relations and others of a database that lead to no row."""
    return [
        f"{label} {key}: {name}"
        for label, found in relations(identities(project, url)).items()
        for key, row in found.items()
        for name, value in row.items()
        if value and value[0] == "nowhere"
    ]


@pytest.mark.parametrize("options", [(), NATURAL, BOTH], ids=["pks", "natural", "both"])
def test_all_rows_of_a_model_load_and_no_other_is_lost(options: tuple[str, ...], scratch_on: Scratch) -> None:
    source = scratch_on("sqlite", "everything", populated=True)
    dump = dumpdata("everything", source, *options)
    there = rows("everything", source)
    for label in (
        "naturals.review",
        "inheritance.newspage",
        "inheritance.inspection",
        "relations.scan",
        "relations.tag",
    ):
        small = subset(dump, "everything", start=label)
        target = scratch_on("sqlite", "everything")
        loaddata("everything", target, small)
        assert len(rows("everything", target)[label]) == len(there[label]), label
        if options != BOTH:  # pks are new ones there, and generic keys lead to old ones
            assert row_differences("everything", target, source, subset=True) == []
            assert nowhere("everything", target) == []


@pytest.mark.parametrize("start", ["relations.membership:1", 'relations.seat:[[1, "1A"]]', "naturals.quote:3"])
def test_without_any_of_its_records_it_does_not_load(start: str, scratch_on: Scratch) -> None:
    dump = dumpdata("everything", scratch_on("sqlite", "everything", populated=True))
    records = json.loads(subset(dump, "everything", start=start))
    assert len(records) > 3
    for left_out in records:
        if left_out["model"] == start.partition(":")[0]:
            continue
        target = scratch_on("sqlite", "everything")
        rest = json.dumps([record for record in records if record is not left_out]).encode()
        with pytest.raises(ManageError, match="IntegrityError"):
            loaddata("everything", target, rest)
