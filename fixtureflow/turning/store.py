"""A compact store of texts by key: 5,000,000 users by number take some 30 bytes each and their names.

Beyond a bound of memory what comes next goes to a temporary SQLite file; what came first stays where it is.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable
from typing import Any

from fixtureflow.errors import OutputError
from fixtureflow.references.keys import Keys, Numbers
from fixtureflow.references.links import Key

__all__ = ["Disk", "Repeats", "Store"]

BATCH = 10_000
SPARSE = 220
"""Bytes that a key takes which is no small integer."""


class Disk:
    """One temporary database for all stores, made when it is first needed, gone with the process."""

    def __init__(self, memory: int) -> None:
        self.left = memory
        """Bytes that the stores may still take in memory."""
        self._opened: sqlite3.Connection | None = None
        self._waiting: list[tuple[int, Any, bytes]] = []
        self._stores = 0

    @property
    def used(self) -> bool:
        return self._opened is not None

    def number(self) -> int:
        """A number for one more store."""
        self._stores += 1
        return self._stores

    def put(self, store: int, key: Key, text: bytes) -> None:
        self._waiting.append((store, _bound(key), text))
        if len(self._waiting) >= BATCH:
            self._flush()

    def find(self, store: int, key: Key) -> bytes | None:
        if self._waiting:
            self._flush()
        if self._opened is None:
            return None
        row = self._opened.execute("SELECT text FROM kept WHERE store = ? AND key = ?", (store, _bound(key))).fetchone()
        return None if row is None else bytes(row[0])

    def _flush(self) -> None:
        try:
            if self._opened is None:
                self._opened = sqlite3.connect("", isolation_level=None)  # a temporary file, by SQLite's own care
                for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
                    self._opened.execute(f"PRAGMA {pragma}")
                self._opened.execute(
                    "CREATE TABLE kept (store INT, key, text BLOB, PRIMARY KEY (store, key)) WITHOUT ROWID"
                )
            self._opened.execute("BEGIN")
            self._opened.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", self._waiting)
            self._opened.execute("COMMIT")
        except sqlite3.Error as error:
            raise OutputError(
                f"the natural keys have no room in a temporary file: {error}",
                advice="make room, set TMPDIR to a folder that has, or allow more `memory=`",
            ) from None
        self._waiting.clear()


def _bound(key: Key) -> Any:
    """The key as SQLite takes it; each key its own."""
    if isinstance(key, str | bytes) or (isinstance(key, int) and -(2**63) <= key < 2**63):
        return key
    return b"\0" + repr(key).encode()


class Store:
    """Texts by key, each on one line; keys that mean the same by `form` are one."""

    __slots__ = ("_disk", "_form", "_full", "_keys", "_number", "_starts", "_text", "_told")

    def __init__(self, form: Callable[[Any], Key], disk: Disk) -> None:
        self._form = form
        self._disk = disk
        self._number = disk.number()
        self._keys = Keys(form, Numbers())
        self._starts = array("Q")
        self._text = bytearray()
        self._full = False
        self._told = 0

    def put(self, value: Any, text: bytes) -> None:
        """Keep a text; it replaces what the key had."""
        if self._full and self._keys.find(value) < 0:
            self._disk.put(self._number, self._form(value), text)
            return
        number = self._keys.number(value)
        if number == len(self._starts):
            self._starts.append(len(self._text))
        else:
            self._starts[number] = len(self._text)
        self._text += text
        self._text += b"\n"

    def find(self, value: Any) -> bytes | None:
        """The text of a key, or None."""
        number = self._keys.find(value)
        if number < 0:
            return self._disk.find(self._number, self._form(value)) if self._full else None
        start = self._starts[number]
        return bytes(self._text[start : self._text.index(b"\n", start)])

    def weigh(self) -> None:
        """Look whether there is room for more; asked now and then."""
        dense, sparse = self._keys.sizes()
        size = 4 * dense + SPARSE * sparse + 8 * len(self._starts) + len(self._text)
        self._disk.left -= size - self._told
        self._told = size
        if self._disk.left < 0:
            self._full = True


class Repeats:
    """Which texts have come twice: told by their hashes, eight bytes each, so a few that have not may be among them."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(256)]

    def add(self, text: bytes) -> None:
        number = hash(text)
        self._parts[number & 255].append(number)

    def suspects(self) -> set[int]:
        """The hashes of texts that came more than once."""
        found: set[int] = set()
        for part in self._parts:
            if len(set(part)) < len(part):
                seen: set[int] = set()
                for number in part:
                    (found if number in seen else seen).add(number)
        return found
