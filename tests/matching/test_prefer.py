"""The fixture's rows in the place of the target's: the other wish, when the old ones must survive."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.projects import NO_TOKENS, dumpdata, loaddata
from support.sql import execute

import fixtureflow as ff

Scratch = Callable[..., str]


def kept(dump: bytes, target: str, tmp_path: Path, **options: Any) -> tuple[bytes, Any]:
    records = ff.filter(
        ff.read(io.BytesIO(dump)), target=target, rejects=tmp_path / "rejects.json", renumber=True, **options
    )
    out = io.BytesIO()
    ff.write(records, out)
    return out.getvalue(), records


def by(dump: bytes, model: str, field: str) -> dict[str, dict[str, Any]]:
    found = (record for record in json.loads(dump) if record["model"] == model)
    return {str(record["fields"][field]): record for record in found}


def test_old_tokens_survive(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    dump, before = dumpdata("tokens", source), dumpdata("tokens", target)
    statements = tmp_path / "old.sql"
    fixture, records = kept(
        dump, target, tmp_path, prefer=["fixture:auth.user", "fixture:authtoken"], delete_sql=statements
    )
    users, theirs = by(dump, "auth.user", "username"), by(before, "auth.user", "username")
    known = sorted(users.keys() & theirs.keys())
    assert known
    assert records.counts["auth.user"]["updated"] == len(known)
    assert records.counts["authtoken.token"]["rejected"] == 0

    deletions = [line for line in statements.read_text().splitlines() if line.startswith("DELETE")]
    assert deletions
    execute(target, *deletions)
    loaddata("tokens", target, fixture, env=NO_TOKENS)

    after = dumpdata("tokens", target)
    found = by(after, "auth.user", "username")
    for name in known:
        assert found[name]["pk"] == theirs[name]["pk"]
        assert found[name]["fields"]["email"] == users[name]["fields"]["email"]
        # A row's lists are united: no group is lost on either side.
        assert set(found[name]["fields"]["groups"]) >= set(theirs[name]["fields"]["groups"])
    tokens = by(after, "authtoken.token", "user")
    names = {record["pk"]: name for name, record in users.items()}
    for user, record in by(dump, "authtoken.token", "user").items():
        assert tokens[str(found[names[int(user)]]["pk"])]["pk"] == record["pk"]


def test_a_key_that_is_data_wants_a_file_for_what_must_go(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "tokens", occupied=True)
    dump = dumpdata("tokens", scratch_on("sqlite", "tokens", populated=True))
    _, records = kept(dump, target, tmp_path, prefer="fixture:authtoken")
    (reason,) = {group.problem for group in records.findings}
    assert "--delete-sql" in reason
    assert records.counts["authtoken.token"]["rejected"] == records.rejected > 0


def test_a_side_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(ff.UsageError, match="fixture:PATTERN"):
        ff.filter([], target="x.sqlite3", prefer="authtoken")
