"""stats counts what a naive recount counts, and tells what kinds of keys and how recent the dates are."""

from __future__ import annotations

import io
import json
import operator
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import run_here

import fixtureflow as ff


def text_of(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def row(model: str = "a.b", pk: object = 1, **fields: object) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def counted(rows: list[dict[str, Any]], block: int = 128 * 1024) -> dict[str, Any]:
    return ff.stats(ff.read(io.BytesIO(text_of(rows)), block=block)).as_dict()


rows = st.lists(
    st.builds(
        row,
        st.sampled_from(["a.b", "a.c", "z.z"]),
        st.one_of(st.integers(), st.text(max_size=3)),
        t=st.text(max_size=9),
        n=st.sampled_from([1, None, float("nan")]),
    ),
    max_size=20,
)


@given(rows, st.integers(1, 400))
def test_the_numbers_are_those_of_a_recount(rows: list[dict[str, Any]], block: int) -> None:
    sizes: dict[str, list[int]] = defaultdict(list)
    for item in rows:
        sizes[item["model"]].append(len(json.dumps(item, ensure_ascii=False).encode()))
    whole = sum(map(sum, sizes.values()))

    found = counted(rows, block)

    assert (found["records"], found["bytes"]) == (len(rows), whole)
    assert list(found["models"]) == list(sizes)
    for model, numbers in found["models"].items():
        assert numbers["records"] == len(sizes[model])
        assert numbers["bytes"] == sum(sizes[model])
        assert numbers["largest"] == max(sizes[model])
        assert numbers["share"] == pytest.approx(sum(sizes[model]) / whole, abs=1e-4)
        largest = next(
            item
            for item in rows
            if item["model"] == model and len(json.dumps(item, ensure_ascii=False).encode()) == max(sizes[model])
        )
        assert numbers["largest_pk"] == largest["pk"]


@pytest.mark.parametrize(
    ("pks", "kinds"),
    [
        ([1, -5, 10**30], ["integer"]),
        (["a", "1", ""], ["string"]),
        (["9f1c2a56-7d0b-4b0e-8d55-0a1b2c3d4e5f"], ["uuid"]),
        (["9f1c2a567d0b4b0e8d550a1b2c3d4e5f"], ["string"]),
        (["9f1c2a56-7d0b-4b0e-8d55-0a1b2c3d4e5f", "x"], ["string", "uuid"]),
        ([[1, 2]], ["composite"]),
        ([None], ["none"]),
        ([True, {"a": 1}], ["other"]),
        ([1, "a", [1], None], ["composite", "integer", "none", "string"]),
    ],
)
@pytest.mark.parametrize("odd", [{}, {"n": float("nan")}], ids=["plain", "NaN"])
def test_kinds_of_primary_keys(pks: list[object], kinds: list[str], odd: dict[str, object]) -> None:
    assert counted([row(pk=pk, **odd) for pk in pks])["models"]["a.b"]["pk_kinds"] == kinds


def test_a_record_without_pk_has_a_key_of_no_kind() -> None:
    assert counted([{"model": "a.b", "fields": {}}])["models"]["a.b"]["pk_kinds"] == ["none"]


@pytest.mark.parametrize(
    ("values", "newest"),
    [
        (["2024-01-01", "2023-12-31"], "2024-01-01"),
        (["2024-01-01T10:00:00Z", "2024-01-01T10:00:00.001Z", "2023-12-31"], "2024-01-01T10:00:00Z"),
        (["2024-05-01T10:00:00+02:00", "2024-04-01"], "2024-05-01T10:00:00+02:00"),
        (["1999-01-01", "1970-01-01"], "1999-01-01"),
        (["1999-01-01", "2001-01-01"], "2001-01-01"),
        (["2024-01-01 and more", "2025-01", "2026-1-1", "20260101"], ""),
        (['{"d": "2030-01-01"}', "2020-01-01"], "2020-01-01"),
        (["text"], ""),
    ],
)
@pytest.mark.parametrize("block", [10, 128 * 1024])
def test_the_newest_date_is_found_with_its_field(values: list[str], newest: str, block: int) -> None:
    found = counted([row(pk=n, when=value) for n, value in enumerate(values)], block)["models"]["a.b"]

    assert found["newest"][:19] == newest[:19]
    assert found["newest_field"] == ("when" if newest else "")


days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
near_days = st.sampled_from(["1999-12-31", "2000-01-01", "2000-01-02", "2024-02-31", "2023-12-32"])
clocks = st.sampled_from(
    ["", "T00:00:00Z", "T23:59:59.999Z", "T23:30:00-12:00", "T00:30:00+14:00", "T24:30:00", "Thursday"]
)
dates = st.builds(operator.add, st.one_of(days, near_days), clocks)


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@given(st.lists(dates, max_size=12), st.integers(1, 400))
def test_no_date_is_later_than_the_newest(values: list[str], block: int) -> None:
    found = counted([row(), *(row(when=value) for value in values)], block)["models"]["a.b"]

    assert moment(found["newest"]) == max(filter(None, map(moment, values)), default=None)
    assert found["newest"] in ("", *values)


spaces = st.sampled_from(["", " ", "\n  "])


@given(st.lists(st.tuples(spaces, spaces, spaces, st.integers(0, 12345)), min_size=1, max_size=30), st.integers(1, 900))
def test_sizes_are_right_in_any_layout(pieces: list[tuple[str, str, str, int]], block: int) -> None:
    raws = [f'{{"model":{a}"a.b", "pk":{b}{pk}, "fields": {{}}{c}}}' for a, b, c, pk in pieces]
    text = "[" + ",".join(raw + piece[0] for raw, piece in zip(raws, pieces, strict=True)) + "]"

    found = ff.stats(ff.read(io.BytesIO(text.encode()), block=block)).models["a.b"]

    assert (found.records, found.bytes) == (len(raws), sum(map(len, raws)))
    assert found.largest == max(map(len, raws))
    assert found.largest_pk == next(
        piece[3] for piece, raw in zip(pieces, raws, strict=True) if len(raw) == found.largest
    )


def test_dates_of_one_model_say_nothing_of_another() -> None:
    found = counted([row("a.a", when="2024-01-01"), row("b.b", when="2020-02-02"), row("c.c")])["models"]

    assert [(model, numbers["newest"]) for model, numbers in found.items()] == [
        ("a.a", "2024-01-01"),
        ("b.b", "2020-02-02"),
        ("c.c", ""),
    ]


def test_json_is_for_programs() -> None:
    done = run_here("stats", "--json", stdin=text_of([row(pk=7), row("c.d", "x", when="2024-01-01")]))

    found = json.loads(done.out)
    assert done.code == 0
    assert found["records"] == 2
    assert found["models"]["c.d"] == {
        "records": 1,
        "bytes": 61,
        "share": pytest.approx(0.6, abs=0.1),
        "largest": 61,
        "largest_pk": "x",
        "pk_kinds": ["string"],
        "newest": "2024-01-01",
        "newest_field": "when",
    }


@pytest.mark.parametrize("pk", [10**30, "\ud800", float("nan"), [1, 10**25], {"a": [None]}])
def test_any_primary_key_can_be_told(pk: object) -> None:
    text = json.dumps([row(pk=pk)]).encode()

    done = run_here("stats", "--json", stdin=text)

    assert done.code == 0
    assert repr(json.loads(done.out)["models"]["a.b"]["largest_pk"]) in (repr(pk), repr(str(pk)), "None")


@pytest.mark.parametrize("pk", [b"7" * 5000, b"[" * 900 + b"1" + b"]" * 900, b"[" * 100_000 + b"]" * 100_000])
def test_a_monstrous_primary_key_is_told_by_its_beginning(pk: bytes) -> None:
    done = run_here("stats", "--json", stdin=b'[{"model": "a.b", "pk": ' + pk + b', "fields": {}}]')

    assert done.code == 0 or "nested too deep" in done.error


def test_the_table_is_for_a_person() -> None:
    done = run_here("stats", stdin=text_of([row(pk=7), row("c.d", "x", when="2024-01-01")]))

    lines = done.out.decode().splitlines()
    assert lines[0].split() == ["model", "records", "bytes", "share", "largest", "pk", "newest"]
    assert lines[1].split()[:2] == ["a.b", "1"]
    assert "2024-01-01 (when)" in lines[2]
    assert lines[-1].split()[:2] == ["total", "2"]
    assert any("2 records of 2 models" in line for line in done.said)
