"""What a stage or a check has to say of records: told one by one, kept by kind with counts and examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.errors import one_line
from fixtureflow.output import opened_output

__all__ = ["EXAMPLES", "Finding", "Findings", "Group"]

EXAMPLES = 10
"""Findings of a group that are kept."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to say of one record."""

    problem: str
    """In the fewest words, the same for all of its kind: `dangling`."""
    model: str
    pk: Any = None
    """As JSON has it; None for a record without."""
    field: str = ""
    value: Any = None
    to: str = ""
    """The model that the field points at."""
    done: str = ""
    """What was done about it; empty for nothing."""
    level: str = ""
    """`error` or `warning`, where there are levels."""
    more: dict[str, Any] = {}
    """What else is known of it, for programs: where the record stands, what is wrong with the value."""


class Group(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The findings of one kind: how many, and the first of them (all, where each matters)."""

    problem: str
    model: str
    field: str
    to: str
    done: str
    level: str = ""
    hint: str = ""
    """What it may come from, or what to do about it."""
    count: int = 0
    examples: list[dict[str, Any]] = []

    @property
    def where(self) -> str:
        """The model and its field, and where that leads."""
        place = f"{self.model}.{self.field}" if self.field else self.model
        return f"{place} → {self.to}" if self.to else place

    def __str__(self) -> str:
        shown = ", ".join(_example(example) for example in self.examples[:3])
        more = " …" if self.count > 3 else ""
        done = f"; {self.done}" if self.done else ""
        return one_line(f"{self.problem}: {self.where}: {self.count:,} ({shown}{more}){done}")


class Findings:
    """Findings by problem, model and field, in the order they came. Memory does not grow with their number."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str, str, str, str], Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __len__(self) -> int:
        """How many findings there are."""
        return sum(group.count for group in self)

    @property
    def any(self) -> bool:
        """Is there one?"""
        return bool(self._groups)

    def add(self, finding: Finding, *, keep: bool = False) -> None:
        """`keep` it among the examples however many there are."""
        group = self.group(finding)
        group.count += 1
        if keep or len(group.examples) < EXAMPLES:
            group.examples.append({"pk": finding.pk, "value": finding.value, **finding.more})

    def group(self, finding: Finding) -> Group:
        """The group that a finding belongs to, made if there is none yet."""
        key = (finding.problem, finding.model, finding.field, finding.to, finding.done, finding.level)
        group = self._groups.get(key)
        if group is None:
            problem, model, field, to, done, level = key
            group = Group(problem=problem, model=model, field=field, to=to, done=done, level=level)
            self._groups[key] = group
        return group

    def of(self, problem: str) -> list[Group]:
        return [group for group in self if group.problem == problem]

    def as_dict(self) -> dict[str, Any]:
        return {"findings": [msgspec.to_builtins(group) for group in self]}

    def write(self, path: str | Path, **more: Any) -> None:
        """As JSON, for programs; `more` stands before the findings."""
        text = msgspec.json.format(msgspec.json.encode({**more, **self.as_dict()}), indent=2)
        with opened_output(path) as file:
            file.write(text + b"\n")


def _example(example: dict[str, Any]) -> str:
    pk, value = example["pk"], example["value"]
    shown = "no pk" if pk is None else f"pk {_json(pk)}"
    return shown if value is None else f"{shown}: {_json(value)}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:60]
