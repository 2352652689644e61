"""The fixtures of pytest that tests with databases use; conftest.py imports them.

def test_it(scratch):                              # runs once on each database
    source = scratch("tokens", populated=True)     # a URL, dropped after the test
    target = scratch("tokens")                     # migrated only
    other = scratch("tokens", occupied=True)       # with rows in the way of the populated ones

def test_that(scratch_on, postgresql, mariadb):    # which databases, the test says itself
    source = scratch_on("sqlite", "everything", populated=True)
    target = postgresql("everything")

A test that uses a server is `slow`: its parameters or its fixtures name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from .scratch import ScratchDatabases
from .servers import BACKENDS


@pytest.fixture(scope="session")
def scratch_databases(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[ScratchDatabases]:
    """A folder for all workers of xdist is one above that of each."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "databases"
    folder.mkdir(exist_ok=True)
    databases = ScratchDatabases(folder)
    yield databases
    databases.close()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def scratch_on(request: pytest.FixtureRequest, scratch_databases: ScratchDatabases) -> Iterator[Callable[..., str]]:
    """Make a database on a given backend: `scratch_on(backend, project="", populated=False, occupied=False)`."""
    made = []

    def make(backend: str, project: str = "", *, populated: bool = False, occupied: bool = False) -> str:
        assert backend == "sqlite" or backend in servers_of(request.node), "a parameter or a fixture tells which server"
        url = scratch_databases.make(backend, project, populated=populated, occupied=occupied)
        made.append(url)
        return url

    yield make
    for url in made:
        scratch_databases.drop(url)


@pytest.fixture
def scratch(backend: str, scratch_on: Callable[..., str]) -> Callable[..., str]:
    """Make a database on the backend of this run: `scratch(project="", populated=False, occupied=False)`."""
    return partial(scratch_on, backend)


@pytest.fixture
def postgresql(scratch_on: Callable[..., str]) -> Callable[..., str]:
    return partial(scratch_on, "postgresql")


@pytest.fixture
def mariadb(scratch_on: Callable[..., str]) -> Callable[..., str]:
    return partial(scratch_on, "mariadb")


def servers_of(item: pytest.Item) -> set[str]:
    """The servers that a test makes databases on."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    if "scratch_databases" not in fixtures:
        return set()
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return {name for name in (*fixtures, *parameters) if name in ("postgresql", "mariadb")}
