"""The columns of a record that a stage asks for, decoded without the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from fixtureflow.record import Record
from fixtureflow.reread.stretch import Stretch

__all__ = ["Columns"]

Row = tuple[Any, tuple[Any, ...]]


class Columns:
    """Reads the pk and some fields of records: None for what a record leaves out.

    Integers are exact at any size, and of a key that stands twice the last one counts, as for loaddata.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.at = {name: at for at, name in enumerate(self.names)}
        inner = [(f"f{at}", Any, None) for at in range(len(self.names))]
        rename = {f"f{at}": name for at, name in enumerate(self.names)}
        fields = msgspec.defstruct("Fields", inner, rename=rename, gc=False, frozen=True)
        row = msgspec.defstruct("Row", [("pk", Any, None), ("fields", fields, fields())], gc=False)
        self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._decode_one = msgspec.json.Decoder(row).decode
        self._columns = [attrgetter(f"fields.f{at}") for at in range(len(self.names))]

    def rows(self, stretch: Stretch) -> Iterator[Row]:
        """(pk, fields in the order of `names`) of each record."""
        astuple = msgspec.structs.astuple
        try:
            rows: list[Any] = self._decode(stretch.array())
        except (msgspec.MsgspecError, RecursionError):
            return map(self._one, stretch.records())
        return ((row.pk, astuple(row.fields)) for row in rows)

    def columns(self, stretch: Stretch) -> tuple[list[Any], list[list[Any]]]:
        """The same by columns: the pks, and the values of each field."""
        try:
            rows: list[Any] = self._decode(stretch.array())
        except (msgspec.MsgspecError, RecursionError):
            odd = list(map(self._one, stretch.records()))
            return [pk for pk, _ in odd], [list(column) for column in zip(*(fields for _, fields in odd), strict=True)]
        return [row.pk for row in rows], [list(map(column, rows)) for column in self._columns]

    def _one(self, record: Record) -> Row:
        """Of a record that may hold what msgspec refuses: `NaN` and the like, or `fields` that are no object."""
        try:
            row: Any = self._decode_one(record.raw)
        except (msgspec.MsgspecError, RecursionError):
            value = record.value()
            fields = value.get("fields")
            get = fields.get if isinstance(fields, dict) else {}.get
            return value.get("pk"), tuple(get(name) for name in self.names)
        return row.pk, msgspec.structs.astuple(row.fields)
