"""Oracle two, identity: a plain dump of primary keys, made natural, matched with a target whose content types,
permissions and users have other ids, and ordered, loads there, and every relation leads where it led."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.compare import Snapshot, differences, identities, relations, rows
from support.projects import NO_TOKENS, dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff
from fixtureflow.matching.matched import Matched

Scratch = Callable[..., str]
TOKEN, HANDLE = "authtoken.token", "constraints.handle"

OTHER_USERS = """
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection
from support.content_types import reverse_content_types
reverse_content_types()
names = {names!r}
for pk, name in enumerate(reversed(names), 1):
    User.objects.create(pk=pk, username=name, password="!")
for statement in connection.ops.sequence_reset_sql(no_style(), [User]):
    connection.cursor().execute(statement)
"""


def carried_over(dump: Path, target: str, project: str) -> Matched:
    """Made natural, matched with the target, ordered, and loaded by Django; each step from file to file."""
    natural, safe, ordered, rejects = (dump.with_name(f"{name}.json") for name in ("n", "s", "o", "rejects"))
    schema = schema_of(project)
    ff.write(ff.natural(ff.read(dump), schema, natural_primary="safe"), natural)
    matched = ff.filter(ff.read(natural), target=target, schema=schema, renumber=True, rejects=rejects)
    ff.write(matched, safe)
    ff.write(ff.order(ff.read(safe), schema), ordered)
    loaddata(project, target, ordered, env=NO_TOKENS)
    return matched


@pytest.mark.parametrize("project", ["tokens", "everything"])
def test_every_relation_leads_where_it_led(scratch: Scratch, tmp_path: Path, project: str) -> None:
    """Django's own natural dump exits 0 and gives one user's rows to another; this one does not."""
    source, target, other = scratch(project, populated=True), scratch(project), scratch(project)
    plain = tmp_path / "all.json"
    plain.write_bytes(dumpdata(project, source))
    names = [row["fields"]["username"] for row in json.loads(plain.read_bytes()) if row["model"] == "auth.user"]
    for url in (target, other):
        manage(project, url, "shell", "-c", OTHER_USERS.format(names=names), env=NO_TOKENS)
    loaddata(project, other, dumpdata(project, source, "--natural-foreign", "--natural-primary"), env=NO_TOKENS)
    led = relations(identities(project, source))
    assert any(line.startswith(("admin.logentry", "relations.note")) for line in _lost(project, led, other))
    matched = carried_over(plain, target, project)
    assert _lost(project, led, target) == []
    assert sum(counts["rejected"] for counts in matched.counts.values()) == 0


@pytest.mark.parametrize("project", ["tokens", "everything"])
def test_among_rows_in_the_way_too(scratch: Scratch, tmp_path: Path, project: str) -> None:
    """The rows that were there stay as they were; all others lead where they led, but for those that were rejected."""
    source, target = scratch(project, populated=True), scratch(project, occupied=True)
    plain = tmp_path / "all.json"
    plain.write_bytes(dumpdata(project, source))
    before = rows(project, target)
    there = {f"{label} {key}:" for label, known in identities(project, target).items() for key in known}
    matched = carried_over(plain, target, project)
    after = rows(project, target)
    for label, known in before.items():
        assert {key: after[label].get(key) for key in known} == known
    lost = _lost(project, relations(identities(project, source)), target)
    wrong = [line for line in lost if not line.endswith(": missing") and not any(map(line.startswith, there))]
    assert wrong == []
    # A token of a user who has one is known by the user; a handle that was there is known by two keys.
    missing = Counter(line.partition(" ")[0] for line in lost if line.endswith(": missing"))
    for label, count in missing.items():
        counts = matched.counts[label]
        known_otherwise = counts["same"] + counts["remapped"] if label in (TOKEN, HANDLE) else 0
        assert count <= counts["rejected"] + known_otherwise


def _lost(project: str, led: Snapshot, target: str) -> list[str]:
    return differences(led, relations(identities(project, target)), subset=True)
