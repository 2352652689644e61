"""The newest date in a piece of JSON, found without decoding it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache

__all__ = ["newer_date"]

_DATE = re.compile(rb'"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?"')
_KEY_BEFORE = re.compile(rb'"([^"\\]+)"\s*:\s*\Z')
_ZONES_APART = timedelta(days=2)
"""More than any two time zones: of two datetimes written that far apart, the one written as later is later."""


def newer_date(text: bytes, known: str) -> tuple[str, str] | None:
    """The latest date or datetime of the years 1900 to 2099 among the values in JSON `text`, and its key.

    None if it is no later than `known`, which is one found before, or empty.
    """
    least = b'"%b"' % known.encode()
    limit = _well_before(least) if known else b'"1900'
    looks = [begin + end for begin, end in _dates(int(limit[1:5])).findall(text)]
    newest, latest = b"", _moment(least)
    for day in sorted({day for day in looks if day >= limit}, reverse=True):
        if day < limit:
            break
        if moment := _moment(day):
            limit = max(limit, _well_before(day))
            if latest is None or moment > latest:
                newest, latest = day, moment
    if not newest:
        return None
    at = text.index(newest)
    key = _KEY_BEFORE.search(text[max(0, at - 200) : at])
    return newest.strip(b'"').decode(), key.group(1).decode() if key else ""


@cache
def _dates(since: int) -> re.Pattern[bytes]:
    """Finds what looks like a date of that year or later, in two parts.

    Hyphens are rare in a dump: what begins with one, and looks back from there, is found much faster.
    """
    years = f"20{_at_least(since - 2000)}" if since >= 2000 else f"(?:19{_at_least(since - 1900)}|20..)"
    return re.compile(rf'-(?<=("{years}-))([01]\d-[0-3]\d(?:"|T[^"]{{,60}}"))(?!\s*:)'.encode())


def _at_least(number: int) -> str:
    """A pattern for two digits."""
    tens, ones = divmod(max(number, 0), 10)
    return f"(?:{tens}[{ones}-9]|[{tens + 1}-9][0-9])" if tens < 9 else f"9[{ones}-9]"


@lru_cache
def _moment(text: bytes) -> datetime | None:
    """When that is; None for what only begins like a date."""
    try:
        moment = datetime.fromisoformat(text[1:-1].decode()) if _DATE.fullmatch(text) else None
    except ValueError:  # the 31st of a short month
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache
def _well_before(text: bytes) -> bytes:
    """The beginning of what is written so much earlier that it is earlier."""
    return b'"%b' % (date.fromisoformat(text[1:11].decode()) - _ZONES_APART).isoformat().encode()
