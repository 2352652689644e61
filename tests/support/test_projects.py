"""The projects do on each database what Django says: their dumps load again, and bring back the same rows."""

from __future__ import annotations

import json

import pytest

from .compare import identity_differences, row_differences, rows
from .constraints import loaddata_strictly
from .projects import NO_TOKENS, ManageError, dumpdata, loaddata, manage

ALL = ["everything", "swapped", "tokens"]


@pytest.mark.parametrize("project", ALL)
def test_the_migrations_are_those_of_the_models(project):
    manage(project, "sqlite:///:memory:", "makemigrations", "--check", "--dry-run")


@pytest.mark.parametrize("project", ALL)
def test_a_dump_brings_back_the_same_rows(project, scratch):
    source, target = scratch(project, populated=True), scratch(project)
    loaddata(project, target, dumpdata(project, source), env=NO_TOKENS)
    assert row_differences(project, source, target) == []


@pytest.mark.parametrize("project", ALL)
def test_a_natural_dump_brings_back_rows_of_the_same_identity(project, scratch):
    source, target = scratch(project, populated=True), scratch(project)
    # By natural keys only where they name: raw object ids of generic relations still want the primary keys.
    loaddata(project, target, dumpdata(project, source, "--natural-foreign"), env=NO_TOKENS)
    assert identity_differences(project, source, target) == []


@pytest.mark.parametrize("project", ALL)
def test_every_model_has_rows(project, scratch_on):
    source = scratch_on("sqlite", project, populated=True)
    empty = [model for model, found in rows(project, source).items() if not found]
    assert empty == (["sessions.session"] if project == "swapped" else [])


def test_populating_makes_the_same_rows_each_time(scratch_on):
    first = scratch_on("sqlite", "tokens", populated=True)
    second = scratch_on("sqlite", "tokens")
    manage("tokens", second, "populate")
    assert row_differences("tokens", first, second) == []


def test_a_new_user_has_a_token_under_loaddata_too(scratch):
    """The accident that brings people here: the receiver's token is in the way of the dump's."""
    source, target = scratch("tokens", populated=True), scratch("tokens")
    dump = dumpdata("tokens", source, "auth.user", "auth.group", "authtoken.token")
    with pytest.raises(ManageError, match=r"Could not load authtoken\.Token"):
        loaddata("tokens", target, dump)


@pytest.mark.parametrize("project", ["tokens", "swapped"])
def test_rows_in_order_load_with_constraints_on(project, scratch):
    source, target = scratch(project, populated=True), scratch(project)
    loaddata_strictly(project, target, in_order(dumpdata(project, source, "auth", "accounts")), env=NO_TOKENS)


def test_rows_out_of_order_fail_only_with_constraints_on(scratch):
    source, lenient, strict = scratch("swapped", populated=True), scratch("swapped"), scratch("swapped")
    # Each member was invited by one whose primary key sorts later.
    dump = dumpdata("swapped", source, "auth", "accounts")
    loaddata("swapped", lenient, dump)
    with pytest.raises(ManageError, match=r"IntegrityError: (?s:.)*accounts"):
        loaddata_strictly("swapped", strict, dump)


def test_rows_in_a_loop_load_in_no_order_with_constraints_on(scratch):
    source, lenient, strict = scratch("everything", populated=True), scratch("everything"), scratch("everything")
    manage("everything", source, "make_loops")
    dump = dumpdata("everything", source, "relations.company", "relations.employee")
    loaddata("everything", lenient, dump)
    for fixture in (dump, backwards(dump)):
        with pytest.raises(ManageError, match="IntegrityError"):
            loaddata_strictly("everything", strict, fixture)


def in_order(dump: bytes) -> bytes:
    """The members that invited others first: the populated ones by their key, from the last."""
    members, others = [], []
    for record in json.loads(dump):
        (members if record["model"] == "accounts.member" else others).append(record)
    return json.dumps(others + members[::-1]).encode()


def backwards(dump: bytes) -> bytes:
    return json.dumps(json.loads(dump)[::-1]).encode()


@pytest.mark.parametrize("project", ["tokens", "everything"])
def test_an_occupied_database_refuses_a_plain_load(project, scratch):
    source = scratch(project, populated=True)
    target, before = scratch(project, occupied=True), scratch(project, occupied=True)
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata(project, target, dumpdata(project, source), env=NO_TOKENS)
    assert row_differences(project, before, target) == []


@pytest.mark.parametrize(("project", "model"), [("tokens", "admin.logentry"), ("everything", "relations.category")])
def test_an_occupied_database_loses_rows_that_nothing_but_their_number_tells_apart(project, model, scratch):
    source = scratch(project, populated=True)
    target, before = scratch(project, occupied=True), scratch(project, occupied=True)
    loaddata(project, target, dumpdata(project, source, model))
    lost = row_differences(project, before, target, subset=True)
    assert lost
    assert all(line.startswith((f"{model} 1:", f"{model} 2:")) for line in lost)
