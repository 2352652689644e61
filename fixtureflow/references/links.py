"""Which other records a record refers to, by the schema: what each field of a model holds, and how keys compare.

A reference and the key it means are brought to one form, as Django's `to_python` would: `"1"` and `1` are one row, and
so is a UUID with and without dashes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Literal, NamedTuple

from fixtureflow.schema.model import Field, Relation, Schema

__all__ = [
    "Key",
    "Link",
    "Place",
    "field_of",
    "ignored_through",
    "is_known",
    "key_form",
    "links_of",
    "natural_form",
    "place_of",
    "plain_form",
]

Key = Hashable
"""A key in the form in which equal keys are equal."""

NATURAL = "#"


class Place(NamedTuple):
    """Keys of one kind: the values of a field of a model's records (`""` the pk, `"#"` the natural key)."""

    model: str
    field: str


class Link(NamedTuple):
    """One field through which records of a model refer to others."""

    model: str
    field: str
    kind: Literal["fk", "o2o", "m2m", "parent", "generic"]
    to: Place
    """Of what a plain value is a key; for a generic key it is each record's own."""
    null: bool | None
    by_pk: bool = False
    """The reference is the record's pk itself: a multi-table child's parent, a one-to-one primary key."""
    content_type: str = ""
    guess: bool = False
    unwatched: bool = False
    """Is there no constraint, so that rows may refer to nothing?"""

    @property
    def many(self) -> bool:
        return self.kind == "m2m"


def links_of(schema: Schema, label: str) -> Iterator[Link]:
    """The ways in which a record of the model refers to others, in the order of its fields."""
    model = schema.concrete(label)
    if model is None:
        return
    pk = model.pk or ()
    linked = set()
    for name, relation in model.relations():
        if relation.kind == "m2m" and ignored_through(relation):
            continue  # the rows between are records of their own
        field = model.fields[name]
        kind = "parent" if relation.parent_link else relation.kind
        to = place_of(schema, relation)
        if relation.parent_link:
            linked.add(to.model)
        yield Link(
            model.label,
            name,
            kind,
            to,
            _null(field, relation),
            pk == (name,),
            guess=relation.guess is not None,
            unwatched=relation.constraint is False,
        )
    for parent in (model.parents or ())[:1]:
        concrete = schema.concrete(parent)
        to = Place(concrete.label if concrete else parent, "")
        if to.model not in linked and not linked:
            yield Link(model.label, pk[0] if len(pk) == 1 else "pk", "parent", to, False, True)
    for key in model.generic_keys or ():
        object_id = model.fields.get(key.object_id)
        null = object_id.null if object_id else None
        yield Link(model.label, key.object_id, "generic", Place("", ""), null, content_type=key.content_type)


def is_known(schema: Schema, label: str) -> bool:
    """Is anything known of what records of the model refer to?"""
    model = schema.concrete(label)
    return model is not None and ("relations" in model.complete or any(True for _ in model.relations()))


def ignored_through(relation: Relation) -> bool:
    """Is it a many-to-many field that is in no record, because its `through` model is the project's own?"""
    return relation.auto_through is False


def place_of(schema: Schema, relation: Relation) -> Place:
    """What the plain values of a relation are keys of."""
    to = schema.concrete(relation.to)
    if to is None:
        return Place(relation.to, relation.to_field or "")
    if not relation.to_field or to.pk == (relation.to_field,) or relation.kind == "m2m":
        return Place(to.label, "")
    owner = schema.owner(to.label, relation.to_field)
    return Place(owner.label if owner else to.label, relation.to_field)


def _null(field: Field, relation: Relation) -> bool | None:
    return True if relation.kind == "m2m" else field.null


def key_form(schema: Schema, place: Place) -> Callable[[Any], Key]:
    """How the values of a place are made comparable, by the type of the field."""
    if place.field == NATURAL:
        return natural_form
    model = schema.concrete(place.model)
    if model and not place.field and model.pk and len(model.pk) > 1:
        return natural_form
    field = field_of(schema, place)
    kind = field.type if field else None
    return {"integer": _integer, "text": _text, "uuid": plain_form}.get(kind or "", plain_form)


def field_of(schema: Schema, place: Place) -> Field | None:
    """The field that keys of a place are values of; of a relation, that which it leads to in the end."""
    model, name = schema.concrete(place.model), place.field
    for _ in range(20):
        if model is None:
            return None
        field = model.fields.get(name or (model.pk or ("id",))[0])
        if field is None:
            if name or not model.parents:
                return None
            model, name = schema.concrete(model.parents[0]), ""
            continue
        if not isinstance(field.relation, Relation):
            return field
        model, name = schema.concrete(field.relation.to), field.relation.to_field or ""
    return None


def plain_form(value: Any) -> Key:
    """A key of a type nobody knows: a number written as text is that number, and dashes do not matter to a UUID."""
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is str:
        length = len(value)
        if length < 20:
            digits = value[1:] if value[:1] == "-" else value
            if digits.isdecimal() and digits.isascii() and (digits[0] != "0" or value == "0"):
                return int(value)
        elif length in (32, 36):
            return _uuid(value)
        return str(value)
    return _odd(value)


def _uuid(text: str) -> Key:
    dashed = len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-"
    if dashed or len(text) == 32:
        try:
            return int(text.replace("-", ""), 16).to_bytes(16, "big") if "_" not in text else text
        except (ValueError, OverflowError):
            pass
    return text


def _odd(value: Any) -> Key:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return natural_form(value)
    return repr(value)


def _integer(value: Any) -> Key:
    if type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return plain_form(value)


def _text(value: Any) -> Key:
    return value if type(value) is str else str(value) if type(value) is int else plain_form(value)


def natural_form(value: Any) -> Key:
    """A natural key, or a composite one: as a tuple."""
    return tuple(map(plain_form, value)) if isinstance(value, list | tuple) else (plain_form(value),)
