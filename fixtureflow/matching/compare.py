"""A record beside the row of the target that it is the same as: which fields differ, at a dump's precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.lookup import Lookup
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, References, State
from fixtureflow.reread.stretch import Run

__all__ = ["Beside", "compared"]


class Beside(NamedTuple):
    """A record beside a row."""

    differs: list[str]
    """The fields of which the row has another value."""
    theirs: dict[str, Any]
    """The row's columns, as a driver gives them, by field."""
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
    theirs = {places[nth]: columns for nth, columns in found.items()}
    names = [*plan.compared, *plan.pk]
    out = {}
    ours = _ours(plan, batch, sorted(theirs))
    followed = _followed(plan, references, ours, led)
    for nth, (at, values) in enumerate(ours):
        columns = theirs[at]
        differs, sure = [], True
        for name, same, value, other in zip(plan.compared, plan.comparers, values, columns, strict=False):
            one = led[name][at] if name in led else followed[name][nth] if name in followed else None
            mine = value if one is None else one.pk
            sure = sure and (one is None or one.state is not State.LATER)
            if one is not None and one.state is State.LOST:
                differs.append(name)
                continue
            nothing = mine is None or other is None
            if mine is not other if nothing else not same(mine, other):
                differs.append(name)
        out[at] = Beside(differs, dict(zip(names, columns, strict=True)), sure)
    return out


def _followed(
    plan: Plan,
    references: References,
    ours: Sequence[tuple[int, Sequence[Any]]],
    led: Mapping[str, Sequence[Led | None]],
) -> dict[str, list[Led | None]]:
    """Where the references of these records lead that are not in `led`, by field."""
    names = {name: nth for nth, name in enumerate(plan.compared)}

    def column(name: str) -> list[Any]:
        return [values[names[name]] for _, values in ours]

    return {
        link.field: references.column(link, column(link.field), column(link.content_type) if link.content_type else ())
        for link in plan.links
        if not link.many and link.field in names and link.field not in led
    }


def _ours(plan: Plan, batch: Batch, places: Sequence[int]) -> Sequence[tuple[int, tuple[Any, ...]]]:
    """The compared columns of records, read again."""
    out: list[tuple[int, tuple[Any, ...]]] = []

    def run(at: int) -> tuple[int, Run]:
        catalogue, found, _ = batch.origins[at]
        return id(catalogue), found

    for _, group in groupby(places, key=run):
        members = list(group)
        catalogue, found, _ = batch.origins[members[0]]
        rows = list(plan.read_compared(catalogue.spool.stretch(found)))
        out += [(at, rows[batch.origins[at][2]][1]) for at in members]
    return out
