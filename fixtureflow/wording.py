"""Words for numbers."""

from __future__ import annotations

__all__ = ["amount"]


def amount(count: int, noun: str = "record") -> str:
    """`1 record`, `12,345 records`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
