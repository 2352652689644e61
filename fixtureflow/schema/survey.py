"""What a dump's values look like, model by model: the evidence that `infer` judges.

One pass. If all columns together have more than `BUDGET` values, the largest are thinned.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import orjson

from fixtureflow.record import Record
from fixtureflow.schema.column import Column
from fixtureflow.stream import Block, blocks_of

__all__ = ["BUDGET", "Seen", "Survey", "survey"]

BUDGET = 1 << 22
"""Values kept of all columns: 32 MiB."""


class Seen:
    """One model's rows."""

    __slots__ = ("fields", "label", "pk", "rows", "same")

    def __init__(self, label: str) -> None:
        self.label = label
        self.rows = 0
        self.pk = Column()
        self.fields: dict[str, Column] = {}
        self.same = True
        """Have all rows the same fields?"""

    def add(self, rows: list[dict[str, Any]]) -> None:
        self.pk.add([row["pk"] for row in rows if "pk" in row])
        values = [fields for row in rows if isinstance(fields := row.get("fields"), dict)]
        if not values:
            self.same = self.same and not rows
            return
        new = values[0].keys() - self.fields.keys()
        self.same = self.same and (not new or not self.rows) and len(values) == len(rows)
        self.rows += len(rows)
        for name in values[0]:
            if name in new:
                self.fields[name] = Column()
        names = list(self.fields)
        try:
            if any(len(row) != len(names) for row in values):
                raise KeyError
            for name, column in self.fields.items():
                column.add(list(map(itemgetter(name), values)))
        except KeyError:
            self._add_uneven(values)

    def _add_uneven(self, values: list[dict[str, Any]]) -> None:
        self.same = False
        for name in dict.fromkeys(chain.from_iterable(values)):
            column = self.fields.setdefault(name, Column())
            column.add([row[name] for row in values if name in row])


class Survey:
    """What was seen of each model, in the order of their first records."""

    def __init__(self) -> None:
        self.models: dict[str, Seen] = {}

    def add(self, block: Block) -> None:
        """Take in a block."""
        rows = _decoded(block)
        labels = block.labels()
        if len(labels) == 1:
            (label,) = labels
            self._seen(label).add(rows)
            return
        for label, run in groupby(zip(block.models(), rows, strict=True), key=itemgetter(0)):
            self._seen(label).add([row for _, row in run])

    def _seen(self, label: str) -> Seen:
        return self.models.setdefault(label, Seen(label))

    def keep_to_budget(self) -> None:
        """Thin the largest sets until all together are small enough."""
        columns = [column for seen in self.models.values() for column in (seen.pk, *seen.fields.values())]
        sets = [keys for column in columns for keys in column.parts()]
        if sum(map(len, sets)) <= BUDGET:
            return
        for keys in sets:
            keys.settle()
        while sum(map(len, sets)) > BUDGET:
            largest = max(map(len, sets))
            for keys in sets:
                if len(keys) * 2 > largest:
                    keys.thin()


def survey(records: Iterable[Record]) -> Survey:
    """Look at all records once."""
    found = Survey()
    for number, block in enumerate(blocks_of(records)):
        found.add(block)
        if number % 16 == 15:
            found.keep_to_budget()
    for seen in found.models.values():
        for column in (seen.pk, *seen.fields.values()):
            for keys in column.parts():
                keys.settle()
    return found


def _decoded(block: Block) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = orjson.loads(b"[%b]" % block.text(b","))
    except orjson.JSONDecodeError:  # NaN and the like
        rows = [record.value() for record in block.records()]
    return rows
