"""The highest primary keys of what is kept, of which more is known than its bytes tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fixtureflow.counters.highest import LARGEST, Highest, look
from fixtureflow.matching.fates import KEPT
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.resolve import Resolver
from fixtureflow.matching.texts import value
from fixtureflow.record import Record
from fixtureflow.stream import Block

__all__ = ["highest_kept"]


def highest_kept(resolver: Resolver, labels: Iterable[str]) -> dict[str, Highest]:
    """Of models of which records are kept, the highest keys under which they are.

    Where one is at fault the records are read again, so that it is said where it stands in the dump.
    """
    found: dict[str, Highest] = {}
    for label in labels:
        plan = resolver.plans[label]
        top = found[label] = Highest(label)
        if not plan.counted:  # no counter makes such keys
            continue
        highest, odd = resolver.fates.highest(plan.label)
        limit = _limit(plan)
        if not odd and highest <= limit:
            top.pk = highest
            continue
        given = Highest(label)  # past a record's own pk that is at fault: that is the one to be told
        for record, moved in _kept(resolver, plan, label):
            if moved is None:
                look(Block.of([record]), found)
            elif type(moved) is int and moved > given.pk:
                given.pk, given.file, given.number = moved, record.source.name, record.number
        if top.pk <= limit and given.pk > top.pk:
            top.pk, top.file, top.number = given.pk, given.file, given.number
    return found


def _limit(plan: Plan) -> int:
    """The highest key that the column can hold, as the database and the schema have it."""
    (name,) = plan.pk
    fields = [plan.table.field(name), *([plan.model.fields[name]] if name in plan.model.fields else [])]
    return min((field.maximum for field in fields if field.maximum is not None), default=LARGEST)


def _kept(resolver: Resolver, plan: Plan, label: str) -> Iterator[tuple[Record, Any]]:
    """The records of a model that are kept, and the pk that each has then, if it is another."""
    fates = resolver.fates
    for stretch in resolver.catalogue.stretches(label):
        for record in stretch.records():
            number = fates.find(plan.label, value(record.pk_text))
            if number >= 0 and fates.fate[number] in KEPT:
                yield record, fates.moved(number, None)
