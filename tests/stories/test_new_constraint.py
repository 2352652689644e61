"""Items stand in a to-do list twice, and the new tables want them once: what repeats is found before anything is
loaded, and `dedupe` keeps one of each with all that belonged to the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from running import run_here
from stories.steps import checked, follow, prepared
from support.compare import identities
from support.projects import PROJECTS, ManageError, dumpdata, loaddata, manage

NEW_ROWS = """
from django.contrib.auth.models import User
from django.utils.timezone import now
from lists.models import Chore, List, Mark, Note, Tag
mine = List.objects.create(owner=User.objects.create(username="new"), name="new")
chore = Chore.objects.create(list=mine, text="new", minutes=1, changed_at=now())
chore.tags.add(Tag.objects.create(name="new"))
Note.objects.create(item=chore, text="new")
Mark.objects.create(of=mine, word="new")
"""


@pytest.fixture(scope="module")
def source(scratch_databases: Any) -> str:
    """The old site, whose tables do not want anything unique."""
    url: str = scratch_databases.make("sqlite")
    manage("todo", url, "migrate", "lists", "0001", "--verbosity=0")
    manage("todo", url, "migrate", "auth", "--verbosity=0")
    manage("todo", url, "populate")
    return url


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_what_repeats_is_found_and_mended(
    backend: str, source: str, scratch_on: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, dump, mended = scratch_on(backend, "todo"), tmp_path / "dump.json", tmp_path / "mended.json"
    dump.write_bytes(dumpdata("todo", source))
    rest = dumpdata("todo", source, "-e", "contenttypes", "-e", "auth.permission")
    with pytest.raises(ManageError, match=r"IntegrityError.*Could not load lists\."):
        loaddata("todo", target, rest)

    monkeypatch.setenv("DATABASE_URL", target)
    for known in ({"project": "todo"}, {"target": target}):
        told = checked(dump, **known)
        assert (told.code, "error: duplicate-unique" in told.out.decode()) == (1, True)
        assert "lists.item.(list, text)" in told.out.decode() or "lists.item.list, text" in told.out.decode()
    told = prepared(dump, target, tmp_path / "ready")
    assert (told.code, "another record of the dump has the same key" in str(told.said)) == (1, True)

    settings = ("--settings", "mysite.settings")
    told = run_here("dedupe", dump, *settings, "--keep", "newest:changed_at", "-o", mended, cwd=PROJECTS / "todo")
    assert "fixtureflow: dropped: lists.item: " in "\n".join(told.said)
    assert checked(mended, "todo", target).code == 0
    told = prepared(mended, target, tmp_path / "ready", "--force")
    assert told.code == 0, told.said
    follow("todo", target, told.said)
    ours, theirs = identities("todo", source), identities("todo", target)
    for label, there in theirs.items():
        once = {key.partition(" #")[0] for key in ours[label]}
        # A chore, and what reminds of an item, goes with the item that another one stays for.
        assert set(there) <= once if label in ("lists.chore", "lists.reminder") else set(there) == once, label
    manage("todo", target, "shell", "-v0", "-c", NEW_ROWS)
