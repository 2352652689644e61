"""A site with an API moves, and the new one makes a token for each user that is saved, in loaddata too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from running import run_here
from stories.steps import follow, prepared_and_loaded, schema_file
from support.compare import identity_differences
from support.projects import ManageError, dumpdata, loaddata, manage
from support.sql import execute

Scratch = Callable[..., str]

BACKENDS = pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
SIGNED_UP = """
from django.contrib.auth.models import User
for name in ("bob", "żółw", "new here"):
    User.objects.create(username=name, password="!")
"""
TOKENS = """
import json
from rest_framework.authtoken.models import Token
print(json.dumps(dict(Token.objects.values_list("user__username", "key"))))
"""


def tokens(url: str) -> dict[str, str]:
    """By name of the user."""
    found: dict[str, str] = json.loads(manage("tokens", url, "shell", "-v0", "-c", TOKENS))
    return found


@pytest.fixture
def source(scratch_on: Scratch) -> str:
    url = scratch_on("sqlite", "tokens", populated=True)
    execute(url, "UPDATE articles_article SET rating = NULL WHERE abs(rating) > 1e300")  # MariaDB has no infinities
    return url


@pytest.fixture
def dump(source: str, tmp_path: Path) -> Path:
    path = tmp_path / "all.json"
    path.write_bytes(dumpdata("tokens", source))
    return path


@BACKENDS
def test_the_new_sites_tokens_stay(scratch_on: Scratch, backend: str, source: str, dump: Path) -> None:
    target = scratch_on(backend, "tokens")
    manage("tokens", target, "shell", "-v0", "-c", SIGNED_UP)
    before = tokens(target)
    assert len(before) == 3
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("tokens", target, dump)

    first, second = prepared_and_loaded("tokens", dump, target)
    assert any("put off: authtoken.token 3" in line for line in first.said)
    assert any("3 records in, 0 ready" in line for line in second.said)
    # Nothing that this step loads sets the receiver off.
    assert [any("saving auth.user" in line for line in run.said) for run in (first, second)] == [True, False]

    after = tokens(target)
    assert after.items() >= before.items()
    assert after.keys() == {*before, *tokens(source), "no-token"}
    missing = identity_differences("tokens", source, target, subset=True, ignore=IN_BOTH)
    assert missing == []


# What the new site says of bob and żółw stays: their columns, and their tokens.
COLUMNS = ("password", "first_name", "email", "date_joined", "last_login", "is_staff", "is_superuser")
IN_BOTH = ["authtoken.token", *(f"auth.user.{name}" for name in COLUMNS)]


@BACKENDS
@pytest.mark.parametrize("signed_up", [False, True], ids=["a new database", "users have signed up"])
def test_the_old_tokens_survive(scratch_on: Scratch, backend: str, signed_up: bool, source: str, dump: Path) -> None:
    target = scratch_on(backend, "tokens")
    if signed_up:
        manage("tokens", target, "shell", "-v0", "-c", SIGNED_UP)
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("tokens", target, dump)

    wish = ["--prefer", "fixture:authtoken", "--prefer", "fixture:auth.user"]
    prepared_and_loaded("tokens", dump, target, *wish)

    old, after = tokens(source), tokens(target)
    assert {name: after[name] for name in old} == old
    # Nobody made one for this user on the old site.
    assert after.keys() - old.keys() == {"no-token", *(["new here"] if signed_up else [])}
    assert identity_differences("tokens", source, target, subset=True) == []


@BACKENDS
def test_the_new_sites_tokens_stay_until_the_old_ones_are_loaded(
    scratch_on: Scratch, backend: str, source: str, dump: Path
) -> None:
    target = scratch_on(backend, "tokens")
    manage("tokens", target, "shell", "-v0", "-c", SIGNED_UP)
    before = tokens(target)
    (dump.parent / "schema.json").write_bytes(schema_file("tokens"))
    options = ["--schema", dump.parent / "schema.json", "--prefer", "fixture:authtoken", "-d", dump.parent / "ready"]

    first = run_here("prepare", dump, "--target", target, *options)
    later = "to be deleted once what is put off is prepared, not before: 2 rows of authtoken.token"
    assert any(later in line for line in first.said)
    assert not any("delete-first.sql" in line for line in first.said)
    assert not (dump.parent / "ready" / "delete-first.sql").exists()
    (again,) = follow("tokens", target, first.said)
    # Whoever stops here has lost nothing.
    assert tokens(target).items() >= before.items()

    second = run_here(*again)
    assert any("to be deleted: 5 rows of authtoken.token" in line for line in second.said)
    assert follow("tokens", target, second.said) == []
    assert tokens(target) == {**tokens(source), **{name: tokens(target)[name] for name in ("no-token", "new here")}}


def test_they_can_be_left_out(postgresql: Scratch, dump: Path) -> None:
    target = postgresql("tokens")
    (only,) = prepared_and_loaded("tokens", dump, target, "--exclude", "authtoken.token")
    assert not any("put off" in line for line in only.said)
    assert tokens(target).keys() == {"admin", "bob", "żółw", "d'arc", "eve+test@example.com", "no-token"}
