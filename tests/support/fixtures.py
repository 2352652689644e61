"""The fixtures of pytest that tests with databases use; conftest.py imports them.

def test_it(scratch):                              # runs once on each database
    source = scratch("tokens", populated=True)     # a URL, dropped after the test
    target = scratch("tokens")                     # migrated only
    other = scratch("tokens", occupied=True)       # with rows in the way of the populated ones

def test_that(scratch_on):
    source = scratch_on("sqlite", "everything", populated=True)
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
def scratch_on(scratch_databases: ScratchDatabases) -> Iterator[Callable[..., str]]:
    """Make a database on a given backend: `scratch_on(backend, project="", populated=False, occupied=False)`."""
    made = []

    def make(backend: str, project: str = "", *, populated: bool = False, occupied: bool = False) -> str:
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
