"""The records that are kept, those of a model in the order of the input, and what is told of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET, Raw

from fixtureflow.edit import items
from fixtureflow.findings import Finding, Findings
from fixtureflow.matching.fates import DROPPED, KEPT, Fate
from fixtureflow.matching.log import Line, Log, key_text
from fixtureflow.matching.lost import Reason
from fixtureflow.matching.references import State
from fixtureflow.matching.resolve import Resolver
from fixtureflow.matching.rewriting import Piece, Rewriting
from fixtureflow.matching.texts import encoded, value, values
from fixtureflow.references.links import Link
from fixtureflow.reread.stretch import Stretch
from fixtureflow.stream import Block

__all__ = ["Emission", "Lists"]

Lists = Literal["union", "target", "fixture"]
"""What becomes of the lists of records that are left out."""


class Emission:
    """One pass over the fixture that gives what is kept; `log` hears of every record that is not simply passed on.

    The pass may be made model by model, in any order.
    """

    def __init__(self, resolver: Resolver, left_out: set[str], log: Log, m2m: Lists) -> None:
        self._resolver = resolver
        self._left_out = left_out
        self._log = log
        self._m2m = m2m
        self._rewriting = Rewriting(resolver, unite=m2m == "union")
        self.inside = self._rewriting.inside
        self.counts: dict[str, Counter[str]] = {label: Counter() for label in resolver.catalogue.models}
        """By model: in, new, same, remapped, renumbered, updated, rejected, left out, changed, out."""
        self.findings = Findings()
        self.lists: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
        """(model, field): (pk in the target, key referred to there) of the lists of records that are left out.

        A key of None stands for a list that is empty, where that matters.
        """

    def blocks(self, *models: str) -> Iterator[Block]:
        """What is kept of some models' records; of all, if none is named."""
        catalogue = self._resolver.catalogue
        before: Stretch | None = None
        for run in catalogue.runs(*models):
            counts = self.counts[run.model]
            counts["in"] += run.count
            if run.model in self._left_out:
                counts["left out"] += run.count
                continue
            stretch = catalogue.spool.stretch(run)
            block = self._kept(stretch, counts)
            if block is not None:
                counts["out"] += len(block)
                if isinstance(block, Stretch) and (gap := stretch.follows(before)):
                    block.lead = catalogue.spool.read(*gap)
                before = stretch
                yield block
        catalogue.spool.check()

    def _kept(self, stretch: Stretch, counts: Counter[str]) -> Block | None:
        plan = self._resolver.plans[stretch.run.model]
        if self._rewriting.untouched(plan):
            counts["new"] += len(stretch)
            return stretch
        piece = self._rewriting.piece(plan, stretch)
        found = Counter(piece.fates)
        counts.update({Fate(fate).name.lower(): count for fate, count in found.items()})
        if any(fate not in KEPT for fate in found):
            self._tell(piece)
        changes = self._rewriting.changes(piece)
        rows = changes.rows()
        counts["changed"] += len(rows)
        if self._log.wanted and rows:
            self._log_changed(piece, rows)
        return self._rewriting.rewritten(piece, changes)

    def _log_changed(self, piece: Piece, rows: Mapping[int, tuple[str, ...]]) -> None:
        fates, model, pks = self._resolver.fates, piece.stretch.run.model, piece.get_pks()
        moved = set(fates.where_moved(piece.numbers)) if any(piece.pks) else ()
        lines = []
        for at, fields in sorted(rows.items()):
            fate = piece.fates[at]
            case = Fate(fate).name.lower() if fate in (Fate.RENUMBERED, Fate.UPDATED) else "changed"
            line = Line(model, key_text(pks[at]), case, fields)
            if at in moved and pks[at]:
                line.target_pk = Raw(encoded(fates.moved(piece.numbers[at], None)))
            lines.append(line)
        self._log.add(lines)

    def _tell(self, piece: Piece) -> None:
        """Of the records that are not kept: to the log, and what their lists hold."""
        resolver, plan, decided, pks = self._resolver, piece.plan, piece.fates, piece.pks
        lists = [link for link in plan.links if link.many and self._m2m != "target"]
        if not self._log.wanted and not lists and all(fate != Fate.REJECTED for fate in decided):
            return
        records = piece.stretch.records() if Fate.REJECTED in decided else []
        lines: list[Line] = []
        remembered: dict[Link, list[tuple[Any, bytes]]] = {}
        for at, (number, fate) in enumerate(zip(piece.numbers, decided, strict=True)):
            if fate in DROPPED:
                if not self._log.wanted and not lists:
                    continue
                pk = resolver.fates.moved(number, value(pks[at]))
                if self._log.wanted:
                    differs = resolver.decider.differs.get(number, ())
                    case = Fate(fate).name.lower()
                    line = Line(piece.stretch.run.model, key_text(pks[at]), case, differs=tuple(differs))
                    line.target_pk = Raw(encoded(pk)) if pk is not None else UNSET
                    lines.append(line)
                for link in lists:
                    text = piece.fields[link.field][at]
                    inside = items(text) if text[:1] == b"[" else []
                    if self._m2m == "fixture" and text and not inside:
                        self.lists.setdefault((link.model, link.field), []).append((pk, None))
                    remembered.setdefault(link, []).extend((pk, item) for item in inside)
            elif fate == Fate.REJECTED:
                reason = resolver.reasons.get(number, Reason("rejected"))
                self._log.add(lines)
                lines = []
                given = value(piece.fields[reason.field][at]) if reason.field in piece.fields else None
                self._log.reject(records[at], reason, given)
                self.findings.add(
                    Finding(
                        problem=reason.problem,
                        model=plan.label,
                        pk=value(pks[at]),
                        field=reason.field,
                        value=given if reason.field else reason.detail or None,
                        done="rejected",
                    )
                )
        self._log.add(lines)
        for link, given in remembered.items():
            self._remember(link, given)

    def _remember(self, link: Link, given: Sequence[tuple[Any, bytes]]) -> None:
        """Keep what lists of dropped records hold; `given` are the pk in the target and an item's text."""
        pairs = self.lists.setdefault((link.model, link.field), [])
        found = values([item for _, item in given])
        ends = self._resolver.references.column(link, found)
        for (pk, _), one, led in zip(given, found, ends, strict=True):
            if led is None:  # a null in a list
                continue
            if led.state is not State.LOST:
                pairs.append((pk, one if led.pk is None else led.pk))
                continue
            lost = {"model": link.model, "pk": pk, "field": link.field, "value": one, "to": link.to.model}
            self.findings.add(Finding(problem="not united", **lost))
