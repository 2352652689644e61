"""Keys as numbers in a log: values that mean the same key, however they are written, have one number.

A value comes as msgspec has decoded it, or as JSON has it.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Callable, Hashable, Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import UNSET

from fixtureflow.checks.logs import BITS, END, NONE, PLAIN, hashed, natural_hash
from fixtureflow.references.links import natural_form, plain_form
from fixtureflow.schema.model import Field, FieldType
from fixtureflow.values.stored import storer

__all__ = ["Form", "Numbering", "folded", "form_of"]

Form: TypeAlias = Callable[[Any], Hashable]
"""From a value that is not null to what equal ones are equal as."""

_SMALL = 2**62
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def form_of(kind: FieldType | None) -> Form:
    """How values of a kind are made comparable: equal ones have one `repr`."""
    return _FORMS.get(kind, _plain)


def _plain(value: Any) -> Hashable:
    """A reference may be known to be a UUID where nothing is known of what it refers to."""
    return value.bytes if type(value) is UUID else plain_form(value)


def _integer(value: Any) -> Hashable:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return plain_form(value)


def _text(value: Any) -> Hashable:
    return value if type(value) is str else str(value)


def _uuid(value: Any) -> Hashable:
    try:
        return (value if type(value) is UUID else UUID(int=value) if isinstance(value, int) else UUID(value)).bytes
    except (TypeError, ValueError, AttributeError):
        return plain_form(value)


def _decimal(value: Any) -> Hashable:
    try:
        return Decimal(str(value)).normalize(_EXACT) or Decimal(0)
    except ArithmeticError:
        return plain_form(value)


def _stored_as(kind: FieldType) -> Form:
    """As SQLite has it, and so in one spelling."""
    store = storer(Field(type=kind), "sqlite")

    def form(value: Any) -> Hashable:
        try:
            return store(value if isinstance(value, str) else value.isoformat())  # type: ignore[no-any-return]
        except (ValueError, AttributeError):
            return str(value)

    return form


_FORMS: dict[FieldType | None, Form] = {
    "integer": _integer,
    "text": _text,
    "uuid": _uuid,
    "decimal": _decimal,
    "datetime": _stored_as("datetime"),
    "date": _stored_as("date"),
    "time": _stored_as("time"),
}


class Numbering:
    """The numbers of values of a kind; of a list, which is a natural key, too."""

    def __init__(self, kind: FieldType | None) -> None:
        self._form = form_of(kind)
        self._many = {"integer": self._integers, "text": self._texts, None: self._untyped}.get(kind, self._others)
        self.natural = False
        """Has there been a natural key?"""
        self.gaps = False
        """Has there been none?"""

    def of(self, values: list[Any]) -> array[int]:
        """The numbers of many values, `NONE` for null."""
        return self._many(values)

    def of_items(self, lists: Iterable[Any]) -> array[int]:
        """The numbers of the items of lists, `END` after those of each."""
        found: list[Any] = []
        for items in lists:
            if type(items) is list and items:
                found += items
            found.append(END)
        if self._form is _integer:
            try:
                return array("q", found)
            except (TypeError, OverflowError):
                pass
        return array("q", [END if item is END else self.number(item) for item in found])

    def number(self, value: Any) -> int:
        """The number of one value."""
        if value is None or value is UNSET or isinstance(value, dict):
            self.gaps = True
            return NONE
        if type(value) is list:
            self.natural = True
            return natural_hash(natural_form(value))
        key = self._form(value)
        return key if type(key) is int and -_SMALL < key < _SMALL else hashed(key)

    def _integers(self, values: list[Any]) -> array[int]:
        try:
            return array("q", values)
        except (TypeError, OverflowError):
            pass
        try:
            self.gaps = True
            return array("q", [NONE if value is None else value for value in values])
        except (TypeError, OverflowError):
            return self._others(values)

    def _texts(self, values: list[Any]) -> array[int]:
        number = self.number
        return array("q", [hash(v) & BITS | PLAIN if type(v) is str else number(v) for v in values])

    def _untyped(self, values: list[Any]) -> array[int]:
        """Most are small integers, or written as such."""
        number = self.number
        return array(
            "q",
            [
                int(v)
                if type(v) is str and v.isdecimal() and v[0] != "0" and len(v) < 19 and v.isascii()
                else number(v)
                for v in values
            ],
        )

    def _others(self, values: list[Any]) -> array[int]:
        return array("q", map(self.number, values))


def folded(text: str) -> str:
    """As a collation sees it that minds neither case nor accents nor spaces at the end, or nearly."""
    plain = unicodedata.normalize("NFKD", text.rstrip(" ")).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c)) if not plain.isascii() else plain
