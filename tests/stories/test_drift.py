"""The dump says `text`, and the new tables `question_text`: that is found before anything is loaded, and what it is
likely called now is proposed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import run_here
from stories.steps import checked, follow, prepared
from support.compare import Snapshot, rows
from support.projects import PROJECTS, ManageError, loaddata, manage, run_python

BEFORE = {"DJANGO_SETTINGS_MODULE": "mysite.before"}
NEW_ROWS = """
from django.utils.timezone import now
from polls.models import Question
Question.objects.create(question_text="new", pub_date=now()).choice_set.create(choice_text="new")
"""


@pytest.fixture(scope="module")
def source(scratch_databases: Any) -> str:
    url: str = scratch_databases.make("sqlite")
    manage("polls", url, "migrate", "polls", "--verbosity=0", env=BEFORE)
    manage("polls", url, "migrate", "--verbosity=0", env=BEFORE)
    manage("polls", url, "populate", env=BEFORE)
    return url


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_a_field_that_was_renamed_since(
    backend: str, source: str, scratch_on: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, dump = scratch_on(backend, "polls"), tmp_path / "dump.json"
    dump.write_bytes(manage("polls", source, "dumpdata", env=BEFORE))
    with pytest.raises(ManageError, match="Question has no field named 'text'"):
        loaddata("polls", target, dump)

    monkeypatch.setenv("DATABASE_URL", target)
    by_tables, by_project = checked(dump, target=target), checked(dump, project="polls", target=target)
    assert (by_tables.code, by_project.code) == (0, 1)  # a database does not tell what a field is called
    for told in (by_tables, by_project):
        assert "polls.question.text: 3; renamed to question_text?" in told.out.decode()
        assert "polls.choice.text: 9; renamed to choice_text?" in told.out.decode()
    told = prepared(dump, target, tmp_path / "ready")
    assert "polls.question.text; renamed to question_text?" in str(told.said)
    monkeypatch.chdir(PROJECTS / "polls")
    told = prepared(dump, target, tmp_path / "never", "--settings", "mysite.settings")
    assert (told.code, (tmp_path / "never").exists()) == (1, False)

    _, _, command = told.error.partition("; fixtureflow ")
    mended = tmp_path / "mended.json"
    assert run_here(*command.split(), dump, "-o", mended).code == 0
    told = prepared(mended, target, tmp_path / "ready", "--settings", "mysite.settings", "--force")
    assert (told.code, "renamed to" in str(told.said)) == (0, False)
    follow("polls", target, told.said)
    ours: Snapshot = json.loads(run_python("polls", source, "-m", "support.snapshot", "rows", env=BEFORE))
    theirs = rows("polls", target)
    for label, new in (("polls.question", "question_text"), ("polls.choice", "choice_text")):
        renamed = {key: {new if name == "text" else name: value for name, value in row.items()}
                   for key, row in ours[label].items()}  # fmt: skip
        assert theirs[label] == renamed
    assert theirs["auth.user"] == ours["auth.user"]
    manage("polls", target, "shell", "-v0", "-c", NEW_ROWS)
