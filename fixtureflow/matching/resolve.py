"""What becomes of each record: models in the order of their references, each row looked up by its unique keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.decide import Decider
from fixtureflow.matching.fates import Fate, Fates
from fixtureflow.matching.lookup import Lookup
from fixtureflow.matching.lost import Linked, Lost, Reason, Rows
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.reading import Reader
from fixtureflow.matching.references import Led, References, State
from fixtureflow.matching.stale import StaleNumbers
from fixtureflow.matching.trees import Trees, plantable
from fixtureflow.matching.within import Within
from fixtureflow.ordering.graph import Unit, looked_up, model_graph, units
from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema
from fixtureflow.target.rows import Target

__all__ = ["Resolver"]

Waiting = dict[int, list[tuple[Plan, Batch]]]
"""By the number of a record, the rows that can be looked up when that is decided."""


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
        prefer: Sequence[Pattern] = (),
        deletes: bool = False,
    ) -> None:
        self.schema = schema
        self.catalogue = catalogue
        self.target = target
        self._left_out = left_out
        self._trust = trust
        self._prefer = prefer
        self.fates = Fates(schema)
        types = ContentTypes(schema, catalogue, *lookups)
        self._reader = Reader(schema, catalogue, lookups, left_out, self.fates)
        self.references = References(schema, target, self.fates, types, self._reader.by)
        self.plans: dict[str, Plan] = {}
        """By the label of the records, which may be that of a proxy."""
        self.decider = Decider(
            schema, self.fates, self.references, Lookup(schema), self._free, renumber=renumber, deletes=deletes
        )
        self.dangling = dangling
        self.lost = Lost(self.references, self.fates, dangling)
        self.trees = Trees(self.fates, self._reader, self.lost.reasons, renumber=renumber)
        self._renumber = renumber
        self.within = Within(schema, types, catalogue.models)
        self._stale = StaleNumbers(schema, catalogue, types, self.within, self._largest, keep=dangling == "keep")
        self.generic: dict[str, set[str]] = {}
        """The models that the generic keys of each lead to."""
        self.units: list[Unit] = []
        """The models that are decided on, in load order, which is known as soon as deciding begins."""
        self._highest: dict[str, int] = {}
        self._unit: set[str] = set()
        self._undecided: set[str] = set()
        self._postponed: list[tuple[Plan, Batch]] = []

    @property
    def reasons(self) -> dict[int, Reason]:
        """Why records are rejected, by their numbers."""
        return self.lost.reasons

    @property
    def grown(self) -> list[str]:
        """The models whose records go into a tree of the target that has rows, in load order."""
        labels = dict.fromkeys(self.plans[label].label for unit in self.units for label in unit.models)
        return [label for label in labels if label in self.trees.grown]

    def decide(self, *, cyclic_first: bool = False) -> Iterator[Unit]:
        """Decide on all records; gives the models that have just been decided on.

        `cyclic_first` begins with those that refer to each other, as far as what they refer to lets it.
        """
        self.plans |= {label: plan for label in self._reader.labels if (plan := self._plan(label)) is not None}
        labels = list(self.plans)
        self._undecided = set(labels)
        self.generic = {label: self._stale.targets(label) for label in labels}
        self.units = units(model_graph(self.schema, labels, self.generic))
        for unit in _cyclic_first(self.units) if cyclic_first else self.units:
            self._unit = {self.plans[label].label for label in unit.models} if unit.cyclic else set()
            if unit.cyclic:
                for label in unit.models:
                    self._reader.register(label)
            self._decide_unit(unit.models)
            self._decide_postponed()
            if unit.cyclic:
                self._settle(unit.models)
            self._place(unit.models, cyclic=unit.cyclic)
            yield unit

    def is_settled(self, unit: Unit) -> bool:
        """Is all decided on that the texts of a unit's records depend on?

        What references lead to is, but for what natural keys need besides: as that makes no cycle, it may come later.
        Ids inside of texts and JSON lead anywhere.
        """
        open_models = {self.plans[label].label for label in self._undecided}
        for label in unit.models:
            plan = self.plans[label]
            needed = {link.to.model for link in plan.links} | self.generic[label] | set(looked_up(self.schema, label))
            if needed & open_models or any(self.within.fields(plan.model)):
                return False
        return True

    def _place(self, labels: Sequence[str], *, cyclic: bool) -> None:
        """Find the places of records in their trees; what is rejected then takes what refers to it along, and so on."""
        while True:
            self.trees.forget({self.plans[label].label for label in labels})
            rejected = sum(self.trees.place(self.plans[label], label) for label in labels)
            if not cyclic or not rejected:
                return
            before = len(self.reasons)
            self._settle(labels)
            if len(self.reasons) == before:
                return

    def _settle(self, labels: Sequence[str]) -> None:
        kept = [label for label in labels if label not in self._left_out]
        self.references.forget(self._unit)
        self.lost.settle([Linked(self._inner(self.plans[label]), partial(self._reread, label)) for label in kept])
        self.references.forget(self._unit)

    def _plan(self, label: str) -> Plan | None:
        """How the records of a model are matched; None for one that is only looked up, and that the target lacks."""
        model = self.schema.concrete(label)
        table = self.target.table(model) if model and model.table else None
        if table is None and (label in self._left_out or label not in self.catalogue.models):
            return None
        preferred = any_matches(self._prefer, label)
        plan = Plan(self.schema, label, self.target, trust=self._trust, preferred=preferred)
        tree = plan.model.tree
        plan.grows = self._renumber and tree is not None and plantable(tree, plan.table.fields)
        return plan

    def _inner(self, plan: Plan) -> list[Link]:
        """The references of a model within its cycle: where they lead is known when all of it is decided on."""
        return [link for link in plan.links if link.kind == "generic" or link.to.model in self._unit]

    def _reread(self, label: str) -> Iterator[Rows]:
        links = self._inner(self.plans[label])
        names = [name for link in links for name in (link.field, link.content_type) if name]
        for batch in self._reader.batches(label, Columns(list(dict.fromkeys(names))), lookups=False):
            columns = dict(batch.columns)
            for link in links:
                if link.by_pk:
                    columns[link.field] = _or_pks(columns[link.field], batch.pks)
            yield Rows(batch.numbers, columns)

    def _decide_unit(self, labels: Sequence[str]) -> None:
        waiting: Waiting = {}
        for label in labels:
            plan = self.plans[label]
            for batch in self._reader.batches(label, plan.columns):
                self._reader.meet(plan.label, batch)
                self._decide(plan, batch, waiting)
                self._wake(waiting, batch.numbers)
        while waiting:  # what waits for itself in a circle is looked up without that key
            rows = waiting.pop(next(iter(waiting)))
            self._wake(waiting, self._decide_rows(rows, None))
        self._undecided.difference_update(labels)
        self.decider.lookup.forget({self.plans[label].label for label in self._undecided})

    def _wake(self, waiting: Waiting, decided: Sequence[int]) -> None:
        while waiting and decided:
            ready = [row for number in decided if self.fates.fate[number] for row in waiting.pop(number, ())]
            decided = self._decide_rows(ready, waiting)

    def _decide_rows(self, rows: Sequence[tuple[Plan, Batch]], waiting: Waiting | None) -> list[int]:
        """Decide on rows that have waited; their numbers."""
        groups: dict[tuple[int, bool], list[tuple[Plan, Batch]]] = {}
        for plan, batch in rows:
            groups.setdefault((id(plan), batch.hidden), []).append((plan, batch))
        decided: list[int] = []
        for group in groups.values():
            plan, first = group[0]
            batch = first.joined([other for _, other in group[1:]])
            if batch.hidden:  # the fixture's own record may have been decided on meanwhile
                batch = batch.taken([at for at, number in enumerate(batch.numbers) if not self.fates.fate[number]])
            self._decide(plan, batch, waiting)
            decided += batch.numbers
        return decided

    # Deciding some rows of one model.

    def _decide_postponed(self) -> None:
        """Decide on what looked like a row of the target, now that it is known where its references lead."""
        final = False
        while self._postponed:
            given, self._postponed = self._postponed, []
            for plan, batch in given:
                self._decide(plan, batch, None, final=final)
            final = sum(len(batch.numbers) for _, batch in given) == sum(len(b.numbers) for _, b in self._postponed)

    def _decide(self, plan: Plan, batch: Batch, waiting: Waiting | None, *, final: bool = False) -> None:
        if not batch.numbers:
            return
        led = self._followed(plan, batch)
        if waiting is not None and (later := self._later(plan, led)):
            for at, number in later.items():
                waiting.setdefault(number, []).append((plan, batch.taken([at])))
            batch = batch.taken(rest := [at for at in range(len(batch.numbers)) if at not in later])
            led = {name: [ends[at] for at in rest] for name, ends in led.items()}
        pks = self._own_pks(plan, batch, led)
        lookup = self.decider.lookup
        found = lookup.find(plan, batch, led)
        lookup.there(plan, pks, found)
        lost = {} if batch.hidden else self.lost.find(plan.links, batch.columns, led)
        moved = self._moved(plan, batch, pks, led)
        odd = found.keys() | lost.keys() | moved.keys()
        plain = [number for at, number in enumerate(batch.numbers) if at not in odd] if odd else batch.numbers
        if batch.hidden:
            for number in plain:
                self.fates.decide(plan.label, number, Fate.ABSENT)
        else:
            self.fates.keep(plain)
        for at, pk in moved.items():
            if at not in found and at not in lost:
                fate = Fate.ABSENT if batch.hidden else Fate.NEW
                self.fates.decide(plan.label, batch.numbers[at], fate, None if batch.hidden else pk)
        unsure = self.decider.decide(plan, batch, led, pks, found, lost, moved, self.reasons, final=final)
        if unsure:
            self._postponed.append((plan, batch.taken(unsure)))

    def _followed(self, plan: Plan, batch: Batch) -> dict[str, list[Led | None]]:
        """By field, where the references of each row lead that its keys are made of."""
        led = {}
        for link in plan.links:
            if link.field in plan.needed and not link.many:
                values = batch.columns.get(link.field, batch.pks)
                if link.by_pk:
                    values = _or_pks(values, batch.pks)
                kinds = batch.columns[link.content_type] if link.content_type else ()
                led[link.field] = self.references.column(link, values, kinds)
        return led

    def _own_pks(self, plan: Plan, batch: Batch, led: Mapping[str, Sequence[Led | None]]) -> list[Any]:
        """The pks that the rows have in the target, if they are there; None for one that cannot be."""
        if len(plan.pk) == 1 and plan.by_pk is None:
            return batch.pks
        names = plan.pk if len(plan.pk) > 1 else (plan.by_pk.field if plan.by_pk else "",)
        parts = []
        for nth, name in enumerate(names):
            ends = led.get(name)
            if ends is None:
                parts.append(_or_parts(batch.columns[name], batch.pks, nth))
            else:
                parts.append([one.pk if one is not None and one.state is State.THERE else None for one in ends])
        if len(parts) == 1:
            return parts[0]
        return [None if None in row else list(row) for row in zip(*parts, strict=True)]

    def _later(self, plan: Plan, led: Mapping[str, Sequence[Led | None]]) -> dict[int, int]:
        """Of rows at which places a key has a reference to a record that is not decided yet, and its number."""
        out: dict[int, int] = {}
        for name in plan.needed:
            for at, one in enumerate(led.get(name, ())):
                if one is not None and one.state is State.LATER:
                    out.setdefault(at, one.number)
        return out

    def _moved(
        self, plan: Plan, batch: Batch, pks: Sequence[Any], led: Mapping[str, Sequence[Led | None]]
    ) -> dict[int, Any]:
        """The pks of new rows whose pk is, or has in it, a reference to what has another pk now."""
        if len(plan.pk) > 1:
            parts = []
            for nth, name in enumerate(plan.pk):
                ends, plain = led.get(name), _or_parts(batch.columns[name], batch.pks, nth)
                if ends is not None:
                    plain = [
                        old if one is None or one.pk is None else one.pk for one, old in zip(ends, plain, strict=True)
                    ]
                parts.append(plain)
            rows = map(list, zip(*parts, strict=True))
            return {at: row for at, (row, pk) in enumerate(zip(rows, batch.pks, strict=True)) if row != pk}
        ends = led.get(plan.by_pk.field, ()) if plan.by_pk else ()
        return {
            at: one.pk
            for at, one in enumerate(ends)
            if one is not None and batch.pks[at] is not None and one.pk not in (None, batch.pks[at])
        }

    def _free(self, plan: Plan) -> int:
        """A pk that neither side has, nor names."""
        if plan.label not in self._highest:
            known = plan.table.highest_pk(), self._reader.highest(plan.label), self._stale.highest(plan.label)
            self._highest[plan.label] = max(known)
        self._highest[plan.label] += 1
        return self._highest[plan.label]

    def _largest(self, label: str) -> int:
        """The highest number that a record of a model may be given; 0 for none."""
        plan = next((plan for plan in self.plans.values() if plan.label == label), None)
        return plan.table.largest(plan.pk[0]) if self._renumber and plan and plan.numbered else 0


def _cyclic_first(found: Sequence[Unit]) -> list[Unit]:
    """The units in an order in which cycles come as early as they can; each after those that it refers to."""
    needed: set[int] = set()
    for at in range(len(found) - 1, -1, -1):
        if found[at].cyclic or at in needed:
            needed |= {at, *found[at].after}
    return [one for _, one in sorted(enumerate(found), key=lambda pair: (pair[0] not in needed, pair[0]))]


def _or_pks(values: Sequence[Any], pks: Sequence[Any]) -> list[Any]:
    """A reference that is the pk is not among the fields."""
    return [pk if value is None else value for value, pk in zip(values, pks, strict=True)]


def _or_parts(values: Sequence[Any], pks: Sequence[Any], nth: int) -> list[Any]:
    """Nor need the parts of a composite one be."""
    return [
        pk[nth] if value is None and isinstance(pk, list) and nth < len(pk) else value
        for value, pk in zip(values, pks, strict=True)
    ]
