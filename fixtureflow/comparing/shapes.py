"""How the records of a model are compared: what makes two of them the same row, and what of them is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

from fixtureflow.comparing.canonical import Encode, digest, encode_decoded, encode_exactly, unordered
from fixtureflow.comparing.forms import exact_form
from fixtureflow.comparing.identities import Identities
from fixtureflow.comparing.known import Known
from fixtureflow.patterns import FieldPattern
from fixtureflow.record import Record
from fixtureflow.references.links import Link, Place, field_of
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Model, Schema

__all__ = ["ByIdentity", "ByPk", "Shape", "digests", "fields_that_differ", "texts"]


class _Row(msgspec.Struct, gc=False):
    fields: dict[str, Any]
    pk: Any = None


_decode = msgspec.json.Decoder(list[_Row]).decode
_decode_one = msgspec.json.Decoder(_Row).decode

_NO_FRACTION = re.compile(r"(?<=:[0-9]{2})\.0+(?![0-9])")

Values = dict[str, Any]


class Shape(Protocol):
    """What it takes to compare the records of a model."""

    label: str
    """The concrete model's: what rows of a proxy are, too."""

    def key(self, pk: Any, fields: Values, encode: Encode) -> bytes:
        """The digest that the same row has in both dumps."""

    def view(self, pk: Any, fields: Values, encode: Encode) -> dict[str, Any]:
        """By name what is compared, in the form in which the same is equal."""


def digests(shapes: Sequence[Shape], stretch: Stretch) -> Iterator[tuple[bytes, bytes]]:
    """The digests of each record's key and values; `shapes` has that of each record."""
    try:
        rows = _decode(stretch.array())
    except (msgspec.MsgspecError, RecursionError):
        yield from map(_digests, shapes, stretch.records())
        return
    encode = encode_decoded
    for row, shape in zip(rows, shapes, strict=True):
        pk, fields = row.pk, row.fields
        yield shape.key(pk, fields, encode), digest(encode(shape.view(pk, fields, encode)))


def _digests(shape: Shape, record: Record) -> tuple[bytes, bytes]:
    """Of a record whose neighbour, or it itself, holds what msgspec refuses: `NaN` and the like.

    Which of the two texts a record has follows from its values alone.
    """
    encode: Encode = encode_decoded
    try:
        row = _decode_one(record.raw)
        pk, fields = row.pk, row.fields
    except (msgspec.MsgspecError, RecursionError):
        record.model = shape.label  # for what is said if Python's json cannot read it either
        pk, fields, encode = record.pk, record.fields, encode_exactly
    return shape.key(pk, fields, encode), digest(encode(shape.view(pk, fields, encode)))


def texts(shape: Shape, record: Record) -> dict[str, bytes]:
    """By name the text of what is compared; equal where that is equal."""
    view = shape.view(record.pk, record.fields, encode_exactly)
    return {name: encode_exactly(value) for name, value in view.items()}


class _Kept:
    """The fields of a model's records that are compared: all but those that a pattern says to ignore.

    A moment that dumpdata has cut to milliseconds, and to none of them, is what it is when it comes back from the
    database: `12:00:00.000Z` is `12:00:00Z` in a field that is stated to hold moments.
    """

    def __init__(self, model: Model | None, label: str, ignored: list[FieldPattern]) -> None:
        self._label = label
        fields = model.fields.items() if model else ()
        self._moments = [name for name, f in fields if f.type in ("datetime", "time") and not f.type_guessed]
        self._patterns = [pattern for pattern in ignored if pattern.matches_model(label)]
        self._known: dict[str, bool] = {}

    def __call__(self, fields: Values) -> Values:
        """The fields that are kept; it is `fields` itself that is changed, if it can be."""
        kept = fields
        if self._patterns:
            kept = {name: value for name, value in fields.items() if not self.ignores(name)}
        for name in self._moments:
            value = kept.get(name)
            if type(value) is str and ".000" in value:
                kept[name] = _NO_FRACTION.sub("", value)
        return kept

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
        self._form = exact_form(schema, Place(label, ""))
        self._kept = _Kept(model, label, ignored)
        self._sets = _sets_of(model, trust=trust)

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


def _sets_of(model: Model | None, *, trust: bool) -> list[str]:
    """The fields that are many-to-many, whose lists have no order; of guessed ones nobody knows."""
    relations = model.relations() if model else ()
    return [name for name, relation in relations if relation.kind == "m2m" and (trust or not relation.guess)]


class ByIdentity:
    """Records that are known by the same are one row, whatever their primary keys; so are those referred to."""

    def __init__(self, identities: Identities, label: str, ignored: list[FieldPattern], known: Known) -> None:
        schema, links = identities.schema, identities.links(label)
        model = schema.concrete(label)
        self.label = model.label if model else label
        self._known = known
        self._kept = _Kept(model, label, ignored)
        self._by_pk = next((link for link in links.values() if link.by_pk), None)
        self._links = {name: link for name, link in links.items() if not link.by_pk}
        self._form = exact_form(schema, Place(label, ""))
        self._kind = _kind_of_pk(schema, label)

    def key(self, pk: Any, fields: Values, encode: Encode) -> bytes:
        known = self._known.record(self.label, pk, fields.get)
        if known is None and pk is None:
            return digest(self.label.encode() + b"\0" + encode(self.view(pk, fields, encode)))
        return bytes.fromhex(known or self._known.by_pk(self.label, pk))

    def view(self, pk: Any, fields: Values, encode: Encode) -> Values:
        """Of a reference by what its record is known; and the pk, unless it is a number that a database has given."""
        view = self._kept(fields.copy())
        for name, link in self._links.items():
            if name in view:
                view[name] = self._followed(link, view[name], fields, encode)
        if self._by_pk is not None:
            own = view.pop(self._by_pk.field, None)
            view["pk"] = self._known.reference(self._by_pk, own if pk is None else pk, fields.get)
        elif self._kind == "text" or (self._kind == "" and pk is not None and not isinstance(self._form(pk), int)):
            view["pk"] = pk if pk is None else repr(self._form(pk))
        if self._kept.ignores("pk"):
            view.pop("pk", None)
        return view

    def _followed(self, link: Link, value: Any, fields: Values, encode: Encode) -> Any:
        if link.many and isinstance(value, list):
            return unordered([self._known.reference(link, item, fields.get) for item in value], encode)
        return self._known.reference(link, value, fields.get)


def _kind_of_pk(schema: Schema, label: str) -> str:
    """`number`, `text` for all else, `several` for a composite one, empty where that is not known."""
    model = schema.concrete(label)
    if model and model.pk and len(model.pk) > 1:
        return "several"
    field = field_of(schema, Place(label, ""))
    if field is None or field.type is None or field.type_guessed:
        return ""
    return "number" if field.type == "integer" else "text"


def fields_that_differ(record: Record, other: Record) -> list[str]:
    """The names of the fields whose JSON values are not the same in both."""
    ours, theirs = record.fields, other.fields
    names = {**ours, **theirs}
    return [
        name
        for name in names
        if (name in ours) != (name in theirs) or encode_exactly(ours.get(name)) != encode_exactly(theirs.get(name))
    ]
