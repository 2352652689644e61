"""Is it a database or a fixture that a name means?"""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_database"]


def is_database(place: str) -> bool:
    """Is it a database's URL, or an SQLite file? Told by its form, or the file's first bytes."""
    if "://" in place:
        return True
    try:
        with Path(place).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False
