"""Record by record with the standard library's json: slower, and right where the fast path must give up.

It reads what Django writes and JSON does not have (`NaN`, `Infinity`), lone surrogates, and finds the exact place
and reason where an input is at fault.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Scan", "scan"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
# What json complains of when the text ends within a number, a word or an escape.
_CUT_TOKEN = re.compile(
    r"(?:-?(?:I(?:nf?)?|Infi(?:ni?)?|Infinit)?|Na?|tr?u?|fa?l?s?|nu?l?|[.eE][+-]?|\\?u?[0-9a-fA-F]{0,4})[ \t\r\n]*"
)


@dataclass(slots=True)
class Scan:
    """What a piece of a JSON array holds.

    `end`: "more" the piece ends before the array does; "closed" its `]` was met; "fault" something is wrong.
    `position` is the byte after the last whole record and its comma, after the `]`, or of the fault.
    """

    records: list[tuple[int, bytes, Any]] = field(default_factory=list)
    """Byte offset in the piece, bytes, and the decoded value."""
    end: Literal["more", "closed", "fault"] = "more"
    position: int = 0
    problem: str = ""


def scan(piece: bytes, *, first: bool, final: bool, limit: int | None = None) -> Scan:
    """The (first `limit`) records of `piece`, which begins where a record (or, if `first`, a `]`) is due.

    Where the input goes on (not `final`), a record counts only once its comma or `]` has been seen.
    Raises `UnicodeDecodeError` where the piece is not UTF-8; a piece may end within a character.
    """
    text, _ = codecs.utf_8_decode(piece, "strict", False)
    found = Scan()
    at = 0  # in characters; found.position counts bytes
    while True:
        start = _after_space(text, at)
        if start == len(text):
            return found
        if text[start] == "]":
            if first and not found.records:
                return _ended(found, "closed", text, at, start + 1)
            return _ended(found, "fault", text, at, start, "a comma before the closing ]")
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Unterminated string") or _CUT_TOKEN.fullmatch(text, error.pos):
                return found
            return _ended(found, "fault", text, at, error.pos, error.msg[:1].lower() + error.msg[1:])
        except RecursionError:
            return _ended(found, "fault", text, at, start, "nested too deep to be read, by Django too")
        after = _after_space(text, end)
        if after == len(text) and not final:
            return found
        offset = found.position + len(text[at:start].encode())
        raw = text[start:end].encode()
        found.records.append((offset, raw, value))
        found.position = offset + len(raw)
        at = end
        if after == len(text):
            return found
        if len(found.records) == limit:
            return found
        if text[after] == "]":
            return _ended(found, "closed", text, at, after + 1)
        if text[after] != ",":
            return _ended(found, "fault", text, at, after, f"expected a comma or ], found {text[after]!r}")
        _ended(found, "more", text, at, after + 1)
        at = after + 1


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _ended(
    found: Scan, end: Literal["more", "closed", "fault"], text: str, at: int, to: int, problem: str = ""
) -> Scan:
    found.end = end
    found.position += len(text[at:to].encode())
    found.problem = problem
    return found
