"""Which tables have a counter: as a target says, or as far as a schema tells."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from fixtureflow.schema import catalogue
from fixtureflow.schema.model import Model

__all__ = ["Counter", "Table", "counter_at", "counter_of", "tables_in"]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """What gives a column of a table its next number."""

    table: str
    column: str
    schema: str = ""
    """PostgreSQL's, of the table; empty where it is not known."""
    sequence: tuple[str, str] | None = None
    """PostgreSQL: its schema and name; None where they are not known, then the server looks it up."""
    last: int | None = None
    """MariaDB and SQLite: the number given out last; None where it is not known."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is there; its schema is PostgreSQL's. Most have one counter, some none."""

    schema: str = ""
    counters: tuple[Counter, ...] = ()


def tables_in(connection: Connection) -> dict[str, Table]:
    """The tables that an unqualified name reaches, by name."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.dialect.name, _mysql)(connection)


def counter_of(model: Model) -> Counter | None:
    """The counter of a model's primary key, if the schema says that it is numbered."""
    if model.table is None or not model.pk or len(model.pk) > 1:
        return None
    field = model.fields.get(model.pk[0])
    return counter_at(model.table, field.column or model.pk[0]) if field and field.auto else None


def counter_at(table: str, column: str) -> Counter:
    """The counter of a column of `db_table`, which for a table in another schema is `schema"."table`."""
    schema, _, name = table.rpartition('"."')
    return Counter(table=name, column=column, schema=schema)


# An identity column's sequence hangs on the column; that of a serial one is whatever its default asks, which need not
# be the one that the column owns.
_OF_POSTGRESQL = """
    WITH numbered AS (
        SELECT d.refobjid AS oid, d.refobjsubid AS number, d.objid AS sequence
        FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
          AND d.refobjsubid > 0
        UNION
        SELECT a.adrelid, a.adnum, d.refobjid
        FROM pg_attrdef a JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                                          AND d.refclassid = 'pg_class'::regclass
    )
    SELECT c.relname, n.nspname, a.attname, m.nspname, s.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN (numbered JOIN pg_class s ON s.oid = numbered.sequence AND s.relkind = 'S'
                             JOIN pg_namespace m ON m.oid = s.relnamespace) ON numbered.oid = c.oid
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = numbered.number
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND pg_table_is_visible(c.oid)
    ORDER BY c.relname, a.attnum, s.relname
"""


def _postgresql(connection: Connection) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for name, schema, column, *sequence in connection.exec_driver_sql(_OF_POSTGRESQL):
        counters = found[name].counters if name in found else ()
        if column is not None:
            counter = Counter(table=name, column=column, schema=schema, sequence=(sequence[0], sequence[1]))
            counters = (*counters, counter)
        found[name] = Table(schema=schema, counters=counters)
    return found


# MySQL would tell what it knew a day ago.
_FRESH = "SET @fixtureflow = 0 /*!80000 , SESSION information_schema_stats_expiry = 0 */"
_OF_MYSQL = """
    SELECT t.table_name, c.column_name, t.auto_increment
    FROM information_schema.tables t
         LEFT JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
                                               AND locate('auto_increment', c.extra) > 0
    WHERE t.table_schema = database() AND t.table_type = 'BASE TABLE'
    ORDER BY t.table_name
"""


def _mysql(connection: Connection) -> dict[str, Table]:
    connection.exec_driver_sql(_FRESH)
    found = {}
    for name, column, following in connection.exec_driver_sql(_OF_MYSQL):
        counter = Counter(table=name, column=column, last=(following or 1) - 1) if column is not None else None
        found[name] = Table(counters=(counter,) if counter else ())
    return found


def _sqlite(connection: Connection) -> dict[str, Table]:
    """An INTEGER PRIMARY KEY without AUTOINCREMENT has no counter: it goes on from the highest number there is."""
    tables = catalogue.tables(connection)
    numbered = [
        (name, column) for name, table in tables.items() for column, facts in table.columns.items() if facts.auto
    ]
    # The table of counters is made with the first table that has one.
    rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence") if numbered else ()
    last = {name: int(seq or 0) for name, seq in rows}
    counters = {name: Counter(table=name, column=column, last=last.get(name, 0)) for name, column in numbered}
    return {name: Table(counters=(counters[name],) if name in counters else ()) for name in tables}
