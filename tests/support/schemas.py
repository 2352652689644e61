"""What fixtureflow reads from the settings of the projects under tests/projects, once for all tests."""

from __future__ import annotations

from functools import cache

import pytest

from fixtureflow.schema.django import from_project
from fixtureflow.schema.model import Schema

from .projects import PROJECTS


@cache
def schema_of(project: str) -> Schema:
    """As it is on SQLite, whichever database the test at hand names in its environment."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("DATABASE_URL", raising=False)
        return from_project("mysite.settings", path=PROJECTS / project)
