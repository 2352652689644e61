"""`filter --lookup` of the old database: the rows that a dump refers to and lacks are read from it, and no others."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import run, run_here
from support.compare import identity_differences
from support.projects import NO_TOKENS, dumpdata, loaddata
from support.schemas import schema_of

import fixtureflow as ff
from fixtureflow.connection import connected
from fixtureflow.matching.lacking import lookups_in
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.target.dumping import rows_as_records
from fixtureflow.target.rows import Target

Scratch = Callable[..., str]


def matched(dump: bytes, target: str, project: str, **options: Any) -> bytes:
    out = io.BytesIO()
    kept = ff.filter(ff.read(io.BytesIO(dump)), target=target, schema=schema_of(project), **options)
    ff.write(kept, out)
    return out.getvalue()


def test_the_old_database_tells_as_much_as_a_dump_of_it(scratch: Scratch, tmp_path: Path) -> None:
    project = "tokens"
    source, target = scratch(project, populated=True), scratch(project, occupied=True)
    other = tmp_path / "other.json"
    for left_out in (["contenttypes"], ["contenttypes", "auth"]):
        dump = dumpdata(project, source, *(part for app in left_out for part in ("-e", app)))
        other.write_bytes(dumpdata(project, source, *left_out))
        options = {"renumber": True, "rejects": tmp_path / "rejects.json"}
        by_fixture = matched(dump, target, project, lookup=other, **options)
        rejects = (tmp_path / "rejects.json").read_bytes()
        assert matched(dump, target, project, lookup=source, **options) == by_fixture
        assert (tmp_path / "rejects.json").read_bytes() == rejects
        matched(dump, target, project, **options)
        assert len((tmp_path / "rejects.json").read_bytes()) > len(rejects)


def test_a_dump_without_content_types_loads(scratch: Scratch) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    dump = dumpdata("tokens", source, "-e", "contenttypes", "-e", "auth.permission")
    fixture = matched(dump, target, "tokens", lookup=source, renumber=True)
    loaddata("tokens", target, fixture, env=NO_TOKENS)
    # The target's own values stay; relations are all there.
    ours = {"auth.user", "authtoken.token", "sites.site", "articles.article", "auth.group"}
    found = identity_differences("tokens", source, target, subset=True)
    assert [line for line in found if line.partition(" ")[0] not in ours] == []


def test_only_the_rows_that_are_needed_are_read(scratch: Scratch) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    schema = schema_of("tokens")
    log = {"action_time": "2024-01-01T00:00:00Z", "user": 2, "object_id": "1", "action_flag": 1}
    rows = [record for record in json.loads(dumpdata("tokens", source, "auth.permission")) if record["pk"] == 5]
    group = {"model": "auth.group", "pk": 9, "fields": {"name": "g", "permissions": [rows[0]["pk"]]}}
    dump = [group]
    for label in ("auth.group", "articles.label"):
        (kind,) = (
            record["pk"]
            for record in json.loads(dumpdata("tokens", source, "contenttypes"))
            if f"{record['fields']['app_label']}.{record['fields']['model']}" == label
        )
        dump.append({"model": "admin.logentry", "pk": 900 + kind, "fields": {**log, "content_type": kind}})
    catalogue = Catalogue(ff.read(io.BytesIO(json.dumps(dump).encode())))
    with connected(target) as connection:
        types, others = lookups_in([source], schema, catalogue, Target(connection))
    assert types.models == ["contenttypes.contenttype"]
    read = Counter((record.model, str(record.pk)) for stretch in others.again() for record in stretch.records())
    assert read == Counter([("auth.permission", "5"), ("auth.user", "2"), ("auth.group", "1"), ("articles.label", "1")])


def test_the_old_database_is_only_read(scratch_on: Scratch, tmp_path: Path) -> None:
    source, target = scratch_on("sqlite", "tokens", populated=True), scratch_on("sqlite", "tokens", occupied=True)
    file = Path(source.removeprefix("sqlite:///"))
    before = hashlib.sha256(file.read_bytes()).digest()
    dump = tmp_path / "dump.json"
    dump.write_bytes(dumpdata("tokens", source, "-e", "contenttypes"))
    done = run("filter", dump, "--target", target, "--lookup", file, "--renumber", "-o", tmp_path / "out.json")
    assert done.code == 0, done.said
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_a_lookup_that_is_not_there_is_named(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "tokens", occupied=True)
    dump = tmp_path / "dump.json"
    dump.write_text("[]")
    for place in ("sqlite:////no/where.sqlite3", "/no/where.sqlite3", "/no/where.json"):
        done = run_here("filter", dump, "--target", target, "--lookup", place)
        assert done.code == 1 and "/no/where" in done.error


@pytest.mark.parametrize("project", ["tokens", "everything"])
def test_rows_are_written_as_dumpdata_writes_them(scratch: Scratch, project: str) -> None:
    source = scratch(project, populated=True)
    schema = schema_of(project)
    dumped = json.loads(dumpdata(project, source))
    expected: dict[str, dict[str, Any]] = {}
    for record in dumped:
        expected.setdefault(record["model"], {})[json.dumps(record["pk"])] = record["fields"]
    with connected(source) as connection:
        target = Target(connection)
        for label, records in expected.items():
            model = schema.concrete(label)
            assert model is not None
            skipped = {
                name
                for name, field in model.fields.items()
                if field.column == "" or field.generated or field.type in ("array", "range", "geometry", "other")
            }
            found = {
                json.dumps(record.pk): record.fields
                for batch in rows_as_records(target, model, use_tz=schema.use_tz)
                for record in batch
            }
            assert found.keys() == records.keys()
            for pk, fields in records.items():
                ours = {name: value for name, value in found[pk].items() if name not in skipped}
                theirs = {name: value for name, value in fields.items() if name not in skipped}
                different = {
                    name: (ours.get(name), theirs.get(name))
                    for name in ours.keys() | theirs.keys()
                    if not same(ours.get(name), theirs.get(name))
                }
                assert not different, (label, pk)
            some = sorted(records)[::2]
            given = [record.pk for batch in rows_as_records(target, model, map(json.loads, some)) for record in batch]
            assert list(map(json.dumps, given)) == some


def same(ours: Any, theirs: Any) -> bool:
    """Moments are given to the microsecond, and dumped to the millisecond."""
    if isinstance(ours, str) and isinstance(theirs, str) and len(ours) > len(theirs) > 11:
        return ours[: len(theirs.removesuffix("Z"))] == theirs.removesuffix("Z") and len(ours) - len(theirs) == 3
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def test_a_number_that_no_row_can_have_leads_nowhere(scratch: Scratch) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    comment = {"model": "articles.comment", "pk": 900, "fields": {"text": "", "author": 10**12, "likes": [10**30]}}
    dump = json.dumps([comment]).encode()
    nulled = {**comment, "fields": {"text": "", "author": None, "likes": []}}
    for lookup in ((), (source,)):
        assert json.loads(matched(dump, target, "tokens", lookup=lookup, dangling="null")) == [nulled]
