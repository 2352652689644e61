"""A record with some of it changed: all other bytes stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, NamedTuple

from fixtureflow.layout import TOKEN

__all__ = [
    "Change",
    "Member",
    "children",
    "items",
    "json_text",
    "members",
    "renamed",
    "with_fields",
    "with_member",
    "with_values",
    "without",
]

Change = Callable[[bytes], bytes]
"""The new JSON text of a value, from the old one."""


def with_fields(raw: bytes, changes: Mapping[str, Change]) -> bytes:
    """The record `raw` with the text of each field that `changes` names put through its function.

    A field that is not there is not added; of a key that stands twice both values are changed.
    """
    return with_values(raw, {"fields": lambda text: with_values(text, changes)})


def with_values(text: bytes, changes: Mapping[str, Change]) -> bytes:
    """The object `text` with the value of each key that `changes` names put through its function."""
    out: list[bytes] = []
    done = 0
    for key, start, end in children(text):
        if key in changes:
            out += text[done:start], changes[key](text[start:end])
            done = end
    return b"".join(out) + text[done:]


def renamed(text: bytes, names: Mapping[str, str]) -> bytes:
    """The object `text` with its keys called as `names` has it. Raises KeyError(new name) if two keys become one."""
    found = list(members(text))
    of: dict[str, str] = {}
    for key in dict.fromkeys(member.key for member in found):
        name = names.get(key, key)
        if of.setdefault(name, key) != key:
            raise KeyError(name)
    out: list[bytes] = []
    done = 0
    for member in found:
        if member.key in names:
            out += text[done : member.at], json.dumps(names[member.key]).encode()
            done = member.stop
    return b"".join(out) + text[done:]


def without(text: bytes, keys: Container[str]) -> bytes:
    """The object `text` without some of its members."""
    found = list(members(text))
    kept = [at for at, member in enumerate(found) if member.key not in keys]
    if len(kept) == len(found):
        return text
    if not kept:
        return b"{}"
    out = [text[: found[0].at]]
    for at in kept:
        gap = text[found[at - 1].end : found[at].at] if at != kept[0] else b""
        out += gap, text[found[at].at : found[at].end]
    return b"".join(out) + text[found[-1].end :]


def with_member(text: bytes, key: str, value: bytes) -> bytes:
    """The object `text` with one more member at its end, laid out as those before it."""
    found = list(members(text))
    name = json.dumps(key).encode()
    if not found:
        return b"{%b: %b}" % (name, value)
    last = found[-1]
    space = text[text.index(b"{") + 1 : found[0].at]
    gap = text[found[-2].end : last.at] if len(found) > 1 else b"," + (space or b" ")
    return text[: last.end] + gap + name + text[last.stop : last.start] + value + text[last.end :]


def items(text: bytes) -> list[bytes]:
    """The texts of the items of a JSON array."""
    return [text[start:end] for _, start, end in children(text)]


def children(text: bytes) -> Iterator[tuple[str, int, int]]:
    """The values directly inside an object or array: key (of an array, empty), start, end."""
    for member in members(text):
        yield member.key, member.start, member.end


class Member(NamedTuple):
    """A value directly inside an object or array, and where its key (from `at` to `stop`) and its text stand."""

    key: str
    at: int
    stop: int
    start: int
    end: int


def members(text: bytes) -> Iterator[Member]:
    """The values directly inside an object or array, each with its key (of an array, empty)."""
    key = ""
    depth = end = at = stop = 0
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
            key, at, stop, start = _key(text[start:end]), start, end, -1
        elif depth == 1 and token == b",":
            yield Member(key, at, stop, start, end)
            key, start = "", -1
        elif depth == 1:
            start, end = match.start() if start < 0 else start, match.end()
        depth += token in (b"{", b"[")
    if start >= 0:
        yield Member(key, at, stop, start, end)


def _key(text: bytes) -> str:
    """What `json.loads` makes of it, which takes five times as long."""
    return json.loads(text) if b"\\" in text else text[1:-1].decode()


def json_text(value: Any) -> bytes:
    """The value as JSON on one line, as dumpdata would have it."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value).encode()
