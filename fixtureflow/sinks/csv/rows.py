"""Records of one model as columns of JSON values: many at a time, and one by one where one of them is special."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET

from fixtureflow.record import Record
from fixtureflow.reread.structs import plain_names, refused
from fixtureflow.sinks.csv.plan import Plan

__all__ = ["Rows", "StrangeFields"]


class StrangeFields(Exception):  # noqa: N818 - no fault of its own: all of them are told at the end
    """A record has fields that its table has not."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


class Rows:
    """Reads what the plan asks for: the values of its columns, then the lists of its many-to-many fields.

    UNSET stands for what a record leaves out. Of a key that stands twice the last one counts, as for loaddata.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        names = sorted(plan.names)
        inner = [(f"f{at}", Any, UNSET) for at in range(len(names))]
        rename = {f"f{at}": name for at, name in enumerate(names)}
        at = {name: f"fields.f{at}" for at, name in enumerate(names)}
        self._decode: Callable[[bytes], Any] = refused
        if plain_names(names):
            fields = msgspec.defstruct("Fields", inner, rename=rename, gc=False, forbid_unknown_fields=True)
            row = msgspec.defstruct("Row", [("fields", fields), ("pk", Any, UNSET)], gc=False)
            self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        single = plan.pk if len(plan.pk) == 1 else ()
        self._columns = [attrgetter("pk" if c.field in single else at[c.field]) for c in plan.columns]
        self._columns += [attrgetter(at[link.field]) for link in plan.links]

    def columns(self, array: bytes) -> list[list[Any]]:
        """The values of a JSON array of records, by column. Raises what msgspec does of what it refuses."""
        rows = self._decode(array)
        return [list(map(column, rows)) for column in self._columns]

    def exact(self, record: Record) -> list[Any]:
        """The values of one record, whatever is special about it. Raises InputError, StrangeFields."""
        fields = record.fields
        if strange := fields.keys() - self.plan.names:
            raise StrangeFields([name for name in fields if name in strange])
        pk = record.value().get("pk")
        keys: Sequence[Any] = pk if isinstance(pk, list) else ()
        values = {**fields}
        if len(self.plan.pk) == 1:
            values[self.plan.pk[0]] = fields.get(self.plan.pk[0]) if pk is None else pk
        else:
            values |= {name: key for name, key in zip(self.plan.pk, keys, strict=False) if name not in fields}
        for name in self.plan.pk:
            if values.get(name) is None:
                raise record.fault(
                    "has no primary key, and a row that is loaded in bulk needs one",
                    advice="give it one with fixtureflow natural --to-pk, or load it with loaddata",
                )
        names = [*(column.field for column in self.plan.columns), *(link.field for link in self.plan.links)]
        return [values.get(name, UNSET) for name in names]
