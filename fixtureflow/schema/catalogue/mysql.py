"""The tables of MariaDB and MySQL, in four queries of their `information_schema`.

A unique index has no condition there; on an expression only in MySQL 8, or on the first characters of a column.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from fixtureflow.schema.catalogue.nouns import INTEGERS, Column, Key, Reference, Table
from fixtureflow.schema.model import FieldType

__all__ = ["tables"]

_COLUMNS = """
    SELECT c.table_name, c.column_name, c.is_nullable = 'YES', c.column_default, c.data_type, c.column_type,
           c.character_maximum_length, c.numeric_precision, c.numeric_scale, c.extra
    FROM information_schema.columns c
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE'
    ORDER BY c.table_name, c.ordinal_position
"""
_REFERENCES = """
    SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name,
           referenced_table_schema = database()
    FROM information_schema.key_column_usage
    WHERE table_schema = database() AND referenced_table_name IS NOT NULL
    ORDER BY table_name, constraint_name, ordinal_position
"""
_KEYS = """
    SELECT * FROM information_schema.statistics
    WHERE table_schema = database() AND non_unique = 0
    ORDER BY table_name, index_name, seq_in_index
"""
# MariaDB's JSON is text with a check; MySQL has a type for it.
_JSON = """
    SELECT table_name, check_clause FROM information_schema.check_constraints
    WHERE constraint_schema = database() AND lower(left(check_clause, 11)) = 'json_valid('
"""


def tables(connection: Connection) -> dict[str, Table]:
    json = _json(connection)
    columns: dict[str, dict[str, Column]] = {}
    for table, name, *row in connection.exec_driver_sql(_COLUMNS):
        columns.setdefault(table, {})[name] = _column((table, name) in json, *row)
    references = _references(connection)
    pks, keys = _keys(connection)
    return {
        table: Table(
            name=table,
            columns=columns[table],
            pk=pks.get(table, ()),
            references=references.get(table, {}),
            keys=tuple(keys.get(table, ())),
        )
        for table in columns
    }


def _json(connection: Connection) -> set[tuple[str, str]]:
    if not getattr(connection.dialect, "is_mariadb", False):
        return set()
    found = connection.exec_driver_sql(_JSON)
    return {(table, clause[11:].strip().rstrip(")").strip("`").replace("``", "`")) for table, clause in found}


_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), "integer"),
    **dict.fromkeys(("float", "double"), "float"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), "text"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime"),
    **dict.fromkeys(("tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary"), "binary"),
    **dict.fromkeys(("inet4", "inet6"), "ip"),
    **dict.fromkeys(("geometry", "point", "linestring", "polygon", "geometrycollection"), "geometry"),
    **dict.fromkeys(("geomcollection", "multipoint", "multilinestring", "multipolygon"), "geometry"),
    "date": "date",
    "decimal": "decimal",
    "json": "json",
    "time": "time",
    "uuid": "uuid",
}
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
# Django declares these for nothing else; CharField is varchar.
_CHARS: dict[str, FieldType] = {"char(32)": "uuid", "char(39)": "ip"}


def _column(
    json: bool,
    null: int,
    default: str | None,
    name: str,
    shown: str,
    length: int | None,
    precision: int | None,
    scale: int | None,
    extra: str,
) -> Column:
    kind: FieldType = "json" if json else _CHARS.get(shown) or _TYPES.get(name, "other")
    minimum, maximum = INTEGERS[_BITS[name]] if name in _BITS else (None, None)
    if shown == "tinyint(1)":
        kind, minimum, maximum = "boolean", None, None
    elif minimum is not None and maximum is not None and "unsigned" in shown:
        minimum, maximum = 0, maximum - minimum
    auto, generated = "auto_increment" in extra.lower(), "GENERATED" in extra.upper().replace("DEFAULT_GENERATED", "")
    # MariaDB says 'NULL' where a column that may be null has no default.
    has_default = default is not None and not (null and default == "NULL")
    return Column(
        type=kind,
        null=bool(null),
        max_length=_length(name, length) if kind == "text" else None,
        minimum=minimum,
        maximum=maximum,
        digits=precision if kind == "decimal" else None,
        decimals=scale if kind == "decimal" else None,
        default=has_default and not generated,
        auto=auto,
        generated=generated or "PERSISTENT" in extra.upper(),
    )


def _length(name: str, length: int | None) -> int | None:
    """Of the texts of which the length in bytes is limited, only the longest has, in effect, none."""
    if name in ("char", "varchar"):
        return length
    return 0 if name == "longtext" else None


def _references(connection: Connection) -> dict[str, dict[str, Reference]]:
    rows: dict[tuple[str, str], list[tuple[str, str, str, int]]] = {}
    for table, constraint, *row in connection.exec_driver_sql(_REFERENCES):
        rows.setdefault((table, constraint), []).append(tuple(row))
    found: dict[str, dict[str, Reference]] = {}
    for (table, _), columns in rows.items():
        if len(columns) == 1:
            column, to, to_column, here = columns[0]
            found.setdefault(table, {})[column] = Reference(to if here else "", to_column, False)
    return found


def _keys(connection: Connection) -> tuple[dict[str, tuple[str, ...]], dict[str, list[Key]]]:
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in connection.exec_driver_sql(_KEYS).mappings():
        part = {name.lower(): value for name, value in row.items()}
        rows.setdefault((part["table_name"], part["index_name"]), []).append(part)
    pks: dict[str, tuple[str, ...]] = {}
    keys: dict[str, list[Key]] = {}
    for (table, name), parts in rows.items():
        columns = tuple(part["column_name"] for part in parts)
        if name == "PRIMARY":
            pks[table] = columns
        elif all(part["column_name"] and not part["sub_part"] for part in parts):
            keys.setdefault(table, []).append(Key(columns=columns, name=name))
        else:
            keys.setdefault(table, []).append(Key(expressions=tuple(_words(part) for part in parts), name=name))
    return pks, keys


def _words(part: dict[str, Any]) -> str:
    if part["sub_part"]:
        return f"left({part['column_name']}, {part['sub_part']})"
    return str(part["column_name"] or part.get("expression"))
