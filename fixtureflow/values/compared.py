"""Is a value of a fixture the one that a database has, as far as a dump can tell? Moments are cut to milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from fixtureflow.schema.model import Field
from fixtureflow.values.stored import Backend, storer

__all__ = ["comparer"]

Comparer = Callable[[Any, Any], bool]
"""Of a JSON value and what a driver gives of a column; neither None."""


def comparer(field: Field, backend: Backend) -> Comparer:
    """The function that says whether the two are the same value of the field. A bad value is the same as nothing."""
    stored = storer(field, backend)
    form: Callable[[Any], Any] = _FORMS.get(field.type or "", _as_text)
    if field.type == "json":
        return _same_json
    if field.type == "decimal" and field.decimals is not None:
        digits = field.decimals

        def same_decimal(value: Any, found: Any) -> bool:
            try:
                return round(_decimal(stored(value)), digits) == round(_decimal(found), digits)
            except (ValueError, ArithmeticError):
                return False

        return same_decimal

    def same(value: Any, found: Any) -> bool:
        if type(value) is type(found) and value == found:
            return True
        try:
            ours = stored(value)
            return bool(ours == found) or form(ours) == form(found)
        except (ValueError, TypeError, ArithmeticError):
            return False

    return same


def _same_json(value: Any, found: Any) -> bool:
    try:
        theirs = json.loads(found) if isinstance(found, str | bytes) else found
        # Some fields are dumped as a text that holds JSON, Wagtail's StreamField for one.
        return bool(theirs == value or (isinstance(value, str) and theirs == json.loads(value)))
    except ValueError:
        return False


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _moment(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds")


def _time(value: Any) -> str:
    if isinstance(value, timedelta):  # as PyMySQL gives it
        value = (datetime.min + value).time()
    return f"{value!s:0<15}"[:12].replace(":000000", ":00.000") if "." in str(value) else f"{value}.000"


_microseconds = storer(Field(type="duration"), "sqlite")


def _duration(value: Any) -> int:
    if isinstance(value, timedelta):
        return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    if isinstance(value, str) and value.endswith(" microseconds"):
        return int(value.removesuffix(" microseconds"))
    return value if isinstance(value, int) else int(_microseconds(value))


_FORMS: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "float": float,
    "decimal": _decimal,
    "boolean": bool,
    "date": lambda value: str(value)[:10],
    "datetime": _moment,
    "time": _time,
    "duration": _duration,
    "uuid": lambda value: value.hex if isinstance(value, UUID) else UUID(value).hex,
    "ip": lambda value: str(value).partition("/")[0],
    "binary": bytes,
    "text": str,
}
