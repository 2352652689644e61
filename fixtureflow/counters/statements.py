"""The statements that move a counter past the highest number in use, and never back.

Each looks at the counter and the table when it is run: so it may be run at any time, before or after the rows are
there, again, and later on a database in use, where it does nothing as long as nothing is behind.
"""

from __future__ import annotations

from fixtureflow.counters.counter import Counter
from fixtureflow.sql import literal, name
from fixtureflow.values.stored import Backend

__all__ = ["advance", "preamble"]


def advance(counter: Counter, backend: Backend, *, least: int = 0) -> list[str]:
    """The statements for one counter, each without its semicolon; its next number will be higher than `least`, too."""
    return {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}[backend](counter, least)


def preamble(backend: Backend) -> list[str]:
    """What to say first in a file of such statements: how its names are encoded, and that no old figures are wanted."""
    if backend == "postgresql":
        return ["SET client_encoding = 'UTF8'"]
    if backend == "mysql":
        return ["SET NAMES utf8mb4", "SET @fixtureflow = 0 /*!80000 , SESSION information_schema_stats_expiry = 0 */"]
    return []


def _postgresql(counter: Counter, least: int) -> list[str]:
    """`nextval` alone knows what comes next of a sequence that nothing has been taken from yet (RESTART WITH 1000).

    It is asked only where the sequence is behind: `pg_sequence_last_value` is NULL if nothing has been taken.
    """
    table = name("postgresql", counter.schema, counter.table)
    column = name("postgresql", counter.column)
    if counter.sequence:
        sequence = literal("postgresql", name("postgresql", *counter.sequence))
    else:
        sequence = f"pg_get_serial_sequence({literal('postgresql', table)}, {literal('postgresql', counter.column)})"
    top = f"greatest(max({column}), {least})" if least > 0 else f"max({column})"
    return [
        f"SELECT seq, setval(seq, greatest(top, nextval(seq) - 1))"
        f" FROM (SELECT {sequence}::regclass AS seq, {top} AS top FROM {table}) AS t"
        f" WHERE top > coalesce(pg_sequence_last_value(seq), 0)"
    ]


def _mysql(counter: Counter, least: int) -> list[str]:
    """`ALTER TABLE` takes only a number, and would also lower a counter: so it is made where it is due."""
    table = name("mysql", counter.table)
    alter = literal("mysql", f"ALTER TABLE {table} AUTO_INCREMENT = ")
    return [
        f"SET @fixtureflow = (SELECT if(t.auto_increment <= m.top, concat({alter}, m.top + 1), 'DO 0')"
        f" FROM information_schema.tables t,"
        f" (SELECT greatest(coalesce(max({name('mysql', counter.column)}), 0), {least}) AS top FROM {table}) m"
        f" WHERE t.table_schema = database() AND t.table_name = {literal('mysql', counter.table)})",
        "PREPARE fixtureflow FROM @fixtureflow",
        "EXECUTE fixtureflow",
        "DEALLOCATE PREPARE fixtureflow",
    ]


def _sqlite(counter: Counter, least: int) -> list[str]:
    """A table has no row in sqlite_sequence before its first row, and nothing there is unique."""
    table = literal("sqlite", counter.table)
    highest = f"max({name('sqlite', counter.column)})"
    if least > 0:
        highest = f"max(coalesce({highest}, 0), {least})"
    top = f"(SELECT {highest} FROM {name('sqlite', counter.table)})"
    return [
        f"UPDATE sqlite_sequence SET seq = {top} WHERE name = {table} AND seq < {top}",
        f"INSERT INTO sqlite_sequence (name, seq) SELECT {table}, {top}"
        f" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {table}) AND {top} > 0",
    ]
