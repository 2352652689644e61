"""Real dumps with pseudonyms, loaded by the real loaddata: every constraint holds, and all that no rule names is as it
was."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.compare import row_differences, rows
from support.projects import NO_TOKENS, dumpdata, loaddata
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]

KEY = b"0123456789abcdef"
RULES = {"articles.article.body": "text", "articles.article.data": "text", "articles.comment.text": "text"}
MADE_BY_MIGRATE = ["auth.permission", "contenttypes.contenttype"]


def scrubbed(dump: bytes, project: str, **options: Any) -> tuple[bytes, ff.Scrubbed]:
    out = io.BytesIO()
    found = ff.scrub(ff.read(io.BytesIO(dump)), schema_of(project), **{"key": KEY} | options)
    ff.write(found, out)
    return out.getvalue(), found


def others(dump: bytes, changed: set[tuple[str, str]]) -> list[str]:
    """The records in the order of their keys, without what has changed."""
    found = []
    for record in json.loads(dump):
        label = record["model"]
        record["fields"] = {name: v for name, v in record["fields"].items() if (label, name) not in changed}
        if label in ("authtoken.token", "sessions.session"):
            record["pk"] = None
        found.append(json.dumps(record))
    return found


@pytest.mark.parametrize("natural", [False, True], ids=["pks", "natural"])
def test_a_scrubbed_dump_loads_and_holds(natural: bool, scratch: Scratch) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens")
    dump = dumpdata("tokens", source, *(["--natural-foreign"] if natural else []))
    safe, found = scrubbed(dump, "tokens", preset="all", rule=RULES)
    changed = {*found.scrubbed, *found.followed}
    assert others(safe, changed) == others(dump, changed)
    loaddata("tokens", target, safe, env=NO_TOKENS)
    aside = [*(f"{model}.{field}" for model, field in found.scrubbed), "authtoken.token", "sessions.session"]
    assert row_differences("tokens", source, target, ignore=[*aside, *MADE_BY_MIGRATE]) == []
    before, after = rows("tokens", source), rows("tokens", target)
    for label in ("authtoken.token", "sessions.session"):
        assert len(after[label]) == len(before[label]) and not after[label].keys() & before[label].keys()
    owners = [sorted(row["user_id"] for row in each["authtoken.token"].values()) for each in (before, after)]
    assert owners[0] == owners[1]
    for original in ("user0@example.com", "żółw", "eve+test", "pbkdf2", "eyJfYXV0"):
        assert original not in json.dumps(json.loads(safe), ensure_ascii=False), original
    assert bool(found.followed["articles.article", "author"]) is natural


def test_natural_keys_of_a_chosen_user_model_follow(scratch_on: Scratch) -> None:
    source, target = scratch_on("sqlite", "swapped", populated=True), scratch_on("sqlite", "swapped")
    dump = dumpdata("swapped", source, "--natural-foreign", "-e", "contenttypes", "-e", "auth.permission")
    safe, found = scrubbed(dump, "swapped", preset="auth")
    loaddata("swapped", target, safe)
    assert set(found.scrubbed) == {("accounts.member", "email"), ("accounts.member", "password")}
    aside = ["accounts.member.email", "accounts.member.password", *MADE_BY_MIGRATE]
    assert row_differences("swapped", source, target, ignore=aside) == []
    assert found.followed["orders.order", "shared_with"] and not found.leaks


@pytest.mark.parametrize("options", [["--natural-foreign"], ["--natural-foreign", "--natural-primary"]], ids=len)
def test_natural_keys_through_other_models_follow(options: list[str], scratch_on: Scratch) -> None:
    source, target = scratch_on("sqlite", "everything", populated=True), scratch_on("sqlite", "everything")
    dump = dumpdata("everything", source, "naturals", *options)
    safe, found = scrubbed(dump, "everything", rule="naturals.author.name=name")
    loaddata("everything", target, safe)
    before, after = rows("everything", source), rows("everything", target)
    for label in ("author", "book", "chapter", "quote", "review"):
        assert len(before[f"naturals.{label}"]) == len(after[f"naturals.{label}"]) > 0
    assert found.followed["naturals.quote", "chapter"] and not found.unread
    names = {row["name"] for row in before["naturals.author"].values()}
    assert names.isdisjoint(row["name"] for row in after["naturals.author"].values())
    if "--natural-primary" not in options:
        differing = row_differences("everything", source, target, ignore=["naturals.author.name"])
        assert [line for line in differing if line.startswith("naturals.")] == []


def test_records_of_other_models_keep_their_bytes(scratch_on: Scratch) -> None:
    dump = dumpdata("tokens", scratch_on("sqlite", "tokens", populated=True), "--indent", "2")
    out = io.BytesIO()
    found = ff.scrub(ff.read(io.BytesIO(dump)), schema_of("tokens"), preset=["auth", "authtoken"], key=KEY)
    ff.write(found, out)
    before, after = dump.splitlines(), out.getvalue().splitlines()
    differing = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    keys = {line.partition(b":")[0].strip() for line, _ in differing}
    assert keys == {b'"username"', b'"password"', b'"email"', b'"first_name"', b'"pk"'}
    assert len(differing) == sum(found.scrubbed.values())
