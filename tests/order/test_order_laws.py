"""What holds for every fixture that is put in order, told by a checker that shares no code with it."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.linked import SCHEMA, dumps
from support.references import forward_references, loops

import fixtureflow as ff
from fixtureflow.schema.file import parse


def ordered(dump: list[Any], **options: Any) -> tuple[list[Any], ff.Ordered]:
    text = io.BytesIO(json.dumps(dump).encode())
    found = ff.order(ff.read(text), parse(json.dumps(SCHEMA).encode()), **options)
    return [json.loads(record.raw) for record in found], found


def counted(dump: list[Any]) -> Counter[str]:
    return Counter(map(json.dumps, dump))


@given(dumps)
def test_nothing_is_lost_and_nothing_points_forward_but_in_loops(dump: list[Any]) -> None:
    after, found = ordered(dump)
    assert counted(after) == counted(dump)
    groups = loops(after, SCHEMA)
    together = {(one, other) for group in groups for one in group for other in group}
    forward = forward_references(after, SCHEMA)
    assert [each for each in forward if each[:2] not in together and each[2] != "object_id"] == []
    assert found.loops == len(groups)
    for group in groups:
        assert max(group) - min(group) == len(group) - 1, "the records of a loop stand together"


@given(dumps)
def test_ordering_twice_changes_nothing(dump: list[Any]) -> None:
    once, _ = ordered(dump)
    assert json.dumps(ordered(once)[0]) == json.dumps(once)  # NaN is not equal to itself


@given(dumps)
def test_what_is_in_order_stays_as_it_is(dump: list[Any]) -> None:
    """Stable: where nothing points forward, models that need nothing of each other keep even their mixture."""
    after, _ = ordered(dump)
    free = [record for record in dump if record["model"] in ("d.box", "d.free")]
    assert [record for record in after if record["model"] in ("d.box", "d.free")] == free
    text = json.dumps(after).encode()
    out = io.BytesIO()
    ff.write(ff.order(ff.read(io.BytesIO(text)), parse(json.dumps(SCHEMA).encode())), out)
    assert out.getvalue() == text


@given(dumps)
def test_a_row_that_stands_twice_keeps_its_last_word(dump: list[Any]) -> None:
    after, _ = ordered(dump)
    for model in {record["model"] for record in dump}:
        for key in {str(record["pk"]) for record in dump}:
            same = [r for r in dump if r["model"] == model and str(r["pk"]) == key]
            kept = [r for r in after if r["model"] == model and str(r["pk"]) == key]
            assert json.dumps(kept) == json.dumps(same)


@given(dumps)
def test_in_two_halves_only_what_may_not_be_null_points_forward(dump: list[Any]) -> None:
    dump = list({(r["model"], str(r["pk"])): r for r in dump}.values())
    after, found = ordered(dump, cycles="break")
    # Without the halves, it is the dump again; the whole record comes last.
    last = {(r["model"], str(r["pk"])): r for r in after}
    assert counted(list(last.values())) == counted(dump)
    assert len(after) - len(dump) == found.halved
    forward = forward_references(after, SCHEMA)
    assert {field for _, _, field in forward} <= {"object_id", "leaf"}


@given(dumps, st.sampled_from([1, 7, 128]))
def test_files_pipes_and_lines_give_the_same_order(dump: list[Any], block: int) -> None:
    schema = parse(json.dumps(SCHEMA).encode())
    lines = "\n".join(map(json.dumps, dump)).encode() or b"[]"
    expected, _ = ordered(dump)
    again = [json.loads(r.raw) for r in ff.order(ff.read(io.BytesIO(lines), block=block), schema)]
    assert counted(again) == counted(expected) and list(map(json.dumps, again)) == list(map(json.dumps, expected))
