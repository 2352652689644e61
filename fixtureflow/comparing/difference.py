"""What differs between two dumps: told of each record, counted by model and field."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from fixtureflow.comparing.canonical import encode_exactly
from fixtureflow.record import Record

__all__ = ["Difference", "FieldDifference", "Kind", "ModelDifference"]

Kind = Literal["added", "removed", "changed"]

SHOWN = 3
"""Examples of a kind that a person is shown."""
LONGEST = 60
"""Characters of a value that a person is shown."""
_MISSING = object()


class Difference(NamedTuple):
    """One record that differs."""

    kind: Kind
    model: str
    a: Record | None
    """None for a record that was added."""
    b: Record | None
    """None for a record that was removed."""
    fields: tuple[str, ...] = ()
    """The names of those that differ, of a record that was changed; `pk` among them where that is compared as well."""

    def as_dict(self) -> dict[str, Any]:
        """For programs. Of a field that one of the two lacks, that side is left out."""
        fields: dict[str, dict[str, Any]] = {name: {} for name in self.fields}
        for side, record in (("a", self.a), ("b", self.b)):
            values = values_of(record) if record is not None and self.fields else {}
            for name in self.fields:
                if name in values:
                    fields[name][side] = values[name]
        return {
            "change": self.kind,
            "model": self.model,
            "a": self.a and place_of(self.a),
            "b": self.b and place_of(self.b),
            "fields": fields,
        }


def values_of(record: Record) -> dict[str, Any]:
    """The values of a record by field, and its `pk`."""
    return {**record.fields, "pk": record.pk}


def place_of(record: Record) -> dict[str, Any]:
    """Where a record stands, for programs."""
    return {"pk": record.pk, "file": record.source.name, "record": record.number, "byte": record.offset}


@dataclass(slots=True)
class FieldDifference:
    """In how many of the changed records a field differs, and how."""

    changed: int = 0
    """All that differ, those below included."""
    missing_in_a: int = 0
    missing_in_b: int = 0
    only_order: int = 0
    """The values are lists with the same items in another order, of a field that nobody knows to be many-to-many."""
    examples: list[str] = field(default_factory=list)

    def note(self, pks: str, ours: Any, theirs: Any) -> None:
        """Count one more."""
        self.changed += 1
        self.missing_in_a += ours is _MISSING
        self.missing_in_b += theirs is _MISSING
        self.only_order += _same_items(ours, theirs)
        if len(self.examples) < SHOWN:
            self.examples.append(f"{pks}: {_change(ours, theirs)}")


@dataclass(slots=True)
class ModelDifference:
    """The records of one model, counted: `a` is same + changed + removed, `b` is same + changed + added."""

    a: int = 0
    b: int = 0
    same: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    twice_in_a: int = 0
    """Records that have the key of an earlier one."""
    twice_in_b: int = 0
    fields: dict[str, FieldDifference] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    """The first of those added, removed, and there twice."""

    @property
    def equal(self) -> bool:
        return not (self.changed or self.added or self.removed)

    def note(self, difference: Difference) -> None:
        """Count the fields of one difference; the record itself is counted already."""
        a, b = difference.a, difference.b
        if a is not None and b is not None:
            ours, theirs, pks = values_of(a), values_of(b), _pks(a, b)
            for name in difference.fields:
                found = self.fields.setdefault(name, FieldDifference())
                found.note(pks, ours.get(name, _MISSING), theirs.get(name, _MISSING))
        elif record := a or b:
            self._example(difference.kind, lambda: _pk(record))

    def note_again(self, side: str, record: Record, first: Record) -> None:
        """One that stands in a dump again."""
        self._example(f"twice_in_{side}", lambda: _twice(record, first))

    def _example(self, kind: str, text: Callable[[], str]) -> None:
        examples = self.examples.setdefault(kind, [])
        if len(examples) < SHOWN:
            examples.append(text())


def _twice(record: Record, first: Record) -> str:
    same = ", the very same" if encode_exactly(first.fields) == encode_exactly(record.fields) else ""
    return f"{_pk(record)} (records {first.number:,} and {record.number:,}{same})"


def _same_items(ours: Any, theirs: Any) -> bool:
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return False
    return sorted(map(encode_exactly, ours)) == sorted(map(encode_exactly, theirs))


def _pks(a: Record, b: Record) -> str:
    ours, theirs = _pk(a), _pk(b)
    return ours if ours == theirs else f"{ours} ({theirs.removeprefix('pk ')} in B)"


def _pk(record: Record) -> str:
    pk = record.pk
    return f"record {record.number:,}, no pk" if pk is None else f"pk {_shown(pk)}"


def _change(ours: Any, theirs: Any) -> str:
    if _MISSING not in (ours, theirs) and encode_exactly(ours) == encode_exactly(theirs):
        return f"{_shown(ours)} (leads to another row in B, or to none)"
    return f"{_shown(ours)} → {_shown(theirs)}"


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
