"""`load.sql` for psql."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fixtureflow.errors import SchemaError
from fixtureflow.sinks.csv.drafts import CsvFile
from fixtureflow.sql import name

__all__ = ["ends_early", "escaped", "script"]

_END = re.compile(r"\n\\\.\r?\n")


def ends_early(row: str) -> bool:
    """Would psql take a line of the row for the end of the file?

    Before version 18 it does so with `\\.` alone on a line, also within quotes: such rows get a file of their own, in
    which each backslash stands twice. Source: https://www.postgresql.org/docs/18/app-psql.html (`\\copy`).
    """
    return "\n\\." in row and _END.search(row) is not None


def escaped(cell: str) -> str:
    """The cell with a backslash before each quote and backslash, for `ESCAPE '\\'`."""
    if cell[:1] != '"':
        return cell
    return '"' + cell[1:-1].replace("\\", "\\\\").replace('""', '\\"') + '"'


def script(files: Iterable[CsvFile], schemas: dict[str, str], counters: Iterable[str]) -> str:
    """Load the files, in this order, all or none, and run the statements `counters`.

    `schemas` are those of the tables, where they are known.
    """
    lines = [
        "-- In the folder of this file: psql -X -f load.sql postgresql://USER@HOST/NAME",
        "-- All files are loaded, or none. The tables must not hold any of their rows.",
        "\\set ON_ERROR_STOP on",
        "\\pset tuples_only on",
        "\\pset format unaligned",
        "SET client_encoding = 'UTF8';",
        "SET TIME ZONE 'UTC';",
        "BEGIN;",
        "SET CONSTRAINTS ALL DEFERRED;",
    ]
    for file in files:
        table = _in_one_line(name("postgresql", schemas.get(file.table.name, ""), file.table.name))
        columns = _in_one_line(", ".join(name("postgresql", column.name) for column in file.columns))
        escape = ", ESCAPE '\\'" if file.escaped else ""
        lines.append(
            f"\\copy {table} ({columns}) FROM '{file.name}' WITH (FORMAT csv, HEADER, ENCODING 'UTF8'{escape})"
        )
    lines.append("\\echo Sequences that were behind:")
    lines += [f"{statement};" for statement in counters]
    lines.append("COMMIT;")
    return "".join(f"{line}\n" for line in lines)


def _in_one_line(names: str) -> str:
    if "\n" in names or "\r" in names:
        raise SchemaError(f"a line break in the name {names}, which psql's \\copy cannot take", advice="use loaddata")
    return names
