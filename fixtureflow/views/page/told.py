"""What a report tells of single records, as far as a page has room for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fixtureflow.matching.log import Sample
from fixtureflow.values.keys import is_data
from fixtureflow.views.page.markup import Markup, tag, text

__all__ = ["Row", "Told", "told"]

LONGEST = 200
"""Characters of a text that are shown."""
HIDDEN = tag("i", "hidden", class_="hidden")


class Row(NamedTuple):
    """One record; its texts are those of a page, without what is not to be shown."""

    line: int
    """Of the report, from 1."""
    model: str
    pk: str
    target_pk: str
    fields: str
    """Those that were rewritten."""
    differs: str
    """Those of which the target has, and keeps, another value."""
    reason: str
    field: str
    value: str
    detail: str
    rows: list[str]
    """The rows in its way."""
    of_dump: bool
    """Are these records of the dump?"""
    place: str
    """Where it stands in the dump."""


class Told(NamedTuple):
    """Records of one case."""

    total: int
    rows: list[Row]
    """Some of them, in the order of the report."""


def told(samples: Mapping[str, Sample], *, values: bool) -> dict[str, Told]:
    """By case, what is told of records. Without `values` no value of the data is in it, keys that tell nothing aside.

    The report has a line for each, from its second.
    """
    return {
        case: Told(one.total, [_row(at + 2, model, _whole(line), values=values) for at, model, line in one.lines])
        for case, one in samples.items()
    }


def _whole(line: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists within lists
        return {}
    return found


def _row(number: int, model: str, line: dict[str, Any], *, values: bool) -> Row:
    def shown(name: str) -> str:
        return _shown(line.get(name), values=values)

    ways = line.get("target_rows") or line.get("dump_rows") or ()
    detail = "" if ways or not line.get("detail") else _cut(line["detail"]) if values else HIDDEN
    return Row(
        number,
        model,
        shown("pk"),
        shown("target_pk"),
        _cut(", ".join(line.get("fields", ()))),
        _cut(", ".join(line.get("differs", ()))),
        line.get("reason", ""),
        _cut(line.get("field", "")),
        shown("value"),
        detail,
        [_way(way.get("key", ""), _shown(way.get("pk"), values=values)) for way in ways],
        "dump_rows" in line,
        f"{Path(line['file']).name}, record {line['record']:,}" if "record" in line else "",
    )


def _way(key: str, pk: str) -> Markup:
    named = f"{tag('code', key)} of " if key else ""
    return Markup(f"{named}pk {text(pk)}" if pk else f"{named}a record without pk")


def _shown(value: Any, *, values: bool) -> str:
    """A value for a person."""
    if value is None:
        return ""
    if not values and is_data(value):
        return HIDDEN
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
