"""What a database's driver gives of a column, as dumpdata writes it; moments to the microsecond."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from fixtureflow.schema.model import Field

__all__ = ["as_dumped"]


def as_dumped(value: Any, field: Field) -> Any:
    """A JSON value: `DjangoJSONEncoder` and the fields' `value_to_string` are the source."""
    kind = field.type
    match value:
        case None:
            return None
        case str() if kind == "uuid":
            return str(UUID(value))
        case str() if kind == "json":
            return json.loads(value)
        case str() if kind == "datetime":
            return _moment(datetime.fromisoformat(value).replace(tzinfo=UTC))
        case int() if kind == "boolean":
            return bool(value)
        case int() | float() if kind == "decimal":
            return f"{value:.{field.decimals}f}" if field.decimals is not None else str(value)
        case bool() | int() | str() | float():
            return value
        case datetime():
            return _moment(value)
        case timedelta() if kind == "time":  # as PyMySQL gives it
            return (datetime.min + value).time().isoformat()
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
    return str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.isoformat().replace("+00:00", "Z")
