"""`load.sql` for mariadb and mysql."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fixtureflow.schema.catalogue import Reference, Table
from fixtureflow.sinks.csv.drafts import CsvFile
from fixtureflow.sql import literal, name

__all__ = ["script"]


def script(files: Iterable[CsvFile], counters: Iterable[str], unordered: set[str]) -> str:
    """Load the files, in this order, all or none; then, after COMMIT, run the statements `counters`.

    InnoDB looks at foreign keys row by row: for the tables in `unordered`, which refer to themselves or to each other,
    that is switched off, and their foreign keys are looked at once all is there.
    """
    files = list(files)
    lines = [
        "-- In the folder of this file: mariadb --local-infile=1 -h HOST -u USER -p NAME < load.sql",
        "-- (mysql too; its server wants SET GLOBAL local_infile = 1). All files are loaded, or none.",
        "-- The tables must not hold any of their rows.",
        "SET NAMES utf8mb4;",
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';",
        "SET SESSION time_zone = '+00:00';",
        "START TRANSACTION;",
    ]
    for file in files:
        if file.table.name in unordered:
            lines.append("SET SESSION foreign_key_checks = 0;")
        lines += _load(file)
        if file.table.name in unordered:
            lines.append("SET SESSION foreign_key_checks = 1;")
    for table in {file.table.name: file.table for file in files if file.table.name in unordered}.values():
        for column, reference in table.references.items():
            if reference.table:  # else it is in another database
                lines += _look_for_orphans(table, column, reference)
    lines.append("COMMIT;")
    lines += [f"{statement};" for statement in counters]
    return "".join(f"{line}\n" for line in lines)


def _load(file: CsvFile) -> Iterator[str]:
    """LOCAL makes an error of a row a warning, and leaves the row out or cuts its values: so both are counted."""
    targets = []
    converted = []
    for at, column in enumerate(file.columns):
        if column.kind == "binary":
            targets.append(f"@c{at}")
            converted.append(f"{name('mysql', column.name)} = unhex(@c{at})")
        else:
            targets.append(name("mysql", column.name))
    yield (
        f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE {name('mysql', file.table.name)} CHARACTER SET utf8mb4"
        f" FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY X'0A'"
        f" IGNORE 1 LINES ({', '.join(targets)})" + (f" SET {', '.join(converted)}" if converted else "") + ";"
    )
    yield "SET @rows = row_count(), @warnings = @@warning_count;"
    yield "SHOW WARNINGS LIMIT 10;"
    yield from _insist(
        f"@rows = {file.rows} AND @warnings = 0", f"{file.name}: not all of its {file.rows} rows went in unchanged"
    )


def _look_for_orphans(table: Table, column: str, reference: Reference) -> Iterator[str]:
    own, theirs = name("mysql", column), name("mysql", reference.column)
    yield from _insist(
        f"NOT EXISTS (SELECT 1 FROM {name('mysql', table.name)} t LEFT JOIN {name('mysql', reference.table)} o"
        f" ON o.{theirs} = t.{own} WHERE t.{own} IS NOT NULL AND o.{theirs} IS NULL)",
        f"{table.name}.{column} has keys that {reference.table} has not",
    )


def _insist(condition: str, problem: str) -> Iterator[str]:
    """Fail unless the condition holds: no statement does that by itself outside of a stored program."""
    words = re.sub(r"[^\w .:,-]", "?", problem, flags=re.ASCII)[:120]
    signal = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'"
    yield f"SET @fixtureflow = if({condition}, 'DO 0', {literal('mysql', signal)});"
    yield "PREPARE fixtureflow FROM @fixtureflow;"
    yield "EXECUTE fixtureflow;"
    yield "DEALLOCATE PREPARE fixtureflow;"
