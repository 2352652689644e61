"""Where the values of a JSON text stand in it, those of JSON within its strings too."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple, TypeAlias

from fixtureflow.layout import TOKEN

__all__ = ["Text", "Value", "located"]

Parts: TypeAlias = "dict[str, Value] | list[Value] | None"
"""What is in an object or an array; of a key that stands twice the last value counts, as for `json`."""

_ESCAPED = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)")


class Value(NamedTuple):
    """One value, from `start` to `end` of a text."""

    text: Text
    start: int
    end: int
    parts: Parts

    @property
    def raw(self) -> bytes:
        return self.text.raw[self.start : self.end]

    def opened(self) -> Value:
        """Of a string the JSON that it holds, of all else the value itself. Raises ValueError for another string."""
        if self.text.raw[self.start] != ord('"'):
            return self
        inner: bytes = json.loads(self.raw).encode()
        json.loads(inner)
        return located(Text(inner, self))


class Text:
    """A JSON text, that of a whole or of the string `outer`."""

    def __init__(self, raw: bytes, outer: Value | None = None) -> None:
        self.raw = raw
        self._outer = outer

    def place(self, at: int) -> int:
        """Where in the whole a place of this text is."""
        if self._outer is None:
            return at
        here, there = self._escapes
        nearest = bisect_right(here, at) - 1
        return self._outer.text.place(self._outer.start + there[nearest] + at - here[nearest])

    def written(self, raw: bytes) -> bytes:
        """JSON as it has to be written in the whole to stand in this text."""
        if self._outer is None or raw.isdigit():
            return raw
        escaped = json.dumps(raw.decode(), ensure_ascii=self._in_ascii)[1:-1].encode()
        return self._outer.text.written(escaped)

    @cached_property
    def _in_ascii(self) -> bool:
        return self._outer is not None and self._outer.raw.isascii()

    @cached_property
    def _escapes(self) -> tuple[list[int], list[int]]:
        """Places here, and in the string with its quotes, from which on both go on alike: after each escape."""
        here, there = [0], [1]
        for match in _ESCAPED.finditer(self._outer.raw if self._outer else b""):
            here.append(here[-1] + match.start() - there[-1] + _length(match[0]))
            there.append(match.end())
        return here, there


def _length(escape: bytes) -> int:
    """How many bytes an escape stands for."""
    if escape[1] != ord("u"):
        return 1
    return len(json.loads(b'"%b"' % escape).encode())


def located(text: Text) -> Value:
    """The value that a text is. Raises ValueError if it is none; what is otherwise no JSON is not found out."""
    raw = text.raw
    above: list[tuple[dict[str, Value] | list[Value], str | None, int]] = []
    inside: dict[str, Value] | list[Value] = []
    key: str | None = None
    start = 0
    for match in TOKEN.finditer(raw):
        token = match.group()
        if token in (b",", b":"):
            continue
        if token in (b"{", b"["):
            above.append((inside, key, start))
            inside, key, start = {} if token == b"{" else [], None, match.start()
            continue
        if token in (b"}", b"]"):
            if not above:
                break
            value = Value(text, start, match.end(), inside)
            inside, key, start = above.pop()
        elif key is None and isinstance(inside, dict):
            key = token[1:-1].decode() if b"\\" not in token else json.loads(token)
            continue
        else:
            value = Value(text, match.start(), match.end(), None)
        if isinstance(inside, dict):
            inside[key or ""] = value
            key = None
        else:
            inside.append(value)
    if above or len(inside) != 1 or isinstance(inside, dict):
        raise ValueError("no JSON")
    return inside[0]
