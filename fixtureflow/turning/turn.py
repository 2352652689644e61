"""Records with the references in them turned from primary keys to natural ones, or back.

The values of a field are turned text by text, each looked up once; then all new texts of some neighbouring records are
put in their places together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from fixtureflow.edit import children
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.reread.stretch import Stretch, raws_of
from fixtureflow.reread.texts import Texts
from fixtureflow.stream import Block
from fixtureflow.turning.plan import Plan, Turn
from fixtureflow.turning.primary import Again, Primaries, Without
from fixtureflow.turning.rewrite import Style, Turned, listed, replaced, style_of
from fixtureflow.turning.tables import LOST, NO_PK, NULL, TWICE, Table

__all__ = ["Turner", "Turning"]

DANGLING = "dangling"
_PROBLEMS = {
    NULL: "natural key holds null",
    LOST: "natural key runs through a record that is not there",
    TWICE: "natural key is not unique",
    NO_PK: "its record has no primary key",
}
KEPT = 1 << 17
"""Texts remembered for each field."""
ROOM = 64_000_000
"""Bytes that changes may take which are kept from the check to the turning."""
PLACE = 48
"""Bytes that a short text takes beside its characters."""

Changes: TypeAlias = dict[str, tuple[list[bytes], list[bytes]]]


class Turner(dict[bytes, bytes]):
    """Old text → new text, for the fields that lead to one place, in one layout.

    `faults` has the values in texts that could not be turned.
    """

    def __init__(self, table: Table, style: Style, *, many: bool, back: bool) -> None:
        self.faults: dict[bytes, list[tuple[str, Any]]] = {}
        self.referred: set[bytes] | None = None
        """Where it is wanted: all the natural keys that were given."""
        self._find = table.store.find
        self._style = style
        self._plain = style.comma == b", "
        self._many = many
        self._one = self._pk if back else self._natural

    def texts(self, old: Iterable[bytes]) -> list[bytes]:
        """The new text of each old one; the old one itself where there is nothing to change."""
        if len(self) > KEPT:
            self.clear()
            self.faults.clear()
        return list(map(self.__getitem__, old))

    def __missing__(self, text: bytes) -> bytes:
        self._text = text
        new = self[text] = self._items(text) if self._many else self._one(text, self._style.line)
        return new

    def _items(self, text: bytes) -> bytes:
        if text[:1] != b"[":
            return text
        out: list[bytes] = []
        done = 0
        for _, start, end in children(text):
            gap = text[done:start]
            line = gap[gap.rindex(b"\n") :] if b"\n" in gap else b""
            out += gap, self._one(text[start:end], line)
            done = end
        return b"".join(out) + text[done:]

    def _natural(self, text: bytes, line: bytes) -> bytes:
        if text in (b"null", b"") or text[:1] == b"[":
            return text
        found = self._find(value := _value(text))
        if found is None or found[:1] == b"!":
            return self._fault(text, value, found)
        if self.referred is not None:
            self.referred.add(found)
        return b"[%b]" % found if self._plain and not line else listed(found, self._style, line)

    def _pk(self, text: bytes, line: bytes) -> bytes:
        if text[:1] != b"[":
            return text
        found = self._find(value := _value(text))
        return self._fault(text, value, found) if found is None or found[:1] == b"!" else found

    def _fault(self, text: bytes, value: Any, found: bytes | None) -> bytes:
        problem = DANGLING if found is None else _PROBLEMS[found]
        self.faults.setdefault(self._text, []).append((problem, value))
        return text


def _value(text: bytes) -> Any:
    try:
        return int(text) if text.isdigit() else msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError):
        return json.loads(text)


class Turning:
    """Turns the records of a fixture, some neighbours of one model at a time."""

    def __init__(
        self,
        plan: Plan,
        tables: dict[tuple[str, str], Table],
        primaries: Primaries,
        findings: Findings,
        referred: dict[str, set[bytes]],
        *,
        done: str = "",
        back: bool,
    ) -> None:
        """`done` is what becomes of a record with something that cannot be turned."""
        self._plan = plan
        self._tables = tables
        self._primaries = primaries
        self._findings = findings
        self._referred = referred
        self._done = done
        self._back = back
        self._turners: dict[tuple[str, Style], list[Turner]] = {}
        self._shared: dict[tuple[object, ...], Turner] = {}
        self._readers: dict[str, Texts] = {}
        self._kept: dict[int, Changes] = {}
        self._room = ROOM

    def check(self, stretch: Stretch) -> set[int]:
        """Tell of what cannot be turned in a stretch; the places of the records that have it."""
        label = stretch.run.model
        if self._untouched(label):
            return set()
        array = stretch.array()
        changes, faulty, pks = self._changes(stretch, array, style_of(array), tell=True)
        primary = self._primaries.of(label)
        if primary:
            return faulty | self._report_primary(label, primary, pks())
        self._keep(stretch, changes)
        return faulty

    def turned(self, stretch: Stretch, *, tell: bool) -> Block:
        """The records of a stretch, what can be turned in them turned; `tell` of what cannot be."""
        label = stretch.run.model
        if self._untouched(label):
            return stretch
        array = stretch.array()
        style, primary = style_of(array), self._primaries.of(label)
        changes = self._kept.pop(stretch.run.start, None)
        if changes is None:
            changes, _, pks = self._changes(stretch, array, style, tell=tell)
        text = array[1:-1]
        if changes:
            text = replaced(text, style, changes, self._reader(label).again)
        if primary is None:
            return Turned(text, stretch) if changes else stretch
        if tell:
            self._report_primary(label, primary, pks())
        rows = zip(primary.apply(raws_of(text), pks(), style, stretch), stretch.records(), strict=True)
        return Block.of([Record(raw, label, old.source, old.number, old.offset) for raw, old in rows])

    def _changes(
        self, stretch: Stretch, array: bytes, style: Style, *, tell: bool
    ) -> tuple[Changes, set[int], Callable[[], list[bytes]]]:
        """Old and new values of the fields in which there is something new; the places of records at fault; the pks."""
        label = stretch.run.model
        pks, columns = self._reader(label).apart(stretch, array)
        changes: Changes = {}
        faulty: set[int] = set()
        for turn, turner, old in zip(self._plan.turns[label], self._turners_of(label, style), columns, strict=True):
            new = turner.texts(old)
            if new != old:
                changes[turn.name] = (old, new)
            if tell and turner.faults and not turner.faults.keys().isdisjoint(old):
                faulty |= self._report(label, turn, turner.faults, pks(), old)
        return changes, faulty, pks

    def _keep(self, stretch: Stretch, changes: Changes) -> None:
        """Spare `turned` the work of finding the changes again, as long as there is room for them."""
        size = 100 + sum(
            2 * PLACE * len(old) + sum(map(len, old)) + sum(map(len, new)) for old, new in changes.values()
        )
        if size <= self._room:
            self._room -= size
            self._kept[stretch.run.start] = changes

    def _untouched(self, label: str) -> bool:
        return not self._plan.turns[label] and self._primaries.of(label) is None

    def _report(
        self, label: str, turn: Turn, faults: dict[bytes, list[tuple[str, Any]]], pks: list[bytes], old: list[bytes]
    ) -> set[int]:
        """Tell of the values that could not be turned; the places of their records."""
        name, to = turn.name, turn.to
        faulty = set()
        for at, text in enumerate(old):
            for problem, value in faults.get(text, ()):
                faulty.add(at)
                pk = _value(pks[at]) if pks[at] else None
                found = Finding(problem=problem, model=label, pk=pk, field=name, value=value, to=to, done=self._done)
                self._findings.add(found)
        return faulty

    def _report_primary(self, label: str, primary: Without | Again, pks: list[bytes]) -> set[int]:
        """Tell of the records whose own natural key is none, so that they keep their pks; their places."""
        faults = primary.faults(pks)
        for at, mark in faults.items():
            problem = f"its {_PROBLEMS[mark]}"
            self._findings.add(
                Finding(problem=problem, model=label, pk=_value(pks[at]), done=self._done or "keeps its pk")
            )
        return set(faults)

    def _turners_of(self, label: str, style: Style) -> list[Turner]:
        found = self._turners.get((label, style))
        if found is None:
            found = self._turners[label, style] = []
            for turn in self._plan.turns[label]:
                shared = (*turn[1:], style)
                if shared not in self._shared:
                    made = Turner(self._tables[label, turn.name], style, many=turn.many, back=self._back)
                    made.referred = self._referred.get(turn.place.model)
                    self._shared[shared] = made
                found.append(self._shared[shared])
        return found

    def _reader(self, label: str) -> Texts:
        if label not in self._readers:
            self._readers[label] = Texts([turn.name for turn in self._plan.turns[label]])
        return self._readers[label]
