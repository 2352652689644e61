"""Record by record with the standard library's json: slower, and right where the fast path must give up.

It reads what Django writes and JSON does not have (`NaN`, `Infinity`), lone surrogates, and finds the exact place
and reason where an input is at fault.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Scan", "scan"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_string: Callable[[str, int], tuple[str, int]] = _DECODER.parse_string  # type: ignore[attr-defined]
_CLOSERS = {"{": "}", "[": "]"}
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|-?Infinity|NaN|true|false|null")
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


def scan(piece: bytes, *, first: bool, final: bool) -> Scan:
    """The records of `piece`, which begins where a record (or, if `first`, a `]`) is due.

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
            value, end = _decoded(text, start)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Unterminated string") or _CUT_TOKEN.fullmatch(text, error.pos):
                return found
            return _ended(found, "fault", text, at, error.pos, _said(error.msg))
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
        if text[after] == "]":
            return _ended(found, "closed", text, at, after + 1)
        if text[after] != ",":
            return _ended(found, "fault", text, at, after, f"expected a comma or ], found {text[after]!r}")
        _ended(found, "more", text, at, after + 1)
        at = after + 1


def _decoded(text: str, start: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # nested too deep for Python, or an integer of too many digits
        return _walked(text, start)


def _walked(text: str, start: int) -> tuple[Any, int]:
    """Of the value at `start`, however deep, its end, and its `model` if it is an object; all of it is checked."""
    named: dict[str, str | None] = {}
    opened: list[str] = []
    key = ""
    at = start
    while True:
        at = _after_space(text, at)
        begins = text[at : at + 1]
        of_record = len(opened) == 1 and opened[0] == "{" and key == "model"
        if of_record:
            named["model"] = None
        if begins in ("{", "["):
            at = _after_space(text, at + 1)
            if text[at : at + 1] != _CLOSERS[begins]:
                opened.append(begins)
                if begins == "{":
                    key, at = _key(text, at)
                continue
            at += 1
        elif begins == '"':
            value, at = _string(text, at + 1)
            if of_record:
                named["model"] = value
        else:
            scalar = _SCALAR.match(text, at)
            if scalar is None:
                raise json.JSONDecodeError("Expecting value", text, at)
            at = scalar.end()
        while opened:
            at = _after_space(text, at)
            if text[at : at + 1] == _CLOSERS[opened[-1]]:
                opened.pop()
                at += 1
                continue
            if text[at : at + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
            at += 1
            if opened[-1] == "{":
                key, at = _key(text, _after_space(text, at))
            break
        else:
            return named if text[start] == "{" else None, at


def _key(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
    key, at = _string(text, at + 1)
    at = _after_space(text, at)
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
    return key, at + 1


def _said(message: str) -> str:
    return (message[:1].lower() + message[1:]).removesuffix(" at")


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
