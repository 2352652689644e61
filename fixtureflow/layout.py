"""What stands between and inside records without meaning anything: separators, indentation, line ends.

Django's own layouts are those of `core/serializers/json.py` and `jsonl.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

import msgspec

__all__ = [
    "COMPACT",
    "LINES",
    "TOKEN",
    "Layout",
    "Reformat",
    "indented",
    "reformat_exactly",
    "reformatter",
    "sort_keys",
]

Reformat = Callable[[Sequence[bytes | msgspec.Raw]], list[bytes]]
"""Lays out records anew."""


@dataclass(slots=True)
class Layout:
    """The bytes before the first record, between two, and after the last."""

    format: Literal["json", "jsonl"]
    head: bytes
    separator: bytes
    tail: bytes

    @property
    def empty(self) -> bytes:
        """The whole document where there is no record at all."""
        return self.head.rstrip() + self.tail if self.format == "json" else b""


COMPACT = Layout("json", b"[", b", ", b"]")
"""What `dumpdata` writes: one line, without a newline at its end."""

LINES = Layout("jsonl", b"", b"\n", b"\n")
"""What `dumpdata --format jsonl` writes."""


def indented(indent: int) -> Layout:
    """The layout of `dumpdata --indent N`. `--indent 0` breaks lines within records only."""
    return Layout("json", b"[\n", b",\n", b"\n]\n") if indent else COMPACT


def reformatter(indent: int | None) -> Reformat:
    """A function that lays out records as `json.dumps(indent=indent)` does; None means on one line.

    Only white space changes: numbers, strings and the order of keys keep their bytes.
    """
    # Without being told it indents by 2, and a call without keywords is a quarter faster.
    by_two = msgspec.json.format
    fast = cast(
        Callable[[bytes | msgspec.Raw], bytes],
        by_two if indent == 2 else partial(by_two, indent={None: 0, 0: 1}.get(indent, indent)),
    )

    def fast_or_exactly(raw: bytes | msgspec.Raw) -> bytes:
        try:
            return fast(raw)
        except (msgspec.DecodeError, RecursionError):
            return reformat_exactly(bytes(raw), indent)

    def reformat(raws: Sequence[bytes | msgspec.Raw]) -> list[bytes]:
        try:
            texts = list(map(fast, raws))
        except (msgspec.DecodeError, RecursionError):
            texts = [fast_or_exactly(raw) for raw in raws]
        return [_LINE_START.sub(b"\n", text) for text in texts] if indent == 0 else texts

    return reformat


def sort_keys(raw: bytes) -> bytes:
    """`raw` with the keys of every object sorted, on one line; values keep their bytes. For objects nested in reason.

    A key that stands twice stays twice, in the order it came.
    """
    tokens = _tokens(raw)
    return _sorted(next(tokens), tokens)


_LINE_START = re.compile(rb"\n +")
# No string holds a bare newline or quote, so a token is found without looking at what surrounds it.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++')


def _tokens(raw: bytes) -> Iterator[bytes]:
    return (match.group() for match in TOKEN.finditer(raw))


def reformat_exactly(raw: bytes, indent: int | None) -> bytes:
    """One record laid out token by token: of any depth, with the words that Python's json writes and JSON lacks."""
    comma = b", " if indent is None else b","
    out: list[bytes] = []
    depth = 0
    before = b""
    for token in _tokens(raw):
        opened = before in (b"{", b"[")
        if token in (b"}", b"]"):
            depth -= 1
            if indent is not None and not opened:
                out.append(b"\n" + b" " * (indent * depth))
            out.append(token)
        elif token == b",":
            out.append(comma)
        elif token == b":":
            out.append(b": ")
        else:
            if indent is not None and (opened or before == b","):
                out.append(b"\n" + b" " * (indent * depth))
            out.append(token)
            depth += token in (b"{", b"[")
        before = token
    return b"".join(out)


def _sorted(token: bytes, tokens: Iterator[bytes]) -> bytes:
    if token == b"[":
        items = []
        for token in tokens:
            if token == b"]":
                break
            if token != b",":
                items.append(_sorted(token, tokens))
        return b"[" + b", ".join(items) + b"]"
    if token == b"{":
        pairs: list[tuple[str, bytes]] = []
        for token in tokens:
            if token == b"}":
                break
            if token != b",":
                next(tokens)  # the colon
                pairs.append((json.loads(token), token + b": " + _sorted(next(tokens), tokens)))
        pairs.sort(key=lambda pair: pair[0])
        return b"{" + b", ".join(text for _, text in pairs) + b"}"
    return token
