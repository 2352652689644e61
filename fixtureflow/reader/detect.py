"""What kind of text an input is, told by its beginning; and what to say of one that is no JSON fixture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fixtureflow.errors import InputError

__all__ = ["LOOK", "Start", "excerpt", "start_of"]

LOOK = 64 * 1024
"""Bytes of an input that are looked at to tell what it is."""

_ARRAY = re.compile(rb"[ \t\r\n]*\[([ \t\r\n]*)(?=[{\]]|$)")
_ARRAY_LATER = re.compile(rb"\[([ \t\r\n]*)(?=\{[ \t\r\n]*\"|\][ \t\r\n]*\Z)")
_LISTS = re.compile(rb"(?:[ \t\r\n]*\[){2,}(?=[ \t\r\n]*\{[ \t\r\n]*\")")
_OTHER_LIST = re.compile(rb'[ \t\r\n]*\[[ \t\r\n]*(?:["\[0-9-]|null|true|false|NaN|Infinity)')
_OBJECT = re.compile(rb'[ \t\r\n]*(?=\{[ \t\r\n]*("|\}|$))')
_OBJECT_LATER = re.compile(rb'^(?=\{[ \t]*"(?:model|pk|fields)"[ \t]*:)', re.MULTILINE)
_YAML = re.compile(rb"(?:---[^\n]*\n)?(?:#[^\n]*\n)*- +(?:model|pk|fields)\b")

_SHAPE = 'a fixture begins with [{"model": …'


@dataclass(slots=True)
class Start:
    """Where the records begin: an array's after its `[`, lines' at the first. `stray` is what stands before."""

    format: Literal["json", "jsonl"]
    position: int
    gap: bytes = b""
    stray: bytes = b""


def start_of(text: bytes, name: str, *, repair: bool) -> Start:
    """Look at the first bytes of an input. Raises `InputError` if they do not begin a JSON fixture."""
    if not text.strip():
        raise InputError("is empty", advice="dumpdata wrote nothing: look at what it said on stderr", file=name)
    if match := _ARRAY.match(text):
        return Start("json", match.start(1), match.group(1))
    if match := _OBJECT.match(text):
        return Start("jsonl", match.end())
    _refuse_other_formats(text, name)
    if match := _LISTS.match(text):
        path = ".".join(["item"] * (match.group().count(b"[") - 1))
        advice = f'name where the records are: `at="{path}"`'
        raise InputError("is a list of lists, not of records", advice=advice, file=name, offset=0)
    later = _ARRAY_LATER.search(text) or _OBJECT_LATER.search(text)
    if later is None:
        if _OTHER_LIST.match(text):
            at = len(text) - len(text.lstrip()) + 1
            raise InputError("is not an object", advice=_SHAPE, file=name, number=1, offset=at)
        raise InputError(f"is not a JSON fixture: it begins {excerpt(text, 1)}", advice=_SHAPE, file=name)
    stray = text[: later.start()]
    if not repair:
        raise InputError(
            f"has text before the records that is not JSON: {excerpt(stray)}",
            advice="leave it out with `repair=True`, or dump with dumpdata -o FILE",
            file=name,
            offset=0,
        )
    if later.re is _OBJECT_LATER:
        return Start("jsonl", later.start(), stray=stray)
    return Start("json", later.start(1), later.group(1), stray)


def _refuse_other_formats(text: bytes, name: str) -> None:
    begins = text.lstrip()
    kind = ""
    if begins.startswith((b"<?xml", b"<django-objects")):
        kind = "XML"
    elif _YAML.match(begins):
        kind = "YAML"
    if kind:
        advice = (
            "make JSON: python manage.py dumpdata --format json -o dump.json (load the old file into a database first)"
        )
        raise InputError(f"is {kind}, and fixtureflow reads JSON", advice=advice, file=name)
    if begins.startswith((b"PGDMP", b"SQLite format 3\0")) or begins[:2] == b"--":
        raise InputError(
            "is a database or its dump, not a fixture",
            advice="make one from Django: python manage.py dumpdata -o dump.json",
            file=name,
        )


def excerpt(text: bytes, lines: int = 3) -> str:
    """The first lines of `text`, cut to a readable length, for a message."""
    shown = [line.strip()[:80].decode("utf-8", "replace") for line in text.splitlines() if line.strip()]
    more = f" … ({len(shown)} lines)" if len(shown) > lines else ""
    return " | ".join(repr(line) for line in shown[:lines]) + more
