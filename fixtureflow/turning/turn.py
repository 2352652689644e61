"""Records with the references in them turned from primary keys to natural ones, or back.

The values of a field are turned text by text, each looked up once; then all new texts of some neighbouring records are
put in their places together.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fixtureflow.edit import children
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.stream import Block
from fixtureflow.turning.plan import Plan, Turn
from fixtureflow.turning.primary import Primaries
from fixtureflow.turning.rewrite import Style, Turned, listed, raws_of, replaced, style_of
from fixtureflow.turning.tables import LOST, NULL, TWICE, Table

__all__ = ["Turner", "Turning"]

DANGLING = "dangling"
_PROBLEMS = {
    NULL: "natural key holds null",
    LOST: "natural key runs through a record that is not there",
    TWICE: "natural key is not unique",
}
KEPT = 1 << 17
"""Texts remembered for each field."""


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

    def texts(self, old: list[bytes]) -> list[bytes]:
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
        reject: bool,
        back: bool,
    ) -> None:
        self.rejected = 0
        self._plan = plan
        self._tables = tables
        self._primaries = primaries
        self._findings = findings
        self._referred = referred
        self._reject = reject
        self._back = back
        self._turners: dict[tuple[str, Style], list[Turner]] = {}
        self._shared: dict[tuple[object, ...], Turner] = {}
        self._readers: dict[str, Texts] = {}

    def turned(self, stretch: Stretch) -> Block | None:
        """The records of a stretch, or None if none is left."""
        label = stretch.run.model
        primary = self._primaries.of(label)
        if not self._plan.turns[label] and primary is None:
            return stretch
        text = stretch.array()[1:-1]
        style = style_of(text)
        pks, changes, faulty = self._changes(stretch, style)
        if changes:
            text = replaced(text, style, changes, lambda new: self._again(label, new))
        rejected = faulty if self._reject else set()
        if primary is None and not rejected:
            return Turned(text, stretch) if changes else stretch
        raws = raws_of(text)
        if primary is not None:
            raws, faults = primary.apply(raws, pks, style)
            done = "record left out" if self._reject else "keeps its pk"
            for at, mark in faults.items():
                pk = _value(pks[at])
                self._findings.add(Finding(problem=f"its {_PROBLEMS[mark]}", model=label, pk=pk, done=done))
            rejected |= faults.keys() if self._reject else set()
        self.rejected += len(rejected)
        rows = zip(raws, stretch.records(), strict=True)
        out = [
            Record(raw, label, old.source, old.number, old.offset)
            for at, (raw, old) in enumerate(rows)
            if at not in rejected
        ]
        return Block.of(out) if out else None

    def _changes(
        self, stretch: Stretch, style: Style
    ) -> tuple[list[bytes], dict[str, tuple[list[bytes], list[bytes]]], set[int]]:
        """The pks; old and new values of the fields in which there is something new; the places of records at fault."""
        label = stretch.run.model
        turners = self._turners_of(label, style)
        pks, *columns = self._reader(label).columns(stretch)
        changes = {}
        faulty: set[int] = set()
        for turn, turner, old in zip(self._plan.turns[label], turners, columns, strict=True):
            new = turner.texts(old)
            if new != old:
                changes[turn.name] = (old, new)
            if turner.faults and not turner.faults.keys().isdisjoint(old):
                faulty |= self._report(label, turn, turner.faults, pks, old)
        return pks, changes, faulty

    def _report(
        self, label: str, turn: Turn, faults: dict[bytes, list[tuple[str, Any]]], pks: list[bytes], old: list[bytes]
    ) -> set[int]:
        """Tell of the values that could not be turned; the places of their records."""
        name, to = turn.name, turn.to
        done = "record left out" if self._reject else ""
        faulty = set()
        for at, text in enumerate(old):
            for problem, value in faults.get(text, ()):
                faulty.add(at)
                pk = _value(pks[at]) if pks[at] else None
                found = Finding(problem=problem, model=label, pk=pk, field=name, value=value, to=to, done=done)
                self._findings.add(found)
        return faulty

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

    def _again(self, label: str, text: bytes) -> dict[str, list[bytes]]:
        reader = self._reader(label)
        return dict(zip(reader.names, reader.of_array(b"[%b]" % text)[1:], strict=True))
