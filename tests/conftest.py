"""Fixtures for all tests, and which of them are slow."""

from pathlib import Path

import pytest
from hypothesis import settings
from support.fixtures import backend, mariadb, postgresql, scratch, scratch_databases, scratch_on, servers_of

__all__ = ["backend", "mariadb", "postgresql", "scratch", "scratch_databases", "scratch_on"]

EXAMPLES, EXAMPLES_EACH_DAY = 150, 30
"""Of a law, which are the same each time; `pytest -m "not slow"` tries fewer."""

# Besides what runs on a server, `pytest -m "not slow"` leaves these out.
SLOW = (
    # Whole moves, and whole sites of Wagtail and django CMS.
    "stories/",
    "check/test_check_clean.py::test_wagtail_and_django_cms",
    "natural/test_django_oracle.py::test_it_is_what_dumpdata_natural_foreign_writes[publishing",
    "matching/test_trees.py::test_a_tree_is_planted_beside_another",
    "natural/test_django_oracle.py::test_it_is_what_natural_primary_writes[publishing",
    "natural/test_django_oracle.py::test_it_loads_where_content_types_and_permissions_have_other_ids",
    # The tools of the tests.
    "support/",
    # Every app that has a preset, migrated from its first migration.
    "schema/test_schema_presets.py::test_the_models_said_to_be_filled_by_migrate",
    # Many a loaddata for each dump.
    "natural/test_other_ids.py",
    "order/test_order_databases.py::test_the_parts_of_an_ordered_dump_load_one_by_one",
    # What time and memory dumps of many megabytes take.
    "reader/test_effort.py",
)


def pytest_configure(config: pytest.Config) -> None:
    count = EXAMPLES_EACH_DAY if config.option.markexpr == "not slow" else EXAMPLES
    # A machine that other work slows down makes no law untrue.
    settings.register_profile("fixtureflow", deadline=None, derandomize=True, max_examples=count)
    settings.load_profile("fixtureflow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid.removeprefix(f"{Path(__file__).parent.name}/")
        if servers_of(item) or name.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
