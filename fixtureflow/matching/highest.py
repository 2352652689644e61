"""The highest primary keys of what is kept, of which more is known than its bytes tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixtureflow.counters.highest import Highest, look
from fixtureflow.matching.fates import KEPT
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.resolve import Resolver
from fixtureflow.matching.texts import value
from fixtureflow.record import Record
from fixtureflow.stream import Block

__all__ = ["highest_kept"]

LARGEST = 2**31 - 1
"""Of a counter, where its column tells nothing else."""


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
        most = plan.table.field(plan.pk[0]).maximum
        if odd or highest > (LARGEST if most is None else most):
            for record in _kept(resolver, plan, label):
                look(Block.of([record]), found)
        top.pk = max(top.pk, highest)
    return found


def _kept(resolver: Resolver, plan: Plan, label: str) -> Iterator[Record]:
    """The records of a model that are kept under the pk that they have."""
    fates = resolver.fates
    for stretch in resolver.catalogue.stretches(label):
        for record in stretch.records():
            number = fates.find(plan.label, value(record.pk_text))
            if number >= 0 and fates.fate[number] in KEPT and fates.moved(number, None) is None:
                yield record
