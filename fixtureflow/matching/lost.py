"""References that lead to nothing: what refers so is rejected, and what refers to that in turn."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from fixtureflow.matching.batch import Batch
from fixtureflow.matching.fates import Fate, Fates
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, References, State
from fixtureflow.references.links import Link

__all__ = ["Lost", "Reason"]


class Reason(NamedTuple):
    """Why a record is rejected."""

    problem: str
    field: str = ""
    """The reference that leads to nothing."""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.problem}{f': {self.detail}' if self.detail else ''}"


class Lost:
    """Finds them. References within a cycle of models, where not all is decided yet, are kept in eight bytes each."""

    def __init__(self, references: References, fates: Fates, dangling: str) -> None:
        self._references = references
        self._fates = fates
        self._dangling = dangling
        self._edges: dict[Link, tuple[array[int], array[int]]] = {}
        self.reasons: dict[int, Reason] = {}
        """By the number of the record."""

    def find(
        self, plan: Plan, batch: Batch, led: Mapping[str, Sequence[Led | None]], unit: set[str]
    ) -> dict[int, Reason]:
        """Of the records at which places a reference leads to nothing. Notes those that cannot be told yet.

        `unit` has the models that refer to each other in a loop, where what is kept now may still be rejected.
        """
        out: dict[int, Reason] = {}
        for link in plan.links:
            cyclic = link.kind == "generic" or link.to.model in unit
            for at, one in self._ends(plan, link, batch, led):
                if one.state is State.LOST:
                    if self.fatal(link):
                        out.setdefault(at, _refers(link, one.reason))
                elif one.state is State.LATER or (cyclic and one.state is State.NEW):
                    sources, targets = self._edges.setdefault(link, (array("I"), array("I")))
                    sources.append(batch.numbers[at])
                    targets.append(one.number)
        return out

    def _ends(
        self, plan: Plan, link: Link, batch: Batch, led: Mapping[str, Sequence[Led | None]]
    ) -> Iterable[tuple[int, Led]]:
        """(place, where it leads) of what has to be looked at."""
        if link.many:
            return self._items(link, batch.columns[link.field])
        ends = led.get(link.field, ())
        if link.kind != "generic" and all(one is None or one.state < State.NEW for one in set(ends)):
            return ()
        return ((at, one) for at, one in enumerate(ends) if one is not None)

    def _items(self, link: Link, lists: Sequence[Any]) -> Iterator[tuple[int, Led]]:
        flat = list(chain.from_iterable(one for one in lists if isinstance(one, list)))
        if not flat:
            return
        ends = iter(self._references.column(link, flat))
        for at, one in enumerate(lists):
            if isinstance(one, list):
                for _ in one:
                    end = next(ends)
                    if end is not None:
                        yield at, end

    def fatal(self, link: Link) -> bool:
        """Does a record that refers to nothing have to be rejected?"""
        if self._dangling == "keep":
            return link.by_pk
        return self._dangling == "reject" or link.by_pk or not (link.null or link.many)

    def settle(self) -> None:
        """Reject what refers, within a cycle of models, to what has been rejected."""
        lost = (Fate.REJECTED, Fate.ABSENT)
        fate = self._fates.fate
        edges = [(link, *ends) for link, ends in self._edges.items() if self.fatal(link)]
        self._edges = {}
        if not any(fate[target] in lost for _, _, targets in edges for target in targets):
            return
        back: dict[int, list[tuple[Link, int]]] = {}
        for link, sources, targets in edges:
            for source, target in zip(sources, targets, strict=True):
                back.setdefault(target, []).append((link, source))
        ready = [one for target in [*back] if fate[target] in lost for one in back.pop(target)]
        while ready:
            link, source = ready.pop()
            if fate[source] in (Fate.NEW, Fate.RENUMBERED, Fate.UPDATED):
                self.reasons[source] = _refers(link, "was rejected")
                self._fates.decide(link.model, source, Fate.REJECTED)
                ready += back.pop(source, [])


_REASONS: dict[tuple[str, str, str], Reason] = {}


def _refers(link: Link, why: str) -> Reason:
    to = link.to.model or "a row"
    return _REASONS.setdefault((to, link.field, why), Reason(f"refers to {to} that {why}", link.field))
