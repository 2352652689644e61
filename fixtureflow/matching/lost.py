"""References that lead to nothing: what refers so is rejected, and what refers to that in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fixtureflow.matching.fates import KEPT, Fate, Fates
from fixtureflow.matching.references import Led, References, State
from fixtureflow.references.links import Link

__all__ = ["Linked", "Lost", "Reason", "Rows"]

Columns = Mapping[str, Sequence[Any]]


class Rows(NamedTuple):
    """Some records: their numbers, and their values by field."""

    numbers: Sequence[int]
    columns: Columns


class Linked(NamedTuple):
    """The references of a model, and what reads all records that have them, as often as it is called."""

    links: list[Link]
    read: Callable[[], Iterable[Rows]]


class Reason(NamedTuple):
    """Why a record is rejected."""

    problem: str
    field: str = ""
    """The reference that leads to nothing."""
    said: str = ""
    """What there is to say besides."""
    rows: tuple[tuple[str, Any], ...] = ()
    """Rows that it is, or that are in its way: the name of the unique key (none for the pk itself), and their pks."""
    of_dump: bool = False
    """Are these rows records of the dump, and not the target's?"""
    own: bool = False
    """Is the row in its way that with its own pk? One reason then does for all records."""

    @property
    def detail(self) -> str:
        """More of it, for a person."""
        rows = (f"{key} of {'a record without pk' if pk is None else f'pk {pk}'}" for key, pk in self.rows if key)
        return self.said or " and ".join(rows)


class Lost:
    """Finds them."""

    def __init__(self, references: References, fates: Fates, dangling: str) -> None:
        self._references = references
        self._fates = fates
        self._dangling = dangling
        self.reasons: dict[int, Reason] = {}
        """By the number of the record."""

    def fatal(self, link: Link) -> bool:
        """Does a record that refers to nothing have to be rejected?"""
        if self._dangling == "keep":
            return link.by_pk
        return self._dangling == "reject" or link.by_pk or not (link.null or link.many)

    def find(
        self, links: Iterable[Link], columns: Columns, led: Mapping[str, Sequence[Led | None]]
    ) -> dict[int, Reason]:
        """Of the records at which places a reference leads to nothing, and why.

        `led` has where references lead that have been followed already.
        """
        out: dict[int, Reason] = {}
        for link in links:
            places, ends = self._ends(link, columns, led)
            for at, one in zip(places, ends, strict=False) if self.fatal(link) else ():
                if one is not None and one.state is State.LOST:
                    out.setdefault(at, _refers(link, one.reason))
        return out

    def settle(self, models: Sequence[Linked]) -> None:
        """Once a cycle of models is decided on, reject what refers to nothing there, or to what has been rejected."""
        models = [one._replace(links=[link for link in one.links if self.fatal(link)]) for one in models]
        models = [one for one in models if one.links]
        fates = self._fates
        links = [link for one in models for link in one.links]
        if not any(fates.lost if k.kind == "generic" else k.to.model in fates.lost or k.to.field for k in links):
            return  # what leads out of the fixture has been looked at
        for one in models:
            for rows in one.read():
                for at, reason in self.find(one.links, rows.columns, {}).items():
                    self._reject(rows.numbers[at], one.links[0].model, reason)
        self._references.forget({one.links[0].model for one in models})
        back: dict[int, list[tuple[int, Link]]] = {}
        for one in models:
            for link in one.links:
                for source, target in self._edges(link, one):
                    back.setdefault(target, []).append((source, link))
        ready = [target for target in back if fates.fate[target] in (Fate.REJECTED, Fate.ABSENT)]
        while ready:
            for source, link in back.pop(ready.pop(), ()):
                if fates.fate[source] in KEPT:
                    self._reject(source, link.model, _refers(link, "was rejected"))
                    ready.append(source)

    def _reject(self, number: int, label: str, reason: Reason) -> None:
        if self._fates.fate[number] in KEPT:
            self.reasons[number] = reason
            self._fates.decide(label, number, Fate.REJECTED)

    def _ends(
        self, link: Link, columns: Columns, led: Mapping[str, Sequence[Led | None]]
    ) -> tuple[Sequence[int], Sequence[Led | None]]:
        """Where a reference leads, and the places of the records that have it; nothing where none leads to nothing."""
        if link.many:
            places, flat = _flat(columns[link.field])
            return places, self._references.lost(link, flat)
        ends = led.get(link.field)
        if ends is None:
            kinds = columns[link.content_type] if link.content_type else ()
            ends = self._references.lost(link, columns[link.field], kinds)
        return range(len(ends)), ends

    def _edges(self, link: Link, one: Linked) -> Iterable[tuple[int, int]]:
        """The numbers of kept records, and of those that they refer to."""
        for rows in one.read():
            values = rows.columns[link.field]
            places: Sequence[int] = range(len(values))
            if link.many:
                places, values = _flat(values)
            kinds = rows.columns[link.content_type] if link.content_type else ()
            for at, end in zip(places, self._references.column(link, values, kinds), strict=True):
                if end is not None and end.number >= 0 and self._fates.fate[rows.numbers[at]] in KEPT:
                    yield rows.numbers[at], end.number


def _flat(lists: Sequence[Any]) -> tuple[list[int], list[Any]]:
    """The items of all lists, and the places of these."""
    places = [at for at, values in enumerate(lists) if isinstance(values, list) for _ in values]
    return places, [value for values in lists if isinstance(values, list) for value in values]


_REASONS: dict[tuple[str, str, str], Reason] = {}


def _refers(link: Link, why: str) -> Reason:
    to = link.to.model or "a row"
    return _REASONS.setdefault((to, link.field, why), Reason(f"refers to {to} that {why}", link.field))
