"""The types of a table's columns, as its database spells them: what a looked-up value is compared as."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sql
from sqlalchemy import Connection

__all__ = ["ColumnType", "column_types"]


class ColumnType(NamedTuple):
    """The type of a column, and how its texts are compared."""

    name: str
    """To declare or cast a value as: `varchar`, `bigint(20)`; empty on SQLite, where a column has none."""
    collation: str = ""
    """On MariaDB and MySQL, with the character set before it: `utf8mb4 utf8mb4_general_ci`; on SQLite `NOCASE`."""
    pads: bool = False
    """Do trailing spaces not count?"""

    @property
    def folds(self) -> bool:
        """May texts be equal that are not the same?"""
        differs = bool(self.collation) and not self.collation.endswith("_bin")
        return self.pads or differs or self.name in ("citext", "character")


_POSTGRESQL = """
    SELECT c.relname, a.attname, format_type(b.oid, NULL), coalesce(l.collisdeterministic, true)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         JOIN pg_type k ON k.oid = a.atttypid
         JOIN pg_type b ON b.oid = CASE WHEN k.typtype = 'd' THEN k.typbasetype ELSE k.oid END
         LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
"""
_MYSQL = """
    SELECT table_name, column_name, column_type, character_set_name, collation_name, data_type
    FROM information_schema.columns WHERE table_schema = database()
"""
_SQLITE = """
    SELECT m.name, c.name, c.coll
    FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) c
    WHERE m.type = 'table' AND i."unique" AND c.name IS NOT NULL AND c.coll <> 'BINARY'
"""
_BINARY = {"tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary"}


def column_types(connection: Connection) -> dict[str, dict[str, ColumnType]]:
    """By table and column, of all tables that an unqualified name reaches. On SQLite only what is not plain."""
    found: dict[str, dict[str, ColumnType]] = {}
    match connection.dialect.name:
        case "postgresql":
            for table, column, name, plain in connection.execute(sql.text(_POSTGRESQL)):
                kind = ColumnType(name, "" if plain else "nondeterministic")
                found.setdefault(table, {})[column] = kind
        case "mysql" | "mariadb":
            for table, column, name, charset, collation, data in connection.execute(sql.text(_MYSQL)):
                text = f"{charset} {collation}" if collation and data not in _BINARY else ""
                pads = bool(text) and "nopad" not in collation and "0900" not in collation
                found.setdefault(table, {})[column] = ColumnType(name, text, pads)
        case "sqlite":
            for table, column, collation in connection.execute(sql.text(_SQLITE)):
                found.setdefault(table, {})[column] = ColumnType("", collation, collation == "RTRIM")
    return found
