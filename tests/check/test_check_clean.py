"""No false alarm: real dumps that load as they are give no error, whatever is known of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from check.judging import checked, errors, project
from support.projects import NO_TOKENS, PROJECTS, ManageError, dumpdata, loaddata

from fixtureflow.schema.django import from_project
from fixtureflow.schema.merge import Source
from fixtureflow.schema.sources import sources_from

Scratch = Callable[..., str]

NATURAL = ("--natural-foreign",)
NEITHER_PK = ("--natural-foreign", "--natural-primary")


@pytest.mark.parametrize("options", [(), NATURAL, NEITHER_PK, ("--all", "--indent", "2")], ids=" ".join)
@pytest.mark.parametrize("name", ["tokens", "everything", "swapped"])
def test_a_dump_that_loads_has_no_error(scratch: Scratch, name: str, options: tuple[str, ...]) -> None:
    target = scratch(name)
    dump = dumpdata(name, scratch(name, populated=True), *options)
    tables = sources_from(target=target)
    found = {
        "project": checked(dump, [project(name)]),
        "target": checked(dump, tables, target=target),
        "both": checked(dump, [project(name), *tables], target=target),
        "nothing": checked(dump),
    }
    told = {source: [(group.problem, group.where) for group in errors(each)] for source, each in found.items()}
    try:
        loaddata(name, target, dump, env=NO_TOKENS)
    except ManageError:  # profiles whose pk is that of a member, which --natural-primary has left out
        assert (name, options) == ("swapped", NEITHER_PK)
        dangling = [("dangling", "orders.profile.member → accounts.member")]
        assert told == {"project": dangling, "target": dangling, "both": dangling, "nothing": []}
    else:
        assert told == {key: [] for key in told}


@pytest.mark.parametrize("name", ["tokens", "everything", "swapped"])
def test_a_dump_of_one_database_that_loads_into_another_has_no_error(
    scratch_on: Scratch, postgresql: Scratch, mariadb: Scratch, name: str
) -> None:
    dump = dumpdata(name, scratch_on("sqlite", name, populated=True))
    for target in (postgresql(name), mariadb(name)):
        found = errors(checked(dump, [project(name), *sources_from(target=target)], target=target))
        try:
            loaddata(name, target, dump, env=NO_TOKENS)
        except ManageError as error:
            assert found, error
        else:
            assert found == []


def test_wagtail_and_django_cms(scratch_on: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = scratch_on("sqlite", "publishing", populated=True), scratch_on("sqlite", "publishing")
    monkeypatch.setenv("DATABASE_URL", target)
    schema = Source("project", "publishing", from_project("mysite.settings", path=PROJECTS / "publishing"))
    for options in ((), NATURAL):
        dump = dumpdata("publishing", source, *options)
        assert len({record["model"] for record in json.loads(dump)}) >= 40
        for found in (
            checked(dump, [schema]),
            checked(dump, sources_from(target=target), target=target),
            checked(dump),
        ):
            assert (found.errors, found.warnings) == (0, 0), found.text()
    loaddata("publishing", target, dump)
