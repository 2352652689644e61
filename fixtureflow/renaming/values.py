"""JSON texts of values without what a database refuses; all else of a text stays."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from fixtureflow.layout import TOKEN

__all__ = ["MAX_LENGTH", "cut", "filled", "null_nan", "strip_nul"]

MAX_LENGTH = "max_length"
"""In the place of a number of characters: that of the schema."""

_NOT_A_NUMBER = (b"NaN", b"Infinity", b"-Infinity")
_MAY_BE_HUGE = re.compile(rb"[0-9][eE]\+?0*[1-9][0-9]{2}|[0-9]{200}")
_ESCAPE = re.compile(rb"\\(?:u0000|.)", re.DOTALL)
_CHARACTER = (
    rb"(?:\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[\x20-\x21\x23-\x5b\x5d-\x7f]|[\xc0-\xff][\x80-\xbf]*)"
)


def null_nan(text: bytes) -> bytes:
    """`NaN`, `Infinity` and what Python reads as such (`1E400`) as `null`, however deep they stand."""
    if text[:1] == b'"' or not (b"NaN" in text or b"Infinity" in text or _MAY_BE_HUGE.search(text)):
        return text
    return TOKEN.sub(_finite, text)


def _finite(match: re.Match[bytes]) -> bytes:
    token = match.group()
    if token in _NOT_A_NUMBER:
        return b"null"
    huge = _MAY_BE_HUGE.search(token) and not token.lstrip(b"-").isdigit() and token[:1] in b"-0123456789"
    return b"null" if huge and math.isinf(float(token)) else token


def filled(value: bytes) -> Callable[[bytes], bytes]:
    """What puts `value` in the place of a null; a null within a list or an object stays."""
    return lambda text: value if text == b"null" else text


def strip_nul(text: bytes) -> bytes:
    """Without the character U+0000, which PostgreSQL has in no text, however deep it stands."""
    if b"\\u0000" not in text:
        return text
    return _ESCAPE.sub(lambda match: b"" if match.group() == b"\\u0000" else match.group(), text)


def cut(text: bytes, length: int) -> bytes:
    """A string cut to `length` characters, counted as Python and databases do; what is no string stays."""
    if len(text) - 2 <= length or text[:1] != b'"':
        return text
    found = re.match(rb'"%b{0,%d}+' % (_CHARACTER, length), text)
    end = found.end() if found else 0
    return text if text[end : end + 1] == b'"' else text[:end] + b'"'
