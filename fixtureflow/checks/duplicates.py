"""Keys that stand in a fixture twice."""

from __future__ import annotations

from collections.abc import Iterator

from fixtureflow.checks.evidence import Evidence, counted
from fixtureflow.checks.judge import Fault
from fixtureflow.checks.keysets import Repeat, repeats
from fixtureflow.checks.logs import NONE, Log
from fixtureflow.checks.plan import Plan
from fixtureflow.checks.uniques import Constraint
from fixtureflow.record import Record

__all__ = ["find_duplicate_pks", "find_duplicate_uniques", "find_lost_pks"]


def find_duplicate_pks(evidence: Evidence) -> None:
    """Records that take the place of an earlier one."""
    for model, plans in evidence.models().items():
        found = repeats(evidence.logs(model, ""))
        _tell(evidence, Fault("duplicate-pk"), plans, "", found)


def find_lost_pks(evidence: Evidence) -> None:
    """Records without a primary key where that is a relation, and neither given nor looked up."""
    for plan in evidence.plans:
        natural = plan.model.natural_key
        looked_up = natural is None or (natural.status != "none" and natural.lookup is not False)
        if not plan.pk_is_relation or looked_up or not plan.without_pk:
            continue
        log = plan.keys("")
        found = counted(record for record, key in log.items() if key == NONE) if log else (0, [])
        evidence.tell(Fault("null", "no primary key"), plan, "pk", found)


def find_duplicate_uniques(evidence: Evidence) -> None:
    """Records that have the same values as another where a constraint wants them unique."""
    for model, plans in evidence.models().items():
        pks = evidence.logs(model, "")
        for constraint in plans[0].constraints:
            logs = evidence.logs(model, constraint.name, "unique")
            found = (repeat for repeat in repeats(logs) if not _same_row(repeat, pks, plans[0], constraint))
            level = "warning" if constraint.unread else None
            note = "the condition is not understood, so perhaps it does not hold for them" if constraint.unread else ""
            _tell(evidence, Fault("duplicate-unique", note, level), plans, constraint.name, found, constraint)  # type: ignore[arg-type]


def _same_row(repeat: Repeat, pks: list[Log], plan: Plan, constraint: Constraint) -> bool:
    """Do the two write the same row? Then the later takes the earlier's place, and nothing stands there twice."""
    one = pks[repeat.log].at(repeat.record)
    other = pks[repeat.first_log].at(repeat.first_record)
    if one != NONE or other != NONE:
        return one == other
    natural = plan.model.natural_key
    return natural is not None and {path.partition("__")[0] for path in natural.fields} == set(constraint.names)


def _tell(
    evidence: Evidence,
    fault: Fault,
    plans: list[Plan],
    field: str,
    found: Iterator[Repeat],
    constraint: Constraint | None = None,
) -> None:
    count, examples = counted(found)
    if not count:
        return
    firsts = {(repeat.log, repeat.record): repeat for repeat in examples}
    left = count - len(examples)
    for at, plan in enumerate(plans):
        numbers = [repeat.record for repeat in examples if repeat.log == at]

        def note(number: int, record: Record, at: int = at) -> str:
            repeat = firsts[at, number]
            first = evidence.places.record(plans[repeat.first_log].label, repeat.first_record)
            same = constraint is None and first.fields == record.fields
            words = f"as record {first.number:,}, byte {first.offset:,}" + (", the very same" if same else "")
            return f"{words}; {fault.note}" if fault.note else words

        def value(number: int, record: Record) -> object:
            names = constraint.names[: len(constraint.forms)] if constraint else ()
            values = [record.fields.get(name) for name in names]
            return values[0] if len(values) == 1 else values or None

        if numbers:
            evidence.tell(fault, plan, field, (len(numbers) + left, numbers), value=value, note=note)
            left = 0
