"""What natural makes of a plain dump is what dumpdata --natural-foreign writes, record for record, byte for byte."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from support.compare import identity_differences
from support.projects import NO_TOKENS, dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff
from fixtureflow.edit import with_values
from fixtureflow.edit import without as cut
from fixtureflow.schema.model import NaturalKey

Scratch = Callable[..., str]
DROPPED = ["contenttypes", "auth.permission"]
SMALL = ["everything", "swapped", "tokens"]
INSTALLED = all(map(find_spec, ("wagtail", "cms", "guardian", "reversion", "filer", "allauth", "taggit")))
PUBLISHING = pytest.param("publishing", None, marks=pytest.mark.skipif(not INSTALLED, reason="wagtail, cms, …"))
STYLED = [(project, indent) for project in SMALL for indent in (None, 0, 2, 4)]


def turned(dump: bytes, project: str, **options: Any) -> bytes:
    out = io.BytesIO()
    ff.write(ff.natural(ff.read(io.BytesIO(dump)), schema_of(project), **options), out)
    return out.getvalue()


def rows_of(dump: bytes, project: str) -> dict[str, bytes]:
    """Each record's text by its model and pk, or natural key; items of many-to-many lists sorted."""
    found = {}
    for record in ff.read(io.BytesIO(dump)):
        model = schema_of(project).models[record.model]
        text = record.raw
        for name, relation in model.relations():
            value = record.fields.get(name)
            if relation.kind == "m2m" and isinstance(value, list):
                old = text
                text = sorted_list(text, name)
                assert len(old) == len(text)
        pk = record.pk if record.pk is not None else record.fields
        found[f"{record.model} {json.dumps(pk)}"] = text
    return found


def sorted_list(text: bytes, name: str) -> bytes:
    from fixtureflow.edit import items, with_fields

    def put(old: bytes) -> bytes:
        each = items(old)
        if not each:
            return old
        start = old.index(each[0])
        gap = old[start + len(each[0]) : old.index(each[1], start + len(each[0]))] if len(each) > 1 else b""
        end = old[start + len(gap.join(each)) :]
        return old[:start] + gap.join(sorted(each)) + end

    return with_fields(text, {name: put})


def computed(project: str) -> set[str]:
    """The fields that refer to models whose natural keys cannot be made offline."""
    schema = schema_of(project)
    found = set()
    for label, model in schema.models.items():
        for name, relation in model.relations():
            target = schema.models[relation.to].natural_key
            if target and target.status == "computed":
                found.add(f"{label}.{name}")
    return found


def without(dump: dict[str, bytes], fields: set[str]) -> dict[str, bytes]:
    """Without the values of fields that are known to differ."""
    from fixtureflow.edit import with_fields

    out = {}
    for key, text in dump.items():
        label = key.partition(" ")[0]
        names = [f.rpartition(".")[2] for f in fields if f.startswith(f"{label}.")]
        out[key] = with_fields(text, {name: lambda _: b"?" for name in names})
    return out


@pytest.mark.parametrize(("project", "indent"), [*STYLED, PUBLISHING])
def test_it_is_what_dumpdata_natural_foreign_writes(scratch_on: Scratch, project: str, indent: int | None) -> None:
    database = scratch_on("sqlite", project, populated=True)
    style = [] if indent is None else ["--indent", str(indent)]
    plain = dumpdata(project, database, *style)
    expected = rows_of(dumpdata(project, database, "--natural-foreign", *style), project)
    skipped = computed(project)
    got = rows_of(turned(plain, project), project)
    assert without(got, skipped) == without(expected, skipped)
    assert got != rows_of(plain, project)


@pytest.mark.parametrize(("project", "indent"), [*STYLED[::2], PUBLISHING])
def test_it_is_what_natural_primary_writes(scratch_on: Scratch, project: str, indent: int | None) -> None:
    database = scratch_on("sqlite", project, populated=True)
    style = [] if indent is None else ["--indent", str(indent)]
    plain = dumpdata(project, database, *style)
    both = dumpdata(project, database, "--natural-foreign", "--natural-primary", *style)
    kept = {
        label for label, m in schema_of(project).models.items() if m.natural_key and m.natural_key.status == "computed"
    }
    skipped = computed(project)

    def comparable(dump: bytes) -> list[bytes]:
        found = without(rows_of(dump, project), skipped)
        return sorted(text for key, text in found.items() if key.partition(" ")[0] not in kept)

    got = turned(plain, project, natural_primary="django")
    assert comparable(got) == comparable(both)


@pytest.mark.parametrize("project", SMALL)
@pytest.mark.parametrize("indent", [None, 2])
def test_to_pk_is_the_way_back(scratch_on: Scratch, project: str, indent: int | None) -> None:
    database = scratch_on("sqlite", project, populated=True)
    plain = dumpdata(project, database, *([] if indent is None else ["--indent", str(indent)]))
    natural = turned(plain, project)
    assert natural != plain
    assert turned(natural, project, to_pk=True) == plain


@pytest.mark.parametrize("project", SMALL)
def test_every_reference_that_stays_is_listed(scratch_on: Scratch, project: str) -> None:
    """What a record still holds that is no list, its own pk where that is a reference, and object ids."""
    plain = dumpdata(project, scratch_on("sqlite", project, populated=True))
    stage = ff.natural(ff.read(io.BytesIO(plain)), schema_of(project))
    raw = set()
    for record in stage:
        model = schema_of(project).models[record.model]
        for name, relation in model.relations():
            value = record.fields.get(name)
            values = value if relation.kind == "m2m" and value else [value]
            if name in (model.pk or ()) or not all(each is None or isinstance(each, list) for each in values):
                raw.add(f"{record.model}.{name}")
        raw |= {f"{record.model}.{key.object_id}" for key in model.generic_keys or ()}
    listed = {f"{one.model}.{one.field}" for one in stage.plan.stays if one.reason != "pks inside text"}
    assert raw == listed


@pytest.mark.parametrize("project", SMALL)
def test_what_django_wrote_naturally_goes_back_to_pks(scratch_on: Scratch, project: str) -> None:
    database = scratch_on("sqlite", project, populated=True)
    plain = dumpdata(project, database)
    natural = dumpdata(project, database, "--natural-foreign")
    # Computed keys are no more known than they were.
    skipped = computed(project)
    got = rows_of(turned(natural, project, to_pk=True), project)
    assert without(got, skipped) == without(rows_of(plain, project), skipped)
    assert turned(natural, project) == natural


@pytest.mark.parametrize("project", SMALL)
def test_pks_that_django_left_out_come_back_where_rows_are_looked_up(scratch_on: Scratch, project: str) -> None:
    """A multi-table child without a pk names its parent's record; one with a pk names it too, which does no harm."""
    database = scratch_on("sqlite", project, populated=True)
    plain = dumpdata(project, database)
    both = dumpdata(project, database, "--natural-foreign", "--natural-primary")
    stage = ff.natural(ff.read(io.BytesIO(both)), schema_of(project), to_pk=True, lookup=database)
    out = io.BytesIO()
    ff.write(stage, out)
    skipped = computed(project)
    alone = {label for label, model in schema_of(project).models.items() if is_computed(model.natural_key)}

    def comparable(dump: bytes) -> dict[str, bytes]:
        found = without(rows_of(dump, project), skipped)
        return {key: text for key, text in found.items() if key.partition(" ")[0] not in alone}

    named = {
        "inheritance.restaurant": "place_ptr",
        "inheritance.pizzeria": "restaurant_ptr",
        "inheritance.supplier": "location",
    }
    got = comparable(out.getvalue())
    for key, text in got.items():
        link = named.get(key.partition(" ")[0])
        got[key] = with_values(text, {"fields": lambda fields, link=link: cut(fields, {link})}) if link else text
    assert got == comparable(plain)
    found = [line for line in stage.messages() if line.startswith("still without a pk")]
    assert found == [
        f"still without a pk: 6 of {label}; loaddata looks them up by their natural key" for label in sorted(alone)
    ]
    assert not any(line.startswith("still by") for line in stage.messages())


def is_computed(key: NaturalKey | None) -> bool:
    return key is not None and key.status == "computed"


@pytest.mark.parametrize("project", SMALL)
def test_jsonl_is_turned_alike(scratch_on: Scratch, project: str) -> None:
    database = scratch_on("sqlite", project, populated=True)
    plain = dumpdata(project, database, "--format", "jsonl")
    expected = dumpdata(project, database, "--natural-foreign", "--format", "jsonl")
    skipped = computed(project)

    def comparable(dump: bytes) -> dict[str, bytes]:
        return without(rows_of(dump, project), skipped)

    assert comparable(turned(plain, project)) == comparable(expected)


@pytest.mark.parametrize("project", SMALL)
@pytest.mark.parametrize("primary", [None, "safe"])
def test_it_loads_where_content_types_and_permissions_have_other_ids(
    scratch: Scratch, project: str, primary: str | None
) -> None:
    source, target = scratch(project, populated=True), scratch(project)
    manage(project, target, "shell", "-c", "from support.content_types import reverse_content_types as r; r()")
    plain = dumpdata(project, source)
    dump = turned(plain, project, natural_primary=primary, drop=DROPPED)
    ordered = io.BytesIO()
    ff.write(ff.order(ff.read(io.BytesIO(dump)), schema_of(project)), ordered)
    loaddata(project, target, ordered.getvalue(), env=NO_TOKENS)
    # The target has permissions of its own beside; and one of `everything`'s notes is on a permission, by its raw pk.
    ignored = ["relations.note.target_key"]
    assert identity_differences(project, source, target, subset=True, ignore=ignored) == []


@pytest.mark.parametrize("project", SMALL)
def test_rows_that_were_not_dumped_are_looked_up_in_the_old_database(scratch: Scratch, project: str) -> None:
    database = scratch(project, populated=True)
    excluded = ["-e", "contenttypes", "-e", "accounts" if project == "swapped" else "auth"]
    plain = dumpdata(project, database, *excluded)
    expected = rows_of(dumpdata(project, database, "--natural-foreign", *excluded), project)
    skipped = computed(project)
    got = rows_of(turned(plain, project, lookup=database), project)
    assert without(got, skipped) == without(expected, skipped)
    with pytest.raises(ff.InputError, match="dangling"):
        turned(plain, project)


def test_a_generic_key_to_what_is_left_out_is_named(scratch_on: Scratch) -> None:
    plain = dumpdata("everything", scratch_on("sqlite", "everything", populated=True))
    stage = ff.natural(ff.read(io.BytesIO(plain)), schema_of("everything"), drop=DROPPED)
    ff.write(stage, io.BytesIO())
    assert [line for line in stage.messages() if line.startswith("left out, and")] == [
        "left out, and relations.note.target_key refers to auth.permission by pk (a generic foreign key's object id)"
    ]
