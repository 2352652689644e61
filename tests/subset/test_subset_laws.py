"""A subset is closed and nothing of it can be left out: it is what other code, slow and plain, makes of the dump."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.linked import SCHEMA, dumps
from support.references import Fixture, same

import fixtureflow as ff
from fixtureflow.schema.file import parse

LABELS = sorted(SCHEMA["models"])
patterns = st.lists(st.sampled_from([*LABELS, "a", "c", "*.box", "*"]), max_size=3)


def taken(dump: list[Any], **options: Any) -> tuple[list[int], ff.Subset]:
    """The places of the records that are taken; each is as it was."""
    raws = [json.dumps(record) for record in dump]
    text = f"[{', '.join(raws)}]".encode()
    found = ff.subset(ff.read(io.BytesIO(text)), parse(json.dumps(SCHEMA).encode()), **options)
    records = list(found)
    assert [record.raw.decode() for record in records] == [raws[record.number - 1] for record in records]
    return [record.number - 1 for record in records], found


def closure(dump: list[Any], roots: set[int], reverse: set[str]) -> list[int]:
    """By hand, again and again until nothing changes."""
    fixture = Fixture(dump, SCHEMA)
    needs = [{other for _, other in fixture.references(record) if other is not None} for record in dump]
    row = [row_of(fixture, record) for record in dump]
    whole = set(roots)
    while True:
        more = {x for x in range(len(dump)) if fixture.real(dump[x]["model"]) in reverse and needs[x] & whole}
        more |= {x for x in range(len(dump)) if row[x] in {row[y] for y in whole} and row[x] is not None}
        if more <= whole:
            break
        whole |= more
    found = set(whole)
    while True:
        more = set().union(*(needs[x] for x in found))
        more |= {x for x in range(len(dump)) if row[x] in {row[y] for y in found} and row[x] is not None}
        if more <= found:
            return sorted(found)
        found |= more


def row_of(fixture: Fixture, record: Any) -> Any:
    """What a record is a part of: c.child is the child of c.top, and a record that stands twice is one row."""
    label = fixture.real(record["model"])
    return None if record["pk"] is None else ("c.top" if label == "c.child" else label, same(record["pk"]))


def matches(label: str, texts: list[str]) -> bool:
    app, _, name = label.partition(".")
    return any(text in (label, app, "*", f"*.{name}") for text in texts)


@given(dumps, st.data())
def test_it_is_all_that_is_needed_and_no_more(dump: list[Any], data: st.DataObject) -> None:
    start = data.draw(patterns)
    named = data.draw(st.lists(st.sampled_from(dump), max_size=3)) if dump else []
    reverse = data.draw(patterns)
    texts = [f"{record['model']}:{json.dumps([record['pk']])}" for record in named]
    keys = [(record["model"], same(record["pk"])) for record in named]
    if not start + texts:
        return
    roots = {
        at
        for at, record in enumerate(dump)
        if matches(record["model"], start) or (record["model"], same(record["pk"])) in keys
    }
    found, _ = taken(dump, start=start + texts, follow_reverse=reverse)
    assert found == closure(dump, roots, {label for label in LABELS if matches(label, reverse)})


@given(dumps, st.sampled_from(["1%", "30%", 0.5]), st.integers(0, 3), st.randoms(use_true_random=False))
def test_a_sample_is_the_same_records_in_any_order(dump: list[Any], share: Any, seed: int, random: Any) -> None:
    dump = [record for record in dump if record["model"] == "d.free"]
    dump = list({record["pk"]: record for record in dump}.values())
    other = random.sample(dump, len(dump))
    one, _ = taken(dump, sample=share, seed=seed)
    two, _ = taken(other, sample=share, seed=seed)
    assert {dump[at]["pk"] for at in one} == {other[at]["pk"] for at in two}


@given(dumps)
def test_all_of_everything_is_the_very_bytes(dump: list[Any]) -> None:
    for text in (json.dumps(dump, indent=3).encode(), "\n".join(map(json.dumps, dump)).encode() or b"[]"):
        out = io.BytesIO()
        ff.write(ff.subset(ff.read(io.BytesIO(text)), parse(json.dumps(SCHEMA).encode()), start="*"), out)
        assert out.getvalue().strip() == text.strip()


@given(dumps)
def test_what_is_taken_and_what_is_left_out_adds_up(dump: list[Any]) -> None:
    found, subset = taken(dump, start=["a", "b.leaf"])
    assert sum(kept for kept, _ in subset.counts.values()) == len(found)
    assert sum(count for _, count in subset.counts.values()) == len(dump)
    fixture = Fixture(dump, SCHEMA)
    lost = sum(
        1 for at in found for field, other in fixture.references(dump[at]) if other is None and field != "object_id"
    )
    present = {record["model"] for record in dump}
    gone = sum(number for link, number in subset.missing.items() if link.field != "object_id")
    assert gone <= lost, "no more than there are"
    if present == set(LABELS):
        assert gone == lost
