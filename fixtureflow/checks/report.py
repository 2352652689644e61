"""Where checks tell what they find: kinds that are wanted, levels, and examples with their place."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import UNSET

from fixtureflow.checks.judge import Fault
from fixtureflow.checks.kinds import KINDS, Level
from fixtureflow.errors import InputError, UsageError
from fixtureflow.findings import EXAMPLES, Finding, Findings
from fixtureflow.record import Record

__all__ = ["Report", "wanted_kinds"]

MOST_FIELDS = 200
"""Fields of one model that one kind of fault is told of by name; a hostile fixture has as many as it likes."""
_SHOWN = 100
"""Characters of a value."""


def wanted_kinds(only: Iterable[str], skip: Iterable[str]) -> frozenset[str]:
    """The kinds of faults that are asked for. Raises `UsageError` for a kind that does not exist."""
    only, skip = set(only), set(skip)
    for name in sorted(only | skip):
        if name not in KINDS:
            near = get_close_matches(name, KINDS, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}"
            raise UsageError(f"there is no kind of fault {name!r}", advice=advice)
    return frozenset((only or KINDS.keys()) - skip)


class Report:
    """Takes faults, and keeps them as findings."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self.kinds = kinds
        self.findings = Findings()
        self._fields: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.guessed: set[str] = set()
        """Models of which all is guessed, so that nothing is sure enough for an error."""
        self.beside: dict[tuple[str, str], set[str]] = {}
        """What other fields a record has that has an unknown one, by its model and that field."""

    def wants(self, *kinds: str) -> bool:
        return not self.kinds.isdisjoint(kinds)

    def tell(
        self,
        fault: Fault,
        model: str,
        field: str = "",
        *,
        to: str = "",
        value: Any = None,
        count: int = 1,
        locate: Callable[[], Record] | None = None,
    ) -> None:
        """Take in a fault (or `count` of them, of which this is one); `locate` finds its record."""
        if fault.kind not in self.kinds:
            return
        level: Level = fault.level or KINDS[fault.kind].level
        if model in self.guessed:
            level = "warning"
        group = self.findings.group(
            Finding(problem=fault.kind, model=model, field=self._named(fault.kind, model, field), to=to, level=level)
        )
        group.count += count
        if locate is not None and len(group.examples) < EXAMPLES:
            record = locate()
            group.examples.append(_example(record, fault, value))
            if fault.kind == "unknown-field":
                self.beside.setdefault((model, field), set(record.fields))

    def tell_all(
        self, found: Sequence[tuple[int, Fault, Any]], model: str, field: str, at: Callable[[int], Record]
    ) -> None:
        """Take in faults of a field: the place of the record, which `at` finds, what is wrong, and the value."""
        apart: dict[tuple[str, Level | None], list[tuple[int, Fault, Any]]] = {}
        for each in found:
            apart.setdefault((each[1].kind, each[1].level), []).append(each)
        for some in apart.values():
            more = max(0, len(some) - EXAMPLES)
            for place, fault, value in some[:EXAMPLES]:
                shown = None if value is UNSET else value
                self.tell(fault, model, field, value=shown, count=1 + more, locate=lambda place=place: at(place))  # type: ignore[misc]
                more = 0

    def _named(self, kind: str, model: str, field: str) -> str:
        fields = self._fields[kind, model]
        if len(fields) < MOST_FIELDS:
            fields.add(field)
        return field if field in fields else "…"

    def levels(self) -> Counter[str]:
        """How many faults there are of each level."""
        counts: Counter[str] = Counter()
        for group in self.findings:
            counts[group.level] += group.count
        return counts


def _example(record: Record, fault: Fault, value: Any) -> dict[str, Any]:
    try:
        pk = record.pk
    except InputError:  # that is what is wrong with it
        pk = None
    found = {
        "pk": _shortened(pk),
        "value": _shortened(value),
        "file": record.source.name,
        "record": record.number,
        "byte": record.offset,
    }
    return found | ({"note": fault.note} if fault.note else {})


def _shortened(value: Any) -> Any:
    """A value to be shown: as it is if it is short, else the beginning of its JSON."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = text.encode("utf-8", "backslashreplace").decode()
    if len(shown) > _SHOWN:
        return shown[:_SHOWN] + "…"
    return value if isinstance(value, list | dict) and shown == text else shown
