"""Primary keys in the form in which the same row's are equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fixtureflow.comparing.canonical import encode_exactly
from fixtureflow.references.links import Key, Place, field_of
from fixtureflow.schema.model import Schema

__all__ = ["exact_form"]


def exact_form(schema: Schema, place: Place) -> Callable[[Any], Key]:
    """What brings values of a place that Django reads as the same to the same: `"1"` is 1 but in a column of texts.

    Two that are not the same for certain stay two: only what is known to be a UUID is one in any spelling.
    """
    model = schema.concrete(place.model)
    if model and model.pk and len(model.pk) > 1 and not place.field:
        return lambda value: tuple(map(_plain, value)) if isinstance(value, list) else _plain(value)
    field = field_of(schema, place)
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
