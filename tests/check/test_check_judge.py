"""`check` held against the real loaddata: its errors are what fails there, and what fails there are its errors."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from check.faults import CASES, FIXTURES, row
from check.judging import checked, errors, loaded_each, project, told
from support.constraints import loaddata_strictly
from support.projects import ManageError, dumpdata, loaddata
from support.servers import mariadb_connection

import fixtureflow as ff
from fixtureflow.checks.kinds import KINDS
from fixtureflow.schema.sources import sources_from

Scratch = Callable[..., str]

# Kinds of which there is more to tell than "it does not load"; each has a test of its own below.
ELSEWHERE = {
    *("ambiguous-natural-key", "aware-datetime", "four-byte-text", "packet"),
    *("duplicate-natural-key", "duplicate-pk", "naive-datetime", "record-cycle"),
}


def test_an_error_is_what_loaddata_fails_at_and_the_other_way_round(
    scratch: Scratch, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    target = scratch("everything")
    said = dict(zip(FIXTURES, loaded_each("everything", target, list(FIXTURES.values())), strict=True))
    schema = [project("everything"), *sources_from(target=target)]
    caplog.set_level("ERROR", "fixtureflow")  # that names in SQL are quoted is no news here
    wrong, tripped = [], set()
    for name, text in FIXTURES.items():
        found = errors(checked(text, schema, target=target))
        if bool(found) != bool(said[name]):
            wrong.append((name, [(group.problem, group.where) for group in found], said[name]))
        kinds = {group.problem for group in found}
        wanted = CASES[name][0] if name in CASES else ""
        if wanted and kinds and wanted not in kinds:
            wrong.append((name, sorted(kinds), f"should be {wanted}"))
        tripped |= kinds if said[name] else set()
    assert wrong == []
    beyond = {"sqlite": {"too-long", "nul"}, "mariadb": {"nul"}, "postgresql": set()}[backend]
    assert tripped == KINDS.keys() - ELSEWHERE - beyond


def test_what_no_target_is_known_for_is_told_if_postgresql_refuses_it() -> None:
    kinds = {
        name: {group.problem for group in errors(checked(FIXTURES[name], [project("everything")]))} for name in CASES
    }
    assert {name: CASES[name][0] for name in kinds if not kinds[name] and CASES[name][0]} == {
        # These collide only where a collation says so.
        "unique, another case": "duplicate-unique",
        "unique, an accent": "duplicate-unique",
        "unique, a space": "duplicate-unique",
        # The target alone knows them.
        "a content type that nothing makes": "dangling",
        "a permission that nothing makes": "dangling",
    }


def test_a_duplicate_pk_silently_takes_the_place_of_the_earlier_record(scratch: Scratch) -> None:
    target = scratch("everything")
    fixture = [row("naturals.author", 1, name="A"), row("naturals.author", "1", name="B")]
    loaddata("everything", target, json.dumps(fixture).encode())
    rows = json.loads(dumpdata("everything", target, "naturals.author"))
    assert [(author["pk"], author["fields"]["name"]) for author in rows] == [(1, "B")]
    assert told(checked(fixture, [project("everything")])) == [("warning", "duplicate-pk", "naturals.author", 1)]


def test_a_record_without_pk_silently_takes_the_place_of_the_one_with_its_natural_key(scratch: Scratch) -> None:
    target = scratch("everything")
    fixture = [row("inheritance.page", slug="a"), row("inheritance.page", slug="a")]
    loaddata("everything", target, json.dumps(fixture).encode())
    assert len(json.loads(dumpdata("everything", target, "inheritance.page"))) == 1
    found = told(checked(fixture, [project("everything")]))
    assert found == [("warning", "duplicate-natural-key", "inheritance.page", 1)]


def test_an_ambiguous_natural_key_is_an_error_where_it_is_referred_to(scratch: Scratch) -> None:
    topics = [row("notes.topic", 1, name="A"), row("notes.topic", 2, name="A"), row("notes.topic", 3, name="B")]
    target = scratch("untidy")
    clear = json.dumps([*topics, row("notes.note", 1, topic=["B"], text="")])
    vague = json.dumps([*topics, row("notes.note", 1, topic=["A"], text="")])
    fine, said = loaded_each("untidy", target, [clear, vague])
    assert fine is None
    assert said and "get() returned more than one Topic" in said
    assert told(checked(clear, [project("untidy")])) == []
    where = "notes.note.topic → notes.topic"
    assert told(checked(vague, [project("untidy")])) == [("error", "ambiguous-natural-key", where, 1)]


@pytest.mark.parametrize("use_tz", [True, False])
def test_time_zones_where_the_project_has_none_and_none_where_it_has(
    scratch: Scratch, backend: str, use_tz: bool
) -> None:
    target = scratch("untidy")
    topic = row("notes.topic", 1, name="A")
    aware = json.dumps([topic, row("notes.note", 1, topic=1, text="", written_at="2024-02-29T12:00:00Z")])
    naive = json.dumps([topic, row("notes.note", 1, topic=1, text="", written_at="2024-02-29T12:00:00")])
    said = loaded_each("untidy", target, [aware, naive], USE_TZ=str(int(use_tz)))
    source = project("untidy")
    schema = source.schema.of(source.schema.models.values(), use_tz=use_tz)
    found = [checked(text, schema, target=target) for text in (aware, naive)]

    assert [not each.ok for each in found] == [one is not None for one in said]
    assert (said[0] is not None) == (not use_tz and backend != "postgresql")
    if said[0]:
        assert "does not support timezone-aware datetimes" in said[0]
        assert told(found[0]) == [("error", "aware-datetime", "notes.note.written_at", 1)]
    naives = [("warning", "naive-datetime", "notes.note.written_at", 1)]
    assert told(found[1]) == (naives if use_tz else [])


def test_a_naive_datetime_is_what_django_warns_of(scratch_on: Scratch) -> None:
    target = scratch_on("sqlite", "untidy")
    fixture = [
        row("notes.topic", 1, name="A"),
        row("notes.note", 1, topic=1, text="", written_at="2024-02-29T12:00:00"),
    ]
    (said,) = loaded_each("untidy", target, [json.dumps(fixture)], WARNINGS="error")
    assert said and "received a naive datetime (2024-02-29 12:00:00) while time zone support is active" in said


def test_orphans_of_a_filtered_default_manager(scratch: Scratch) -> None:
    source, target = scratch("untidy"), scratch("untidy")
    rows = [
        row("notes.topic", 1, name="A"),
        *(row("notes.note", pk, topic=1, text="", hidden=pk == 2) for pk in (1, 2, 3)),
        *(row("notes.remark", pk, note=pk) for pk in (1, 2, 3)),
    ]
    loaddata("untidy", source, json.dumps(rows).encode())
    dump, whole = dumpdata("untidy", source, "notes"), dumpdata("untidy", source, "notes", "--all")
    found = checked(dump, [project("untidy")])
    assert told(found) == [("error", "dangling", "notes.remark.note → notes.note", 1)]
    assert "dumpdata --all" in found.groups()[0].hint
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("untidy", target, dump)
    assert told(checked(whole, [project("untidy")])) == []
    loaddata("untidy", target, whole)


def test_a_cycle_needs_one_transaction(scratch: Scratch) -> None:
    cycle = [row("relations.company", 1, name="C", boss=1), row("relations.employee", 1, name="A", company=1)]
    found = checked(cycle, [project("everything")])
    assert told(found) == [("warning", "record-cycle", "relations.company.boss", 1)]
    together, apart = scratch("everything"), scratch("everything")
    loaddata("everything", together, json.dumps(cycle).encode())
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata_strictly("everything", apart, json.dumps(cycle).encode())


def test_a_cycle_of_natural_keys_that_may_not_be_null_loads_nowhere(scratch: Scratch) -> None:
    a, b = row("notes.link", 1, name="A", next=["B"]), row("notes.link", 2, name="B", next=["A"])
    orders = [json.dumps([a, b]), json.dumps([b, a])]
    said = loaded_each("untidy", scratch("untidy"), orders)
    for text, words in zip(orders, said, strict=True):
        assert words is not None
        where = "notes.link.next"
        assert told(checked(text, [project("untidy")])) == [
            ("error", "forward-reference", f"{where} → notes.link", 1),
            ("error", "record-cycle", where, 1),
        ]


def test_four_bytes_do_not_go_into_three(mariadb: Scratch) -> None:
    target = mariadb("everything")
    with closing(mariadb_connection(target)) as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("ALTER TABLE naturals_author CONVERT TO CHARACTER SET utf8mb3")
    texts = {"ü ж 東京": True, "🎉": False}
    fixtures = [
        json.dumps([row("naturals.author", 1, name=text)], ensure_ascii=escape) for text in texts for escape in (0, 1)
    ]
    said = loaded_each("everything", target, fixtures)
    schema = [project("everything"), *sources_from(target=target)]
    found = [told(checked(text, schema, target=target)) for text in fixtures]
    assert [one is None for one in said] == [True, True, False, False]
    assert said[2] and "Incorrect string value" in said[2]
    assert found == [[], [], *[[("error", "four-byte-text", "naturals.author.name", 1)]] * 2]


def test_a_record_larger_than_a_packet(mariadb: Scratch) -> None:
    target = mariadb("everything")
    with closing(mariadb_connection(target)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.max_allowed_packet")
        (packet,) = cursor.fetchone()
    if packet > 2**26:
        pytest.skip(f"packets may have {packet:,} bytes here")
    fixtures = [json.dumps([row("naturals.keyword", 1, namespace="", word="")]), _large(packet // 2), _large(packet)]
    said = loaded_each("everything", target, fixtures)
    schema = [project("everything"), *sources_from(target=target)]
    found = [told(checked(text, schema, target=target)) for text in fixtures]
    assert [one is None for one in said] == [True, True, False]
    assert found == [[], [], [("error", "packet", "inheritance.newspage", 1)]]


def _large(size: int) -> str:
    return json.dumps(
        [row("inheritance.page", 1, slug="a"), row("inheritance.newspage", 1, body="x" * size, related=[])]
    )


def test_what_no_constraint_watches_over_warns() -> None:
    """It loads, and leads nowhere: generic keys, and relations that the project has no constraint for."""
    watched = {"relations.tag.object_id → naturals.author", "relations.visit.person → relations.person"}
    author = row("contenttypes.contenttype", 4, app_label="naturals", model="author")
    rows = [
        author,
        row("relations.tag", 1, name="T", content_type=4, object_id=9),
        row("naturals.author", 1, name="A"),
        row("relations.visit", 1, person=9, countries=[]),
        row("relations.person", 1, name="P"),
    ]
    found = checked(rows, [project("everything")])
    assert set(told(found)) == {("warning", "dangling", where, 1) for where in watched}
    notes = {group.where: group.examples[0]["note"] for group in found.groups()}
    assert all("no constraint watches over it" in note for note in notes.values())


def test_the_target_is_only_read(scratch_on: Scratch) -> None:
    target = scratch_on("sqlite", "everything")
    before = io.BytesIO()
    with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as connection:
        before.write("\n".join(connection.iterdump()).encode())
    checked(FIXTURES["dangling"], sources_from(target=target), target=target)
    with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as connection:
        assert "\n".join(connection.iterdump()).encode() == before.getvalue()


def test_the_library_and_the_program_agree_on_the_target(scratch: Scratch) -> None:
    """What the target has is not dangling."""
    target = scratch("everything")
    loaddata("everything", target, json.dumps([row("relations.company", 9, name="C")]).encode())
    employee = [row("relations.employee", 1, name="A", company=9), row("relations.company", 1, name="D")]
    assert not checked(employee, [project("everything")]).ok
    found = ff.check(ff.read(io.BytesIO(json.dumps(employee).encode())), [project("everything")], target=target)
    assert told(found) == []
    loaddata("everything", target, json.dumps(employee).encode())
