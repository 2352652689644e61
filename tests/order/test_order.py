"""`order`, before → after."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from running import run, run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse

Dump = list[dict[str, Any]]


def row(model: str, pk: Any, /, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields} if pk is not None else {"model": model, "fields": fields}


def fk(to: str, **facts: Any) -> dict[str, Any]:
    return {"null": True, **facts, "relation": {"kind": "fk", "to": to, "to_field": ""}}


def schema(**models: dict[str, Any]) -> dict[str, Any]:
    return {"models": {f"a.{name}": {"pk": ["id"], **model} for name, model in models.items()}}


TREE = schema(node={"fields": {"id": {"type": "integer"}, "parent": fk("a.node")}})
COUPLE = schema(
    company={"fields": {"boss": fk("a.employee")}},
    employee={"fields": {"company": fk("a.company", null=False)}},
)
FRIENDS = schema(person={"fields": {"friends": {"relation": {"kind": "m2m", "to": "a.person", "auto_through": True}}}})


def ordered(dump: Dump, facts: dict[str, Any], **options: Any) -> tuple[Dump, ff.Ordered]:
    found = ff.order(ff.read(io.BytesIO(json.dumps(dump).encode())), parse(json.dumps(facts).encode()), **options)
    return [json.loads(record.raw) for record in found], found


def names(dump: Dump) -> list[str]:
    return [f"{record['model'][2:]}{record.get('pk')}" for record in dump]


def test_a_model_comes_after_those_it_refers_to() -> None:
    facts = schema(book={"fields": {"author": fk("a.author")}}, author={}, free={})
    dump = [row("a.book", 1, author=2), row("a.free", 1), row("a.author", 2), row("a.book", 2), row("a.free", 2)]
    assert names(ordered(dump, facts)[0]) == ["free1", "author2", "book1", "book2", "free2"]


def test_a_child_comes_after_its_parent_and_the_rest_stays() -> None:
    dump = [row("a.node", 1, parent=3), row("a.node", 2, parent=None), row("a.node", 3), row("a.node", 4, parent="1")]
    assert names(ordered(dump, TREE)[0]) == ["node2", "node3", "node1", "node4"]


def test_two_models_in_a_cycle_are_ordered_row_by_row() -> None:
    dump = [row("a.company", 1), row("a.company", 2, boss=1), row("a.employee", 1, company=1)]
    after, found = ordered(dump, COUPLE)
    assert names(after) == ["company1", "employee1", "company2"]
    assert found.cycles == []


def test_a_multi_table_child_comes_after_its_parent_of_the_same_pk() -> None:
    facts = schema(place={"fields": {"best": fk("a.bar")}}, bar={"pk": ["place_ptr"], "parents": ["a.place"]})
    dump = [row("a.bar", 2), row("a.bar", 1), row("a.place", 1), row("a.place", 2, best=1)]
    assert names(ordered(dump, facts)[0]) == ["place1", "bar1", "place2", "bar2"]


def test_natural_keys_that_run_through_other_models_are_followed() -> None:
    facts = schema(
        chapter={
            "fields": {"number": {}, "book": fk("a.book"), "see": fk("a.chapter")},
            "natural_key": {"status": "fields", "fields": ["number", "book__title", "book__author__name"]},
        },
        book={
            "fields": {"title": {}, "author": fk("a.author")},
            "natural_key": {"status": "fields", "fields": ["title", "author__name"]},
        },
        author={"fields": {"name": {}}, "natural_key": {"status": "fields", "fields": ["name"]}},
    )
    dump = [
        row("a.author", 1, name="Zoë"),
        row("a.book", 1, title="T", author=1),
        row("a.book", 2, title="U", author=["Zoë"]),
        row("a.chapter", None, number=1, book=["T", "Zoë"], see=[2, "U", "Zoë"]),
        row("a.chapter", None, number=2, book=2, see=["3", "T", "Zoë"]),
        row("a.chapter", None, number=3, book=1, see=None),
    ]
    after, _ = ordered(dump, facts)
    assert [record["fields"].get("number") for record in after] == [None, None, None, 3, 2, 1]


def test_a_tree_with_keys_that_are_paths_is_ordered_by_what_its_rows_tell() -> None:
    facts = schema(
        folder={
            "fields": {"note": {"type": "text"}, "name": {"type": "text"}, "parent": fk("a.folder")},
            "natural_key": {"status": "computed", "reason": "names from the root down"},
        }
    )
    dump = [
        row("a.folder", 1, note="x", name="ssh", parent=["", "etc"]),
        row("a.folder", 2, note="", name="etc", parent=[""]),
        row("a.folder", 3, note="", name="", parent=None),
    ]
    assert names(ordered(dump, facts)[0]) == ["folder3", "folder2", "folder1"]


def test_a_uuid_is_the_same_with_and_without_dashes() -> None:
    facts = schema(node={"fields": {"id": {"type": "uuid"}, "parent": fk("a.node")}})
    one, two = "6f1c2a4e-0000-4000-8000-000000000001", "6F1C2A4E-0000-4000-8000-000000000002"
    dump = [row("a.node", one, parent=two.replace("-", "").lower()), row("a.node", two, parent=None)]
    assert [record["pk"] for record in ordered(dump, facts)[0]] == [two, one]


def test_text_keys_that_look_like_numbers_stay_apart() -> None:
    facts = schema(node={"fields": {"id": {"type": "text"}, "parent": fk("a.node")}})
    dump = [row("a.node", "1", parent="01"), row("a.node", "2", parent="1"), row("a.node", "01")]
    assert [record["pk"] for record in ordered(dump, facts)[0]] == ["01", "1", "2"]


def test_a_row_that_refers_to_itself_is_no_loop() -> None:
    _, found = ordered([row("a.node", 1, parent=1), row("a.node", 2, parent=3), row("a.node", 3)], TREE)
    assert found.loops == 0


def test_a_loop_is_named_shortest_first_and_stands_together() -> None:
    ring = [row("a.node", n, parent=n % 3 + 1) for n in (1, 2, 3)]
    pair = [row("a.node", 8, parent=9), row("a.node", 9, parent=8)]
    after, found = ordered([ring[0], pair[0], row("a.node", 5), ring[1], pair[1], ring[2]], TREE)
    assert names(after) == ["node1", "node3", "node2", "node8", "node9", "node5"]
    assert list(map(str, found.cycles)) == [
        "a.node:8 → a.node:9 → a.node:8 (by parent)",
        "a.node:1 → a.node:2 → a.node:3 → a.node:1 (by parent)",
    ]


def test_a_loop_can_be_an_error() -> None:
    with pytest.raises(ff.InputError, match=r"a\.node:8 → a\.node:9 → a\.node:8"):
        ordered([row("a.node", 8, parent=9), row("a.node", 9, parent=8)], TREE, cycles="error")


def test_a_loop_is_broken_where_null_may_stand() -> None:
    dump = [row("a.employee", 1, company=1), row("a.company", 1, boss=1, name="{")]
    after, found = ordered(dump, COUPLE, cycles="break")
    assert after == [row("a.company", 1, boss=None, name="{"), dump[0], dump[1]]
    (half,) = found.findings
    assert (half.problem, half.model, half.field, half.examples) == (
        "two halves",
        "a.company",
        "boss",
        [{"pk": 1, "value": 1}],
    )


def test_lists_are_broken_without_the_members_to_come() -> None:
    dump = [row("a.person", 1, friends=[2, 1, 7]), row("a.person", 2, friends=[1])]
    after, _ = ordered(dump, FRIENDS, cycles="break")
    assert after == [row("a.person", 1, friends=[1, 7]), dump[1], dump[0]]


def test_what_a_record_without_pk_is_known_by_is_not_taken_from_it() -> None:
    facts = schema(
        node={
            "fields": {"name": {}, "parent": fk("a.node")},
            "natural_key": {"status": "fields", "fields": ["name", "parent"]},
        }
    )
    dump = [row("a.node", None, name="x", parent=1), row("a.node", 1, parent=["x", "1"])]
    after, found = ordered(dump, facts, cycles="break")
    assert sorted(map(json.dumps, dump)) == sorted(map(json.dumps, after)) or len(after) == 3
    assert all(record["fields"]["parent"] is not None for record in after if "pk" not in record)
    assert found.loops <= 1


def test_generic_keys_are_followed_but_make_no_loop() -> None:
    facts = schema(
        note={
            "fields": {"kind": fk("contenttypes.contenttype"), "object_id": {}, "first": fk("a.note")},
            "generic_keys": [{"content_type": "kind", "object_id": "object_id"}],
        }
    )
    types = row("contenttypes.contenttype", 7, app_label="a", model="note")
    dump = [
        row("a.note", 1, kind=7, object_id="2"),
        row("a.note", 2, kind=["a", "note"], object_id="3"),
        row("a.note", 3, kind=7, object_id="4", first=4),
        row("a.note", 4, kind=7, object_id="3"),
        types,
    ]
    after, found = ordered(dump, facts)
    assert names(after[1:]) == ["note4", "note3", "note2", "note1"]
    assert found.loops == 0


def test_a_reference_to_what_is_not_there_is_no_error_and_can_be_listed() -> None:
    facts = {
        "models": TREE["models"]
        | schema(list={"fields": {"nodes": {"relation": {"kind": "m2m", "to": "a.node"}}}})["models"]
    }
    dump = [row("a.node", n, parent=n + 100) for n in range(20)] + [row("a.list", 1, nodes=[1, 30, "2", "x"])]
    _, found = ordered(dump, facts, dangling="report")
    assert list(map(str, found.findings)) == [
        "dangling: a.node.parent → a.node: 20 (pk 0: 100, pk 1: 101, pk 2: 102 …)",
        'dangling: a.list.nodes → a.node: 2 (pk 1: 30, pk 1: "x")',
    ]
    assert len(next(iter(found.findings)).examples) == 10
    with pytest.raises(ff.InputError, match="22 references to records that are not in the fixture"):
        ordered(dump, facts, dangling="error")


def test_a_chain_in_the_worst_order_needs_no_recursion() -> None:
    size = 30_000
    after, _ = ordered([row("a.node", n, parent=n + 1 if n < size else None) for n in range(1, size + 1)], TREE)
    assert [record["pk"] for record in after] == list(range(size, 0, -1))


@pytest.mark.parametrize("form", ["file", "marked", "gzip", "stream", "lines", "utf16", "stage"])
def test_however_the_input_comes_the_order_is_the_same(tmp_path: Path, form: str) -> None:
    dump = [row("a.node", n, parent=(n * 7) % 50, name="é" * n, x=float("nan")) for n in range(1, 50)]
    text = json.dumps(dump, ensure_ascii=False)
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in dump)
    file = tmp_path / "dump"
    data = {"marked": text.encode("utf-8-sig"), "gzip": gzip.compress(text.encode()), "utf16": text.encode("utf-16")}
    file.write_bytes(data.get(form, (lines if form == "lines" else text).encode()))
    records: Any = ff.read(io.BytesIO(file.read_bytes()) if form == "stream" else file, block=100)
    if form == "stage":
        records = ff.filter(records, exclude="b")
    found = ff.order(records, parse(json.dumps(TREE).encode()))
    expected = list(map(json.dumps, ordered(dump, TREE)[0]))
    for _ in range(2):  # even a stream, once it has been copied
        assert [json.dumps(json.loads(record.raw)) for record in found] == expected
    originals = text.encode() if form != "lines" else lines.encode()
    assert all(originals[r.offset :].startswith(r.raw) and dump[r.number - 1]["pk"] == r.pk for r in found)


@pytest.mark.parametrize("style", [{"indent": 2}, {"compact": True}, {"format": "jsonl"}, {"sort_keys": True}])
def test_what_is_in_order_is_laid_out_like_any_fixture(tmp_path: Path, style: dict[str, Any]) -> None:
    dump = [row("a.node", n, parent=n - 1, name="é") for n in range(1, 50)]
    (tmp_path / "dump.json").write_text(json.dumps(dump, ensure_ascii=False))
    (tmp_path / "dump.jsonl").write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in dump))
    for name in ("dump.json", "dump.jsonl"):
        plain, after = io.BytesIO(), io.BytesIO()
        ff.write(ff.read(tmp_path / name, block=100), plain, **style)
        ff.write(ff.order(ff.read(tmp_path / name, block=100), parse(json.dumps(TREE).encode())), after, **style)
        assert after.getvalue() == plain.getvalue()


def test_several_inputs_are_one_fixture(tmp_path: Path) -> None:
    for name, record in (("1", row("a.node", 1, parent=3)), ("2", row("a.node", 2, parent=1)), ("3", row("a.node", 3))):
        (tmp_path / name).write_text(json.dumps([record]))
    found = ff.order(ff.read(tmp_path / "1", tmp_path / "2", tmp_path / "3"), parse(json.dumps(TREE).encode()))
    assert [(record.pk, record.source.name[-1]) for record in found] == [(3, "3"), (1, "1"), (2, "2")]


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps([row("a.node", n) for n in range(5000)]))
    blocks = ff.order(ff.read(file, block=1000)).blocks()
    next(blocks)
    file.write_text("[]")
    with pytest.raises(ff.InputError, match="has changed while it was read"):
        list(blocks)


def test_no_room_for_a_copy_is_said_before_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("usage", (), {"free": 1000}))
    with pytest.raises(ff.OutputError, match="no room for a copy of the input"):
        list(ff.order(ff.read(io.BytesIO(json.dumps([row("a.node", 1)]).encode()))))


def test_the_program_orders_a_file_in_place_and_reports(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(TREE))
    dump = [row("a.node", 1, parent=2), row("a.node", 2, parent=1), row("b.other", 1), row("a.node", 3, parent=9)]
    (tmp_path / "dump.json").write_text(json.dumps(dump))
    options = ["--schema", "schema.json", "--cycles", "break", "--dangling", "report", "--report", "report.json"]
    done = run_here("order", "dump.json", "-o", "dump.json", *options, cwd=tmp_path)
    assert done.code == 0
    assert done.said[:-1] == [
        "fixtureflow: nothing is known of what they refer to: b.other",
        "fixtureflow: loop: a.node:1 → a.node:2 → a.node:1 (by parent)",
        "fixtureflow: 1 group of records in loops",
        "fixtureflow: dangling: a.node.parent → a.node: 1 (pk 3: 9)",
        "fixtureflow: two halves: a.node.parent: 1 (pk 1: 2); first without, then again whole",
    ]
    assert json.loads((tmp_path / "dump.json").read_bytes()) == [
        row("a.node", 1, parent=None),
        dump[1],
        dump[0],
        *dump[2:],
    ]
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["cycles"] == [{"records": [["a.node", 1], ["a.node", 2]], "fields": ["parent", "parent"], "size": 2}]
    assert [finding["problem"] for finding in report["findings"]] == ["dangling", "two halves"]


def test_what_dangles_or_loops_can_end_the_program_with_1(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(TREE))
    text = json.dumps([row("a.node", 1, parent=9)]).encode()
    done = run("order", "--schema", "schema.json", "--dangling", "error", stdin=text, cwd=tmp_path)
    assert (done.code, done.out) == (1, b"")
    assert "dangling: a.node.parent → a.node: 1 (pk 1: 9)" in done.error


def test_models_in_a_cycle_share_a_part_and_parts_stand_in_load_order(tmp_path: Path) -> None:
    facts = parse(json.dumps({"models": {**COUPLE["models"], **TREE["models"]}}).encode())
    dump = [row("a.employee", 1, company=1), row("a.node", 1), row("a.company", 1, boss=1)]
    done = ff.split(ff.read(io.BytesIO(json.dumps(dump).encode())), tmp_path / "one", number=True, schema=facts)
    assert [part.name for part in done.parts] == ["001_a.employee+a.company.json", "002_a.node.json"]
    done = ff.split(ff.read(io.BytesIO(json.dumps(dump).encode())), tmp_path / "two", model="a.company", schema=facts)
    assert done.circular == [["rest", "a.company"]]
