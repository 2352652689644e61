"""The CSV files while they are written: each is open only while something of it is, however many there are."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fixtureflow.errors import one_line
from fixtureflow.output import output_faults
from fixtureflow.schema.catalogue import Table
from fixtureflow.sinks.csv.plan import Column

__all__ = ["CsvFile", "Drafts"]

HELD_BYTES = 256 * 1024
HELD_BYTES_IN_ALL = 16 * 1024 * 1024


@dataclass(slots=True)
class CsvFile:
    """Rows of one table that have the same columns; `name` is final once all is written."""

    table: Table
    columns: tuple[Column, ...]
    escaped: bool
    """Has a quote in a text a backslash before it, and not another quote? See `postgresql.ends_early`."""
    draft: Path
    name: str = ""
    rows: int = 0
    bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    held: list[builtins.bytes] = field(default_factory=list)
    held_bytes: int = 0

    def described(self) -> dict[str, object]:
        """The file as the manifest has it."""
        return {
            "name": self.name,
            "table": self.table.name,
            "columns": [column.name for column in self.columns],
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.digest.hexdigest(),
        }


class Drafts:
    """All files, made when their first row comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[tuple[str, tuple[str, ...], bool], CsvFile] = {}
        self._held = 0

    def __iter__(self) -> Iterator[CsvFile]:
        return iter(self._files.values())

    def add(self, table: Table, columns: tuple[Column, ...], text: bytes, rows: int, *, escaped: bool = False) -> None:
        """Append rows to the file of these columns of a table."""
        key = (table.name, tuple(column.name for column in columns), escaped)
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = CsvFile(table, columns, escaped, self._folder / f"{len(self._files)}.csv")
            self._hold(file, _head(columns))
        file.rows += rows
        self._hold(file, text)
        if file.held_bytes >= HELD_BYTES:
            self._write(file)
        if self._held >= HELD_BYTES_IN_ALL:
            self.write_all()

    def write_all(self) -> None:
        """Write out what is held."""
        for file in self:
            self._write(file)

    def _hold(self, file: CsvFile, text: bytes) -> None:
        file.held.append(text)
        file.held_bytes += len(text)
        file.bytes += len(text)
        self._held += len(text)

    def _write(self, file: CsvFile) -> None:
        text = b"".join(file.held)
        self._held -= file.held_bytes
        file.held, file.held_bytes = [], 0
        file.digest.update(text)
        with output_faults(str(self._folder.parent)), file.draft.open("ab", buffering=0) as draft:
            draft.write(text)


def _head(columns: tuple[Column, ...]) -> bytes:
    """The names, for a person; a loader goes by those in its script. It is one line whatever is in them."""
    names = (one_line(column.name).replace('"', '""') for column in columns)
    return (",".join(f'"{name}"' for name in names) + "\n").encode()
