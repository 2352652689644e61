"""What a test needs of the machine: without it the test is skipped, or fails where FIXTUREFLOW_REQUIRE names it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(name: str, problem: object) -> NoReturn:
    """`name` is not there; `problem` says why."""
    if name in os.environ.get("FIXTUREFLOW_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required: {problem}")
    pytest.skip(f"{name}: {problem}")
