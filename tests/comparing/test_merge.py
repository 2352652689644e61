"""Several fixtures become one: each record once, as it was, where it first stood; conflicts are told, never hidden."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comparing import naive
from hypothesis import given
from hypothesis import strategies as st
from running import run_here
from support.compare import row_differences
from support.linked import SCHEMA, dumps
from support.projects import NO_TOKENS, dumpdata, loaddata

import fixtureflow as ff
from fixtureflow.comparing import entries, sorter
from fixtureflow.schema.file import parse

LINKED = parse(json.dumps(SCHEMA).encode())
SETS = {("a.node", "friends")}


def merged(*dumps: bytes, **options: Any) -> tuple[bytes, ff.Joined]:
    out = io.BytesIO()
    found = ff.merge(ff.read(*map(io.BytesIO, dumps)), LINKED, **options)
    ff.write(found, out)
    return out.getvalue(), found


def user(pk: Any, name: str, **fields: Any) -> dict[str, Any]:
    return {"model": "auth.user", "pk": pk, "fields": {"username": name, **fields}}


def written(folder: Path, name: str, *records: dict[str, Any]) -> Path:
    path = folder / name
    path.write_text(json.dumps(records))
    return path


def by_hand(dump: naive.Dump, prefer: str) -> tuple[list[int], list[int]]:
    """The places of the records that stay, and of those that conflict and go; without `prefer` all of these go."""
    groups: dict[Any, list[int]] = {}
    for at, record in enumerate(dump):
        groups.setdefault((record["model"], naive.same_pk(record["pk"])), []).append(at)
    gone: set[int] = set()
    apart: set[int] = set()
    for group in groups.values():
        stays = group[-1 if prefer == "last" else 0]
        alike = {at for at in group if not naive.by_pk([dump[at]], [dump[stays]], SETS)}
        if alike == set(group):
            stays = group[0]
        conflicting = set(group) - alike if prefer or alike == set(group) else set(group)
        apart |= conflicting
        gone |= (alike - {stays}) | conflicting
    kept = [at for at in range(len(dump)) if at not in gone]
    found: dict[Any, list[int]] = {}
    for at in kept:
        for names in UNIQUE.get(dump[at]["model"], ()):
            values = [dump[at]["fields"].get(name) for name in names]
            if None not in values:
                found.setdefault((dump[at]["model"], naive.typed(values)), []).append(at)
    for group in found.values():
        if len(group) > 1:
            stays_too = {group[-1 if prefer == "last" else 0]} if prefer else set()
            apart |= set(group) - stays_too
    return [at for at in kept if at not in apart], sorted(apart)


UNIQUE = {
    "b.leaf": [("code", "top")],
    "c.top": [("name",)],
    "contenttypes.contenttype": [("app_label", "model")],
}


@given(dumps, st.sampled_from(["", "first", "last"]), st.booleans())
def test_it_keeps_what_is_kept_by_hand(dump: naive.Dump, prefer: str, small: bool) -> None:
    raws = [json.dumps(record) for record in dump]
    half = len(raws) // 2
    texts = [f"[{', '.join(part)}]".encode() for part in (raws[:half], raws[half:])]
    kept, apart = by_hand(dump, prefer)
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(entries, "HELD", 100)
            patch.setattr(sorter, "HELD", 2)
            patch.setattr(sorter, "READ_AT_ONCE", 1)
        if apart and not prefer:
            with pytest.raises(ff.InputError, match=f"{len(apart)} records conflict"):
                merged(*texts)
            return
        text, found = merged(*texts, prefer=prefer or None)
    assert [json.dumps(record) for record in json.loads(text)] == [raws[at] for at in kept]
    assert found.left_out.total() == len(apart)
    assert found.repeated.total() == len(raws) - len(kept) - len(apart)


def test_the_parts_of_a_dump_are_the_dump_again(scratch_on: Callable[..., str]) -> None:
    source, target = scratch_on("sqlite", "tokens", populated=True), scratch_on("sqlite", "tokens")
    dump = dumpdata("tokens", source)
    records = json.loads(dump)
    overlapping = [
        json.dumps(part, ensure_ascii=False).encode() for part in (records[:150], records[100:], records[50:120])
    ]
    text, found = merged(*overlapping)
    assert text == dump.rstrip() and found.repeated.total() == 120
    loaddata("tokens", target, text, env=NO_TOKENS)
    assert row_differences("tokens", source, target) == []


def test_all_conflicts_are_told_and_a_good_file_stays(tmp_path: Path) -> None:
    a = written(tmp_path, "a.json", user(1, "ann", email="a@x"), user(2, "bob"), user(3, "eve"))
    b = written(tmp_path, "b.json", user("1", "ann", email="b@x"), user(2, "bob"), user(9, "eve"))
    out = tmp_path / "out.json"
    out.write_text("good")
    found = run_here("merge", a, b, "-o", out)
    assert found.code == 1 and out.read_text() == "good"
    assert any("same pk, other values: auth.user: 2 (pk 1: " in line and "email" in line for line in found.said)
    assert any("other pk, same unique values: auth.user: 2 (pk 3: " in line for line in found.said)
    assert found.error.startswith("4 records conflict, the first of auth.user")


@pytest.mark.parametrize(
    ("options", "stay", "go"),
    [
        (["--prefer", "first"], ["a@x", "bob", "eve 3"], ["b@x", "eve 9"]),
        (["--prefer", "last"], ["bob", "b@x", "eve 9"], ["a@x", "eve 3"]),
        ([], ["bob"], ["a@x", "eve 3", "b@x", "eve 9"]),
    ],
)
def test_conflicts_are_settled_as_asked_and_the_others_put_apart(
    tmp_path: Path, options: list[str], stay: list[str], go: list[str]
) -> None:
    a = written(tmp_path, "a.json", user(1, "ann", email="a@x"), user(2, "bob"), user(3, "eve"))
    b = written(tmp_path, "b.json", user("1", "ann", email="b@x"), user(2, "bob"), user(9, "eve"))
    out, rejects = tmp_path / "out.json", tmp_path / "rejects.json"
    found = run_here("merge", a, b, *options, "--rejects", rejects, "-o", out)
    assert found.code == 0, found.said

    def names(path: Path) -> list[str]:
        rows = [(record["pk"], record["fields"]) for record in json.loads(path.read_text())]
        return [f.get("email") or (f"eve {pk}" if f["username"] == "eve" else f["username"]) for pk, f in rows]

    assert names(out) == stay and names(rejects) == go
    assert any("leads nowhere now" in line for line in found.said)
    assert f"6 records in, {len(stay)} out, 1 that were there already, {len(go)} left out" in found.said[-1]


def test_what_has_gone_already_is_in_nobodys_way() -> None:
    def top(pk: int, name: str) -> bytes:
        return json.dumps([{"model": "c.top", "pk": pk, "fields": {"name": name}}]).encode()

    out, found = merged(top(1, "x"), top(1, "y"), top(2, "y"), prefer="first")
    assert [record["fields"]["name"] for record in json.loads(out)] == ["x", "y"]
    assert [conflict.why.name for conflict in found.conflicts()] == ["PK"]


def test_records_keep_their_bytes_and_a_lone_file_its_layout() -> None:
    first, second = (
        b'{"model": "a.b" , "pk": 1, "fields": {"n": 1.50, "s": "\\u00e9"}}',
        b'{"pk": 2, "model": "A.B", "fields": {}}',
    )
    text = b"[\n  %b,\n  %b\n]\n" % (first, second)
    assert merged(text)[0] == text
    out, _ = merged(text, b'[{"model": "a.b", "pk": 1, "fields": {"s": "\xc3\xa9", "n": 1.5}}]')
    assert out == text


def test_a_wrong_preference_is_told() -> None:
    with pytest.raises(ff.UsageError, match="first or last"):
        ff.merge([], prefer="newest")  # type: ignore[arg-type]
