"""What becomes of a record of which the target has something, or that refers to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.compare import Beside, compared
from fixtureflow.matching.fates import KEPT, Fate, Fates
from fixtureflow.matching.lookup import Found, Lookup
from fixtureflow.matching.lost import Reason
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, References
from fixtureflow.references.links import Key, Place, key_form
from fixtureflow.schema.model import Schema

__all__ = ["Decider"]

_STANDING = (Fate.UNSEEN, *KEPT)


class _Decision(NamedTuple):
    fate: Fate
    moved: Any = None
    reason: Reason | None = None


_SAME = _Decision(Fate.SAME)
"""By its columns, having no other key."""
_TAKEN = "its pk is another row's in the target (--renumber)"
_OWN_TAKEN = _Decision(Fate.REJECTED, None, Reason(_TAKEN, own=True))


class Decider:
    """Decides on single records, and keeps what is to be told of them."""

    def __init__(
        self,
        schema: Schema,
        fates: Fates,
        references: References,
        lookup: Lookup,
        free: Callable[[Plan], int],
        *,
        renumber: bool,
        deletes: bool,
    ) -> None:
        """`free` gives a pk of a model that neither side has."""
        self._schema = schema
        self._fates = fates
        self._references = references
        self.lookup = lookup
        self._free = free
        self._renumber = renumber
        self._deletes = deletes
        self._taken: dict[str, dict[Key, int]] = {}
        """By model, the rows of the target that records are, each with the number of its record."""
        self.differences: Counter[tuple[str, str]] = Counter()
        """(model, field): rows that the target has with another value."""
        self._alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.differs: dict[int, tuple[str, ...]] = {}
        """The same of each record, by its number."""
        self.identical = 0
        """Rows that the target has, with the very same values."""
        self.replaced: list[tuple[str, int, Any]] = []
        """(model, number, pk) of records that take the place of what migrate puts into every new database, if kept."""
        self.deleted: list[tuple[str, int, Any]] = []
        """(model, number, pk of the row) of records for which a row of the target has to go, if they are kept."""

    def decide(
        self,
        plan: Plan,
        batch: Batch,
        led: Mapping[str, Sequence[Led | None]],
        pks: Sequence[Any],
        found: Mapping[int, Found],
        lost: Mapping[int, Reason],
        moved: Mapping[int, Any],
        reasons: dict[int, Reason],
        *,
        final: bool,
    ) -> list[int]:
        """Decide on the records at the places that `found` and `lost` have; why they are rejected goes into `reasons`.

        `pks` are those they would have in the target, `moved` those of new rows whose references make them other ones.
        Returns the places of those that cannot be told from a row until what they refer to is decided on; none if
        this is the `final` time.
        """
        form = key_form(self._schema, Place(plan.label, ""))
        for one in found.values():
            if one.there and not plan.numbered:
                one.identities.setdefault(form(one.pk), (one.pk, "primary key"))
        rows: dict[int, Any] = {}
        for at, one in found.items():
            if len(one.identities) == 1:
                rows[at] = next(iter(one.identities.values()))[0]
            elif one.place is not None and not one.identities:
                rows[at] = one.place[0]
            elif one.there and not one.identities:
                rows[at] = pks[at]
        beside = compared(plan, batch, led, self._references, self.lookup, rows)
        unsure: list[int] = []
        for at in sorted(found.keys() | lost.keys()):
            one = found.get(at) or Found()
            decision = self._one(plan, batch, at, pks[at], one, beside.get(at), form)
            if not final and decision is _SAME and not beside[at].sure:
                unsure.append(at)
                continue
            if decision.fate in KEPT:
                decision = self._kept(plan, batch, at, one, decision, lost)
            if decision.fate is Fate.NEW and at in moved:
                decision = decision._replace(moved=moved[at])
            if batch.hidden and decision.fate in (*KEPT, Fate.REJECTED):
                decision = _Decision(Fate.ABSENT)
            if decision.fate in (Fate.SAME, Fate.REMAPPED) and at in beside and not batch.hidden:
                self._tell(plan, batch.numbers[at], beside[at].differs)
            if decision.reason:
                reasons[batch.numbers[at]] = decision.reason
            self._fates.decide(plan.label, batch.numbers[at], decision.fate, decision.moved)
        return unsure

    def _one(
        self,
        plan: Plan,
        batch: Batch,
        at: int,
        own: Any,
        found: Found,
        beside: Beside | None,
        form: Callable[[Any], Key],
    ) -> _Decision:
        pk = batch.pks[at]
        if len(found.identities) > 1:
            rows = [(name, one) for one, name in found.identities.values()]
            return _rejected("is several rows of the target", *rows)
        if found.identities:
            return self._same(plan, batch, at, own, found, beside, form)
        if beside is not None and _is_placeholder(plan, beside.theirs):
            there = found.place[0] if found.place else own
            if self._takes(plan, batch.numbers[at], there, form):
                self.replaced.append((plan.label, batch.numbers[at], pk))
                moved = None if pk is None or form(there) == form(pk) else there
                return _Decision(Fate.UPDATED, moved)
        if found.there and pk is not None:
            stands_there = found.place is None or form(found.place[0]) == form(pk)
            unsure = beside is not None and stands_there and not self._complete(plan, batch, at)
            if unsure and beside is not None and not beside.differs:
                why = "may be the row of its pk: it refers to something by a natural key of unknown fields (--settings)"
                return _rejected(why, ("", own)) if beside.untold else _SAME
            if not (self._renumber and plan.numbered):
                return _OWN_TAKEN if own == pk else _rejected(_TAKEN, ("", own))
            return _Decision(Fate.RENUMBERED, None if batch.hidden else self._free(plan))
        return _Decision(Fate.NEW)

    def _same(
        self,
        plan: Plan,
        batch: Batch,
        at: int,
        own: Any,
        found: Found,
        beside: Beside | None,
        form: Callable[[Any], Key],
    ) -> _Decision:
        """A record that is a row of the target."""
        pk = batch.pks[at]
        ((same, (there, name)),) = found.identities.items()
        if plan.by_pk is not None and (own is None or form(found.pk if found.there else own) != same):
            return _rejected("is a row of the target, and what its pk refers to is another one", (name, there))
        if not batch.hidden and not self._takes(plan, batch.numbers[at], there, form):
            return _rejected("another record of the dump is the same row of the target", (name, there))
        unmoved = pk is None or same == form(pk)
        replaces = beside is not None and bool(beside.differs) and _is_placeholder(plan, beside.theirs)
        if (plan.preferred or replaces) and not batch.hidden:
            if unmoved or plan.numbered or plan.by_pk is not None:
                if not plan.preferred:
                    self.replaced.append((plan.label, batch.numbers[at], pk))
                return _Decision(Fate.UPDATED, None if unmoved and pk is not None else there)
            if not self._deletes or len(plan.pk) > 1:
                return _rejected("is a row of the target whose pk is data (--delete-sql)", (name, there))
            self.deleted.append((plan.label, batch.numbers[at], there))
            return _Decision(Fate.NEW)
        if unmoved:
            return _Decision(Fate.SAME, there if pk is None else None)
        return _Decision(Fate.REMAPPED, there)

    def _takes(self, plan: Plan, number: int, pk: Any, form: Callable[[Any], Key]) -> bool:
        """Is the target's row no other record's yet? Now it is this one's."""
        return self._taken.setdefault(plan.label, {}).setdefault(form(pk), number) == number

    def _kept(
        self, plan: Plan, batch: Batch, at: int, found: Found, decision: _Decision, lost: Mapping[int, Reason]
    ) -> _Decision:
        stays = found.there and decision.fate is Fate.NEW
        if found.place is not None and decision.fate is not Fate.UPDATED and not stays and not plan.grows:
            pk, name = found.place
            return _rejected("its place in the tree is taken", (name, pk))
        clash = found.clash
        if clash is not None:
            pk = self.lookup.holder(plan, clash)
            number = pk[0] if isinstance(pk, tuple) else self._fates.find(plan.label, pk)
            if number != batch.numbers[at]:
                if self._fates.fate[number] in _STANDING:
                    row = (clash.name, None if isinstance(pk, tuple) else pk)
                    return _rejected("another record of the dump has the same key", row, of_dump=True)
                self.lookup.hand_over(plan, clash, batch.numbers[at], batch.pks[at])
        if at in lost and not batch.hidden:
            return _Decision(Fate.REJECTED, None, lost[at])
        return decision

    def _complete(self, plan: Plan, batch: Batch, at: int) -> bool:
        """Has the record a unique key of which no part is null?"""
        return any(
            all(batch.columns.get(name, batch.pks)[at] is not None for name in key.fields) or key.nulls_equal
            for key in plan.keys
        )

    def _tell(self, plan: Plan, number: int, differs: list[str]) -> None:
        self.identical += not differs
        if differs:
            self.differences.update((plan.label, name) for name in differs)
            fields = tuple(differs)
            self.differs[number] = self._alike.setdefault(fields, fields)
            if plan.named_by.intersection(differs):  # what refers to it by natural key has to be looked at
                self._fates.renamed.add(plan.label)


def _rejected(problem: str, *rows: tuple[str, Any], of_dump: bool = False) -> _Decision:
    """`rows` are those in its way: by which key, and their pks."""
    return _Decision(Fate.REJECTED, None, Reason(problem, rows=rows, of_dump=of_dump))


def _is_placeholder(plan: Plan, theirs: Mapping[str, Any]) -> bool:
    """Did `migrate` put the target's row there to be replaced?"""
    return any(
        all(name in theirs and theirs[name] == value for name, value in marks.items())
        for marks in plan.model.placeholders or ()
    )
