"""One record where only one is allowed; by example."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from running import run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse

SCHEMA = parse(
    b"""
[models."auth.user"]
fields = {username = {type = "text"}, email = {type = "text", null = true}}
uniques = [{fields = ["username"]}]
natural_key = {status = "fields", fields = ["username"]}
[models."lists.list"]
fields = {owner = {relation = {kind = "fk", to = "auth.user"}}, name = {type = "text"}, done = {type = "boolean"}}
uniques = [{fields = ["owner", "name"]}]
natural_key = {status = "fields", fields = ["name", "owner__username"]}
[models."lists.item".fields]
list = {relation = {kind = "fk", to = "lists.list"}}
text = {type = "text", max_length = 8}
code = {type = "text", null = true}
size = {type = "integer", null = true}
tags = {relation = {kind = "m2m", to = "lists.tag"}}
[models."lists.note".fields]
item = {relation = {kind = "fk", to = "lists.item"}}
code = {relation = {kind = "fk", to = "lists.item", to_field = "code"}}
[models."lists.tag".fields]
word = {type = "text"}
[models."lists.pair"]
pk = ["user", "list"]
fields = {user = {relation = {kind = "fk", to = "auth.user"}}, list = {relation = {kind = "fk", to = "lists.list"}}}
""",
    "toml",
)
LIST_TEXT = "lists.item:list,text"


def record(model: str, pk: Any, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def item(pk: Any, text: str = "milk", **fields: Any) -> dict[str, Any]:
    return record("lists.item", pk, **{"list": 1, "text": text} | fields)


def deduped(*records: dict[str, Any], schema: Any = SCHEMA, **options: Any) -> list[dict[str, Any]]:
    """The records that stay; all others have been told of."""
    text = json.dumps(records).encode()
    out, told = io.BytesIO(), []
    kept = ff.dedupe(ff.read(io.BytesIO(text)), schema, tell=told.append, **options)
    ff.write(kept, out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    gone = [finding for finding in told if finding.done == "dropped"]
    assert len(found) + len(gone) == len(records) == len(found) + sum(kept.dropped.values())
    pks = {(one["model"], str(one["pk"])) for one in found}
    assert all((one.model, str(one.more["stays"])) in pks for one in gone)
    return found


@pytest.mark.parametrize(
    ("keep", "stays"), [("first", 1), ("last", 3), ("newest:size", 2), ("newest:code", 1), ("newest:none", 1)]
)
def test_which_record_stays(keep: str, stays: int) -> None:
    found = deduped(item(1, size=5, code="b"), item(2, size=10, code="a"), item(3), unique=LIST_TEXT, keep=keep)
    assert [one["pk"] for one in found] == [stays]


def test_of_equally_new_records_the_first_stays() -> None:
    found = deduped(item(1, size=1), item(2, size=2), item(3, size=2), unique=LIST_TEXT, keep="newest:size")
    assert [one["pk"] for one in found] == [2]


def test_a_field_for_the_newest_that_no_record_has_is_told() -> None:
    text = json.dumps([item(1), item(2)]).encode()
    kept = ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA, unique=[LIST_TEXT, "lists.tag:word"], keep="newest:chnaged")
    assert [one.pk for one in kept] == [1]
    assert kept.unmatched == ["--unique lists.tag", "--keep newest:chnaged"]


def test_references_follow() -> None:
    found = deduped(
        item(1, code="a"),
        item(2, code="b"),
        item(3, "eggs", code="c"),
        record("lists.note", 1, item=2, code="b"),
        record("lists.note", 2, item="2", code=None),
        record("lists.note", 3, item=3, code="c"),
        unique=LIST_TEXT,
    )
    notes = [one["fields"] for one in found if one["model"] == "lists.note"]
    assert notes == [{"item": 1, "code": "a"}, {"item": 1, "code": None}, {"item": 3, "code": "c"}]


def test_natural_keys_follow_and_those_that_run_through_them() -> None:
    found = deduped(
        record("auth.user", 1, username="bob", email="b@x"),
        record("auth.user", 2, username="bob2", email="b@x"),
        record("lists.list", 1, owner=["bob2"], name="week"),
        item(1, list=["week", "bob2"]),
        unique="auth.user:email",
    )
    assert found[1]["fields"]["owner"] == ["bob"]
    assert found[2]["fields"]["list"] == ["week", "bob"]


def test_what_becomes_the_same_is_treated_alike() -> None:
    found = deduped(
        record("auth.user", 1, username="bob"),
        record("auth.user", 2, username="bob"),
        record("lists.list", 1, owner=1, name="week"),
        record("lists.list", 2, owner=2, name="week"),
        record("lists.list", 3, owner=2, name="big"),
        item(1, list=2),
        record("lists.pair", [1, 1], user=1, list=1),
        record("lists.pair", [2, 2], user=2, list=2),
        record("lists.pair", [2, 3], user=2, list=3),
    )
    assert [(one["model"], one["pk"]) for one in found] == [
        ("auth.user", 1),
        ("lists.list", 1),
        ("lists.list", 3),
        ("lists.item", 1),
        ("lists.pair", [1, 1]),
        ("lists.pair", [1, 3]),
    ]
    assert [one["fields"].get("owner") for one in found[1:3]] == [1, 1] and found[3]["fields"]["list"] == 1
    assert found[-1]["fields"] == {"user": 1, "list": 3}


def test_only_what_is_asked_for_is_looked_at_and_what_follows_from_it() -> None:
    lists = [record("lists.list", pk, owner=owner, name="week") for pk, owner in ((1, 1), (2, 2), (3, 3), (4, 3))]
    users = [record("auth.user", pk, username=f"u{pk}", email="b@x" if pk < 3 else None) for pk in (1, 2, 3)]
    found = deduped(*users, *lists, unique="auth.user:email")
    assert [one["pk"] for one in found] == [1, 3, 1, 3, 4]


def test_nulls_are_never_the_same_unless_the_constraint_says_so() -> None:
    records = [item(1, code=None), item(2, code=None)]
    assert len(deduped(*records, unique="lists.item:list,code")) == 2
    schema = parse(
        b'[models."lists.item"]\nfields={code={type="text"}}\nuniques=[{fields=["code"], nulls_distinct=false}]',
        "toml",
    )
    assert len(deduped(*records, schema=schema)) == 1


def test_a_condition_says_which_records_count() -> None:
    schema = parse(
        b"""
[models."lists.list"]
fields = {name = {type = "text"}, done = {type = "boolean"}}
uniques = [{fields = ["name"], condition = "(AND: ('done', False))"}]
""",
        "toml",
    )
    lists = [record("lists.list", pk, name="week", done=done) for pk, done in enumerate((True, False, True, False), 1)]
    assert [one["pk"] for one in deduped(*lists, schema=schema)] == [1, 2, 3]


def test_a_condition_that_is_not_understood_is_told() -> None:
    schema = parse(
        b"""
[models."lists.list"]
fields = {name = {type = "text"}}
uniques = [
  {fields = ["name"], condition = "length(name) > 3"}, {expressions = ["Reverse(F(name))"], name = "backwards"}
]
""",
        "toml",
    )
    text = json.dumps([record("lists.list", pk, name="week") for pk in (1, 2)]).encode()
    kept = ff.dedupe(ff.read(io.BytesIO(text)), schema)
    assert len(list(kept)) == 2
    assert kept.messages() == [
        "lists.list: not looked at, as it is not understood: name where length(name) > 3",
        "lists.list: not looked at, as it is not understood: backwards",
    ]


def test_of_a_primary_key_that_stands_there_twice_one_stays() -> None:
    records = [item(1, "milk"), item("1", "eggs"), item(2, "eggs"), record("lists.note", 1, item=1)]
    assert [one["fields"].get("text") for one in deduped(*records)] == ["milk", "eggs", None]
    assert [one["fields"].get("text") for one in deduped(*records, keep="last")] == ["eggs", "eggs", None]


def test_lists_are_united() -> None:
    found = deduped(
        record("lists.tag", 1, word="a"),
        record("lists.tag", 2, word="a"),
        record("lists.tag", 3, word="b"),
        item(1, tags=[2]),
        item(2, tags=[1, 3]),
        item(3, "eggs", tags=[1, 2]),
        item(4, "ham", tags=[3, 3]),
        unique=[LIST_TEXT, "lists.tag:word"],
    )
    assert [one["fields"]["tags"] for one in found[2:]] == [[1, 3], [1], [3, 3]]


def test_a_record_without_a_list_takes_up_one() -> None:
    found = deduped(item(1), item(2, tags=[1, 3]), unique=LIST_TEXT)
    assert found == [item(1, tags=[1, 3])]


def test_records_without_primary_keys_are_followed_by_natural_key() -> None:
    users = [{"model": "auth.user", "fields": {"username": name, "email": "b@x"}} for name in ("bob", "bo")]
    text = json.dumps([*users, record("lists.list", 1, owner=["bo"], name="week")]).encode()
    kept = list(ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA, unique="auth.user:email"))
    assert [one.fields.get("owner") for one in kept] == [None, ["bob"]]


def test_many_that_are_the_same_are_looked_at_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtureflow.deduping.batches.MOST", 10)
    words = [item(n, f"w{n % 7}", list=n % 3) for n in range(200)]
    assert [one["pk"] for one in deduped(*words, unique=LIST_TEXT)] == list(range(21))
    assert [one["pk"] for one in deduped(*words, unique=LIST_TEXT, keep="last")] == list(range(179, 200))
    renamed = deduped(*words, unique=LIST_TEXT, rename="text={}-{n}")
    assert len({(one["fields"]["list"], one["fields"]["text"]) for one in renamed}) == 200


def test_a_guess_does_not_follow_unless_it_is_trusted() -> None:
    schema = parse(
        b"""
[models."lists.item"]
fields = {text = {type = "text"}}
uniques = [{fields = ["text"]}]
[models."lists.note".fields]
item = {relation = {kind = "fk", to = "lists.item", guess = {confidence = 0.9}}}
""",
        "toml",
    )
    records = [item(1), item(2), record("lists.note", 1, item=2)]
    assert deduped(*records, schema=schema)[-1]["fields"]["item"] == 2
    assert deduped(*records, schema=schema, trust_guesses=True)[-1]["fields"]["item"] == 1
    kept = ff.dedupe(ff.read(io.BytesIO(json.dumps(records).encode())), schema)
    assert len(list(kept)) == 2
    assert kept.messages()[0].startswith("lists.note.item → lists.item is a guess, so it does not follow")


def test_lists_of_the_same_primary_key_are_not_united_and_that_is_told() -> None:
    text = json.dumps([item(1, tags=[1]), item(1, tags=[2]), item(1, tags=[1])]).encode()
    kept = ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA)
    assert [one.fields["tags"] for one in kept] == [[1]]
    assert [str(group) for group in kept.findings if not group.done] == [
        "list not united: lists.item.tags: 1 (pk 1: [2])"
    ]


def test_names_are_free_and_fit() -> None:
    texts = ["milk", "milk", "milk (2)", "milk", "long one", "long one"]
    found = deduped(*(item(n, text) for n, text in enumerate(texts)), unique=LIST_TEXT, rename={"text": "{} ({n})"})
    now = [one["fields"]["text"] for one in found]
    assert now == ["milk", "milk (4)", "milk (2)", "milk (3)", "long one", "long (2)"]


def test_a_new_name_is_unique_in_every_constraint() -> None:
    schema = parse(
        b"""
[models."lists.item"]
fields = {list = {type = "integer"}, text = {type = "text"}, code = {type = "text"}}
uniques = [{fields = ["list", "text"]}, {fields = ["text", "code"]}]
""",
        "toml",
    )
    records = [item(1, code="a"), item(2, code="b"), item(3, "milk 2", list=2, code="b")]
    found = deduped(*records, schema=schema, rename="lists.item.text={} {n}")
    assert [one["fields"]["text"] for one in found] == ["milk", "milk 3", "milk 2"]


def test_references_by_a_natural_key_that_is_renamed_follow() -> None:
    records = [
        record("lists.list", 1, owner=["ann"], name="week"),
        record("lists.list", 2, owner=["bob"], name="week"),
        item(1, list=["week", "bob"]),
        item(2, list=["week", "ann"]),
    ]
    found = deduped(*records, unique="lists.list:name", rename="name={} {n}")
    assert [one["fields"]["list"] for one in found[2:]] == [["week 2", "bob"], ["week", "ann"]]


def test_other_bytes_stay(tmp_path: Path) -> None:
    text = (
        b'[\n{\n  "model": "lists.item",\n  "pk": 1,\n  "fields": {\n    "text": "m\\u0069lk",\n    "list": 1.0e0,\n'
        b'    "tags": [\n      7\n    ]\n  }\n},\n{\n  "model": "lists.item",\n  "pk": 2,\n  "fields": {\n'
        b'    "text": "milk",\n    "list": 1,\n    "tags": [\n      8\n    ]\n  }\n},\n{\n  "model": "lists.note",\n'
        b'  "pk": 3,\n  "fields": {\n    "item": 2,\n    "more": NaN\n  }\n}\n]\n'
    )
    path = tmp_path / "a.json"
    path.write_bytes(text)
    out = io.BytesIO()
    ff.write(ff.dedupe(ff.read(path), SCHEMA, unique=LIST_TEXT), out)
    begin, end = text.index(b',\n{\n  "model": "lists.item",\n  "pk": 2'), text.index(b',\n{\n  "model": "lists.note"')
    expected = (text[:begin] + text[end:]).replace(b'"item": 2', b'"item": 1')
    assert out.getvalue() == expected.replace(b"      7\n", b"      7,\n      8\n")


def test_without_duplicates_nothing_changes() -> None:
    text = b'[{"model": "lists.item", "pk": 1, "fields": {"list": 1, "text": "a"}},\n\n {"model":"lists.note","pk":1}]'
    out = io.BytesIO()
    ff.write(ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA), out)
    assert out.getvalue().strip() == text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--unique", "lists.item"], "--unique lists.item: is not understood; write app.model:field,field"),
        (["--keep", "newest"], "--keep newest: there is no such choice; write first, last, or newest:FIELD"),
        (["--rename", "text={}"], "--rename text={}: the pattern has no {n}; a number makes values differ"),
        (["--unique", "lists.item:lsit"], "--unique lists.item:lsit: no record of lists.item has a field lsit"),
    ],
)
def test_a_wrong_call_is_told(options: list[str], said: str, tmp_path: Path) -> None:
    text = json.dumps([item(1), item(2)]).encode()
    done = run_here("dedupe", *options, stdin=text, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert done.error.startswith(said)


def test_the_report_has_every_record_that_goes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([item(1), item(2), item(3), record("lists.note", 1, item=3)]))
    done = run_here(
        "dedupe", "--unique", LIST_TEXT, "--report", "r.jsonl", "a.json", "-o", "b.json", "--rename", "more=x{n}",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0
    report = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [(one["pk"], one["more"]["stays"], one["done"]) for one in report] == [(2, 1, "dropped"), (3, 1, "dropped")]
    assert done.said[:-1] == [
        "fixtureflow: dropped: lists.item: 2 records with the same list, text as another",
        "fixtureflow: nothing is known of what they refer to: lists.item, lists.note",
        "fixtureflow: --rename more=x{n} matched nothing",
    ]


def test_a_natural_key_that_another_record_still_has_keeps_its_meaning() -> None:
    found = deduped(
        record("auth.user", 1, username="bob"),
        record("auth.user", 1, username="ann"),
        record("auth.user", 2, username="bob"),
        record("lists.list", 1, owner=["bob"], name="week"),
        unique="auth.user:pk",
        keep="last",
    )
    assert [(one["pk"], one["fields"].get("username")) for one in found[:2]] == [(1, "ann"), (2, "bob")]
    assert found[2]["fields"]["owner"] == ["bob"]
