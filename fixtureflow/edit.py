"""A record with some of its fields changed: all other bytes stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from fixtureflow.layout import TOKEN

__all__ = ["children", "items", "with_fields"]


def with_fields(raw: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """The record `raw` with the text of each field that `changes` names put through its function.

    A field that is not there is not added; of a key that stands twice both values are changed.
    """
    out: list[bytes] = []
    done = 0
    for name, begin, end in children(raw):
        if name != "fields":
            continue
        for field, start, stop in children(raw[begin:end]):
            if field in changes:
                out += raw[done : begin + start], changes[field](raw[begin + start : begin + stop])
                done = begin + stop
    return b"".join(out) + raw[done:]


def items(text: bytes) -> list[bytes]:
    """The texts of the items of a JSON array."""
    return [text[start:end] for _, start, end in children(text)]


def children(text: bytes) -> Iterator[tuple[str, int, int]]:
    """The values directly inside an object or array: key (of an array, empty), start, end."""
    key = ""
    depth = end = 0
    start = -1
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in (b"}", b"]"):
            depth -= 1
            if not depth:
                break
            end = match.end()
            continue
        if depth == 1 and token == b":":
            key, start = json.loads(text[start:end]), -1
        elif depth == 1 and token == b",":
            yield key, start, end
            key, start = "", -1
        elif depth == 1:
            start, end = match.start() if start < 0 else start, match.end()
        depth += token in (b"{", b"[")
    if start >= 0:
        yield key, start, end
