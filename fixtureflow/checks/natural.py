"""Natural keys: of several records the same, of later records than the one that needs them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import cache
from typing import Any

from fixtureflow.checks.evidence import Evidence, counted
from fixtureflow.checks.judge import Fault
from fixtureflow.checks.keysets import HELD, repeats
from fixtureflow.checks.logs import LEAST, NATURAL, NONE, Log, natural_hash
from fixtureflow.checks.plan import Plan
from fixtureflow.record import Record
from fixtureflow.references.links import Link, natural_form
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["NaturalLogs", "find_ambiguous", "find_forward", "made_by_migrate"]


class NaturalLogs:
    """The natural keys of the records of a model, read when they are first asked for."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._naturals = Naturals(evidence.schema, evidence.catalogue)
        self._logs: dict[str, list[Log] | None] = {}

    def logs(self, model: str) -> list[Log] | None:
        """One for each plan of the model; None if it is not known what the key is made of."""
        if model not in self._logs:
            known = self._naturals.known(model) or not self._evidence.of(model)
            self._logs[model] = [self._read(plan) for plan in self._evidence.of(model)] if known else None
        return self._logs[model]

    def _read(self, plan: Plan) -> Log:
        log = Log(self._evidence.disk)
        log.gaps = False
        columns = Columns(list(dict.fromkeys(self._naturals.columns(plan.label))))
        at = columns.at
        for stretch in self._evidence.catalogue.stretches(plan.label):
            keys = (
                self._naturals.key(plan.label, pk, lambda name, fields=fields: fields[at[name]])  # type: ignore[misc]
                for pk, fields in columns.rows(stretch)
            )
            numbers = array("q", [NONE if key is None else natural_hash(key) for key in keys])
            log.gaps = log.gaps or NONE in numbers
            log.extend(numbers)
        return log


@cache
def _standard(app: str, model: str) -> tuple[int, ...]:
    keys = [[app, model], *([f"{action}_{model}", app, model] for action in ("add", "change", "delete", "view"))]
    return tuple(natural_hash(natural_form(key)) for key in keys)


def made_by_migrate(schema: Schema, model: str) -> set[int]:
    """The natural keys of rows of the model that `migrate` puts into every database: content types and permissions."""
    if model not in ("contenttypes.contenttype", "auth.permission"):
        return set()
    labels = [label.partition(".") for label in schema.models]
    return {key for app, _, name in labels for key in _standard(app, name)}


def find_ambiguous(evidence: Evidence, naturals: NaturalLogs) -> None:
    """References by a natural key that several records have; and records without pk that have the same."""
    for model, plans in evidence.models().items():
        links = [(link, plan) for plan in evidence.plans for link in plan.links if link.to.model == model]
        referring = [(link, plan, log) for link, plan in links if (log := plan.keys(link.field)) and log.natural]
        if not referring and not any(plan.without_pk for plan in plans):
            continue
        logs = naturals.logs(model)
        if logs is None:
            continue
        pks = evidence.logs(model, "")
        twice: set[int] = set()
        replaced: list[tuple[int, int, int, int]] = []
        for repeat in repeats(logs):
            one, other = pks[repeat.log].at(repeat.record), pks[repeat.first_log].at(repeat.first_record)
            if one == NONE:
                replaced.append(repeat)
            elif one != other:
                twice.add(logs[repeat.log].at(repeat.record))
        for repeat_log, record, first_log, first_record in sorted(replaced):
            first = evidence.places.record(plans[first_log].label, first_record)
            fault = Fault("duplicate-natural-key", f"as record {first.number:,}, byte {first.offset:,}")
            evidence.tell(fault, plans[repeat_log], "", (1, [record]))
        for link, plan, log in referring if twice else ():
            found = counted(record for record, key in _naturals(log) if key in twice)
            evidence.tell(
                Fault("ambiguous-natural-key"), plan, link.field, found, to=model, value=_value_of(link.field)
            )


def find_forward(evidence: Evidence, naturals: NaturalLogs) -> None:
    """References that have to be resolved when their record is saved, to records that come later."""
    for plan in evidence.plans:
        own = _of_own_key(plan) if plan.without_pk else set()
        for link in plan.links:
            if link.kind == "generic" or link.many or link.by_pk or not evidence.of(link.to.model):
                continue
            log = plan.keys(link.field)
            if log is None:
                continue
            if log.natural and (link.null is False or link.field in own):
                logs = naturals.logs(link.to.model)
                if logs is not None:
                    _tell_forward(evidence, plan, link, log, logs, natural=True)
            if link.field in own:
                _tell_forward(evidence, plan, link, log, evidence.logs(*link.to), natural=False)


def _tell_forward(evidence: Evidence, plan: Plan, link: Link, log: Log, keys: list[Log], *, natural: bool) -> None:
    targets = evidence.of(link.to.model)
    if all(target is not plan and evidence.places.last_before_first(target.label, plan.label) for target in targets):
        return
    found = counted(_later(evidence, plan, link, log, keys, natural=natural))
    if found[0]:
        evidence.tell(
            Fault("forward-reference"), plan, link.field, found, to=link.to.model, value=_value_of(link.field)
        )


def _later(evidence: Evidence, plan: Plan, link: Link, log: Log, keys: list[Log], *, natural: bool) -> Iterator[int]:
    """The records that refer to one that does not stand before them."""
    targets = evidence.of(link.to.model)
    there = made_by_migrate(evidence.schema, link.to.model) if natural else set()
    rounds = -(-sum(map(len, keys)) // HELD) or 1
    pks = plan.keys("")
    for turn in range(rounds):
        first: dict[int, tuple[str, int]] = {}
        for target, column in zip(targets, keys, strict=True):
            for record, key in enumerate(key for chunk in column.chunks() for key in chunk):
                if key >= LEAST and key % rounds == turn:
                    first.setdefault(key, (target.label, record))
        for record, key in _naturals(log) if natural else _plain(log):
            if key not in first or key in there or evidence.places.before(*first[key], plan.label, record):
                continue
            if natural or (pks is not None and pks.at(record) == NONE):
                yield record


def _of_own_key(plan: Plan) -> set[str]:
    """The fields through which the model's natural key runs to another model."""
    natural = plan.model.natural_key
    return {path.partition("__")[0] for path in natural.fields if "__" in path} if natural else set()


def _naturals(log: Log) -> Iterator[tuple[int, int]]:
    return ((record, key) for record, key in log.items() if key >= NATURAL)


def _plain(log: Log) -> Iterator[tuple[int, int]]:
    return ((record, key) for record, key in log.items() if LEAST <= key < NATURAL)


def _value_of(field: str) -> Any:
    def value(number: int, record: Record) -> Any:
        return record.fields.get(field)

    return value
