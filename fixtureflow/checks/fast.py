"""The types as which msgspec decodes a field's values: what it takes is right, what it refuses is judged.

So most values are checked while they are decoded, in C, and none is decoded that nobody looks at. Where no type says
enough, the texts of a column are held against a pattern, all in one go. (A pattern within msgspec's own `Meta` would
do the same one by one, but may crash once decoders have been thrown away.)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Raw

from fixtureflow.checks.judge import Dialect, limits
from fixtureflow.schema.model import Field, FieldType

__all__ = ["fast_pattern", "fast_type"]

_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_DURATION = r"(?:-?\d{1,7} )?\d\d:\d\d:\d\d(?:\.\d{6})?"
_WORD = 2**63 - 1


def fast_type(field: Field, kind: FieldType | None, dialect: Dialect, *, key: bool = False) -> Any:
    """The type of the values that are right for sure, unless there is a pattern too; None if only the judge can tell.

    `Raw` where any value is right. NUL characters, and those of four bytes, are looked for elsewhere. Of a `key` the
    value is wanted.
    """
    if kind == "text":
        longest = 0 if dialect.backend == "sqlite" else field.max_length or 0
        return Annotated[str, Meta(max_length=longest)] if longest else str if key else Raw
    if kind == "integer":
        least, most = limits(field, dialect)
        return Annotated[int, Meta(ge=max(least, -_WORD - 1), le=min(most, _WORD))]
    if kind == "datetime":
        refused = dialect.use_tz is False and not dialect.is_none_of("sqlite", "mysql")
        if dialect.use_tz or refused:
            return Annotated[datetime, Meta(tz=bool(dialect.use_tz))]
        return datetime
    if kind in ("json", "geometry", "other", None):
        return Any if key else Raw
    return _SIMPLE.get(kind)


_SIMPLE: dict[FieldType, Any] = {
    "boolean": bool,
    "float": float,
    "date": date,
    "time": time,
    "binary": bytes,
    "uuid": UUID,
    "decimal": str,
    "ip": str,
    "duration": str,
}


def fast_pattern(field: Field, kind: FieldType | None) -> Callable[[str], object] | None:
    """What says of a text that it is right for sure; None where the type has said so already."""
    if kind == "decimal":
        return re.compile(_decimals(field), re.ASCII).fullmatch
    pattern = {"ip": _IPV4, "duration": _DURATION}.get(kind or "")
    return re.compile(pattern, re.ASCII).fullmatch if pattern else None


def _decimals(field: Field) -> str:
    if field.digits is None:
        return r"-?\d{1,30}(?:\.\d{1,30})?"
    before, after = field.digits - (field.decimals or 0), field.decimals or 0
    whole = rf"\d{{1,{before}}}" if before else "0"
    fraction = rf"(?:\.\d{{1,{after}}})?" if after else ""
    return rf"-?{whole}{fraction}"
