"""A field's value in the form in which Django stores it in a database.

What each kind becomes, beside what JSON has it as already (source: `get_db_prep_value` of Django's fields and the
`adapt_…_value` of its backends):

| kind     | PostgreSQL          | SQLite                           | MariaDB, MySQL                   |
|----------|---------------------|----------------------------------|----------------------------------|
| boolean  | true, false         | 1, 0                             | 1, 0                             |
| datetime | ISO with its offset | UTC, `2024-02-29 12:00:00.123000` | UTC, `2024-02-29 12:00:00.123000` |
| duration | as it stands        | microseconds                     | microseconds                     |
| uuid     | with dashes         | 32 hex digits                    | 32 hex digits                    |
| binary   | bytes               | bytes                            | bytes                            |
| json     | JSON text           | JSON text                        | JSON text                        |
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias
from uuid import UUID

from fixtureflow.schema.model import Field, FieldType

__all__ = ["Backend", "Storer", "storer"]

Backend: TypeAlias = Literal["sqlite", "postgresql", "mysql"]
Storer: TypeAlias = Callable[[Any], Any]
"""From a JSON value, not null, to `str`, `int`, `float`, `bool` or `bytes`. Raises ValueError, with what is wrong."""


def storer(field: Field, backend: Backend) -> Storer:
    """The function that puts a value of the field into the form in which Django stores it.

    Values are read as loaddata reads them: `"1"` is the integer 1. A field of an unknown kind keeps its values.
    """
    return _of_kind(field.type, backend)


def _of_kind(kind: FieldType | None, backend: Backend) -> Storer:
    if kind == "boolean":
        return _boolean if backend == "postgresql" else _bit
    if kind == "datetime":
        return _moment if backend == "postgresql" else _naive_moment
    if kind == "duration":
        return _duration if backend == "postgresql" else _microseconds
    if kind == "uuid":
        return _dashed if backend == "postgresql" else _hex
    return _SAME_EVERYWHERE.get(kind, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else _json(value)


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("not an integer") from None


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("not a number") from None


def _decimal(value: Any) -> str:
    try:
        number = Decimal(int(value) if isinstance(value, bool) else str(value))
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise ValueError("not a decimal number")
    return format(number, "f")


_TRUTH: dict[Any, bool] = {True: True, "t": True, "True": True, "1": True}
_TRUTH |= {False: False, "f": False, "False": False, "0": False}


def _boolean(value: Any) -> bool:
    try:
        return _TRUTH[value]
    except (KeyError, TypeError):
        raise ValueError("neither true nor false") from None


def _bit(value: Any) -> int:
    return int(_boolean(value))


def _text(value: Any) -> str:
    return value if type(value) is str else str(value)


# django.utils.dateparse: date_re, time_re
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?")


def _date(value: Any) -> str:
    """As `parse_date`: a date only, with no time of day."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        match = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date(*map(int, match.groups())).isoformat() if match else _refused("not a date: 2024-02-29")
    except ValueError:
        return _refused("not a date: 2024-02-29")


def _refused(problem: str) -> str:
    raise ValueError(problem) from None


def _time(value: Any) -> str:
    """As `parse_time`, which drops a zone."""
    try:
        return str(time.fromisoformat(value).replace(tzinfo=None))
    except (TypeError, ValueError):
        match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    try:
        hour, minute, second, fraction = match.groups() if match else ("24", "", "", "")
        return str(time(int(hour), int(minute or 0), int(second or 0), int((fraction or "").ljust(6, "0"))))
    except ValueError:
        return _refused("not a time of day: 23:59:59.999")


_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?"
)


def _parsed(value: Any) -> datetime:
    """As `django.utils.dateparse.parse_datetime`, and a date alone as its midnight."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
        if match := _MOMENT.fullmatch(value):
            year, month, day, hour, minute, second, fraction, zone = match.groups()
            text = f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second or 0:0>2}.{fraction or '':0<6}"
            try:
                return datetime.fromisoformat(text + (zone or ""))
            except ValueError:
                pass
    raise ValueError("not a date and time: 2024-02-29T23:59:59.999Z")


def _moment(value: Any) -> str:
    return _parsed(value).isoformat(" ")


def _naive_moment(value: Any) -> str:
    moment = _parsed(value)
    try:
        return str(moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None))
    except OverflowError:
        raise ValueError("out of range in UTC") from None


# django.utils.dateparse: standard_duration_re, iso8601_duration_re, postgres_interval_re
_STANDARD = re.compile(
    r"(?:(?P<days>-?\d+) (days?, )?)?(?P<sign>-?)((?:(?P<hours>\d+):)(?=\d+:\d+))?(?:(?P<minutes>\d+):)?"
    r"(?P<seconds>\d+)(?:[.,](?P<microseconds>\d{1,6})\d{0,6})?"
)
_ISO = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>\d+([.,]\d+)?)D)?(?:T(?:(?P<hours>\d+([.,]\d+)?)H)?(?:(?P<minutes>\d+([.,]\d+)?)M)?"
    r"(?:(?P<seconds>\d+([.,]\d+)?)S)?)?"
)
_POSTGRES = re.compile(
    r"(?:(?P<days>-?\d+) (days? ?))?(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
    r"(?:\.(?P<microseconds>\d{1,6}))?)?"
)
_UNITS = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}


def _microseconds(value: Any) -> int:
    """As `django.utils.dateparse.parse_duration`, in microseconds."""
    match = isinstance(value, str) and next(
        (found for pattern in (_STANDARD, _ISO, _POSTGRES) if (found := pattern.fullmatch(value))), None
    )
    if not match:
        raise ValueError("not a duration: 3 04:05:06.789 or P3DT04H05M06.789S")
    parts = match.groupdict()
    sign = -1 if parts["sign"] == "-" else 1
    days = round(Decimal((parts.pop("days") or "0").replace(",", ".")) * _UNITS["days"])
    inner = int((parts.get("microseconds") or "").ljust(6, "0"))
    inner += sum(
        round(Decimal((parts[unit] or "0").replace(",", ".")) * _UNITS[unit])
        for unit in ("hours", "minutes", "seconds")
    )
    return sign * (days + inner) if match.re is _ISO else days + sign * inner


def _duration(value: Any) -> str:
    """As PostgreSQL reads it whatever the sign: all in microseconds."""
    return f"{_microseconds(value)} microseconds"


def _uuid(value: Any) -> UUID:
    try:
        return UUID(int=value) if isinstance(value, int) else UUID(value)
    except (TypeError, ValueError, AttributeError):
        raise ValueError("not a UUID") from None


def _dashed(value: Any) -> str:
    return str(_uuid(value))


def _hex(value: Any) -> str:
    return _uuid(value).hex


def _address(value: Any) -> str:
    """As `GenericIPAddressField.to_python`: IPv6 in its shortest form, an IPv4 address in it kept as such."""
    text = str(value).strip()
    if ":" not in text:
        return text
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise ValueError("not an IPv6 address") from None
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def _binary(value: Any) -> bytes:
    try:
        return base64.b64decode(value)  # as BinaryField.to_python: what is not of the alphabet is passed over
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("not base64") from None


def _json(value: Any) -> str:
    return json.dumps(value)


_SAME_EVERYWHERE: dict[FieldType | None, Storer] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "text": _text,
    "date": _date,
    "time": _time,
    "ip": _address,
    "binary": _binary,
    "json": _json,
}
