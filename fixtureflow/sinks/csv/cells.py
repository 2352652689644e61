"""A column's values as the cells of a CSV file, in the form that the database's own loader takes.

Texts stand in quotes, a quote in them twice; numbers and what means NULL stand bare:

|        | psql `\\copy`     | MariaDB `LOAD DATA` | sqlite3 `.import`, which tells no quotes apart             |
|--------|------------------|---------------------|------------------------------------------------------------|
| NULL   | nothing          | `NULL`              | `\\N`; a text that begins with a backslash has one more     |
| binary | `"\\x00ff"`       | `"00ff"`            | `"[0,255]"`: its bytes, since old versions read no hex      |
| float  | `0.1`            | `0.1`               | `3602879701896397*2^-55`: it reads no decimals exactly     |
| array  | `"{1,NULL}"`     | as JSON             | as JSON                                                    |
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeAlias

from fixtureflow.schema.model import Field, FieldType
from fixtureflow.values.stored import Backend, Storer, storer

__all__ = ["NATURAL", "NULL", "Cells", "cells"]

Cells: TypeAlias = Callable[[list[Any]], list[str]]
"""From the JSON values of a column to its cells. Raises ValueError, with what is wrong, if one has none."""

NULL: dict[Backend, str] = {"postgresql": "", "mysql": "NULL", "sqlite": "\\N"}

NATURAL = "a natural key"
"""What is wrong with a list where a reference is wanted."""

_INT64 = range(-(2**63), 2**63)


def cells(field: Field, backend: Backend, *, reference: bool = False) -> Cells:
    """The function that makes cells of a field's values; of a `reference`, a list is a natural key and so refused."""
    store = _plain_key(storer(field, backend)) if reference else storer(field, backend)
    cell = _cell(field.type, backend, store)
    null = NULL[backend]

    def any_cell(value: Any) -> str:
        return null if value is None else cell(value)

    if field.type == "integer" and backend != "sqlite":
        return lambda values: [str(v) if type(v) is int else any_cell(v) for v in values]
    if field.type == "text" and backend != "sqlite":
        return lambda values: ['"' + v.replace('"', '""') + '"' if type(v) is str else any_cell(v) for v in values]
    return lambda values: list(map(any_cell, values))


def _plain_key(store: Storer) -> Storer:
    def plain(value: Any) -> Any:
        if isinstance(value, list | dict):
            raise ValueError(NATURAL)
        return store(value)

    return plain


def _cell(kind: FieldType | None, backend: Backend, store: Storer) -> Callable[[Any], str]:
    if backend == "postgresql" and kind in ("array", "range"):
        literal = _array if kind == "array" else _range
        return lambda value: _quoted(literal(store(value)))
    if backend != "postgresql" and kind == "geometry":
        return _no_cell
    text = _escaped if backend == "sqlite" else _quoted
    number = _exact if backend == "sqlite" and kind == "float" else _NUMBER[backend]
    binary = _BINARY[backend]

    def cell(value: Any) -> str:
        stored = store(value)
        if isinstance(stored, str):
            return text(stored)
        if isinstance(stored, bytes):
            return f'"{binary(stored)}"'
        if isinstance(stored, bool):
            return "t" if stored else "f"
        return number(stored)

    return cell


def _no_cell(_: Any) -> str:
    raise ValueError("a geometry, which only PostGIS takes as a text: load this model with loaddata")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _escaped(text: str) -> str:
    return _quoted("\\" + text if text[:1] == "\\" else text)


def _finite(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no number that MariaDB or MySQL has")
    return str(value)


def _in_64_bits(value: float) -> str:
    if isinstance(value, int) and value not in _INT64:
        raise ValueError("too large for SQLite, which has 64 bits")
    return str(value)


def _exact(value: float) -> str:
    """As the function `ieee754` of sqlite3 takes it: https://sqlite.org/floatingpoint.html."""
    if math.isnan(value):
        raise ValueError("no number that SQLite has")
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    mantissa, exponent = math.frexp(value)
    return f"{int(mantissa * 2**53)}*2^{exponent - 53}"


_NUMBER: dict[Backend, Callable[[Any], str]] = {"postgresql": str, "mysql": _finite, "sqlite": _in_64_bits}
_BINARY: dict[Backend, Callable[[bytes], str]] = {
    "postgresql": lambda value: f"\\x{value.hex()}",
    "mysql": bytes.hex,
    "sqlite": lambda value: json.dumps(list(value), separators=(",", ":")),
}


def _array(text: str) -> str:
    """As https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO, from what ArrayField.value_to_string writes."""
    value = _parsed(text)
    if not isinstance(value, list):
        raise ValueError("not a list")
    return _items(value)


def _items(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ",".join(map(_items, value)) + "}"
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = value if isinstance(value, str) else json.dumps(value)
    if text[:1] == "[" and text[-1:] == "]":
        # So ArrayField writes an array within an array, and nothing tells it from a text.
        raise ValueError("an array in an array, or a text that looks like one")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _range(text: str) -> str:
    """As https://www.postgresql.org/docs/current/rangetypes.html#RANGETYPES-IO, from RangeField.value_to_string."""
    value = _parsed(text)
    if not isinstance(value, dict):
        raise ValueError('not a range: {"lower": 1, "upper": 5, "bounds": "[)"}')
    if value.get("empty"):
        return "empty"
    bounds = value.get("bounds", "[)")
    if bounds not in ("[)", "(]", "[]", "()"):
        raise ValueError("its bounds are none of [) (] [] ()")
    lower, upper = ("" if value.get(end) is None else _items(str(value[end])) for end in ("lower", "upper"))
    return f"{bounds[0]}{lower},{upper}{bounds[1]}"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("not JSON") from None
