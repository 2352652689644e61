"""What the rules make of the records of one model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from fixtureflow.edit import Change, members, renamed, with_member, with_values, without
from fixtureflow.findings import Finding
from fixtureflow.record import Record
from fixtureflow.renaming.rules import Rule, RuleSet
from fixtureflow.renaming.values import cut, filled, null_nan, strip_nul
from fixtureflow.reread.names import Row

__all__ = ["Editor"]

Tell = Callable[[Finding], object]
Longest = Callable[[tuple[str, str], tuple[str, str]], int | None]
"""The most characters of a field, by the labels of its model and its names, new and old; None where nobody knows."""


class _Step(NamedTuple):
    """A change of a field's values, by rule; `problem` and `done` for what is said of each."""

    change: Change
    rule: Rule
    problem: str
    done: str


class _Plan(NamedTuple):
    """What becomes of one field."""

    steps: list[_Step]
    drop: Rule | None
    follow: Change | None
    """For references that name a renamed model."""


_row = msgspec.json.Decoder(Row).decode
_MODEL = re.compile(rb'\{\s*"model"\s*:\s*("[^"\\]*")')


class Editor:
    """Changes the records of the model `label`, which is called `new` from now on."""

    def __init__(self, label: str, new: str, rules: RuleSet, longest: Longest, tell: Tell) -> None:
        self.label = label
        self.new = new
        self.references: dict[str, Change] = {}
        """Fields that may name a renamed model in what they refer to."""
        self.followed = 0
        """How many fields of records did."""
        self.on_fields: Callable[[Record, bytes], bytes] | None = None
        """What else becomes of a record's `fields`, at the end."""
        self._rules = rules
        self._longest = longest
        self._tell = tell
        self._plans: dict[str, _Plan] = {}
        self._names = {old: name for (model, old), (name, _) in rules.fields.items() if model == label}
        self._defaults = {
            self._names.get(field, field): (text, rule)
            for (model, field), (text, rule) in rules.defaults.items()
            if model == label
        }

    @property
    def idle(self) -> bool:
        """Does no rule concern the model?"""
        rules = self._rules
        patterns = [pattern for pattern, _ in (*rules.drop, *rules.null_nan, *rules.strip_nul)]
        patterns += [pattern for pattern, _, _ in rules.cut]
        return not (
            self.new != self.label
            or self._names
            or self._defaults
            or any(model == self.label for model, _ in rules.fills)
            or self.references
            or self.on_fields
            or any(pattern.matches_model(self.label) for pattern in patterns)
        )

    def edited(self, record: Record) -> Record:
        """The record with all that the rules name changed; the record itself if that is nothing.

        Raises `InputError` if two of its fields become one.
        """
        if self._touches(record):
            changes: dict[str, Change] = {"fields": lambda text: self._fields(record, text)}
            if self.new != self.label:
                changes["model"] = self._model
            raw = with_values(record.raw, changes)
        elif self.new != self.label:
            raw = self._with_model(record.raw)
        else:
            return record
        if raw == record.raw and self.new == self.label:
            return record
        return Record(raw, self.new, record.source, record.number, record.offset)

    def _touches(self, record: Record) -> bool:
        """Might anything in the record's fields change? Most often not, and then it need not be gone through."""
        if self._defaults or self.on_fields:
            return True
        try:
            fields = _row(record.raw).fields
        except (msgspec.MsgspecError, RecursionError):  # NaN and the like
            return True
        return any(self._touches_field(name, bytes(text)) for name, text in fields.items())

    def _touches_field(self, name: str, text: bytes) -> bool:
        plan = self._plan(name)
        return (
            name in self._names
            or plan.drop is not None
            or any(step.change(text) != text for step in plan.steps)
            or (plan.follow is not None and text[:1] == b"[" and b'"' in text)
        )

    def _model(self, text: bytes) -> bytes:
        return json.dumps(self.new).encode()

    def _with_model(self, raw: bytes) -> bytes:
        found = _MODEL.match(raw)
        if found is None or raw.count(b'"model"') > 1 or b"\\u00" in raw:  # the key may stand elsewhere, or twice
            return with_values(raw, {"model": self._model})
        return b"".join((raw[: found.start(1)], self._model(b""), raw[found.end(1) :]))

    def _fields(self, record: Record, text: bytes) -> bytes:
        if text[:1] != b"{":
            return text
        keys = dict.fromkeys(member.key for member in members(text))
        changes = {key: change for key in keys if (change := self._change(record, key)) is not None}
        new = with_values(text, changes) if changes else text
        dropped = {key: rule for key in keys if (rule := self._plan(key).drop)}
        if dropped:
            self._drop(record, new, dropped)
            new = without(new, dropped)
        for key in self._names.keys() & keys - dropped.keys():
            self._rules.fields[self.label, key][1].hits += 1
        if not self._names.keys().isdisjoint(keys):
            try:
                new = renamed(new, self._names)
            except KeyError as error:
                problem = f"it has a field {error.args[0]} already, so no other can be called that"
                raise record.fault(problem, advice="drop one of the two: --drop") from None
        if self._defaults:
            new = self._with_defaults(record, new)
        return self.on_fields(record, new) if self.on_fields else new

    def _with_defaults(self, record: Record, text: bytes) -> bytes:
        there = {member.key for member in members(text)}
        for field, (value, rule) in self._defaults.items():
            if field not in there:
                rule.hits += 1
                text = with_member(text, field, value)
                self._say(record, "missing", field, None, f"set to {value.decode()}")
        return text

    def _change(self, record: Record, field: str) -> Change | None:
        plan = self._plan(field)
        if plan.drop or not (plan.steps or plan.follow):
            return None

        def change(text: bytes) -> bytes:
            for step in plan.steps:
                new = step.change(text)
                if new != text:
                    step.rule.hits += 1
                    self._say(record, step.problem, field, text, step.done)
                    text = new
            if plan.follow:
                new = plan.follow(text)
                self.followed += new != text
                text = new
            return text

        return change

    def _drop(self, record: Record, text: bytes, dropped: dict[str, Rule]) -> None:
        for member in members(text):
            if member.key in dropped:
                dropped[member.key].hits += 1
                self._say(record, "dropped", member.key, text[member.start : member.end], "")

    def _say(self, record: Record, problem: str, field: str, old: bytes | None, done: str) -> None:
        value: Any = None if old is None else _shown(old)
        self._tell(Finding(problem=problem, model=self.label, pk=record.pk, field=field, value=value, done=done))

    def _plan(self, field: str) -> _Plan:
        plan = self._plans.get(field)
        if plan is None:
            plan = self._plans[field] = self._planned(field)
        return plan

    def _planned(self, field: str) -> _Plan:
        rules, steps = self._rules, []
        for pattern, rule in rules.null_nan:
            if pattern.matches(self.label, field):
                steps.append(_Step(null_nan, rule, "not a number", "null"))
        if (self.label, field) in rules.fills:
            value, rule = rules.fills[self.label, field]
            steps.append(_Step(filled(value), rule, "null", f"set to {value.decode()}"))
        for pattern, rule in rules.strip_nul:
            if pattern.matches(self.label, field):
                steps.append(_Step(strip_nul, rule, "NUL", "stripped"))
        for pattern, length, rule in rules.cut:
            if pattern.matches(self.label, field):
                most = length or self._longest((self.new, self.label), (self._names.get(field, field), field))
                if most:
                    steps.append(_Step(_to(most), rule, "too long", f"cut to {most}"))
                break
        drop = next((rule for pattern, rule in rules.drop if pattern.matches(self.label, field)), None)
        return _Plan(steps, drop, self.references.get(field))


def _to(length: int) -> Change:
    return lambda text: cut(text, length)


def _shown(text: bytes) -> Any:
    """The value, or its text where JSON has no such value."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text.decode()
