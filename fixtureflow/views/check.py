"""All that a database or `loaddata` would trip over in a fixture, found before it does.

One pass decodes each record once and checks its values on the way; keys are kept as 64-bit numbers, which go to a
temporary file beyond a bound. What needs other records (dangling references, duplicates, forward references, loops) is
asked of these numbers afterwards, and only the records that are shown as examples are read again, and those of models
that are referred to by natural keys. Models that no source states are guessed from the records, in passes of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby
from typing import Any

import msgspec

from fixtureflow.checks.authority import Authority
from fixtureflow.checks.cycles import find_cycles
from fixtureflow.checks.dangling import find_dangling
from fixtureflow.checks.duplicates import find_duplicate_pks, find_duplicate_uniques, find_lost_pks
from fixtureflow.checks.evidence import Evidence
from fixtureflow.checks.generic import find_dangling_generic
from fixtureflow.checks.hints import hint
from fixtureflow.checks.judge import Dialect, Fault
from fixtureflow.checks.kinds import KINDS
from fixtureflow.checks.logs import Disk
from fixtureflow.checks.natural import NaturalLogs, find_ambiguous, find_forward
from fixtureflow.checks.plan import Plan, Planner
from fixtureflow.checks.report import Report, wanted_kinds
from fixtureflow.errors import UsageError, one_line
from fixtureflow.findings import Findings, Group
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.merge import Merged, Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.values.stored import Backend

__all__ = ["Checked", "check", "kinds_table"]

MEMORY = 160_000_000
"""Bytes of keys kept in memory."""
SHOWN = 3
"""Examples of a group that a person is shown."""


class Checked:
    """What was found; `findings` are groups by kind, level, model and field, errors first."""

    def __init__(self, findings: Findings, records: int, models: int, errors: int, warnings: int) -> None:
        self.findings = findings
        self.records = records
        self.models = models
        self.errors = errors
        self.warnings = warnings

    @property
    def ok(self) -> bool:
        """Is there no error?"""
        return not self.errors

    def groups(self) -> list[Group]:
        """Errors first, then by kind; the models in the order they came."""
        order = {name: at for at, name in enumerate(KINDS)}
        return sorted(self.findings, key=lambda group: (group.level, order[group.problem]))

    def as_dict(self) -> dict[str, Any]:
        """For programs: each kind that was found with what is known of it, and the groups."""
        groups = self.groups()
        kinds = {group.problem: msgspec.to_builtins(KINDS[group.problem]) for group in groups}
        return {
            "records": self.records,
            "models": self.models,
            "errors": self.errors,
            "warnings": self.warnings,
            "kinds": kinds,
            "findings": [msgspec.to_builtins(group) for group in groups],
        }

    def json(self) -> str:
        """The same as JSON text."""
        return msgspec.json.format(msgspec.json.encode(self.as_dict()), indent=2).decode()

    def text(self) -> str:
        """For a person: kind by kind, with examples."""
        return "\n".join(line for lines in map(_lines, _by_kind(self.groups())) for line in lines)


def check(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    target: str | None = None,
    backend: Backend | None = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    quiet: bool = False,
) -> Checked:
    """Find every fault in a fixture that a database or loaddata would trip over.

    `schema` says what each field holds; presets of the apps that are there fill it up, and what the values let one
    guess: faults by guesses only warn. `target` is the URL of the database that the fixture is for: it is asked for
    references that lead out of the fixture, and says what it stores (give its schema too: `sources_from(target=URL)`).
    `backend` says only of what make it is. `only` and `skip` name kinds of faults. Raises `InputError` for what is no
    fixture, `TargetError`, `UsageError`. With `quiet` what was assumed of the schema is not logged.
    """
    report = Report(wanted_kinds(only, skip))
    if backend not in (None, "sqlite", "postgresql", "mysql"):
        raise UsageError(f"there is no backend {backend!r}", advice="name sqlite, postgresql or mysql")
    given = [Source("file", "the schema given", schema)] if isinstance(schema, Schema) else list(schema or ())
    with ExitStack() as stack:
        dialect, connection = Dialect(backend=backend), None
        if target is not None:
            from fixtureflow.checks.target import dialect_of
            from fixtureflow.connection import connected

            connection = stack.enter_context(connected(target))
            dialect = dialect_of(connection)
        return _Check(report, given, dialect, connection, quiet=quiet).run(records)


def kinds_table() -> str:
    """All kinds of faults: what each is, what Django or the database would have said, what mends it."""
    return "\n".join(
        f"{kind.name} ({kind.level})\n  {kind.what}\n  otherwise: {kind.said}\n  mend: {kind.mend}"
        for kind in KINDS.values()
    )


class _Check:
    def __init__(self, report: Report, given: list[Source], dialect: Dialect, connection: Any, *, quiet: bool) -> None:
        self.report = report
        self.quiet = quiet
        self.given = given
        self.dialect = dialect
        self.connection = connection
        self.disk = Disk(MEMORY)
        self.plans: dict[str, Plan | None] = {}
        self.left: list[str] = []
        """Models of which too little is stated to look at their records before something has been guessed."""

    def run(self, records: Iterable[Record]) -> Checked:
        if self.given:
            merged = gather(given=self.given, quiet=self.quiet)
            pointed_at = {relation.to for model in merged.schema.models.values() for _, relation in model.relations()}
            self.labels = set(merged.schema.models) | pointed_at
            self._use(gather(self.labels, given=self.given, quiet=True))
            catalogue = Catalogue(records, self._look)
        else:
            self._use(gather((), quiet=True))
            catalogue = Catalogue(records)
            self.left = list(catalogue.models)
        if self.left:
            self._guess(catalogue)
        self._ask(catalogue)
        levels = self.report.levels()
        return Checked(
            self.report.findings, catalogue.records, len(catalogue.models), levels["error"], levels["warning"]
        )

    def _use(self, merged: Merged) -> None:
        self.schema = merged.schema
        self.authority = Authority(merged.sources)
        dialect = msgspec.structs.replace(self.dialect, use_tz=self.schema.use_tz)
        self.planner = Planner(self.schema, self.authority, dialect, self.report, self.disk)

    def _guess(self, catalogue: Catalogue) -> None:
        """Look at the records that were left for it, with what the records let one guess."""
        self._use(gather(catalogue.models, given=self.given, records=Records(catalogue.stretches), quiet=self.quiet))
        for label in self.left:
            if self.authority.guessed(label):
                self.report.guessed.add(label)
            self.plans[label] = self.planner.plan(label)
        for stretch in catalogue.stretches(*self.left):
            self._look(stretch)

    def _look(self, block: Block) -> None:
        labels = block.labels()
        if len(labels) == 1:
            (label,) = labels
            plan = self._plan(label, block, 0)
            if plan is not None:
                plan.take(block.array(), block.views, len(block), lambda at: block.records()[at])
            return
        apart: dict[str, list[int]] = {}
        for at, label in enumerate(block.models()):
            apart.setdefault(label, []).append(at)
        records = block.records()
        for label, places in apart.items():
            plan = self._plan(label, block, places[0], len(places))
            if plan is not None:
                raws = [records[at].raw for at in places]
                plan.take(
                    b"[%b]" % b",".join(raws),
                    lambda raws=raws: raws,  # type: ignore[misc]
                    len(raws),
                    lambda at, places=places: records[places[at]],  # type: ignore[misc]
                )

    def _plan(self, label: str, block: Block, first: int, count: int | None = None) -> Plan | None:
        """The plan of a model; None if its records are left for later, or nobody knows it."""
        if label not in self.plans:
            if label not in self.labels:
                self.labels.add(label)
                self._use(gather(self.labels, given=self.given, quiet=True))
            unknown = self.authority.unknown(label)
            if unknown is None and not self.authority.stated(label):
                self.left.append(label)
            known = unknown is None and label not in self.left
            self.plans[label] = self.planner.plan(label) if known else None
        plan = self.plans[label]
        if plan is None and (level := self.authority.unknown(label)):
            fault = Fault("unknown-model", "", level)
            self.report.tell(fault, label, count=count or len(block), locate=lambda: block.records()[first])
        return plan

    def _ask(self, catalogue: Catalogue) -> None:
        """What takes more than one record to see."""
        plans = [plan for plan in self.plans.values() if plan is not None]
        evidence = Evidence(self.schema, catalogue, plans, self.report, self.disk, self.dialect.backend)
        rows = None
        if self.connection is not None:
            from fixtureflow.checks.target import TargetRows

            rows = TargetRows(self.connection, self.schema)
        naturals = NaturalLogs(evidence)
        wants = self.report.wants
        if wants("null"):
            find_lost_pks(evidence)
        if wants("duplicate-pk"):
            find_duplicate_pks(evidence)
        if wants("duplicate-unique"):
            find_duplicate_uniques(evidence)
        if wants("dangling"):
            find_dangling(evidence, naturals, rows)
            find_dangling_generic(evidence)
        if wants("ambiguous-natural-key", "duplicate-natural-key"):
            find_ambiguous(evidence, naturals)
        if wants("forward-reference"):
            find_forward(evidence, naturals)
        if wants("record-cycle"):
            find_cycles(evidence, naturals)
        hint(self.report, self.schema, self.authority)


def _by_kind(groups: list[Group]) -> list[list[Group]]:
    return [list(found) for _, found in groupby(groups, key=lambda group: (group.level, group.problem))]


def _lines(groups: list[Group]) -> list[str]:
    """Of one kind, what it is and what mends it, then where it was found."""
    kind = KINDS[groups[0].problem]
    lines = [f"{groups[0].level}: {kind.name}: {kind.what}"]
    for group in groups:
        hint = f"; {group.hint}" if group.hint else ""
        lines.append(f"  {group.where}: {group.count:,}{hint}")
        lines += [f"    {_example(example)}" for example in group.examples[:SHOWN]]
        if group.count > SHOWN:
            lines.append("    …")
    return [*map(one_line, lines), f"  mend: {kind.mend}"]


def _example(example: dict[str, Any]) -> str:
    pk = "no pk" if example["pk"] is None else f"pk {json.dumps(example['pk'], ensure_ascii=False)}"
    value = "" if example["value"] is None else f": {json.dumps(example['value'], ensure_ascii=False)}"
    note = f" ({example['note']})" if "note" in example else ""
    return f"{pk}{value}{note} in {example['file']}, record {example['record']}, byte {example['byte']}"
