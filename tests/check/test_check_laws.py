"""Laws of `check`: it finds what a naive count finds, whatever the layout, the bounds of memory and the order; and what
msgspec's types let through, the judge has nothing against."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from check.judging import told
from hypothesis import example, given
from hypothesis import strategies as st
from support.laws import tried

import fixtureflow as ff
from fixtureflow.checks import decoding, keysets, logs
from fixtureflow.checks.decoding import Rule, _slot
from fixtureflow.checks.fast import fast_pattern, fast_type
from fixtureflow.checks.judge import Dialect, judge
from fixtureflow.schema.file import parse
from fixtureflow.schema.model import Field
from fixtureflow.stream import Block

NUMBER = {"type": "integer", "null": False, "has_default": True, "auto": True}
FACTS = {
    "models": {
        "a.node": {
            "pk": ["id"],
            "complete": ["fields", "relations"],
            "fields": {
                "id": NUMBER,
                "parent": {"type": "integer", "null": True, "relation": {"kind": "fk", "to": "a.node", "to_field": ""}},
                "tags": {"column": "", "relation": {"kind": "m2m", "to": "a.tag", "auto_through": True}},
                "name": {"type": "text", "null": False, "max_length": 3, "has_default": True},
                "key": {"type": "text", "null": True},
                "size": {"type": "integer", "null": False, "has_default": False},
            },
            "uniques": [{"fields": ["key"]}, {"fields": ["name", "parent"]}],
        },
        "a.tag": {"pk": ["code"], "complete": ["fields", "relations"], "fields": {"code": {"type": "text"}}},
    }
}
SCHEMA = parse(json.dumps(FACTS).encode())

Rows = list[dict[str, Any]]

numbers = st.one_of(st.integers(0, 12), st.sampled_from(["3", "4", 10**9, 10**9 + 1, 2**63, -1, -2]))
codes = st.sampled_from(["a", "b", "c", "é", "7", 7])
nodes = st.fixed_dictionaries(
    {
        "parent": st.none() | numbers,
        "tags": st.lists(codes, max_size=3),
        "name": st.sampled_from(["", "x", "xyz", "xyzä", "x\0", 5, None]),
        "key": st.none() | st.sampled_from(["k", "l", "m"]),
    },
    optional={
        "size": st.sampled_from([1, "1", "x", None]),
        "colour": st.none() | st.just("red"),
    },
)
rows = st.lists(
    st.one_of(
        st.builds(lambda pk, fields: {"model": "a.node", "pk": pk, "fields": fields}, numbers, nodes),
        st.builds(lambda pk: {"model": "a.tag", "pk": pk, "fields": {}}, codes),
    ),
    max_size=30,
)


def counted(rows: Rows) -> Counter[tuple[str, str, str]]:
    """(level, kind, where) of what is at fault, counted one by one."""
    found: Counter[tuple[str, str, str]] = Counter()
    own = {"a.node": [int(r["pk"]) for r in rows if r["model"] == "a.node"]}
    own["a.tag"] = [str(r["pk"]) for r in rows if r["model"] == "a.tag"]  # type: ignore[misc]
    for model, pks in own.items():
        found["warning", "duplicate-pk", model] += len(pks) - len(set(pks))
    seen: dict[Any, int] = {}
    for r in rows:
        if r["model"] != "a.node":
            continue
        fields, pk = r["fields"], int(r["pk"])
        if pk >= 2**63:
            found["error", "out-of-range", "a.node.pk"] += 1
        found["error", "null", "a.node.name"] += fields["name"] is None
        found["error", "too-long", "a.node.name"] += fields["name"] == "xyzä"
        found["error", "nul", "a.node.name"] += fields["name"] == "x\0"
        found["error", "missing-field", "a.node.size"] += "size" not in fields
        found["error", "null", "a.node.size"] += fields.get("size", 1) is None
        found["error", "bad-value", "a.node.size"] += fields.get("size") == "x"
        found["error", "unknown-field", "a.node.colour"] += "colour" in fields
        parent = None if fields["parent"] is None else int(fields["parent"])
        found["error", "out-of-range", "a.node.parent"] += parent is not None and parent >= 2**63
        if parent is not None and parent not in own["a.node"]:
            found["error", "dangling", "a.node.parent → a.node"] += 1
        level = "error" if own["a.tag"] else "warning"
        lost = sum(str(tag) not in own["a.tag"] for tag in fields["tags"])
        found[level, "dangling", "a.node.tags → a.tag"] += lost
        keys = {"key": fields["key"], "name, parent": None}
        if fields["name"] is not None and parent is not None:
            keys["name, parent"] = (str(fields["name"]), parent)
        for name, key in keys.items():
            if key is not None:
                first = seen.setdefault((name, key), pk)
                found["error", "duplicate-unique", f"a.node.{name}"] += first != pk
    return +found


def checked(data: bytes, block: int = 128 * 1024, **options: Any) -> ff.Checked:
    return ff.check(ff.read(io.BytesIO(data), block=block), SCHEMA, **options)


def as_counter(found: ff.Checked) -> Counter[tuple[str, str, str]]:
    return Counter({(level, kind, where): count for level, kind, where, count in told(found)})


@contextmanager
def bounds(chunk: int, spilled: int, held: int, memory: int, dense: int, often: int) -> Iterator[None]:
    """Run with so little memory that logs go to disk and keys are looked at in many rounds, and so little patience with
    a column that it is soon judged by itself."""
    from fixtureflow.views import check

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "CHUNK", chunk)
        patch.setattr(logs, "_SPILLED", spilled)
        patch.setattr(keysets, "HELD", held)
        patch.setattr(keysets, "DENSE", dense)
        patch.setattr(check, "MEMORY", memory)
        patch.setattr(decoding, "OFTEN", often)
        yield


@given(
    rows,
    st.integers(1, 400),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from([0, 1 << 16]),
    st.integers(1, 4),
)
def test_it_finds_what_a_naive_count_finds(
    rows: Rows, block: int, chunk: int, spilled: int, held: int, dense: int, often: int
) -> None:
    data = json.dumps(rows, ensure_ascii=False).encode()
    skip = ["record-cycle"]
    assert as_counter(checked(data, skip=skip)) == counted(rows)
    with bounds(chunk, spilled, held, 0, dense, often):
        assert as_counter(checked(data, block, skip=skip)) == counted(rows)


@given(rows, st.integers(1, 400))
def test_the_layout_makes_no_difference(rows: Rows, block: int) -> None:
    plain = checked(json.dumps(rows).encode())
    lines = b"\n".join(json.dumps(row).encode() for row in rows)
    layouts = [json.dumps(rows, indent=2).encode()]
    for data in [*layouts, lines, gzip.compress(lines)] if rows else layouts:
        assert told(checked(data, block)) == told(plain)


@given(rows)
def test_examples_are_the_first_and_their_places_are_right(rows: Rows) -> None:
    data = json.dumps(rows).encode()
    for group in checked(data).groups():
        places = [example["byte"] for example in group.examples]
        assert len(group.examples) == min(group.count, 10) or group.problem in ("record-cycle", "dangling")
        assert places == sorted(places) or group.problem == "record-cycle"
        for one in group.examples:
            record, _ = json.JSONDecoder().raw_decode(data[one["byte"] :].decode())
            assert record == rows[one["record"] - 1]
            assert str(one["pk"]) == str(record["pk"])


def test_what_stands_with_its_like_is_not_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to be looked at, nor to know where it stands."""
    paths = [tmp_path / name for name in ("nodes.json", "tags.json")]
    fields = {"parent": 1, "tags": ["a"], "name": "x", "key": None, "size": 1}
    nodes = [{"model": "a.node", "pk": pk, "fields": {**fields, "name": str(pk % 99)}} for pk in range(1, 5000)]
    for path, some in zip(paths, (nodes, [{"model": "a.tag", "pk": "a", "fields": {}}]), strict=True):
        path.write_text(json.dumps(some))
    apart: list[Block] = []
    monkeypatch.setattr(Block, "records", lambda self: apart.append(self) or [])
    found = ff.check(ff.read(*paths), SCHEMA, skip=["duplicate-unique"])
    assert (found.records, told(found), apart) == (5000, [], [])


def loops(rows: Rows) -> int:
    """Of records that refer to one other each, how many loops there are, self-reference aside."""
    parent = {int(r["pk"]): r["fields"]["parent"] for r in rows if r["model"] == "a.node"}
    parent = {pk: int(to) for pk, to in parent.items() if to is not None and int(to) != pk}
    found = set()
    for start in parent:
        way = [start]
        while (node := parent.get(way[-1])) is not None and node not in way:
            way.append(node)
        if node is not None:
            found.add(frozenset(way[way.index(node) :]))
    return len(found)


@given(st.permutations(range(8)), st.lists(st.none() | st.integers(0, 8), min_size=8, max_size=8))
def test_loops_are_counted(order: list[int], parents: list[int | None]) -> None:
    rows = [
        {"model": "a.node", "pk": pk, "fields": {"parent": parents[pk], "tags": [], "name": "", "key": None, "size": 1}}
        for pk in order
    ]
    found = checked(json.dumps(rows).encode(), only=["record-cycle"])
    assert sum(group.count for group in found.groups()) == loops(rows)


# What is right by its type is right.

FIELDS = {
    "integer": Field(minimum=-(2**15), maximum=2**15 - 1),
    "text": Field(max_length=5),
    "decimal": Field(digits=5, decimals=2),
    **dict.fromkeys(
        ("float", "boolean", "date", "time", "datetime", "duration", "uuid", "ip", "binary", "json"), Field()
    ),
}
DIALECTS = [
    Dialect(backend=backend, use_tz=use_tz)
    for backend in (None, "sqlite", "postgresql", "mysql")
    for use_tz in (None, True, False)
]
digits = st.text("0123456789", max_size=4)
moments = st.datetimes(timezones=st.none() | st.timezones()).filter(lambda moment: 2 <= moment.year <= 9998)
values = st.one_of(
    st.integers(-(2**16), 2**16),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
    st.text("0123456789:.-+ TZPHMS", max_size=12),
    st.builds(lambda sign, a, b: f"{sign}{a}.{b}", st.sampled_from(["", "-"]), digits, digits),
    st.uuids().map(str) | st.uuids().map(lambda uuid: uuid.hex),
    st.ip_addresses().map(str),
    st.dates().map(str) | st.times().map(str) | moments.map(str) | moments.map(lambda moment: moment.isoformat()),
    st.timedeltas().map(str),
    st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode()),
    st.lists(st.integers() | st.text(max_size=3), max_size=2),
)


@given(st.sampled_from(sorted(FIELDS)), values, st.sampled_from(DIALECTS))
@tried(10)
@example("decimal", "999.99", DIALECTS[0])
@example("decimal", "999.999", DIALECTS[0])
@example("ip", "1.2.3.4\n", DIALECTS[0])
@example("datetime", "2024-02-29T23:59:59.1234567Z", DIALECTS[1])
def test_what_its_type_lets_through_the_judge_has_nothing_against(kind: Any, value: Any, dialect: Dialect) -> None:
    field = FIELDS[kind]
    fast, pattern = fast_type(field, kind, dialect), fast_pattern(field, kind)
    rule = Rule(judge(field, kind, dialect), fast, pattern, null=False)
    struct = msgspec.defstruct("Struct", [_slot("value", rule)])
    try:
        decoded = msgspec.json.decode(json.dumps({"value": value}), type=struct).value  # type: ignore[attr-defined]
    except msgspec.DecodeError:
        return  # then the judge is asked
    right: Callable[[str], object] = pattern or (lambda text: True)
    if value is not None and (not isinstance(decoded, str) or right(decoded)):
        fault = judge(field, kind, dialect)(value)
        # NUL characters are looked for in the bytes.
        assert fault is None or fault.kind == "nul"
