"""What `check --kinds` names as the mend does mend it: PostgreSQL refuses the fixture before, and loads it after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from check.faults import BOOK, NATURAL_AUTHOR, Record, nullable, plain, row
from check.judging import checked, errors, loaded_each, project
from running import run_here

from fixtureflow.checks.kinds import KINDS
from fixtureflow.schema.file import dump
from fixtureflow.schema.sources import sources_from

Scratch = Callable[..., str]

Mends = dict[str, list[tuple[list[Record], list[str]]]]

COMPANY = row("relations.company", 1, name="C")
AUTHORS = [row("naturals.author", pk, name="A") for pk in (1, 2)]

# kind → fixtures that have it, each with the command that mends it
MENDS: Mends = {
    "bad-record": [
        ([{"model": "relations.person", "pk": 1}, NATURAL_AUTHOR], ["filter", "--exclude", "relations.person"]),
    ],
    "unknown-model": [
        ([row("naturals.writer", 1, name="A")], ["rename", "--model", "naturals.writer=naturals.author"]),
        ([NATURAL_AUTHOR, row("shop.item", 1)], ["filter", "--exclude", "shop.item"]),
    ],
    "unknown-field": [
        ([row("naturals.author", 1, nmae="A")], ["rename", "--field", "naturals.author.nmae=name"]),
        ([row("naturals.author", 1, name="A", born=1)], ["rename", "--drop", "naturals.author.born"]),
    ],
    "missing-field": [
        (
            [COMPANY, row("relations.employee", 1, name="A")],
            ["rename", "--default", "relations.employee.company=1"],
        )
    ],
    "null": [(plain(small=None), ["rename", "--fill", "columns.plain.small=0"])],
    "bad-value": [
        (
            [row("relations.person", 1, name="A", friends=5)],
            ["rename", "--drop", "relations.person.friends"],
        )
    ],
    "out-of-range": [(nullable(big=2**63), ["rename", "--drop", "columns.nullable.big"])],
    "too-long": [(plain(char="é" * 41), ["rename", "--cut", "columns.plain.char"])],
    "nul": [
        (plain(text="a\0b"), ["rename", "--strip-nul", "columns.plain.text"]),
        (plain(json={"a": ["\0"], "b\0": 1}), ["rename", "--strip-nul", "columns"]),
    ],
    "surrogate": [(nullable(char="\ud800"), ["rename", "--drop", "columns.nullable.char"])],
    "nan": [(plain(json={"a": [float("nan"), float("-inf")]}), ["rename", "--null-nan", "columns.plain.json"])],
    "dangling": [
        ([row("relations.person", 1, name="A", friends=[9])], ["filter", "--target", "TARGET", "--dangling", "null"]),
        (
            [
                COMPANY,
                row("relations.employee", 1, name="A", company=9),
                row("relations.employee", 2, name="B", company=1),
            ],
            ["filter", "--target", "TARGET", "--rejects", "REJECTS"],
        ),
    ],
    "duplicate-pk": [([row("naturals.author", 1, name="A"), row("naturals.author", "1", name="B")], ["dedupe"])],
    "duplicate-unique": [
        ([*AUTHORS, BOOK], ["dedupe", "--unique", "naturals.author:name"]),
        ([*AUTHORS, BOOK], ["dedupe", "--unique", "naturals.author:name", "--rename", "name={} ({n})"]),
    ],
    "forward-reference": [
        ([row("naturals.book", 1, title="T", author=["A"], translators=[]), NATURAL_AUTHOR], ["order"]),
    ],
    "duplicate-natural-key": [([row("inheritance.page", slug="a"), row("inheritance.page", slug="a")], ["dedupe"])],
}
TOPICS = [row("notes.topic", pk, name="A") for pk in (1, 2)]
UNTIDY: Mends = {
    "ambiguous-natural-key": [
        ([*TOPICS, row("notes.note", 1, topic=["A"], text="")], ["dedupe", "--unique", "notes.topic:name"])
    ],
    "record-cycle": [
        (
            [row("notes.link", 1, name="A", next=["B"]), row("notes.link", 2, name="B", next=["A"])],
            ["natural", "--to-pk"],
        )
    ],
}
BY_HAND = {"four-byte-text", "packet", "naive-datetime", "aware-datetime"}
"""What the server, the project or the source has to mend."""
SILENT = {"duplicate-pk", "duplicate-natural-key"}
"""Of these nothing is said, and a row is lost."""


def test_each_kind_has_a_mend_that_is_shown() -> None:
    assert {*MENDS, *UNTIDY, *BY_HAND} == KINDS.keys()


@pytest.mark.parametrize(
    ("name", "all_mends"), [("everything", MENDS), ("untidy", UNTIDY)], ids=["everything", "untidy"]
)
def test_the_mend_of_a_fault_mends_it(
    name: str,
    all_mends: Mends,
    postgresql: Scratch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = postgresql(name)
    schema = tmp_path / "schema.json"
    schema.write_bytes(dump(project(name).schema))
    monkeypatch.setenv("FIXTUREFLOW_SCHEMA", str(schema))
    sources = [project(name), *sources_from(target=target)]
    cases = [(kind, records, command) for kind, mends in all_mends.items() for records, command in mends]
    before = [json.dumps(records) for _, records, _ in cases]
    after = []
    for (kind, _, command), text in zip(cases, before, strict=True):
        verb, *options = [{"TARGET": target, "REJECTS": str(tmp_path / "rejects")}.get(word, word) for word in command]
        done = run_here(verb, *options, stdin=text.encode())
        assert done.code == 0, (kind, done.said)
        assert verb in KINDS[kind].mend
        after.append(done.out.decode())
    refused = loaded_each(name, target, before)
    loaded = loaded_each(name, target, after)
    for (kind, _, command), old, new, no, yes in zip(cases, before, after, refused, loaded, strict=True):
        found = {group.problem for group in checked(old, sources, target=target).groups()}
        assert kind in found, (kind, command, found)
        assert (no is None) == (kind in SILENT), (kind, command, no)
        assert yes is None, (kind, command, yes, new)
        assert [(group.problem, group.where) for group in errors(checked(new, sources, target=target))] == []
