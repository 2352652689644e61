"""A backend built anew: the same tables, migrations from zero, another server; the ids are kept.

`migrate` numbers content types and permissions in another order, so a plain `loaddata` fails at the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from running import run_here
from stories.steps import prepared_and_loaded, schema_file
from support.clients import run_sql
from support.compare import identity_differences, row_differences
from support.projects import ManageError, dumpdata, loaddata, manage
from support.sql import execute

Scratch = Callable[..., str]

MIGRATIONS_RESET = "from support.content_types import reverse_content_types as reverse; reverse()"
NEW = """
from django.contrib.auth.models import Group, User
from constraints.models import *; from relations.models import *; from columns.models import *
ann = User.objects.create(username="new")
ann.groups.add(Group.objects.create(name="new"))
Club.objects.create(name="new"), Invoice.objects.create(customer="new", order=1)
Account.objects.create(email="new@example.com", bank="NEW", number="1")
Person.objects.first().friends.add(Person.objects.last())
"""
NUMBERED_ANEW = ["contenttypes.contenttype", "auth.permission", "auth.group_permissions", "auth.user_user_permissions"]
REFERRING = [
    "relations.tag.content_type",
    "relations.note.target_type",
    "relations.note.target_key",
    "naturals.review.permission",
]


@pytest.fixture
def source(scratch_on: Scratch) -> str:
    return scratch_on("sqlite", "everything", populated=True)


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def target(request: pytest.FixtureRequest, scratch_on: Scratch) -> str:
    url = scratch_on(request.param, "everything")
    manage("everything", url, "shell", "-v0", "-c", MIGRATIONS_RESET)
    return url


@pytest.fixture
def dump(source: str, target: str, tmp_path: Path) -> Path:
    """The dump, which plain `loaddata` cannot load."""
    path = tmp_path / "all.json"
    path.write_bytes(dumpdata("everything", source))
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("everything", target, path)
    return path


def assert_moved(source: str, target: str) -> None:
    """All is there, under the same ids, and new rows get others."""
    assert identity_differences("everything", source, target) == []
    assert row_differences("everything", source, target, ignore=[*NUMBERED_ANEW, *REFERRING]) == []
    manage("everything", target, "shell", "-v0", "-c", NEW)


def test_through_loaddata(source: str, target: str, dump: Path) -> None:
    prepared_and_loaded("everything", dump, target)
    assert_moved(source, target)


def test_through_the_databases_own_client(source: str, target: str, dump: Path) -> None:
    folder = dump.parent
    (folder / "schema.json").write_bytes(schema_file("everything"))
    place = ["--target", target, "--schema", str(folder / "schema.json")]
    assert run_here("prepare", dump, *place, "-d", folder / "ready").code == 0
    split = run_here("split", folder / "ready" / "fixture.json", "--to", "csv", *place, "-d", folder / "rows")
    assert split.code == 0, split.said
    run_sql(target, folder / "rows" / "load.sql")
    assert_moved(source, target)


def test_rows_loaded_in_another_way_are_in_the_way_until_the_sequences_are_set(
    postgresql: Scratch, tmp_path: Path
) -> None:
    target = postgresql("everything")
    execute(target, "INSERT INTO relations_club (id, name) VALUES (1, 'copied')")
    new = "from relations.models import Club; Club.objects.create(name='new')"
    with pytest.raises(ManageError, match=r"duplicate key value .*\n.*Key \(id\)=\(1\) already exists"):
        manage("everything", target, "shell", "-v0", "-c", new)
    assert run_here("sequences", "--target", target, "-o", tmp_path / "sequences.sql").code == 0
    run_sql(target, tmp_path / "sequences.sql")
    manage("everything", target, "shell", "-v0", "-c", new)
