"""Fixtures for all tests, and which of them are slow."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from support.fixtures import backend, mariadb, postgresql, scratch, scratch_databases, scratch_on, servers_of

__all__ = ["backend", "mariadb", "postgresql", "scratch", "scratch_databases", "scratch_on"]

# A machine that other work slows down makes no law untrue; CI tries the same examples each time.
settings.register_profile("fixtureflow", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("fixtureflow")

# Besides what runs on a server, these are left out by `pytest -m "not slow"`.
SLOW = (
    "stories/",  # whole moves of whole sites
    # Every app that has a preset, migrated from its first migration.
    "schema/test_schema_presets.py::test_the_models_said_to_be_filled_by_migrate",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid.removeprefix(f"{Path(__file__).parent.name}/")
        if servers_of(item) or name.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
