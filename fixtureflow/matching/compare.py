"""A record beside the row of the target that it is the same as: which fields differ, at a dump's precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.lookup import Lookup
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, References, State
from fixtureflow.reread.names import names_in

__all__ = ["Beside", "compared"]


class Beside(NamedTuple):
    """A record beside a row."""

    differs: list[str]
    """The fields of which the row has another value, or no column."""
    theirs: dict[str, Any]
    """The row's columns, as a driver gives them, by field, if some values mark a placeholder of the model."""
    untold: bool
    """Refers it to something by a natural key of which nobody has said what it is made of?"""
    sure: bool
    """False where it refers to a record that is not decided on yet, and so may come to differ."""


def compared(
    plan: Plan,
    batch: Batch,
    led: Mapping[str, Sequence[Led | None]],
    references: References,
    lookup: Lookup,
    pks: Mapping[int, Any],
) -> dict[int, Beside]:
    """Records beside rows of the target, by place in the batch; `pks` has, by place, the pk of the row."""
    places = list(pks)
    found = lookup.rows(plan, [pks[at] for at in places])
    rows = {places[nth]: columns for nth, columns in found.items()}
    places = sorted(rows)
    if not places:
        return {}
    theirs = dict(zip([*plan.compared, *plan.pk], zip(*(rows[at] for at in places), strict=True), strict=True))
    values, differs = _ours(plan, batch, places)
    ours: dict[str, Sequence[Any]] = dict(zip(plan.compared, zip(*values, strict=True), strict=True))
    unsure: set[int] = set()
    untold: set[int] = set()
    ends = {name: [column[at] for at in places] for name, column in led.items() if name in ours}
    ends = _followed(plan, references, ours, ends)
    for name, same in zip(plan.compared, plan.comparers, strict=True):
        mine = ours[name]
        if name in ends:
            unsure.update(nth for nth, one in enumerate(ends[name]) if one is not None and one.state is State.LATER)
            mine = [_key(value, one) for value, one in zip(mine, ends[name], strict=True)]
            untold.update(nth for nth, value in enumerate(mine) if value is _UNTOLD)
        for nth, (value, other) in enumerate(zip(mine, theirs[name], strict=True)):
            if value is _UNTOLD:
                continue
            nothing = value is None or other is None
            if value is _NO_ROW or (value is not other if nothing else not same(value, other)):
                differs[nth].append(name)
    named = plan.model.placeholders is not None
    return {
        at: Beside(
            differs[nth],
            {name: column[nth] for name, column in theirs.items()} if named else {},
            nth in untold,
            nth not in unsure,
        )
        for nth, at in enumerate(places)
    }


_NO_ROW, _UNTOLD = object(), object()


def _key(value: Any, led: Led | None) -> Any:
    """What the target would have for a reference; `_NO_ROW` if it leads to nothing, `_UNTOLD` if it cannot be told."""
    if led is None:
        return value
    if led.pk is None and led.state is State.THERE:
        return _UNTOLD
    return _NO_ROW if led.pk is None or led.state is State.LOST else led.pk


def _followed(
    plan: Plan, references: References, ours: Mapping[str, Sequence[Any]], known: Mapping[str, list[Led | None]]
) -> dict[str, list[Led | None]]:
    """By field, where the references of these records lead, which of some fields is `known`."""
    return {
        link.field: known.get(link.field)
        or references.column(link, ours[link.field], ours[link.content_type] if link.content_type else ())
        for link in plan.links
        if not link.many and link.field in ours
    }


def _ours(plan: Plan, batch: Batch, places: Sequence[int]) -> tuple[list[tuple[Any, ...]], list[list[str]]]:
    """The compared columns of records, read again, and the fields that the table has no column for."""
    values: list[tuple[Any, ...]] = []
    unknown: list[list[str]] = []
    for _, group in groupby(places, key=lambda at: id(batch.origins[at])):
        nths = [batch.nths[at] for at in group]
        catalogue, run = batch.origins[places[len(values)]]
        stretch = catalogue.spool.stretch(run)
        rows = list(plan.read_compared(stretch))
        values += [rows[nth][1] for nth in nths]
        names = names_in(stretch) if plan.numbered else [()] * len(rows)
        unknown += [[name for name in names[nth] if name not in plan.known] for nth in nths]
    return values, unknown
