"""`load.sql` for sqlite3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixtureflow.sinks.csv.drafts import CsvFile
from fixtureflow.sinks.csv.plan import Column
from fixtureflow.sql import name

__all__ = ["script"]

_BYTES = bytes(range(256)).hex()


def script(files: Iterable[CsvFile], counters: Iterable[str]) -> str:
    """Load the files, in this order, all or none; then, after COMMIT, run the statements `counters`.

    `.import` knows no NULL and goes on after an error: so each file goes into a table for the time being, which takes
    any text, and from there to its place.
    """
    files = list(files)
    lines = [
        "-- In the folder of this file: sqlite3 DATABASE < load.sql (version 3.33 or later)",
        "-- All files are loaded, or none. The tables must not hold any of their rows.",
        ".bail on",
        "PRAGMA foreign_keys = ON;",
        f"CREATE TEMP TABLE fixtureflow AS SELECT X'{_BYTES}' AS bytes;",
        "BEGIN IMMEDIATE;",
        "PRAGMA defer_foreign_keys = ON;",
    ]
    for number, file in enumerate(files, start=1):
        lines += _load(file, f"fixtureflow_{number}")
    # What refers to nothing makes COMMIT fail without a word on where it is.
    tables = dict.fromkeys(file.table.name for file in files)
    lines += [f"PRAGMA foreign_key_check({name('sqlite', table)});" for table in tables]
    lines.append("COMMIT;")
    lines += [f"{statement};" for statement in counters]
    return "".join(f"{line}\n" for line in lines)


def _load(file: CsvFile, stage: str) -> Iterator[str]:
    columns = ", ".join(name("sqlite", column.name) for column in file.columns)
    staged = ", ".join(f"c{at}" for at in range(len(file.columns)))
    values = ", ".join(_value(column, f"c{at}") for at, column in enumerate(file.columns))
    yield f"CREATE TEMP TABLE {stage} ({staged});"
    yield f".import --csv --skip 1 {file.name} {stage}"
    yield f"INSERT INTO {name('sqlite', file.table.name)} ({columns}) SELECT {values} FROM temp.{stage};"
    yield f"DROP TABLE temp.{stage};"


def _value(column: Column, cell: str) -> str:
    """The value of a cell, all of which are text here: see `cells`."""
    if column.kind in ("integer", "boolean", "duration"):
        return f"nullif({cell}, '\\N')"
    if column.kind == "float":
        mantissa = f"CAST(substr({cell}, 1, instr({cell}, '*') - 1) AS INTEGER)"
        exponent = f"CAST(substr({cell}, instr({cell}, '^') + 1) AS INTEGER)"
        exact = f"ieee754({mantissa}, {exponent})"
        return f"CASE WHEN {cell} = '\\N' THEN NULL WHEN instr({cell}, '*') THEN {exact} ELSE CAST({cell} AS REAL) END"
    if column.kind == "binary":
        byte = "substr((SELECT bytes FROM temp.fixtureflow), value + 1, 1)"
        joined = f"(SELECT coalesce(CAST(group_concat({byte}, '') AS BLOB), X'') FROM json_each({cell}))"
        return f"CASE WHEN {cell} <> '\\N' THEN {joined} END"
    return f"CASE WHEN {cell} = '\\N' THEN NULL WHEN substr({cell}, 1, 1) = '\\' THEN substr({cell}, 2) ELSE {cell} END"
