"""Fixtures for all tests."""

from support.fixtures import backend, scratch, scratch_databases, scratch_on

__all__ = ["backend", "scratch", "scratch_databases", "scratch_on"]
