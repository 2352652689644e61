"""SQLite's tables: from its pragmas, and from the SQL of `sqlite_master` what no pragma tells.

Only there stand a partial index's condition, expressions, AUTOINCREMENT, the check that marks a JSON column, and
whether foreign keys are deferred. SQLite keeps to no length, range or precision: lengths are told as declared, ranges
only as far as Django has them checked (`unsigned`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from fixtureflow.schema.catalogue.nouns import Column, Key, Reference, Table
from fixtureflow.schema.model import FieldType

__all__ = ["tables"]

# A virtual table whose module is not loaded (FTS, SpatiaLite) would fail the whole query.
_TABLES = """
    FROM sqlite_master m JOIN {}
    WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' AND upper(substr(m.sql, 1, 14)) <> 'CREATE VIRTUAL'
"""
_SQL = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL"
_COLUMNS = (
    'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value IS NOT NULL, c.pk, c.hidden'
    + _TABLES.format("pragma_table_xinfo(m.name) c")
    + "AND c.hidden <> 1 ORDER BY m.name, c.cid"
)
_REFERENCES = (
    'SELECT m.name, f.id, f."table", f."from", f."to"'
    + _TABLES.format("pragma_foreign_key_list(m.name) f")
    + "ORDER BY m.name, f.id DESC, f.seq"
)
_KEYS = (
    "SELECT m.name, i.name, i.origin, i.partial, c.name, c.cid"
    + _TABLES.format("pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) c")
    + 'AND i."unique" AND i.origin <> \'pk\' AND c."key" ORDER BY m.name, i.seq DESC, c.seqno'
)


def tables(connection: Connection) -> dict[str, Table]:
    sql = {name: text for _, name, text in connection.exec_driver_sql(_SQL, ("table",))}
    rows: dict[str, list[tuple[str, str, bool, bool, int, int]]] = {}
    for table, *row in connection.exec_driver_sql(_COLUMNS):
        rows.setdefault(table, []).append(tuple(row))
    shadows = {f"{name}_{part}" for name, text in sql.items() if _is_virtual(text) for part in _SHADOWS}
    for name in rows.keys() & shadows:
        del rows[name]
    references = _references(connection, sql)
    keys = _keys(connection)
    found = {}
    for name, columns in rows.items():
        pk = [column for place, column in sorted((row[4], row[0]) for row in columns if row[4])]
        found[name] = Table(
            name=name,
            columns=dict(_columns(columns, sql[name], pk)),
            pk=tuple(pk),
            references=references.get(name, {}),
            keys=tuple(keys.get(name, ())),
        )
    return found


# The tables in which a virtual table keeps its contents: FTS and R*Tree.
_SHADOWS = {*("data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "rowid", "parent")}


def _is_virtual(sql: str) -> bool:
    return sql[:14].upper() == "CREATE VIRTUAL"


def _columns(
    rows: list[tuple[str, str, bool, bool, int, int]], sql: str, pk: list[str]
) -> Iterator[tuple[str, Column]]:
    json = {_unquoted(name) for name in re.findall(rf"JSON_VALID\(\s*({_NAME})\s*\)", sql, re.IGNORECASE)}
    autoincrement = re.search(r"\bAUTOINCREMENT\b", _bare(sql), re.IGNORECASE) is not None
    for name, declared, not_null, default, place, hidden in rows:
        numbered = [name] == pk and declared.upper() == "INTEGER"  # an alias of the rowid
        kind, length, unsigned = _type(declared)
        yield (
            name,
            Column(
                type="json" if name in json else kind,
                null=not not_null and not (place and numbered),
                max_length=length if name not in json else None,
                minimum=0 if unsigned else None,
                default=default,
                auto=(True if autoincrement else None) if numbered else False,
                generated=hidden in (2, 3),
            ),
        )


_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime"),
    **dict.fromkeys(("decimal", "numeric"), "decimal"),
    **dict.fromkeys(("geometry", "point", "linestring", "polygon", "geometrycollection"), "geometry"),
    **dict.fromkeys(("multipoint", "multilinestring", "multipolygon"), "geometry"),
    "date": "date",
    "time": "time",
    "json": "json",
    "uuid": "uuid",
}
# https://sqlite.org/datatype3.html#determination_of_column_affinity
_AFFINITIES: tuple[tuple[str, FieldType], ...] = (
    ("int", "integer"),
    ("char", "text"),
    ("clob", "text"),
    ("text", "text"),
    ("blob", "binary"),
    ("real", "float"),
    ("floa", "float"),
    ("doub", "float"),
)


def _type(declared: str) -> tuple[FieldType, int | None, bool]:
    """Type, length and whether unsigned. Django declares `char(32)` for UUIDs and `char(39)` for addresses, only."""
    word, _, rest = declared.lower().partition("(")
    word = word.strip()
    length = re.match(r"\d+", rest)
    if (word, rest) in (("char", "32)"), ("char", "39)")):
        return ("uuid" if rest == "32)" else "ip"), None, False
    by_affinity: FieldType = next((kind for part, kind in _AFFINITIES if part in word), "other")
    kind = _TYPES.get(word, by_affinity)
    if kind == "text":
        return kind, int(length[0]) if length else 0, False
    return kind, None, kind == "integer" and "unsigned" in word


def _references(connection: Connection, sql: dict[str, str]) -> dict[str, dict[str, Reference]]:
    rows: dict[tuple[str, int], list[tuple[str, str, str | None]]] = {}
    for table, number, *row in connection.exec_driver_sql(_REFERENCES):
        rows.setdefault((table, number), []).append(tuple(row))
    counts: dict[str, int] = {}
    for table, _ in rows:
        counts[table] = counts.get(table, 0) + 1
    found: dict[str, dict[str, Reference]] = {}
    for (table, _), columns in rows.items():
        if len(columns) == 1:
            to, column, to_column = columns[0]
            deferred = len(re.findall(r"\bDEFERRABLE\s+INITIALLY\s+DEFERRED\b", _bare(sql[table]), re.IGNORECASE))
            deferrable = True if deferred == counts[table] else None if deferred else False
            found.setdefault(table, {})[column] = Reference(_known(to, sql), to_column or "", deferrable)
    return found


def _known(table: str, sql: dict[str, str]) -> str:
    """A table as it is called where it is made: SQLite minds no case."""
    return table if table in sql else next((name for name in sql if name.lower() == table.lower()), table)


def _keys(connection: Connection) -> dict[str, list[Key]]:
    sql = {name: text for _, name, text in connection.exec_driver_sql(_SQL, ("index",))}
    rows: dict[tuple[str, str, str, bool], list[tuple[str | None, int]]] = {}
    for table, index, origin, partial, *row in connection.exec_driver_sql(_KEYS):
        rows.setdefault((table, index, origin, partial), []).append(tuple(row))
    found: dict[str, list[Key]] = {}
    for (table, index, origin, partial), parts in rows.items():
        columns = tuple(column for column, number in parts if column is not None and number >= 0)
        words, condition = _parts(sql[index]) if index in sql else ((), "")
        plain = len(columns) == len(parts)
        found.setdefault(table, []).append(
            Key(
                columns=columns if plain else (),
                name=index if origin == "c" else None,
                condition=condition if partial else "",
                expressions=() if plain else words,
            )
        )
    return found


_NAME = r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+'
_PIECE = re.compile(
    r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\'(?:[^\']|\'\')*\'|--[^\n]*|/\*.*?\*/|[(),]|[^"`\[\'(),/-]+|.',
    re.DOTALL,
)


def _bare(sql: str) -> str:
    """SQL without names in quotes, strings and comments."""
    return "".join(" " if piece[0] in "\"`['" or piece[:2] in ("--", "/*") else piece for piece in _PIECE.findall(sql))


def _parts(sql: str) -> tuple[tuple[str, ...], str]:
    """What a CREATE INDEX is on, part by part without ASC and DESC, and its condition."""
    depth, parts, rest = 0, [""], ""
    for piece in _PIECE.findall(sql):
        if depth < 0:
            rest += piece
        elif piece == "(" and depth == 0:
            depth = 1
        elif piece == ")" and depth == 1:
            depth = -1
        elif piece == "," and depth == 1:
            parts.append("")
        elif depth:
            depth += (piece == "(") - (piece == ")")
            parts[-1] += piece
    plain = (re.sub(r"\s+(ASC|DESC)\s*$", "", part, flags=re.IGNORECASE).strip() for part in parts)
    return tuple(plain), re.sub(r"^\s*WHERE\s+", "", rest, flags=re.IGNORECASE).strip()


def _unquoted(name: str) -> str:
    return name[1:-1].replace(name[-1] * 2, name[-1]) if name[0] in '"`[' else name
