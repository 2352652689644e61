"""What the pass over a fixture has left for the questions that need more than one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Any, TypeVar

from fixtureflow.checks.judge import Fault
from fixtureflow.checks.logs import Disk, Log
from fixtureflow.checks.places import Places
from fixtureflow.checks.plan import Plan
from fixtureflow.checks.report import Report
from fixtureflow.findings import EXAMPLES
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.model import Schema
from fixtureflow.values.stored import Backend

__all__ = ["Evidence", "counted"]

_T = TypeVar("_T")


class Evidence:
    """The schema, the logs of keys, and where the records stand."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        plans: Iterable[Plan],
        report: Report,
        disk: Disk,
        backend: Backend | None,
    ) -> None:
        self.schema = schema
        self.backend = backend
        self.catalogue = catalogue
        self.report = report
        self.disk = disk
        self.places = Places(catalogue)
        self.plans = [plan for plan in plans if plan.count]
        self._by_model: dict[str, list[Plan]] = {}
        for plan in self.plans:
            self._by_model.setdefault(plan.place, []).append(plan)

    def models(self) -> dict[str, list[Plan]]:
        """The plans by the model whose table their records go to: a proxy's records are its concrete model's."""
        return self._by_model

    def of(self, model: str) -> list[Plan]:
        """The plans whose records go to the model's table."""
        return self._by_model.get(model, [])

    def logs(self, model: str, field: str, kind: str = "key") -> list[Log]:
        """The logs of a column, one of each plan of the model."""
        return [log for plan in self.of(model) if (log := plan.keys(field, kind)) is not None]

    def tell(
        self,
        fault: Fault,
        plan: Plan,
        field: str,
        found: tuple[int, list[int]],
        *,
        to: str = "",
        value: Callable[[int, Record], Any] | None = None,
        note: Callable[[int, Record], str] | None = None,
    ) -> None:
        """Report a fault of so many records of a plan, of which the first few are given by number."""
        count, examples = found
        for at, number in enumerate(examples):
            record = self.places.record(plan.label, number)
            told = fault._replace(note=note(number, record)) if note else fault
            shown = value(number, record) if value else None
            more = count - len(examples) + 1 if at == 0 else 1
            self.report.tell(told, plan.label, field, to=to, value=shown, count=more, locate=lambda r=record: r)  # type: ignore[misc]


def counted(items: Iterable[_T]) -> tuple[int, list[_T]]:
    """How many there are, and the smallest few of them."""
    count = 0

    def counting() -> Iterable[_T]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    smallest = nsmallest(EXAMPLES, counting())  # type: ignore[type-var]
    return count, smallest
