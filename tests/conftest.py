"""Fixtures for all tests."""

import os

from hypothesis import settings
from support.fixtures import backend, scratch, scratch_databases, scratch_on

__all__ = ["backend", "scratch", "scratch_databases", "scratch_on"]

# A machine that other work slows down makes no law untrue; CI tries the same examples each time.
settings.register_profile("fixtureflow", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("fixtureflow")
