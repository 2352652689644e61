"""References to records that are not in the fixture: they may be in the target, or the dump has lost them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, NamedTuple, Protocol

from fixtureflow.checks.evidence import Evidence, counted
from fixtureflow.checks.forms import Numbering
from fixtureflow.checks.judge import Fault
from fixtureflow.checks.keysets import KeySet
from fixtureflow.checks.kinds import Level
from fixtureflow.checks.logs import Log
from fixtureflow.checks.natural import NaturalLogs, made_by_migrate
from fixtureflow.checks.plan import Plan
from fixtureflow.record import Record
from fixtureflow.references.links import Link, Place, field_of
from fixtureflow.schema.model import Relation

__all__ = ["Rows", "find_dangling"]

BATCH = 1_000
"""Keys that the target is asked for at a time."""


class Rows(Protocol):
    """The target's rows."""

    def present(self, place: Place, values: list[Any]) -> list[bool] | None:
        """Which of these keys it has; None if it cannot be asked."""


def find_dangling(evidence: Evidence, naturals: NaturalLogs, rows: Rows | None) -> None:
    """References by foreign keys, lists and parent links; those by generic keys are another matter."""
    links = [(link, plan) for plan in evidence.plans for link in plan.links if link.kind != "generic"]
    for place in dict.fromkeys(link.to for link, _ in links):
        referring = [(link, plan, log) for link, plan in links if link.to == place and (log := plan.keys(link.field))]
        logs = evidence.logs(place.model, place.field)
        if len(logs) == len(evidence.of(place.model)):
            keys = KeySet(logs)
            for link, plan, log in referring:
                _tell(evidence, _Search(plan, link, log, keys), rows)
        named = [each for each in referring if each[2].natural]
        found = naturals.logs(place.model) if named else None
        if found is not None:  # else nobody knows what the key is made of
            keys, known = KeySet(found), made_by_migrate(evidence.schema, place.model)
            unread = any(log.gaps for log in found)
            for link, plan, log in named:
                _tell(evidence, _Search(plan, link, log, keys, natural=True, but=known, unread=unread), rows)


class _Search(NamedTuple):
    """The references of one field, and the keys that they should be among."""

    plan: Plan
    link: Link
    log: Log
    keys: KeySet
    natural: bool = False
    but: Set[int] = frozenset()
    unread: bool = False
    """Are there natural keys that could not be worked out?"""


def _tell(evidence: Evidence, search: _Search, rows: Rows | None) -> None:
    plan, link, log, keys, natural, but, unread = search
    found = keys.absent(log, natural=natural, but=but)
    asked = _Asked(evidence, plan, link, rows) if rows is not None else None
    if found.count and asked:
        each = keys.each_absent(log, natural=natural, but=but)
        found.count, found.first = counted(asked.not_there(each))
    if not found.count:
        return
    level, note = _level(evidence, plan, link, asked, natural=natural, unread=unread)
    of: dict[int, list[int]] = {}
    for record, key in found.first:
        of.setdefault(record, []).append(key)

    def value(number: int, record: Record) -> Any:
        return _value(evidence, link, record, of[number])

    fault = Fault("dangling", note, level)
    evidence.tell(fault, plan, link.field, (found.count, list(of)), to=link.to.model, value=value)


def _level(
    evidence: Evidence, plan: Plan, link: Link, asked: _Asked | None, *, natural: bool, unread: bool
) -> tuple[Level | None, str]:
    """How bad it is, and why not worse."""
    relation = plan.model.fields[link.field].relation if link.field in plan.model.fields else None
    if link.guess or link.to.model in evidence.report.guessed:
        return "warning", "the reference is only guessed"
    if isinstance(relation, Relation) and relation.constraint is False:
        return "warning", "no constraint watches over it"
    if link.many and not natural and evidence.backend == "mysql":
        return "warning", "MariaDB and MySQL leave it out without a word"  # by INSERT IGNORE
    if unread:
        return "warning", "not all natural keys could be worked out"
    if asked is not None and asked.answered:
        return None, "nor in the target"
    if not evidence.of(link.to.model):
        return "warning", f"the fixture has no {link.to.model}, so the target must have it"
    return None, ""


def _value(evidence: Evidence, link: Link, record: Record, keys: list[int]) -> Any:
    """The value in the record that has one of the keys."""
    value = record.fields.get(link.field)
    if value is None:
        return record.pk if link.by_pk else None
    if not link.many or not isinstance(value, list):
        return value
    field = field_of(evidence.schema, link.to)
    number = Numbering(field.type if field else None).number
    return next((item for item in value if number(item) in keys), None)


class _Asked:
    """Leaves out what the target has."""

    def __init__(self, evidence: Evidence, plan: Plan, link: Link, rows: Rows) -> None:
        self._evidence = evidence
        self._plan = plan
        self._link = link
        self._rows = rows
        self.answered = False

    def not_there(self, absent: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        known: dict[int, bool] = {}
        waiting: list[tuple[int, int]] = []
        for pair in absent:
            waiting.append(pair)
            if len(waiting) >= BATCH:
                yield from self._judged(waiting, known)
                waiting = []
                if len(known) > 64 * BATCH:
                    known.clear()
        yield from self._judged(waiting, known)

    def _judged(self, waiting: list[tuple[int, int]], known: dict[int, bool]) -> Iterator[tuple[int, int]]:
        new = {key: record for record, key in reversed(waiting) if key not in known}
        values = [
            _value(self._evidence, self._link, self._evidence.places.record(self._plan.label, record), [key])
            for key, record in new.items()
        ]
        found = self._rows.present(self._link.to, values) if values else []
        if found is not None:
            self.answered = True
            known.update(zip(new, found, strict=True))
        for pair in waiting:
            if not known.get(pair[1], False):
                yield pair
