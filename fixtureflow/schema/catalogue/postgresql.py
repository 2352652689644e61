"""PostgreSQL's tables, in four queries: those that the search path reaches, as an unqualified name would.

Needs PostgreSQL 12 or later.
"""

from __future__ import annotations

import re

import msgspec
from sqlalchemy import Connection

from fixtureflow.schema.catalogue.nouns import INTEGERS, Column, Key, Reference, Table
from fixtureflow.schema.model import FieldType

__all__ = ["tables"]

# Not the partitions of a table, and not what an extension brought with it (PostGIS: spatial_ref_sys).
_TABLES = """
    WITH t AS MATERIALIZED (
        SELECT c.oid, c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
          AND pg_table_is_visible(c.oid)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                    AND d.deptype = 'e')
    )
"""
_COLUMNS = """
    SELECT t.relname, a.attnum, a.attname, NOT (a.attnotnull OR k.typnotnull), b.typname, b.typtype, b.typcategory,
           format_type(b.oid, CASE WHEN k.typtype = 'd' THEN k.typtypmod ELSE a.atttypmod END),
           pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', a.attgenerated <> ''
    FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type k ON k.oid = a.atttypid
           JOIN pg_type b ON b.oid = CASE WHEN k.typtype = 'd' THEN k.typbasetype ELSE k.oid END
           LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
    ORDER BY t.relname, a.attnum
"""
_CONSTRAINTS = """
    SELECT t.relname, c.contype, c.conkey, other.relname, c.confkey, c.condeferred,
           CASE WHEN c.contype = 'c' THEN pg_get_constraintdef(c.oid) END
    FROM t JOIN pg_constraint c ON c.conrelid = t.oid AND cardinality(c.conkey) = 1
           LEFT JOIN t other ON other.oid = c.confrelid
    WHERE c.contype = 'f' OR c.contype = 'c' AND right(c.conname, 6) = '_check'
    ORDER BY c.conname
"""
_KEYS = """
    SELECT t.relname, n.relname, i.indisprimary, i.indkey::int2[], i.indnkeyatts, NOT i.indimmediate,
           pg_get_expr(i.indpred, i.indrelid, true),
           CASE WHEN i.indexprs IS NOT NULL THEN
               ARRAY(SELECT pg_get_indexdef(i.indexrelid, part, true) FROM generate_series(1, i.indnkeyatts) part)
           END,
           NOT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
    FROM t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique AND i.indisvalid
           JOIN pg_class n ON n.oid = i.indexrelid
    ORDER BY n.relname
"""
_SEQUENCES = """
    SELECT t.relname, d.refobjsubid, d.objid::regclass::text
    FROM t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid > 0
                           AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
           JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
"""


def tables(connection: Connection) -> dict[str, Table]:
    names: dict[str, dict[int, str]] = {}
    columns: dict[str, dict[str, Column]] = {}
    for table, number, name, *row in connection.exec_driver_sql(_TABLES + _COLUMNS):
        names.setdefault(table, {})[number] = name
        columns.setdefault(table, {})[name] = _column(*row)
    references = _constraints(connection, names, columns)
    pks, keys = _keys(connection, names)
    sequences = {(table, names[table][n]): name for table, n, name in connection.exec_driver_sql(_TABLES + _SEQUENCES)}
    return {
        table: Table(
            name=table,
            columns=columns[table],
            pk=pks.get(table, ()),
            references=references.get(table, {}),
            keys=tuple(keys.get(table, ())),
            sequence=sequences.get((table, pks[table][0]), "") if len(pks.get(table, ())) == 1 else "",
        )
        for table in names
    }


_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "integer"),
    **dict.fromkeys(("float4", "float8"), "float"),
    **dict.fromkeys(("varchar", "bpchar", "text", "citext", "name"), "text"),
    **dict.fromkeys(("time", "timetz"), "time"),
    **dict.fromkeys(("timestamp", "timestamptz"), "datetime"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    **dict.fromkeys(("geometry", "geography", "raster"), "geometry"),
    "bool": "boolean",
    "bytea": "binary",
    "date": "date",
    "inet": "ip",
    "interval": "duration",
    "numeric": "decimal",
    "uuid": "uuid",
}
_BITS = {"int2": 16, "int4": 32, "int8": 64}


def _column(
    null: bool, name: str, typtype: str, category: str, shown: str, default: str | None, identity: bool, generated: bool
) -> Column:
    kind: FieldType = _TYPES.get(name, "other")
    if typtype in ("r", "m"):
        kind = "range"
    elif typtype == "e":
        kind = "text"
    elif category == "A":
        kind = "array"
    numbers = [int(number) for number in re.findall(r"\d+", shown.partition("(")[2])]
    minimum, maximum = INTEGERS[_BITS[name]] if name in _BITS else (None, None)
    decimal = numbers if kind == "decimal" else []
    serial = default is not None and default.startswith("nextval(")
    return Column(
        type=kind,
        null=null,
        max_length=(numbers[0] if numbers else 0) if kind == "text" else None,
        minimum=minimum,
        maximum=maximum,
        digits=decimal[0] if decimal else None,
        decimals=decimal[1] if decimal[1:] else None,
        default=default is not None and not generated and not serial,
        auto=identity or serial,
        generated=generated,
    )


def _constraints(
    connection: Connection, names: dict[str, dict[int, str]], columns: dict[str, dict[str, Column]]
) -> dict[str, dict[str, Reference]]:
    """The foreign keys; checks as Django adds them to a positive integer narrow the range of their column."""
    found: dict[str, dict[str, Reference]] = {}
    for table, kind, (number,), to, to_numbers, deferred, check in connection.exec_driver_sql(_TABLES + _CONSTRAINTS):
        name = names[table][number]
        if kind == "f":
            if to is not None:  # else the other table is out of the search path's reach
                found.setdefault(table, {})[name] = Reference(to, names[to][to_numbers[0]], deferred)
            else:
                found.setdefault(table, {})[name] = Reference("", "", deferred)
            continue
        least = re.fullmatch(r"CHECK \(\(.+ >= '?(-?\d+)'?(?:::\w+)?\)\)", check)
        column = columns[table][name]
        if least and column.minimum is not None and " AND " not in check and " OR " not in check:
            columns[table][name] = msgspec.structs.replace(column, minimum=max(column.minimum, int(least[1])))
    return found


def _keys(
    connection: Connection, names: dict[str, dict[int, str]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[Key]]]:
    pks: dict[str, tuple[str, ...]] = {}
    keys: dict[str, list[Key]] = {}
    for (
        table,
        name,
        primary,
        numbers,
        count,
        deferrable,
        condition,
        expressions,
        distinct,
    ) in connection.exec_driver_sql(_TABLES + _KEYS):
        columns = tuple(names[table][number] for number in numbers[:count] if number)
        if primary:
            pks[table] = columns
            continue
        keys.setdefault(table, []).append(
            Key(
                columns=() if expressions else columns,
                name=name,
                condition=condition or "",
                expressions=tuple(expressions or ()),
                nulls_distinct=distinct,
                deferrable=deferrable,
            )
        )
    return pks, keys
