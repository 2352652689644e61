"""What a database's driver gives of a column, as dumpdata writes it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from fixtureflow.schema.model import Field
from fixtureflow.values.stored import storer

__all__ = ["as_dumped"]


_microseconds = storer(Field(type="duration"), "sqlite")


def as_dumped(value: Any, field: Field, *, use_tz: bool | None = None, milliseconds: bool = False) -> Any:
    """A JSON value: `DjangoJSONEncoder` and the fields' `value_to_string` are the source.

    With `milliseconds` moments are cut to these, as dumpdata does; `use_tz` is the project's setting, if it is known.
    What is no value of the field (SQLite may hold anything) stays as it is.
    """
    try:
        return _dumped(value, field, use_tz, milliseconds)
    except ValueError:
        return value


def _dumped(value: Any, field: Field, use_tz: bool | None, milliseconds: bool) -> Any:
    kind = field.type
    match value:
        case None:
            return None
        case str() if kind == "uuid":
            return str(UUID(value))
        case str() if kind == "json":
            return json.loads(value)
        case str() if kind == "datetime":
            return _moment(datetime.fromisoformat(value), use_tz, milliseconds)
        case str() if kind == "time":
            return _time(time.fromisoformat(value), milliseconds)
        case str() | int() | timedelta() if kind == "duration":
            return _duration(value)
        case str() if kind == "ip":
            return value.partition("/")[0]  # PostgreSQL's inet as text
        case int() if kind == "boolean":
            return bool(value)
        case int() | float() if kind == "decimal":
            return f"{value:.{field.decimals}f}" if field.decimals is not None else str(value)
        case bool() | int() | str() | float():
            return value
        case datetime():
            return _moment(value, use_tz, milliseconds)
        case timedelta() if kind == "time":  # as PyMySQL gives it
            return _time((datetime.min + value).time(), milliseconds)
        case time():
            return _time(value, milliseconds)
        case date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
    return str(value)


def _moment(value: datetime, use_tz: bool | None, milliseconds: bool) -> str:
    # Django keeps UTC where a column has no zone, and whatever is local where the project has none.
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    elif use_tz is not False:
        value = value.replace(tzinfo=UTC)
    return value.isoformat(timespec=_precision(value, milliseconds)).replace("+00:00", "Z")


def _time(value: time, milliseconds: bool) -> str:
    return value.isoformat(timespec=_precision(value, milliseconds))


def _precision(value: datetime | time, milliseconds: bool) -> str:
    return "milliseconds" if milliseconds and value.microsecond else "auto"


def _duration(value: str | int | timedelta) -> str:
    """`django.utils.duration.duration_string`."""
    if not isinstance(value, timedelta):
        value = timedelta(microseconds=_microseconds(value) if isinstance(value, str) else value)
    hours, minutes = divmod(value.seconds // 60, 60)
    clock = f"{hours:02}:{minutes:02}:{value.seconds % 60:02}"
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{f'{value.days} ' if value.days else ''}{clock}{fraction}"
