"""One browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.browser import Browser
from support.required import lacking
from support.servers import UnavailableError


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Skips the test if there is no Chromium, or fails it if FIXTUREFLOW_REQUIRE names `chromium`."""
    try:
        found = Browser()
    except UnavailableError as reason:
        lacking("chromium", reason)
    yield found
    found.close()
