"""Is it a database or a fixture that a name means? Told by its form, or by the file's first bytes."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["is_database", "is_fixture"]

_SQLITE = b"SQLite format 3\0"


def is_database(place: str) -> bool:
    """Is it a database's URL, or an SQLite file that is there?"""
    return "://" in place or _start(place) == _SQLITE


def is_fixture(place: str) -> bool:
    """Is it the name of something that is there, can be read, and is no database? An empty file may be one."""
    if "://" in place or re.fullmatch(r".+\.(sqlite3?|db3?)", place):  # a damaged one, too
        return False
    path = Path(place)
    return _start(place) not in (_SQLITE, b"") if path.is_file() else path.exists() and not path.is_dir()


def _start(place: str) -> bytes:
    try:
        if not Path(place).is_file():  # to open a named pipe would take from it
            return b""
        with Path(place).open("rb") as file:
            return file.read(len(_SQLITE))
    except OSError:
        return b""
