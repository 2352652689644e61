"""How many examples a law is tried on."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["tried"]


def tried(times: float) -> settings:
    """On so many times as many as other laws, for those that are cheap to try, or dear."""
    return settings(max_examples=round(times * settings().max_examples))
