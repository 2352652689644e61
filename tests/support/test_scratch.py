"""Scratch databases are whole copies, are dropped, and say why a server is not there."""

from __future__ import annotations

import json

import pytest

from .compare import rows
from .projects import ManageError, dumpdata, manage
from .scratch import ScratchDatabases
from .servers import UnavailableError, mariadb_connection, postgresql_connection


def test_a_copy_keeps_constraints_and_sequences(scratch):
    """The table of a copy refuses what the first would, and numbers new rows after those it has."""
    source = scratch("everything", populated=True)
    run(source, "from relations.models import *; print(Club.objects.create(name='new').pk)")
    assert rows("everything", source)["relations.club"]["4"] == {"id": "4", "name": "new"}
    with pytest.raises(ManageError, match="IntegrityError"):
        run(
            source,
            "from relations.models import *; Membership.objects.create(club_id=99, person_id=99, since='2000-01-01')",
        )
    with pytest.raises(ManageError, match="IntegrityError"):
        run(source, "from constraints.models import *; Account.objects.update(bank='x', number='x')")


def test_changes_stay_in_one_database(scratch):
    first, second = scratch("swapped", populated=True), scratch("swapped", populated=True)
    manage("swapped", first, "flush", "--no-input")
    assert json.loads(dumpdata("swapped", first, "orders")) == []
    assert json.loads(dumpdata("swapped", second, "orders")) != []


def test_a_dropped_database_is_gone(backend, scratch_databases):
    url = scratch_databases.make(backend, "swapped")
    scratch_databases.drop(url).result()
    if backend == "sqlite":
        with pytest.raises(ManageError, match="no such table"):
            dumpdata("swapped", url)
    else:
        with pytest.raises(UnavailableError):
            {"postgresql": postgresql_connection, "mariadb": mariadb_connection}[backend](url)


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_a_server_that_is_not_there_skips_the_test_unless_it_is_required(backend, monkeypatch, tmp_path):
    monkeypatch.setenv("FIXTUREFLOW_TEST_POSTGRESQL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("FIXTUREFLOW_TEST_MARIADB", "mysql://nobody@127.0.0.1:1/")
    monkeypatch.setenv("FIXTUREFLOW_REQUIRE", "")
    databases = ScratchDatabases(tmp_path)
    with pytest.raises(pytest.skip.Exception, match=f"{backend}: no .* server"):
        databases.make(backend)
    monkeypatch.setenv("FIXTUREFLOW_REQUIRE", "postgresql,mariadb")
    with pytest.raises(pytest.fail.Exception, match=f"{backend} is required: no .* server"):
        databases.make(backend)


def run(url: str, code: str) -> None:
    manage("everything", url, "shell", "-v0", "-c", code)
