"""Two trees of pages in one: paths that the target has, records that go elsewhere, and what has to be rebuilt."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.projects import dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]

OTHERS = """
import uuid
from wagtail.models import Page
for page in Page.objects.filter(depth__gt=1):
    Page.objects.filter(pk=page.pk).update(translation_key=uuid.uuid4(), title="Their " + page.title)
"""
SHOWN = """
import json
from wagtail.models import Page, Revision
def line(page):
    parent = page.get_parent()
    return [page.title, parent and line(parent)[0], page.depth, page.numchild]
pages = Page.objects.order_by("path")
revisions = sorted([r.object_str, r.content_object.title] for r in Revision.objects.all())
print(json.dumps({"pages": [line(page) for page in pages], "problems": Page.find_problems(), "revisions": revisions}))
"""


def shown(target: str) -> dict[str, Any]:
    return json.loads(manage("publishing", target, "shell", "-v0", "-c", SHOWN).splitlines()[-1])


@pytest.fixture(scope="module")
def schema() -> ff.Schema:
    return schema_of("publishing")


def test_a_tree_is_planted_beside_another(scratch: Scratch, schema: ff.Schema, tmp_path: Path) -> None:
    source, target = scratch("publishing", populated=True), scratch("publishing", populated=True)
    manage("publishing", target, "shell", "-v0", "-c", OTHERS)
    ours, theirs = shown(source), shown(target)
    records = ff.filter(
        ff.read(io.BytesIO(dumpdata("publishing", source))),
        target=target,
        schema=schema,
        renumber=True,
        rejects=tmp_path / "rejects.json",
    )
    out = io.BytesIO()
    ff.write(records, out)
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == []
    loaddata("publishing", target, out.getvalue())

    (advice,) = [line for line in records.messages() if line.startswith("tree: ") and "wagtailcore.page" in line]
    command = advice.partition('-c "')[2].rstrip('"')
    manage("publishing", target, "shell", "-v0", "-c", command)
    found = shown(target)
    assert not any(found["problems"])
    # The root is one and the same; the children of both stand below it, as they stood.
    assert sorted(map(str, found["pages"][1:])) == sorted(map(str, [*ours["pages"][1:], *theirs["pages"][1:]]))
    # Each page of the dump has its own revisions, not those of the page that has its number in the target.
    assert found["revisions"] == sorted([*ours["revisions"], *theirs["revisions"]])


def test_without_leave_to_move_what_stands_in_the_way_is_rejected_with_all_below(
    scratch_on: Scratch, schema: ff.Schema, tmp_path: Path
) -> None:
    source, target = (scratch_on("sqlite", "publishing", populated=True) for _ in range(2))
    manage("publishing", target, "shell", "-v0", "-c", OTHERS)
    records = ff.filter(
        ff.read(io.BytesIO(dumpdata("publishing", source, "wagtailcore.page"))),
        target=target,
        schema=schema,
        rejects=tmp_path / "rejects.json",
        dangling="null",
    )
    kept = list(records)
    assert records.rejected + len(kept) + records.counts["wagtailcore.page"]["same"] == len(shown(source)["pages"])
    assert kept == []
