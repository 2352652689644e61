"""Real dumps of real databases: the same rows under other ids are no difference, and any one change is found."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from support.projects import NO_TOKENS, dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]

MADE_BY_MIGRATE = ("-e", "contenttypes", "-e", "auth.permission")
# A generic key to a permission by its raw pk, which no natural key touches: loaddata makes it lead to another row.
LED_ASTRAY = {("relations.note", 11, ("target_key",))}


def diff(a: bytes, b: bytes, project: str, **options: Any) -> ff.Diff:
    return ff.diff(ff.read(io.BytesIO(a)), ff.read(io.BytesIO(b)), schema_of(project), **options)


def differences(found: ff.Diff) -> set[tuple[str, Any, tuple[str, ...]]]:
    return {(one.model, (one.a or one.b).pk, one.fields) for one in found.differences()}  # type: ignore[union-attr]


def moved(project: str, source: str, target: str) -> tuple[bytes, bytes]:
    """The dumps of two databases with the same rows, where content types and permissions have other ids."""
    manage(project, target, "shell", "-c", "from support.content_types import reverse_content_types as r; r()")
    loaddata(project, target, dumpdata(project, source, "--natural-foreign", *MADE_BY_MIGRATE), env=NO_TOKENS)
    return dumpdata(project, source), dumpdata(project, target)


@pytest.mark.parametrize(
    ("backend", "other", "project"),
    [
        ("sqlite", "postgresql", "everything"),
        ("postgresql", "sqlite", "tokens"),
    ],
)
def test_the_ids_of_two_databases_do_not_matter_by_identity(
    backend: str, other: str, project: str, scratch_on: Scratch
) -> None:
    old, new = moved(project, scratch_on(backend, project, populated=True), scratch_on(other, project))
    assert len(differences(diff(old, new, project))) > 50
    found = diff(old, new, project, by_identity=True, exclude="auth.permission")
    expected = (LED_ASTRAY if project == "everything" else set()) | (made_null(old) if other == "sqlite" else set())
    assert differences(found) == expected
    assert found.doubts is not None and not found.doubts
    assert found.equal == (not expected)


def made_null(dump: bytes) -> set[tuple[str, Any, tuple[str, ...]]]:
    """What SQLite, which has no NaN, keeps as NULL."""
    ratings = ((record, record["fields"].get("rating")) for record in json.loads(dump))
    return {(record["model"], record["pk"], ("rating",)) for record, rating in ratings if rating != rating}


@pytest.mark.parametrize("project", ["everything", "tokens"])
def test_any_one_change_is_found(project: str, scratch_on: Scratch) -> None:
    dump = json.loads(dumpdata(project, scratch_on("sqlite", project, populated=True)))
    text = json.dumps(dump).encode()
    rng = random.Random(1)
    for by_identity in (False, True):
        assert differences(diff(text, text, project, by_identity=by_identity)) == set()
        for _ in range(12):
            changed = json.loads(text)
            rng.shuffle(changed)
            record = rng.choice([record for record in changed if record["fields"]])
            name = rng.choice(list(record["fields"]))
            record["fields"][name] = [record["fields"][name], "another"]
            found = diff(text, json.dumps(changed, indent=1).encode(), project, by_identity=by_identity)
            assert not found.equal
            named = {(model, field) for model, _, fields in differences(found) for field in fields or (name,)}
            assert (record["model"], name) in named, record


def test_natural_references_are_the_same_as_those_by_pk(scratch_on: Scratch) -> None:
    source = scratch_on("sqlite", "tokens", populated=True)
    plain, natural = dumpdata("tokens", source), dumpdata("tokens", source, "--natural-foreign")
    assert not diff(plain, natural, "tokens").equal
    assert diff(plain, natural, "tokens", by_identity=True).equal


def test_what_leads_out_of_a_dump_is_not_certain_and_can_be_looked_up(scratch_on: Scratch) -> None:
    source, target = scratch_on("sqlite", "tokens", populated=True), scratch_on("sqlite", "tokens")
    old, new = moved("tokens", source, target)
    old_types, new_types = (dumpdata("tokens", url, "contenttypes") for url in (source, target))
    old_rest, new_rest = (dumpdata("tokens", url, "-e", "contenttypes") for url in (source, target))
    options: dict[str, Any] = {"by_identity": True, "exclude": ["auth.permission", "contenttypes"]}
    assert diff(old, new, "tokens", **options).equal
    alone = diff(old_rest, old_rest, "tokens", **options)
    assert not differences(alone) and not alone.equal
    assert "not certain: admin.logentry.content_type → contenttypes.contenttype: 13 in A, 13 in B" in alone.text()
    lookups = {"lookup_a": ff.read(io.BytesIO(old_types)), "lookup_b": ff.read(io.BytesIO(new_types))}
    assert diff(old_rest, new_rest, "tokens", **options, **lookups).equal
