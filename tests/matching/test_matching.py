"""What becomes of single records, each case of the table; the target is a real one with rows in the way."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from running import run
from support.projects import dumpdata, loaddata
from support.scratch import ScratchDatabases

import fixtureflow as ff
from fixtureflow.matching import batch
from fixtureflow.matching.links import with_links
from fixtureflow.matching.log import Line, Log, key_text
from fixtureflow.schema.model import Field, Model, Relation, Schema

# In the target: user 1 is bob, 2 is żółw, 3 is local; group 1 is staff; label 1 is local, 3 is news.
BOB = {"model": "auth.user", "pk": 2, "fields": {"username": "bob", "password": "!", "groups": []}}
ANN = {"model": "auth.user", "pk": 70, "fields": {"username": "ann", "password": "!", "groups": []}}
ZED = {"model": "auth.user", "pk": 1, "fields": {"username": "zed", "password": "!", "groups": []}}


@pytest.fixture(params=[1, 5_000], autouse=True)
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are decided on in batches of this size, which makes no difference."""
    monkeypatch.setattr(batch, "ROWS", request.param)


@pytest.fixture(scope="module")
def target(scratch_databases: ScratchDatabases) -> str:
    return scratch_databases.make("sqlite", "tokens", occupied=True)


def kept(target: str, *records: dict[str, Any], **options: Any) -> tuple[list[dict[str, Any]], Any]:
    text = json.dumps(records).encode()
    matched = ff.filter(ff.read(io.BytesIO(text)), target=target, **options)
    return [record.value() for record in matched], matched


def token(user: int, key: str = "k") -> dict[str, Any]:
    return {"model": "authtoken.token", "pk": key, "fields": {"user": user, "created": "2024-01-01T00:00:00Z"}}


def test_a_row_that_is_there_is_left_out_and_references_follow(target: str) -> None:
    records, matched = kept(target, BOB, {"model": "articles.label", "pk": 90, "fields": {"name": "mine"}}, token(2))
    assert [record["model"] for record in records] == ["articles.label"]  # bob has a token there
    assert matched.counts["auth.user"]["remapped"] == matched.counts["authtoken.token"]["remapped"] == 1


def test_a_new_row_passes_byte_for_byte(target: str) -> None:
    text = b'[{"pk": 70 , "fields": {"x": 1.50e3, "username": "\\u0061nn", "groups": []}, "model": "auth.User"}]'
    matched = ff.filter(ff.read(io.BytesIO(text)), target=target)
    assert [record.raw for record in matched] == [text[1:-1]]


def test_a_pk_that_is_another_rows_is_rejected_with_what_refers_to_it(target: str, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.json"
    records, matched = kept(target, ANN, ZED, token(1), token(70, "l"), rejects=rejects)
    assert records == [ANN, token(70, "l")]
    assert json.loads(rejects.read_bytes()) == [ZED, token(1)]
    assert matched.rejected == 2


def test_the_report_has_a_line_for_each_record_and_names_the_rows_in_the_way(target: str, tmp_path: Path) -> None:
    twins = [ANN, {**ANN, "pk": 71}]
    text = json.dumps([*twins, ZED, token(1), BOB]).encode()
    report = tmp_path / "report.json"
    matched = ff.filter(ff.read(io.BytesIO(text)), target=target, rejects=tmp_path / "rejects.json", report=report)
    assert [record.pk for record in matched] == [70]
    _, *lines, _ = report.read_text().splitlines()
    told = [json.loads(line.removesuffix(",")) for line in lines]
    assert [(one["pk"], one.get("dump_rows"), one.get("target_rows")) for one in told] == [
        (71, [{"key": "username", "pk": 70}], None),
        (1, None, [{"pk": 1}]),
        ("k", None, None),
        (2, None, None),
    ]


def test_a_composite_pk_laid_out_on_several_lines_is_told_on_one(tmp_path: Path) -> None:
    log = Log(wanted=True)
    log.add([Line("shop.line", key_text(b'[\r\n  1,\n  "a\\nb"\n]'), "same")])
    log.write_report(tmp_path / "report.json")
    log.close()
    _, line, _ = (tmp_path / "report.json").read_bytes().splitlines()
    assert json.loads(line)["pk"] == [1, "a\nb"]


def test_a_moment_as_primary_key_is_spelled_as_in_the_dump(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "target.sqlite3")) as database:
        database.executescript(
            "CREATE TABLE app_slot (at datetime PRIMARY KEY, code text NOT NULL UNIQUE);"
            "CREATE TABLE app_talk (id integer PRIMARY KEY, slot_id datetime NOT NULL REFERENCES app_slot);"
            "INSERT INTO app_slot VALUES ('2024-01-01 10:00:00', 'a')"
        )
    slot = Model(label="app.slot", table="app_slot", pk=("at",), fields={"at": Field(type="datetime")})
    known = Schema.of([slot, Model(label="app.talk", table="app_talk")], use_tz=False)
    at = "2024-01-01T10:00:00"
    dump = [{"model": "app.slot", "pk": at, "fields": {"code": "a"}}]
    dump += [{"model": "app.talk", "pk": 1, "fields": {"slot": at}}]
    found = ff.filter(
        ff.read(io.BytesIO(json.dumps(dump).encode())), target=str(tmp_path / "target.sqlite3"), schema=known
    )
    assert [record.value() for record in found] == dump[1:]
    assert found.counts["app.slot"]["same"] == 1


def test_nothing_comes_out_where_rejects_have_no_place(target: str) -> None:
    matched = ff.filter(ff.read(io.BytesIO(json.dumps([ANN, ZED]).encode())), target=target)
    records = iter(matched)
    with pytest.raises(ff.InputError, match=r"1 record.*its pk is another row's.*--rejects"):
        next(records)


def test_a_free_pk_is_past_both_sides(target: str) -> None:
    records, _ = kept(target, ANN, ZED, token(1), renumber=True)
    assert [record["pk"] for record in records] == [70, 71, "k"]
    assert records[2]["fields"]["user"] == 71


def test_a_reference_to_nothing(target: str, tmp_path: Path) -> None:
    comment = {"model": "articles.comment", "pk": 900, "fields": {"text": "", "article": None, "author": 999}}
    records, _ = kept(target, comment, dangling="null")
    assert records[0]["fields"]["author"] is None
    assert kept(target, comment, dangling="keep")[0] == [comment]
    assert kept(target, comment, rejects=tmp_path / "rejects.json")[0] == []


def test_a_row_of_the_target_that_the_dump_lacks_is_assumed(target: str) -> None:
    comment = {"model": "articles.comment", "pk": 900, "fields": {"text": "", "article": None, "author": 3}}
    records, matched = kept(target, comment)
    assert records == [comment]
    assert any(line.startswith("assumed: articles.comment.author → auth.user: 1 key") for line in matched.messages())


def test_two_records_that_are_one_row_of_the_target(target: str, tmp_path: Path) -> None:
    twin = {**BOB, "pk": 71}
    assert kept(target, BOB, twin, rejects=tmp_path / "rejects.json")[0] == []
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == [twin]


def test_two_records_with_the_same_key(target: str, tmp_path: Path) -> None:
    twin = {**ANN, "pk": 71}
    assert kept(target, ANN, twin, rejects=tmp_path / "rejects.json")[0] == [ANN]


def comment(pk: int, author: int | None = None, answer_to: int | None = None) -> dict[str, Any]:
    fields = {"text": "", "article": None, "author": author, "answer_to": answer_to}
    return {"model": "articles.comment", "pk": pk, "fields": fields}


def test_what_leads_to_a_rejected_record_by_way_of_others_is_rejected_wherever_it_stands(
    target: str, tmp_path: Path
) -> None:
    chain = [comment(900, None, 901), comment(901, None, 902), comment(902, 999), comment(903, None, 900)]
    fine = comment(904)
    for records in ([*chain, fine], [fine, *reversed(chain)], [chain[3], *chain[:3], fine]):
        assert kept(target, *records, rejects=tmp_path / "rejects.json")[0] == [fine]


def test_lists_are_united(target: str) -> None:
    group = {"model": "auth.group", "pk": 90, "fields": {"name": "new", "permissions": []}}
    records, matched = kept(target, group, {**BOB, "fields": {**BOB["fields"], "groups": [90]}})
    assert records == [group, {"model": "auth.user_groups", "pk": None, "fields": {"user": 1, "group": 90}}]
    assert matched.added == 1
    assert kept(target, group, {**BOB, "fields": {**BOB["fields"], "groups": [90]}}, m2m="target")[0] == [group]


def test_the_lists_of_the_fixture_on_a_row_of_the_target(scratch: Callable[..., str]) -> None:
    target = scratch("tokens", occupied=True)
    before = json.loads(dumpdata("tokens", target, "auth.user"))
    (theirs,) = [row for row in before if row["fields"]["username"] == "bob"]
    group = {"model": "auth.group", "pk": 90, "fields": {"name": "new", "permissions": []}}
    for ours in ([90], []):
        records, matched = kept(target, group, {**BOB, "fields": {**BOB["fields"], "groups": ours}}, m2m="fixture")
        assert matched.relisted == 1
        loaddata("tokens", target, json.dumps(records).encode())
        after = json.loads(dumpdata("tokens", target, "auth.user"))
        expected = {**theirs, "fields": {**theirs["fields"], "groups": ours}}
        assert after == [expected if row == theirs else row for row in before]
        before, theirs = after, expected


def test_the_table_between_rows_of_one_model_has_two_fields() -> None:
    relation = Relation(
        kind="m2m", to="app.u", through="app.u_friends", auto_through=True, through_table="app_u_friends"
    )
    user = Model(label="app.u", table="app_u", pk=("id",), fields={"friends": Field(column="", relation=relation)})
    assert list(with_links(ff.Schema.of([user])).models["app.u_friends"].fields) == ["from_u", "to_u"]


def test_a_symmetrical_list_of_a_row_that_is_there_gains_a_new_record(scratch: Callable[..., str]) -> None:
    target = scratch("everything")
    lists = {"visited": [], "friends": [], "follows": []}
    ann, joe = (
        {"model": "relations.person", "pk": pk, "fields": {"name": name, "born_in": None, **lists}}
        for pk, name in ((1, "ann"), (2, "joe"))
    )
    loaddata("everything", target, json.dumps([ann, joe]).encode())
    ann["fields"] |= {"friends": [2, 3], "follows": [3]}
    joe["fields"] |= {"friends": [1, 3]}
    zoe = {
        "model": "relations.person",
        "pk": 3,
        "fields": {**ann["fields"], "name": "zoe", "friends": [1, 2], "follows": []},
    }
    records, matched = kept(target, ann, joe, zoe)
    assert (matched.relisted, matched.added) == (2, 0)
    loaddata("everything", target, json.dumps(records).encode())
    found = json.loads(dumpdata("everything", target, "relations.person"))
    for row in found:
        row["fields"]["friends"].sort()
    assert found == [ann, joe, zoe]


def test_a_model_without_a_table_is_named(target: str) -> None:
    with pytest.raises(ff.TargetError, match=r"no table of shop\.item.*--exclude.*--settings"):
        kept(target, {"model": "shop.item", "pk": 1, "fields": {}})


def test_a_model_without_a_table_that_is_left_out_or_only_looked_up_is_in_nobodys_way(
    target: str, tmp_path: Path
) -> None:
    item = {"model": "shop.item", "pk": 1, "fields": {}}
    lookup = tmp_path / "old.json"
    lookup.write_text(json.dumps([item]))
    assert kept(target, ANN, item, exclude="shop")[0] == [ANN]
    assert kept(target, ANN, lookup=lookup)[0] == [ANN]


def test_the_target_is_only_read(scratch_on: Callable[..., str], tmp_path: Path) -> None:
    source, target = scratch_on("sqlite", "tokens", populated=True), scratch_on("sqlite", "tokens", occupied=True)
    file = Path(target.removeprefix("sqlite:///"))
    before = hashlib.sha256(file.read_bytes()).digest()
    dump = tmp_path / "all.json"
    dump.write_bytes(dumpdata("tokens", source))
    done = run(
        "filter", dump, "--target", target, "--renumber", "--report", tmp_path / "r.json", "-o", tmp_path / "o.json"
    )
    assert done.code == 0, done.said
    assert hashlib.sha256(file.read_bytes()).digest() == before
    report = json.loads((tmp_path / "r.json").read_bytes())
    total = sum(counts["in"] for counts in report["models"].values())
    out = sum(counts["out"] for counts in report["models"].values())
    assert len(json.loads((tmp_path / "o.json").read_bytes())) == out + report["added"]
    assert total - out == sum(record["case"] in ("same", "remapped") for record in report["records"])
