"""Which rows of the target have the unique keys, and the primary keys, of some records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, State
from fixtureflow.references.links import Key, Place, key_form
from fixtureflow.schema.model import Schema
from fixtureflow.target.rows import Key as UniqueKey
from fixtureflow.target.search import Row, Search
from fixtureflow.values.dumped import as_dumped

__all__ = ["Clash", "Found", "Lookup"]


class Clash(NamedTuple):
    """A key that another record of the fixture has, too."""

    name: str
    key: int
    """Which of the model's keys."""
    hash: int


class Found:
    """What there is to say of one record; of most there is nothing."""

    __slots__ = ("clash", "identities", "pk", "place", "there")

    def __init__(self) -> None:
        self.identities: dict[Key, tuple[Any, str]] = {}
        """Rows of the target with a unique key of the record: the form of the pk → the pk, the key's name."""
        self.place: tuple[Any, str] | None = None
        """The row that has its place in the tree."""
        self.there = False
        """Has the target a row with its pk?"""
        self.pk: Any = None
        """That of this row: a collation may take another text for the same."""
        self.clash: Clash | None = None


class Lookup:
    """Asks the target. Of the unique keys of a model's records it remembers a hash each, until `forget`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._seen: dict[tuple[str, int], dict[int, Any]] = {}
        self._searches: dict[str, Search] = {}

    def forget(self, wanted: Container[str]) -> None:
        """Forget the keys of all but some models."""
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] in wanted}

    def find(self, plan: Plan, batch: Batch, led: Mapping[str, Sequence[Led | None]]) -> dict[int, Found]:
        """By place in the batch, of those of which there is something to say; made for others when asked for."""
        out: dict[int, Found] = defaultdict(Found)
        form = key_form(self._schema, Place(plan.label, ""))
        for nth, key in enumerate((*plan.keys, *plan.places)):
            identity = nth < len(plan.keys)
            stored, there = self.stored(plan, key, batch, led)
            if not plan.is_empty:
                places = [at for at, row in enumerate(stored) if row is not None and there[at]]
                for at, *columns in key.search.find([stored[at] or () for at in places]):
                    pk, found = dumped_pk(plan, columns), out[places[at]]
                    if identity:
                        found.identities[form(pk)] = (pk, key.name)
                    else:
                        found.place = (pk, key.name)
            if not batch.hidden:
                for at, clash in self._repeated(plan, nth, key, batch, stored):
                    out[at].clash = out[at].clash or clash
        return out

    def there(self, plan: Plan, pks: Sequence[Any], found: dict[int, Found]) -> None:
        """Note of the pks that a row of the target has that it is there."""
        places, asked = plan.table.asked(pks) if not plan.is_empty else ((), [])
        if plan.span is not None:
            low, high = plan.span
            within = [at for at, (pk,) in enumerate(asked) if low <= pk <= high]
            if len(within) < len(asked):
                places, asked = [places[at] for at in within], [asked[at] for at in within]
        text = len(plan.pk) == 1 and plan.table.field(plan.pk[0]).type == "text"
        for at, *columns in self._search(plan, ()).find(asked) if asked else ():
            one = found[places[at]]
            one.there = True
            one.pk = dumped_pk(plan, columns) if text else pks[places[at]]

    def rows(self, plan: Plan, pks: Sequence[Any]) -> dict[int, Sequence[Any]]:
        """By place, the compared columns of the rows with these pks."""
        places, asked = plan.table.asked(pks) if not plan.is_empty else ((), [])
        found = self._search(plan, plan.compared).find(asked) if asked else ()
        return {places[at]: columns for at, *columns in found}

    def stored(
        self, plan: Plan, key: UniqueKey, batch: Batch, led: Mapping[str, Sequence[Led | None]]
    ) -> tuple[list[Row | None], list[bool]]:
        """A key's values as the target would have them, None where a reference is lost; can the target have it?"""
        size = len(batch.numbers)
        columns: list[Sequence[Any]] = []
        lost: set[int] = set()
        there = [True] * size
        for name in key.fields:
            ends = led.get(name)
            if ends is None:
                columns.append(batch.columns.get(name, batch.pks))
                continue
            plain = batch.columns.get(name, batch.pks)
            values: list[Any] = []
            for at, one in enumerate(ends):
                if one is None:
                    values.append(plain[at])
                    continue
                if one.state is State.LOST or (one.pk is None and one.number < 0):
                    lost.add(at)
                there[at] = there[at] and one.state is State.THERE
                values.append(one.pk if one.pk is not None else _stand_in(plan, name, one.number))
            columns.append(values)
        rows = key.rows(columns)
        for at in lost:
            rows[at] = None
        return rows, there

    def _repeated(
        self, plan: Plan, nth: int, key: UniqueKey, batch: Batch, stored: Sequence[Row | None]
    ) -> list[tuple[int, Clash]]:
        """By place, the earlier record of the same key. Remembers the keys."""
        places = [at for at, row in enumerate(stored) if row is not None]
        normal = key.search.normal([stored[at] or () for at in places])
        seen = self._seen.setdefault((plan.label, nth), {})
        given = [
            (hash(form[0]) if len(form) == 1 and type(form[0]) is str else hash(repr(form)), at)
            for at, form in zip(places, normal, strict=True)
            if form is not None and (key.nulls_equal or None not in form)
        ]
        pks, numbers = batch.pks, batch.numbers
        fresh = {one: (numbers[at],) if pks[at] is None else pks[at] for one, at in reversed(given)}
        if len(fresh) == len(given) and seen.keys().isdisjoint(fresh):
            seen.update(fresh)
            return []
        out = []
        for one, at in given:
            mine = (numbers[at],) if pks[at] is None else pks[at]
            if seen.setdefault(one, mine) is not mine:
                out.append((at, Clash(key.name, nth, one)))
        return out

    def holder(self, plan: Plan, clash: Clash) -> Any:
        """The pk of the record that has the key so far; a tuple of its number if it has no pk."""
        return self._seen[plan.label, clash.key][clash.hash]

    def hand_over(self, plan: Plan, clash: Clash, number: int, pk: Any) -> None:
        """Now another record has the key."""
        self._seen[plan.label, clash.key][clash.hash] = (number,) if pk is None else pk

    def _search(self, plan: Plan, names: Sequence[str]) -> Search:
        name = f"{plan.label}{' ' if names else ''}"
        found = self._searches.get(name)
        if found is None:
            found = self._searches[name] = plan.table.by_pk([*names, *plan.pk])
        return found


def _stand_in(plan: Plan, name: str, number: int) -> Any:
    """A value that no row has, for the key of a record that has none yet."""
    kind = plan.table.field(name).type
    return f"\1{number}" if kind == "text" else str(UUID(int=number)) if kind == "uuid" else -2 - number


def dumped_pk(plan: Plan, columns: Sequence[Any]) -> Any:
    """A row's pk as a fixture has it; `columns` are those of the pk."""
    pairs = zip(columns, plan.pk, strict=True)
    values = [as_dumped(value, plan.table.field(name), use_tz=plan.use_tz) for value, name in pairs]
    return values if len(values) > 1 else values[0]
