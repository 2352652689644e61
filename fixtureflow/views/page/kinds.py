"""What can become of a record: its name, what that means, and the columns of its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fixtureflow.views.page.markup import Markup, tag, text
from fixtureflow.views.page.told import Row

__all__ = ["COUNTED", "TABLES", "Column", "Table"]

COUNTED = {
    "new": "not in the database: kept",
    "renumbered": "not there, and its primary key is another row's: kept, under a free one",
    "updated": "takes the place of the database's row: kept, under that row's primary key",
    "same": "there already, under the same primary key: left out",
    "remapped": "there already, under another primary key: left out, references follow",
    "left out": "not wanted: --include and --exclude",
    "rejected": "has no place there: in rejects.json",
}
"""In the order in which they stand in a bar."""


class Column(NamedTuple):
    head: str
    cell: Callable[[Row], str]


class Table(NamedTuple):
    """The records of one kind."""

    case: str
    title: str
    about: str
    columns: tuple[Column, ...]


def _why(row: Row) -> Markup:
    named = f"{row.field}: " if row.field else ""
    besides = [Markup(f"{text(named)}{tag('span', row.value or row.detail)}")] if named or row.detail else []
    return Markup("<br>".join([text(row.reason), *besides]))


def _in_the_way(row: Row) -> Markup:
    owner = [text("of the dump: ")] if row.of_dump else []
    return Markup("".join([*owner, Markup("<br>".join(map(text, row.rows)))]))


_PK = Column("Primary key", lambda row: row.pk)
_NEW_PK = Column("New primary key", lambda row: row.target_pk)
_THERE = Column("Primary key there", lambda row: row.target_pk)
_REWRITTEN = Column("Rewritten", lambda row: row.fields)
_DIFFERS = Column("Differs there", lambda row: row.differs)

TABLES = (
    Table(
        "rejected",
        "Rejected",
        "They have no place in the database. Mend rejects.json, and prepare it again once the others are loaded.",
        (
            _PK,
            Column("Reason", _why),
            Column("Row in its way", _in_the_way),
            Column("In the dump", lambda row: row.place),
        ),
    ),
    Table(
        "renumbered",
        "Renumbered",
        "Their primary key is another row's in the database, so they get a free one; all that refers to them follows.",
        (_PK, _NEW_PK, _REWRITTEN),
    ),
    Table("updated", "Updated", "They take the place of rows that the database has.", (_PK, _THERE, _REWRITTEN)),
    Table(
        "remapped",
        "Remapped",
        "The database has them under another primary key. They are left out, and what refers to them refers to that "
        "row. Where a value differs, the database's stays.",
        (_PK, _THERE, _DIFFERS),
    ),
    Table(
        "changed",
        "References rewritten",
        "They are new, and what they refer to has another primary key in the database, or is not there.",
        (_PK, _REWRITTEN),
    ),
    Table(
        "same",
        "Same",
        "The database has them under the same primary key. They are left out. Where a value differs, the database's "
        "stays.",
        (_PK, _DIFFERS),
    ),
)
