"""A to-do list app whose rows repeat, and whose new tables want them unique: plain loaddata fails, and what `dedupe`
has left loads, with nothing lost but the rows that were too many."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.compare import rows
from support.projects import ManageError, dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]


@pytest.fixture(scope="module")
def dumps(scratch_databases: Any) -> dict[str, bytes]:
    """Of the old tables, by pks and with natural keys."""
    url = scratch_databases.make("sqlite")
    manage("todo", url, "migrate", "lists", "0001", "--verbosity=0")
    manage("todo", url, "migrate", "auth", "--verbosity=0")
    manage("todo", url, "populate")
    options = ["-e", "auth.permission"]
    return {"pks": dumpdata("todo", url, *options), "natural": dumpdata("todo", url, "--natural-foreign", *options)}


def deduped(dump: bytes, **options: Any) -> tuple[bytes, ff.Deduped]:
    out = io.BytesIO()
    found = ff.dedupe(ff.read(io.BytesIO(dump)), schema_of("todo"), **options)
    ff.write(found, out)
    return out.getvalue(), found


@pytest.mark.parametrize("kind", ["pks", "natural"])
@pytest.mark.parametrize("options", [{}, {"keep": "newest:changed_at"}, {"rename": {"text": "{} ({n})"}}], ids=str)
def test_what_a_new_constraint_refuses_loads(
    kind: str, options: dict[str, Any], dumps: dict[str, bytes], scratch: Scratch, backend: str
) -> None:
    if backend != "sqlite" and (kind, "keep" in options) not in (("pks", True), ("natural", False)):
        pytest.skip("each kind of dump once on the servers")
    target = scratch("todo")
    with pytest.raises(ManageError, match=r"IntegrityError|could not be loaded|MultipleObjectsReturned"):
        loaddata("todo", target, dumps[kind])
    small, found = deduped(dumps[kind], **options)
    loaddata("todo", target, small)
    there = rows("todo", target)
    counted = {label: len(found) for label, found in there.items()}
    was = {record["model"] for record in json.loads(dumps[kind])}
    gone = {label: sum(n for (model, _), n in found.dropped.items() if model == label) for label in was}
    for label in was - {"contenttypes.contenttype"}:
        before = sum(record["model"] == label for record in json.loads(dumps[kind]))
        assert counted[label] == before - gone[label], label
    assert gone["lists.note"] == 0 and gone["lists.list"] == 2 and gone["lists.folder"] == 4
    assert bool(gone["lists.item"]) is ("rename" not in options)
    texts = {row["text"] for row in there["lists.note"].values()}
    assert len(texts) == 40


def test_lists_of_dropped_rows_are_united(dumps: dict[str, bytes]) -> None:
    before, after = json.loads(dumps["natural"]), json.loads(deduped(dumps["natural"])[0])
    lists = {r["pk"]: (r["fields"]["owner"][0], r["fields"]["name"]) for r in before if r["model"] == "lists.list"}

    def tagged(records: list[dict[str, Any]]) -> dict[Any, set[str]]:
        found: dict[Any, set[str]] = {}
        for record in records:
            if record["model"] == "lists.item":
                fields = record["fields"]
                tags = [tag for (tag,) in fields["tags"]]
                assert len(tags) == len(set(tags)) or records is before
                found.setdefault((lists[fields["list"]], fields["text"]), set()).update(tags)
        return found

    assert tagged(after) == tagged(before)


def test_check_finds_nothing_more(dumps: dict[str, bytes]) -> None:
    for keep in ("first", "last", "newest:changed_at"):
        small, _ = deduped(dumps["pks"], keep=keep)
        assert not ff.check(ff.read(io.BytesIO(small)), schema_of("todo")).errors, keep
        assert deduped(small)[0] == small


def test_a_row_of_two_parts_goes_whole(dumps: dict[str, bytes]) -> None:
    after = json.loads(deduped(dumps["pks"], keep="last")[0])
    items = {record["pk"] for record in after if record["model"] == "lists.item"}
    assert {record["pk"] for record in after if record["model"] in ("lists.chore", "lists.reminder")} <= items


def test_generic_keys_follow(dumps: dict[str, bytes]) -> None:
    after = json.loads(deduped(dumps["pks"])[0])
    ids: dict[str, set[int]] = {}
    for record in after:
        ids.setdefault(record["model"], set()).add(record["pk"])
    types = {r["pk"]: f"{r['fields']['app_label']}.{r['fields']['model']}" for r in after if "contentt" in r["model"]}
    marks = [record["fields"] for record in after if record["model"] == "lists.mark"]
    assert marks
    for mark in marks:
        assert int(mark["object_id"]) in ids[types[mark["content_type"]]]


def test_the_target_says_where_case_does_not_matter(mariadb: Scratch) -> None:
    target = mariadb("todo")
    records = [{"model": "lists.tag", "pk": pk, "fields": {"name": name}} for pk, name in enumerate(("Été", "ete "), 1)]
    dump = json.dumps(records).encode()
    assert deduped(dump)[0] == dump
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("todo", target, dump)
    loaddata("todo", target, deduped(dump, target=target)[0])
    assert len(rows("todo", target)["lists.tag"]) == 1


@pytest.mark.parametrize("project", ["everything", "swapped", "tokens"])
@pytest.mark.parametrize("options", [[], ["--natural-foreign", "--indent", "2"]], ids=len)
def test_nothing_is_too_much_in_a_real_dump_and_all_of_it_when_it_is_given_twice(
    project: str, options: list[str], scratch_on: Scratch
) -> None:
    dump = dumpdata(project, scratch_on("sqlite", project, populated=True), *options)
    facts = schema_of(project)
    for inputs, keep in (((dump,), "first"), ((dump, dump), "first"), ((dump, dump), "last")):
        out = io.BytesIO()
        found = ff.dedupe(ff.read(*map(io.BytesIO, inputs)), facts, keep=keep)
        ff.write(found, out)
        assert out.getvalue().strip() == dump.strip()
        assert not found.followed and not found.renamed
        assert sum(found.dropped.values()) == len(json.loads(dump)) * (len(inputs) - 1)
