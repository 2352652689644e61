"""What a report tells of single records, as far as a page has room for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fixtureflow.values.keys import is_data
from fixtureflow.views.page.grid import LIMIT
from fixtureflow.views.page.markup import Markup, tag, text

__all__ = ["Row", "Told", "told"]

LONGEST = 200
"""Characters of a text that are shown."""
BATCH = 1_000
"""Lines of a report that are read at once."""
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


class Told:
    """Of one kind, the first records of each model: shared evenly among the models, `LIMIT` in all."""

    def __init__(self) -> None:
        self.total = 0
        self._rows: dict[str, list[Row]] = {}
        self._kept = 0
        self._most = 0
        """Rows of the model that has most of them, once there is no more room."""

    @property
    def rows(self) -> list[Row]:
        """In the order of the report."""
        return sorted(row for rows in self._rows.values() for row in rows)

    def wants(self, model: str) -> bool:
        """Has a row of a model room, now or in the place of one of a model with more?"""
        return self._kept < LIMIT or len(self._rows.get(model, ())) + 1 < self._most

    def add(self, row: Row) -> None:
        self._rows.setdefault(row.model, []).append(row)
        self._kept += 1
        if self._kept > LIMIT:
            max(self._rows.values(), key=len).pop()
            self._kept -= 1
        if self._kept == LIMIT:
            self._most = max(map(len, self._rows.values()))


class _Head(msgspec.Struct):
    model: str = ""
    case: str = ""


_decoded = msgspec.json.Decoder(list[_Head]).decode


def told(report: Path, *, values: bool) -> dict[str, Told]:
    """By kind, what `report` tells of records; it is read line by line.

    Without `values` no value of the data is in it, keys that tell nothing aside.
    """
    found: dict[str, Told] = {}
    with report.open("rb") as file:
        next(file, b"")  # what comes before the records
        first = 2
        while lines := list(islice(file, BATCH)):
            ones = [line.rstrip(b",\n") for line in lines if line.startswith(b"{")]
            heads = _heads(ones)
            counts = Counter((head.case, head.model) for head in heads)
            for (case, _), count in counts.items():
                found.setdefault(case, Told()).total += count
            if any(found[case].wants(model) for case, model in counts):
                for number, (one, head) in enumerate(zip(ones, heads, strict=True), first):
                    if found[head.case].wants(head.model):
                        found[head.case].add(_row(number, head.model, _whole(one), values=values))
            first += len(lines)
    return found


def _heads(lines: Sequence[bytes]) -> list[_Head]:
    try:
        return _decoded(b"[%b]" % b",".join(lines))
    except msgspec.DecodeError:  # NaN and lone surrogates, which Python's json reads
        wholes = map(_whole, lines)
        return [_Head(whole.get("model", ""), whole.get("case", "")) for whole in wholes]


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
