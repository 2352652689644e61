"""What kind of column a Django field has, told without a connection."""

from __future__ import annotations

from typing import Any

from django.db import connections, models
from django.db.backends.base.operations import BaseDatabaseOperations

from fixtureflow.schema.model import FieldType

__all__ = ["facts", "field_type", "has_default", "stored_as"]

_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(BaseDatabaseOperations.integer_field_ranges, "integer"),
    **dict.fromkeys(("CharField", "TextField", "SlugField", "FileField", "FilePathField"), "text"),
    "DecimalField": "decimal",
    "FloatField": "float",
    "BooleanField": "boolean",
    "NullBooleanField": "boolean",
    "DateField": "date",
    "TimeField": "time",
    "DateTimeField": "datetime",
    "DurationField": "duration",
    "UUIDField": "uuid",
    "GenericIPAddressField": "ip",
    "IPAddressField": "ip",
    "BinaryField": "binary",
    "JSONField": "json",
    "ArrayField": "array",
    "RangeField": "range",
    "BaseSpatialField": "geometry",
}


def stored_as(field: Any) -> Any:
    """The field that says what the column holds: that at the end of a relation, the output of a generated column."""
    while field.remote_field is not None:
        field = field.target_field
    return getattr(field, "output_field", field) if getattr(field, "generated", False) else field


def field_type(field: Any) -> FieldType:
    """The type of a field of its own or of someone else's making: what it says that it is, or what it is made from."""
    return _TYPES.get(_internal_type(stored_as(field)), "other")


def facts(field: Any, alias: str) -> dict[str, Any]:
    """Type, length, range and digits of a field with a column, as `Field` names them."""
    field = stored_as(field)
    internal = _internal_type(field)
    kind = _TYPES.get(internal, "other")
    found: dict[str, Any] = {"type": kind}
    if kind == "text":
        # A TextField's max_length is for forms only.
        found["max_length"] = 0 if internal == "TextField" else field.max_length or 0
    elif kind == "integer":
        found["minimum"], found["maximum"] = _ranges(alias)[internal]
    elif kind == "decimal":
        found["digits"], found["decimals"] = field.max_digits, field.decimal_places
    return found


def has_default(field: Any) -> bool:
    """Does `Model(**fields)`, and so loaddata, get along without the field? (`Field._get_default`)

    Django's implicit default, the empty text, counts; `auto_now` does not: a raw save leaves it alone.
    """
    if field.has_default() or getattr(field, "generated", False) or isinstance(field, models.AutoField):
        return True
    if getattr(field, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED:
        return True
    return bool(field.empty_strings_allowed and not field.null)


def _internal_type(field: Any) -> str:
    said = str(field.get_internal_type())
    if said in _TYPES:
        return said
    return next((kind.__name__ for kind in type(field).__mro__ if kind.__name__ in _TYPES), said)


def _ranges(alias: str) -> dict[str, tuple[int, int]]:
    """By the database of that alias. SQLite has no ranges, so there those that hold on all databases."""
    connection = connections[alias]
    found: dict[str, tuple[int, int]] = BaseDatabaseOperations.integer_field_ranges
    return found if connection.vendor == "sqlite" else connection.ops.integer_field_ranges
