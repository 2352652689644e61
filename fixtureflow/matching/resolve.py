"""What becomes of each record: models in the order of their references, each row looked up by its unique keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from fixtureflow.matching.fates import Fate, Fates
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, References, State
from fixtureflow.ordering.graph import model_graph, units
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import NATURAL, Key, Link, Place, key_form, links_of
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.model import Schema
from fixtureflow.target.rows import Key as UniqueKey
from fixtureflow.target.rows import Target
from fixtureflow.target.search import Search
from fixtureflow.values.dumped import as_dumped

__all__ = ["Reason", "Resolver"]

BATCH = 5_000
_KEPT_OR_UNSEEN = (Fate.NEW, Fate.RENUMBERED, Fate.UNSEEN)


class Reason(NamedTuple):
    """Why a record is rejected."""

    problem: str
    field: str = ""
    value: Any = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.problem}{f': {self.detail}' if self.detail else ''}"


class _Row(NamedTuple):
    number: int
    pk: Any
    fields: tuple[Any, ...]
    hidden: bool


class _Edge(NamedTuple):
    """A reference within a cycle of models, looked at again when all is decided."""

    source: int
    target: int
    link: Link
    pk: Any
    value: Any


class Resolver:
    """Decides the fates of all records."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        lookups: Sequence[Catalogue],
        target: Target,
        *,
        left_out: set[str],
        renumber: bool,
        dangling: str,
        trust: bool,
    ) -> None:
        self.schema = schema
        self.catalogue = catalogue
        self._lookups = lookups
        self._target = target
        self._left_out = left_out
        self._renumber = renumber
        self.dangling = dangling
        self._trust = trust
        self.fates = Fates(schema)
        types = ContentTypes(schema, catalogue, *lookups)
        self.references = References(schema, target, self.fates, types)
        self.plans: dict[str, Plan] = {}
        """By the label of the records, which may be that of a proxy."""
        self.reasons: dict[int, Reason] = {}
        self.differences: Counter[tuple[str, str]] = Counter()
        """(model, field): rows that the target has with another value."""
        self.identical = 0
        """Rows that the target has, with the very same values."""
        self._free: dict[str, int] = {}
        self._naturals = Naturals(schema, catalogue)
        self._unit: set[str] = set()
        self._edges: list[_Edge] = []
        self._seen: dict[tuple[str, int], dict[int, tuple[int, Any]]] = {}
        self._clash: dict[int, tuple[str, int, Any]] = {}
        self._taken: dict[tuple[str, Key], int] = {}
        self._searches: dict[str, Search] = {}
        self.replaced: list[tuple[str, Any]] = []
        """(model, pk) of records that take the place of what migrate puts into every new database."""

    def run(self) -> None:
        labels = list(dict.fromkeys(m for c in (self.catalogue, *self._lookups) for m in c.models))
        provided: dict[str, set[str]] = {}
        for label in labels:
            for link in links_of(self.schema, label):
                if link.to.field:
                    provided.setdefault(link.to.model, set()).add(link.to.field)
        for label in labels:
            model = self.schema.concrete(label)
            names = provided.get(model.label if model else label, set())
            self.plans[label] = Plan(self.schema, label, self._target, provided=names, trust=self._trust)
        generic = {label: self.references.types.targets(label) for label in labels}
        for unit in units(model_graph(self.schema, labels, generic)):
            self._unit = {self.plans[label].label for label in unit.models} if unit.cyclic else set()
            if unit.cyclic:
                for label in unit.models:
                    self._register(label)
            for label in unit.models:
                self._model(label)
            self._settle()

    def _catalogues(self) -> Iterator[tuple[Catalogue, bool]]:
        yield self.catalogue, False
        yield from ((lookup, True) for lookup in self._lookups)

    def _register(self, label: str) -> None:
        plan = self.plans[label]
        for catalogue, _ in self._catalogues():
            for stretch in catalogue.stretches(label):
                for pk, _fields in plan.columns.rows(stretch):
                    if pk is not None:
                        self.fates.number(plan.label, pk)

    def _rows(self, label: str) -> Iterator[_Row]:
        plan, fates = self.plans[label], self.fates
        for catalogue, lookup in self._catalogues():
            hidden = lookup or label in self._left_out
            for stretch in catalogue.stretches(label):
                for pk, fields in plan.columns.rows(stretch):
                    if pk is None:
                        yield _Row(
                            fates.nameless(label) if not lookup else fates.number(label, None), pk, fields, hidden
                        )
                        continue
                    number = fates.number(plan.label, pk)
                    if not (lookup and fates.fate[number]):
                        yield _Row(number, pk, fields, hidden)

    def _model(self, label: str) -> None:
        plan = self.plans[label]
        self.fates.keys(plan.label)
        rows = self._rows(label)
        waiting: dict[int, list[_Row]] = {}
        while batch := list(islice(rows, BATCH)):
            self._provide(plan, label, batch)
            self._decide(plan, batch, waiting)
            self._wake(plan, waiting, batch)
        # What waits for itself in a circle is looked up without that key.
        rest = [row for group in waiting.values() for row in group]
        if rest:
            self._decide(plan, rest, None)
        self._seen.clear()

    def _wake(self, plan: Plan, waiting: dict[int, list[_Row]], decided: Iterable[_Row]) -> None:
        ready = [row for one in decided if self.fates.fate[one.number] for row in waiting.pop(one.number, ())]
        while ready:
            self._decide(plan, ready, waiting)
            ready = [row for one in ready if self.fates.fate[one.number] for row in waiting.pop(one.number, ())]

    def _provide(self, plan: Plan, label: str, batch: list[_Row]) -> None:
        """Let the rows be found by other fields than the pk, and by natural key."""
        for name in plan.provided:
            place = Place(plan.label, name)
            form = key_form(self.schema, place)
            known = self.references.provided.setdefault(place, {})
            at = plan.at[name]
            known.update((form(row.fields[at]), (row.number, row.pk)) for row in batch if row.fields[at] is not None)
        if self._naturals.known(label):
            known = self.references.provided.setdefault(Place(plan.label, NATURAL), {})
            at_of = plan.at
            for row in batch:
                key = self._naturals.key(
                    label,
                    row.pk,
                    lambda name, row=row: row.fields[at_of[name]] if name in at_of else None,  # type: ignore[misc]
                )
                if key is not None:
                    known.setdefault(key, (row.number, row.pk))

    # Deciding some rows of one model.

    def _decide(self, plan: Plan, batch: list[_Row], waiting: dict[int, list[_Row]] | None) -> None:
        led = self._followed(plan, batch)
        pks = [self._own_pk(plan, row, one) for row, one in zip(batch, led, strict=True)]
        rows = []
        for at, row in enumerate(batch):
            later = self._waits_for(plan, led[at])
            if later >= 0 and waiting is not None:
                waiting.setdefault(later, []).append(row)
            else:
                rows.append(at)
        matches, complete = self._matched(plan, [batch[at] for at in rows], [led[at] for at in rows])
        there = self._there(plan, [pks[at] for at in rows])
        for nth, at in enumerate(rows):
            self._decide_one(plan, batch[at], led[at], pks[at], matches[nth], complete[nth], there[nth])

    def _followed(self, plan: Plan, batch: list[_Row]) -> list[dict[str, Led]]:
        """By field, where the single references of each row lead."""
        led: list[dict[str, Led]] = [{} for _ in batch]
        references, at_of = self.references, plan.at
        for link in plan.links:
            if link.many:
                continue
            at = at_of.get(link.field, -1)
            places: list[Place | None] = []
            values: list[Any] = []
            asked: dict[Place, list[Any]] = {}
            for row in batch:
                value = row.fields[at] if at >= 0 else None
                if value is None and link.by_pk:
                    value = row.pk
                place = None
                if value is not None:
                    place = references.place(link, lambda name, row=row: row.fields[at_of[name]])  # type: ignore[misc]
                    if place is not None:
                        asked.setdefault(place, []).append(value)
                places.append(place)
                values.append(value)
            for place, ones in asked.items():
                references.prefetch(place, ones)
            cache: dict[Any, Led] = {}
            for n, (place, value) in enumerate(zip(places, values, strict=True)):
                if place is None:
                    continue
                hashable = value if type(value) in (int, str) else None
                found = cache.get((place, hashable)) if hashable is not None else None
                if found is None:
                    found = references.follow(link, place, value)
                    if hashable is not None:
                        cache[place, hashable] = found
                led[n][link.field] = found
        return led

    def _own_pk(self, plan: Plan, row: _Row, led: dict[str, Led]) -> Any:
        """The pk that the row has in the target, if it is there; None if it cannot be."""
        if len(plan.pk) > 1:
            out = []
            for name in plan.pk:
                one = led.get(name)
                if one is not None and one.state is not State.THERE:
                    return None
                out.append(one.pk if one is not None else row.fields[plan.at[name]])
            return out
        link = plan.by_pk
        if link is None:
            return row.pk
        one = led.get(link.field)
        return one.pk if one is not None and one.state is State.THERE else None

    def _waits_for(self, plan: Plan, led: dict[str, Led]) -> int:
        for name in plan.needed:
            one = led.get(name)
            if one is not None and one.state is State.LATER:
                return one.number
        return -1

    def _matched(
        self, plan: Plan, rows: list[_Row], led: list[dict[str, Led]]
    ) -> tuple[list[dict[Key, tuple[Any, str]]], list[bool]]:
        """The target's rows that have a unique key of each row: pk's form → pk, key. And: has it a key at all?"""
        matches: list[dict[Key, tuple[Any, str]]] = [{} for _ in rows]
        complete = [False] * len(rows)
        form = key_form(self.schema, Place(plan.label, ""))
        for nth, key in enumerate((*plan.keys, *plan.places)):
            places, asked, fresh = [], [], []
            identity = nth < len(plan.keys)
            for at, row in enumerate(rows):
                values, there = self._key_values(plan, key, row, led[at])
                if values is None:
                    continue
                stored = key.stored(values)
                if stored is None:
                    continue
                complete[at] = complete[at] or identity
                fresh.append((at, stored))
                if there:
                    places.append(at)
                    asked.append(stored)
            if not plan.is_empty:
                for at, *found in key.search.find(asked):
                    pk = self._dumped_pk(plan, found)
                    if identity:
                        matches[places[at]][form(pk)] = (pk, key.name)
                    else:
                        matches[places[at]].setdefault(("place", form(pk)), (pk, key.name))
            self._note(plan, nth, key, rows, fresh)
        return matches, complete

    def _key_values(self, plan: Plan, key: UniqueKey, row: _Row, led: dict[str, Led]) -> tuple[list[Any] | None, bool]:
        """The values of a key as the target would have them, None if a reference in it is lost; can it be there?"""
        values, there = [], True
        for name in key.fields:
            one = led.get(name)
            if one is None:
                values.append(row.pk if name in plan.pk and name not in plan.at else row.fields[plan.at[name]])
            elif one.state is State.LOST or (one.pk is None and one.number < 0):
                return None, False
            else:
                there = there and one.state is State.THERE
                values.append(one.pk if one.pk is not None else f"\0{one.number}")
        return values, there

    def _note(self, plan: Plan, nth: int, key: UniqueKey, rows: list[_Row], fresh: list[tuple[int, Any]]) -> None:
        """Remember keys, to find two records of the fixture that have the same."""
        normal = key.search.normal([stored for _, stored in fresh])
        seen = self._seen.setdefault((plan.label, nth), {})
        for (at, _), form in zip(fresh, normal, strict=True):
            row = rows[at]
            if form is None or row.hidden or (None in form and not key.nulls_equal):
                continue
            first = seen.setdefault(hash(form), (row.number, row.pk))
            if first[0] != row.number:
                self._clash.setdefault(row.number, (key.name, first[0], first[1]))

    def _there(self, plan: Plan, pks: list[Any]) -> list[Any]:
        """The target's row of each pk: its compared columns; None where there is none."""
        out: list[Any] = [None] * len(pks)
        if plan.is_empty:
            return out
        places, asked = [], []
        forms = [plan.table.form(name) for name in plan.pk]
        for at, pk in enumerate(pks):
            if pk is None:
                continue
            parts = pk if len(forms) > 1 else [pk]
            try:
                asked.append(tuple(one for form, part in zip(forms, parts, strict=True) for one in form(part)))
                places.append(at)
            except (ValueError, TypeError):
                continue
        for at, *columns in self._by_pk(plan).find(asked):
            out[places[at]] = columns
        return out

    def _by_pk(self, plan: Plan) -> Search:
        found = self._searches.get(plan.label)
        if found is None:
            found = self._searches[plan.label] = plan.table.by_pk([*plan.compared, *plan.pk])
        return found

    def _dumped_pk(self, plan: Plan, columns: Sequence[Any]) -> Any:
        values = [as_dumped(value, plan.table.field(name)) for value, name in zip(columns, plan.pk, strict=True)]
        return values if len(values) > 1 else values[0]

    def _decide_one(
        self,
        plan: Plan,
        row: _Row,
        led: dict[str, Led],
        pk: Any,
        matches: dict[Key, tuple[Any, str]],
        complete: bool,
        there: Any,
    ) -> None:
        taken_place = next(
            (found for key, found in matches.items() if type(key) is tuple and key[:1] == ("place",)), None
        )
        identities = {
            key: found for key, found in matches.items() if not (type(key) is tuple and key[:1] == ("place",))
        }
        form = key_form(self.schema, Place(plan.label, ""))
        own = form(pk) if pk is not None else None
        fate, moved, reason = Fate.NEW, None, None
        if not plan.numbered and there is not None:
            identities.setdefault(own, (pk, "primary key"))
        if len(identities) > 1:
            keys = " and ".join(f"{name} of pk {one}" for one, name in identities.values())
            fate, reason = Fate.REJECTED, Reason("is several rows of the target", detail=keys)
        elif identities:
            (same, (found, name)), *_ = identities.items()
            if row.pk is None:
                fate, moved = Fate.SAME, found
            elif same == form(row.pk):
                fate = Fate.SAME
            else:
                fate, moved = Fate.REMAPPED, found
            if self._takes(plan, row, form(found)):
                fate, moved = Fate.REJECTED, None
                reason = Reason(
                    "another record of the dump is the same row of the target", detail=f"{name}, pk {found}"
                )
        elif there is not None and row.pk is not None:
            if not complete and self._agrees(plan, row, led, there):
                fate = Fate.SAME
            elif self._is_placeholder(plan, there):
                self.replaced.append((plan.label, row.pk))
            elif self._renumber and plan.numbered:
                fate, moved = Fate.RENUMBERED, self._next(plan)
            else:
                fate, reason = Fate.REJECTED, Reason("its pk is another row's in the target", detail="--renumber")
        if fate in (Fate.NEW, Fate.RENUMBERED):
            if taken_place is not None and not (there is not None and fate is Fate.NEW):
                fate, moved = Fate.REJECTED, None
                reason = Reason("its place in the tree is taken", detail=f"{taken_place[1]} of pk {taken_place[0]}")
            elif (clash := self._clash.get(row.number)) and self.fates.fate[clash[1]] in _KEPT_OR_UNSEEN:
                fate, moved = Fate.REJECTED, None
                reason = Reason("another record of the dump has the same key", detail=f"{clash[0]}, pk {clash[2]}")
        if fate in (Fate.NEW, Fate.RENUMBERED) and not row.hidden:
            lost = self._lost(plan, row, led)
            if lost:
                fate, moved, reason = Fate.REJECTED, None, lost
        if fate is Fate.NEW and moved is None:
            moved = self._moved_with_references(plan, row, led)
        if fate is Fate.SAME or fate is Fate.REMAPPED:
            self._compare(plan, row, led, there if fate is Fate.SAME and moved is None else None)
        if row.hidden and fate in (Fate.NEW, Fate.RENUMBERED, Fate.REJECTED):
            fate, moved, reason = Fate.ABSENT, None, None
        if reason:
            self.reasons[row.number] = reason
        self.fates.decide(plan.label, row.number, fate, moved)

    def _moved_with_references(self, plan: Plan, row: _Row, led: dict[str, Led]) -> Any:
        """The pk of a new row whose pk is, or has in it, a reference."""
        if len(plan.pk) > 1:
            pk = [led[name].pk if name in led else row.fields[plan.at[name]] for name in plan.pk]
            return pk if pk != row.pk else None
        one = led.get(plan.by_pk.field) if plan.by_pk else None
        return one.pk if one is not None and row.pk is not None and one.pk not in (None, row.pk) else None

    def _takes(self, plan: Plan, row: _Row, found: Key) -> bool:
        """Is the target's row already another record's?"""
        if row.hidden:
            return False
        return self._taken.setdefault((plan.label, found), row.number) != row.number

    def _agrees(self, plan: Plan, row: _Row, led: dict[str, Led], there: Sequence[Any]) -> bool:
        return not self._differing(plan, row, led, there)

    def _differing(self, plan: Plan, row: _Row, led: dict[str, Led], there: Sequence[Any]) -> list[str]:
        found = []
        for name, same, theirs in zip(plan.compared, plan.comparers, there, strict=False):
            one = led.get(name)
            ours = row.fields[plan.at[name]] if one is None else one.pk
            if ours is None or theirs is None:
                if ours is not theirs:
                    found.append(name)
            elif not same(ours, theirs):
                found.append(name)
        return found

    def _compare(self, plan: Plan, row: _Row, led: dict[str, Led], there: Any) -> None:
        if there is None or row.hidden:
            return
        different = self._differing(plan, row, led, there)
        self.differences.update((plan.label, name) for name in different)
        self.identical += not different

    def _is_placeholder(self, plan: Plan, there: Sequence[Any]) -> bool:
        """Did `migrate` put the target's row there to be replaced?"""
        names = {name: at for at, name in enumerate([*plan.compared, *plan.pk])}
        return any(
            all(name in names and there[names[name]] == value for name, value in marks.items())
            for marks in plan.model.placeholders or ()
        )

    def _next(self, plan: Plan) -> int:
        """A pk that neither side has."""
        if plan.label not in self._free:
            highest = plan.table.highest_pk()
            for catalogue, _ in self._catalogues():
                for label, other in self.plans.items():
                    if other.label == plan.label:
                        for stretch in catalogue.stretches(label):
                            pks = (pk for pk, _ in plan.columns.rows(stretch) if isinstance(pk, int))
                            highest = max(highest, max(pks, default=0))
            self._free[plan.label] = highest
        self._free[plan.label] += 1
        return self._free[plan.label]

    # Lost references.

    def _lost(self, plan: Plan, row: _Row, led: dict[str, Led]) -> Reason | None:
        """Why a row cannot be kept for what it refers to; notes what cannot be told yet."""
        for link in plan.links:
            if link.many:
                found = self._lost_items(plan, link, row)
                if found:
                    return found
                continue
            one = led.get(link.field)
            if one is None:
                continue
            if one.state is State.LOST and self.fatal(link):
                value = row.fields[plan.at[link.field]] if link.field in plan.at else row.pk
                return _refers(link, value, one.reason)
            if one.state is State.LATER:
                self._edges.append(_Edge(row.number, one.number, link, row.pk, one.pk))
        return None

    def _lost_items(self, plan: Plan, link: Link, row: _Row) -> Reason | None:
        items = row.fields[plan.at[link.field]]
        if not isinstance(items, list):
            return None
        self.references.prefetch(link.to, items)
        for item in items:
            if item is None:
                continue
            one = self.references.follow(link, link.to, item)
            if one.state is State.LOST and self.fatal(link):
                return _refers(link, item, one.reason)
            if one.state is State.LATER:
                self._edges.append(_Edge(row.number, one.number, link, row.pk, item))
        return None

    def fatal(self, link: Link) -> bool:
        """Does a record that refers to nothing have to be rejected?"""
        if self.dangling == "keep":
            return link.by_pk
        return self.dangling == "reject" or link.by_pk or not (link.null or link.many)

    def _settle(self) -> None:
        """Reject what refers, within a cycle of models, to what has been rejected."""
        lost = (Fate.REJECTED, Fate.ABSENT)
        back: dict[int, list[_Edge]] = {}
        ready = []
        for edge in self._edges:
            if not self.fatal(edge.link):
                continue
            if self.fates.fate[edge.target] in lost:
                ready.append(edge)
            else:
                back.setdefault(edge.target, []).append(edge)
        while ready:
            edge = ready.pop()
            if self.fates.fate[edge.source] in (Fate.NEW, Fate.RENUMBERED):
                self.reasons[edge.source] = _refers(edge.link, edge.value, "was rejected")
                self.fates.decide(edge.link.model, edge.source, Fate.REJECTED)
                ready += back.pop(edge.source, [])
        self._edges.clear()


def _refers(link: Link, value: Any, reason: str) -> Reason:
    to = link.to.model or "a row"
    return Reason(f"refers to {to} that {reason}", link.field, value)
