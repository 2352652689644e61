"""What a database says of its tables, in words that are the same for all of them."""

from __future__ import annotations

import msgspec

from fixtureflow.schema.model import FieldType

__all__ = ["INTEGERS", "Column", "Key", "Reference", "Table"]

INTEGERS = {8: (-(2**7), 2**7 - 1), 16: (-(2**15), 2**15 - 1), 24: (-(2**23), 2**23 - 1)}
INTEGERS |= {32: (-(2**31), 2**31 - 1), 64: (-(2**63), 2**63 - 1)}
"""The range of a signed integer of so many bits."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column; the facts mean the same as those of `schema.model.Field`."""

    type: FieldType
    null: bool
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    digits: int | None = None
    decimals: int | None = None
    default: bool = False
    auto: bool | None = False
    generated: bool = False


class Reference(msgspec.Struct, frozen=True):
    """A foreign key of one column; Django makes no others."""

    table: str
    column: str
    """`""` for the primary key."""
    deferrable: bool | None


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A unique constraint or index, not that of the primary key: on columns, or on expressions."""

    columns: tuple[str, ...] = ()
    name: str | None = None
    condition: str = ""
    expressions: tuple[str, ...] = ()
    nulls_distinct: bool = True
    deferrable: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table; columns and what hangs on them are keyed by the column's name, in the table's order."""

    name: str
    columns: dict[str, Column]
    pk: tuple[str, ...] = ()
    references: dict[str, Reference] = {}
    keys: tuple[Key, ...] = ()
    sequence: str = ""
    """That numbers the primary key."""
