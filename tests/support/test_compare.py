"""The comparers see what differs, and nothing else."""

from __future__ import annotations

import pytest

from .compare import identities, identity_differences, relations, row_differences
from .projects import dumpdata, loaddata, manage


@pytest.fixture
def source(scratch_on):
    return scratch_on("sqlite", "everything", populated=True)


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_the_same_rows_on_two_kinds_of_database_are_the_same(source, backend, scratch_on):
    other = scratch_on(backend, "everything", populated=True)
    assert row_differences("everything", source, other) == []
    assert identity_differences("everything", source, other) == []


def test_a_changed_column_is_named_by_both(source, scratch_on):
    other = scratch_on("sqlite", "everything", populated=True)
    run(other, "from naturals.models import *; Keyword.objects.filter(word='w:0').update(word='other')")
    assert row_differences("everything", source, other) == ["naturals.keyword 1: word was 'w:0', became 'other'"]
    assert 'naturals.keyword ["ns0", "w:0"]: missing' in identity_differences("everything", source, other)


def test_a_missing_many_to_many_link_is_seen(source, scratch_on):
    other = scratch_on("sqlite", "everything", populated=True)
    run(other, "from relations.models import *; Person.objects.get(pk=2).visited.clear()")
    assert row_differences("everything", source, other) == ['relations.person_visited ["2", "zz"]: missing']
    assert len(identity_differences("everything", source, other)) == 1
    assert identity_differences("everything", other, source, subset=True) == []


def test_identity_does_not_mind_other_ids(scratch_on):
    """Users, groups and permissions under other ids are the same; rows that refer to them too."""
    source, other = scratch_on("sqlite", "everything", populated=True), scratch_on("sqlite", "everything")
    run(other, "from django.contrib.auth.models import *; Group.objects.create(id=50, name='other')")
    run(
        other, "from django.contrib.contenttypes.models import *; ContentType.objects.filter(app_label='auth').delete()"
    )
    manage("everything", other, "migrate", "--verbosity=0")
    dump = dumpdata("everything", source, "auth.group", "auth.user", "--natural-foreign", "--natural-primary")
    loaddata("everything", other, dump)
    ignore = {model for model in identities("everything", source) if not model.startswith(("auth.", "contenttypes."))}
    assert row_differences("everything", source, other, ignore=ignore, subset=True) != []
    assert identity_differences("everything", source, other, ignore=ignore, subset=True) == []


def test_identity_follows_generic_relations(source, scratch_on):
    other = scratch_on("sqlite", "everything", populated=True)
    run(other, "from relations.models import *; Note.objects.filter(text='note on DE').update(target_key='zz')")
    (label,) = {line.split()[0] for line in identity_differences("everything", source, other)}
    assert label == "relations.note"
    notes = relations(identities("everything", source))["relations.note"].values()
    assert ["relation", "relations.country", ["DE"]] in [note.get("target_key") for note in notes]


def test_rows_in_a_loop_have_an_identity(source):
    manage("everything", source, "make_loops")
    assert any("loop" in key for key in identities("everything", source)["relations.company"])


def run(url: str, code: str) -> None:
    manage("everything", url, "shell", "-v0", "-c", code)
