"""How the records of a model are compared: what makes two of them the same row, and what of them is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol
from uuid import UUID

import msgspec

from fixtureflow.comparing.canonical import Encode, digest, encode_decoded, encode_exactly, unordered
from fixtureflow.patterns import FieldPattern
from fixtureflow.record import Record
from fixtureflow.references.links import Key, Place, field_of
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Model, Schema

__all__ = ["ByPk", "Kept", "Shape", "Values", "entries", "pk_form", "sets_of", "texts"]


class _Row(msgspec.Struct, gc=False):
    fields: dict[str, Any]
    pk: Any = None


_decode = msgspec.json.Decoder(list[_Row]).decode
_decode_one = msgspec.json.Decoder(_Row).decode

Values = dict[str, Any]


class Shape(Protocol):
    """What it takes to compare the records of a model."""

    label: str
    """The concrete model's: what rows of a proxy are, too."""

    def key(self, pk: Any, fields: Values, encode: Encode) -> bytes:
        """The digest that the same row has in both dumps."""

    def view(self, pk: Any, fields: Values, encode: Encode) -> dict[str, Any]:
        """By name what is compared, in the form in which the same is equal."""


def entries(shape: Shape, stretch: Stretch) -> Iterator[tuple[bytes, bytes]]:
    """The digests of each record's key and values."""
    key, view, encode = shape.key, shape.view, encode_decoded
    try:
        rows = _decode(stretch.array())
    except (msgspec.MsgspecError, RecursionError):
        yield from (_entry(shape, record) for record in stretch.records())
        return
    for row in rows:
        pk, fields = row.pk, row.fields
        yield key(pk, fields, encode), digest(encode(view(pk, fields, encode)))


def _entry(shape: Shape, record: Record) -> tuple[bytes, bytes]:
    """Of a record whose neighbour, or it itself, holds what msgspec refuses: `NaN` and the like.

    Which of the two texts a record has follows from its values alone.
    """
    encode: Encode = encode_decoded
    try:
        row = _decode_one(record.raw)
        pk, fields = row.pk, row.fields
    except (msgspec.MsgspecError, RecursionError):
        pk, fields, encode = record.pk, record.fields, encode_exactly
    return shape.key(pk, fields, encode), digest(encode(shape.view(pk, fields, encode)))


def texts(shape: Shape, record: Record) -> dict[str, bytes]:
    """By name the text of what is compared; equal where that is equal."""
    view = shape.view(record.pk, record.fields, encode_exactly)
    return {name: encode_exactly(value) for name, value in view.items()}


class Kept:
    """The fields of a model's records that are compared: all but those that a pattern says to ignore."""

    def __init__(self, label: str, ignored: list[FieldPattern]) -> None:
        self._label = label
        self._patterns = [pattern for pattern in ignored if pattern.matches_model(label)]
        self._known: dict[str, bool] = {}

    def __call__(self, fields: Values) -> Values:
        """The fields that are kept; a dict that may be changed."""
        if not self._patterns:
            return fields
        return {name: value for name, value in fields.items() if not self.ignores(name)}

    def ignores(self, name: str) -> bool:
        found = self._known.get(name)
        if found is None:
            found = any(pattern.matches(self._label, name) for pattern in self._patterns)
            self._known[name] = found
        return found


class ByPk:
    """Records with the same primary key are one row; one that has none is known by all its values."""

    def __init__(self, schema: Schema, label: str, ignored: list[FieldPattern], *, trust: bool = False) -> None:
        model = schema.concrete(label)
        self.label = model.label if model else label
        self._begins = self.label.encode() + b"\0"
        self._form = pk_form(schema, label)
        self._kept = Kept(label, ignored)
        self._sets = sets_of(model, trust=trust)

    def key(self, pk: Any, fields: Values, encode: Encode) -> bytes:
        if pk is None:
            return digest(self._begins + b"\0" + encode(self.view(pk, fields, encode)))
        return digest(self._begins + repr(self._form(pk)).encode())

    def view(self, pk: Any, fields: Values, encode: Encode) -> Values:
        fields = self._kept(fields)
        for name in self._sets:
            if name in fields:
                fields[name] = unordered(fields[name], encode)
        return fields


def sets_of(model: Model | None, *, trust: bool) -> list[str]:
    """The fields that are many-to-many, whose lists have no order; of guessed ones nobody knows."""
    relations = model.relations() if model else ()
    return [name for name, relation in relations if relation.kind == "m2m" and (trust or not relation.guess)]


def pk_form(schema: Schema, label: str) -> Callable[[Any], Key]:
    """What brings primary keys that Django reads as the same to the same: `"1"` is 1 but in a column of texts."""
    model = schema.concrete(label)
    if model and model.pk and len(model.pk) > 1:
        return lambda value: tuple(map(_plain, value)) if isinstance(value, list) else _plain(value)
    field = field_of(schema, Place(label, ""))
    kind = field.type if field and not field.type_guessed else None
    return {"integer": _integer, "text": _text, "uuid": _uuid}.get(kind or "", _plain)


def _integer(value: Any) -> Key:
    if type(value) is int:
        return value
    try:
        return int(value) if isinstance(value, str) else _plain(value)
    except ValueError:
        return str(value)


def _text(value: Any) -> Key:
    return value if type(value) is str else str(value) if type(value) is int else _plain(value)


def _uuid(value: Any) -> Key:
    try:
        return UUID(value).bytes
    except (TypeError, ValueError, AttributeError):
        return _plain(value)


def _plain(value: Any) -> Key:
    """Of a type nobody knows: a number written as text is that number."""
    if type(value) is str:
        digits = value.removeprefix("-")
        whole = digits.isdecimal() and digits.isascii() and (digits[0] != "0" or value == "0") and len(digits) < 20
        return int(value) if whole else value
    return value if type(value) is int else encode_exactly(value)
