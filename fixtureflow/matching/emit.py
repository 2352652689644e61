"""The records that are kept, in the order of the input, with the keys that the target has for what they refer to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fixtureflow.edit import items, with_values
from fixtureflow.findings import Finding, Findings
from fixtureflow.matching.fates import DROPPED, KEPT, Fate
from fixtureflow.matching.links import items_of
from fixtureflow.matching.log import Log
from fixtureflow.matching.lost import Reason
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, State
from fixtureflow.matching.resolve import Resolver
from fixtureflow.record import Record
from fixtureflow.references.links import Link
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.stream import Block
from fixtureflow.turning.rewrite import Style, Turned, listed, replaced, style_of

__all__ = ["Emission"]

REMEMBERED = 100_000
"""Texts of one field."""


class Emission:
    """One pass over the fixture that gives what is kept; `log` hears of every record that is not simply passed on."""

    def __init__(self, resolver: Resolver, left_out: set[str], log: Log, *, unite: bool) -> None:
        self._resolver = resolver
        self._left_out = left_out
        self._log = log
        self._unite = unite
        self._texts: dict[str, Texts] = {}
        self._cursor: Counter[str] = Counter()
        self._memo: dict[tuple[str, str], dict[Any, bytes]] = {}
        self.counts: dict[str, Counter[str]] = {}
        """By model: in, new, same, remapped, renumbered, updated, rejected, left out, changed, out."""
        self.findings = Findings()
        self.lists: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
        """(model, field): (pk in the target, key referred to there) of the lists of records that are left out."""

    def blocks(self) -> Iterator[Block]:
        catalogue = self._resolver.catalogue
        before: Stretch | None = None
        for run in catalogue.runs():
            counts = self.counts.setdefault(run.model, Counter())
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
        label = stretch.run.model
        plan = self._resolver.plans[label]
        touched = self._touched(plan)
        fates = self._resolver.fates
        trees = self._resolver.trees.moved
        if not touched and not any(plan.label in one for one in (fates.odd, fates.changed, trees)):
            counts["new"] += len(stretch)
            return stretch
        reader = self._reader(plan, label)
        pks, *columns = reader.columns(stretch)
        numbers = self._numbers(plan, label, pks)
        decided = [fates.fate[number] for number in numbers]
        found = Counter(decided)
        counts.update({Fate(fate).name.lower(): count for fate, count in found.items()})
        fields = dict(zip(reader.names, columns, strict=True))
        if any(fate not in KEPT for fate in found):
            self._tell(plan, stretch, numbers, decided, pks, fields)
        keep = [fate in KEPT for fate in decided]
        if not any(keep):
            return None
        return self._rewritten(plan, stretch, numbers, pks, fields, keep, touched, counts)

    def _reader(self, plan: Plan, label: str) -> Texts:
        found = self._texts.get(label)
        if found is None:
            names = [name for link in plan.links for name in (link.field, link.content_type) if name]
            if plan.model.tree and plan.label in self._resolver.trees.moved:
                names += plan.model.tree.columns.values()
            names = [name for name in names if name not in plan.pk or len(plan.pk) > 1 or name in plan.columns.at]
            found = self._texts[label] = Texts(list(dict.fromkeys(names)))
        return found

    def _numbers(self, plan: Plan, label: str, pks: list[bytes]) -> list[int]:
        find = self._resolver.fates.keys(plan.label).find
        values = _values(pks)
        if None not in values:
            return list(map(find, values))
        out = []
        for pk in values:
            if pk is None:
                at = self._cursor[label]
                self._cursor[label] += 1
                out.append(self._resolver.fates.without_pk[label][at])
            else:
                out.append(find(pk))
        return out

    def _touched(self, plan: Plan) -> list[Link]:
        """The references of a model of which some may change."""
        changed = self._resolver.fates.changed
        dangling = self._resolver.dangling == "null"
        united = self._unite and plan.preferred
        return [
            link
            for link in plan.links
            if link.kind == "generic" or link.to.model in changed or dangling or (united and link.many)
        ]

    def _rewritten(
        self,
        plan: Plan,
        stretch: Stretch,
        numbers: list[int],
        pks: list[bytes],
        fields: Mapping[str, list[bytes]],
        keep: list[bool],
        touched: list[Link],
        counts: Counter[str],
    ) -> Block | None:
        text = stretch.array()[1:-1]
        style = style_of(text)
        changes: dict[str, tuple[list[bytes], list[bytes]]] = {}
        for link in touched:
            old = fields.get(link.field)
            if old is None:
                continue
            new = self._column(link, old, fields.get(link.content_type, ()), style)
            if link.many and plan.preferred and self._unite:
                new = self._united(plan, link, numbers, pks, new, style)
            if not all(keep):
                new = [one if kept else value for one, value, kept in zip(new, old, keep, strict=True)]
            if new != old:
                changes[link.field] = (old, new)
        changes |= self._replanted(plan, numbers, fields, keep)
        moved = self._moved(plan, numbers, pks, keep)
        if not changes and not moved and all(keep):
            return stretch
        reader = self._reader(plan, stretch.run.model)

        def again(rewritten: bytes) -> Mapping[str, Sequence[bytes]]:
            return dict(zip(reader.names, reader.of_array(b"[%b]" % rewritten), strict=True))

        if changes:
            text = replaced(text, style, changes, again)
        names = self._changed(changes, moved, len(numbers))
        counts["changed"] += sum(map(bool, names))
        if self._log.wanted and any(names):
            self._log_changed(stretch, numbers, pks, names)
        turned = Turned(text, stretch)
        if not moved and all(keep):
            return turned
        out = []
        for at, (record, kept) in enumerate(zip(turned.records(), keep, strict=True)):
            if kept and at in moved:
                raw = with_values(record.raw, {"pk": partial(_instead, moved[at])})
                out.append(Record(raw, record.model, record.source, record.number, record.offset))
            elif kept:
                out.append(record)
        return Block.of(out) if out else None

    def _replanted(
        self, plan: Plan, numbers: list[int], fields: Mapping[str, list[bytes]], keep: list[bool]
    ) -> dict[str, tuple[list[bytes], list[bytes]]]:
        """The paths of records, and how deep they are, where they stand elsewhere in a tree now."""
        moved, tree = self._resolver.trees.moved.get(plan.label), plan.model.tree
        if moved is None or tree is None:
            return {}
        out = {}
        paths = [moved.get(number) if kept else None for number, kept in zip(numbers, keep, strict=True)]
        for role, written in (("path", _encoded), ("depth", lambda path: b"%d" % (len(path) // (tree.steplen or 1)))):
            old = fields.get(tree.columns.get(role, ""))
            if old is not None and any(paths):
                new = [written(path) if path and text else text for path, text in zip(paths, old, strict=True)]
                out[tree.columns[role]] = (old, new)
        return out

    def _changed(
        self, changes: Mapping[str, tuple[list[bytes], list[bytes]]], moved: Mapping[int, bytes], size: int
    ) -> list[tuple[str, ...]]:
        """The fields that change, of each record."""
        columns = [[name if a != b else "" for a, b in zip(*both, strict=True)] for name, both in changes.items()]
        if moved:
            columns.append(["pk" if at in moved else "" for at in range(size)])
        return [tuple(filter(None, row)) for row in zip(*columns, strict=True)]

    def _log_changed(
        self, stretch: Stretch, numbers: list[int], pks: list[bytes], names: Sequence[tuple[str, ...]]
    ) -> None:
        fates = self._resolver.fates
        for record, number, text, fields in zip(stretch.records(), numbers, pks, names, strict=True):
            if fields:
                fate = Fate(fates.fate[number])
                case = fate.name.lower() if fate in (Fate.RENUMBERED, Fate.UPDATED) else "changed"
                pk = fates.moved(number, None) if text else None
                self._log.add(record, case, fields=fields, pk=_encoded(pk))

    def _moved(self, plan: Plan, numbers: list[int], pks: list[bytes], keep: list[bool]) -> dict[int, bytes]:
        """The new texts of the pks that change, by place."""
        fates = self._resolver.fates
        if plan.label not in fates.changed:
            return {}
        out = {}
        for at, (number, text, kept) in enumerate(zip(numbers, pks, keep, strict=True)):
            if kept and text and text != b"null":
                moved = fates.moved(number, None)
                if moved is not None:
                    out[at] = _encoded(moved)
        return out

    def _column(self, link: Link, old: Sequence[bytes], kinds: Sequence[bytes], style: Style) -> list[bytes]:
        """The new texts of a field's values; `kinds` are the content types beside a generic one."""
        memo = self._memo.setdefault((link.model, link.field), {})
        if len(memo) > REMEMBERED:
            memo.clear()
        keys: Sequence[Any] = old
        if link.kind == "generic":
            keys = list(zip(old, kinds, strict=True))
        elif link.many:
            keys = [(text, style) for text in old]
        new = [key for key in dict.fromkeys(keys) if key not in memo]
        if link.many:
            for key in new:
                memo[key] = self._list(link, key[0], style)
        elif link.kind == "generic":
            values = [_value(text) for text, _ in new]
            types = [_value(kind) for _, kind in new]
            for key, value, led in zip(new, values, self._resolver.references.column(link, values, types), strict=True):
                memo[key] = self._one(key[0], value, led)
        else:
            values = _values(list(new))
            for text, value, led in zip(new, values, self._resolver.references.column(link, values), strict=True):
                memo[text] = self._one(text, value, led)
        return [memo[key] for key in keys]

    def _list(self, link: Link, text: bytes, style: Style) -> bytes:
        if text[:1] != b"[":
            return text
        old = items(text)
        values = _values(old)
        ends = self._resolver.references.column(link, values)
        kept = [self._one(item, value, led) for item, value, led in zip(old, values, ends, strict=True)]
        new = [one for item, one in zip(old, kept, strict=True) if one != b"null" or item == b"null"]
        return text if new == old else listed(b", ".join(new), style, style.line)

    def _united(
        self, plan: Plan, link: Link, numbers: list[int], pks: list[bytes], lists: list[bytes], style: Style
    ) -> list[bytes]:
        """Lists of records that take the place of rows, with what these rows have besides."""
        fates = self._resolver.fates
        owners = {
            at: fates.moved(number, _value(pks[at]))
            for at, number in enumerate(numbers)
            if fates.fate[number] == Fate.UPDATED and lists[at][:1] == b"["
        }
        found = items_of(self._resolver.schema, self._resolver.target, link, list(owners.values()))
        out = list(lists)
        for at, owner in owners.items():
            old = items(lists[at])
            theirs = [_encoded(one) for one in found.get(str(owner), ())]
            if more := [one for one in theirs if one not in old]:
                out[at] = listed(b", ".join([*old, *more]), style, style.line)
        return out

    def _one(self, text: bytes, value: Any, led: Led | None) -> bytes:
        if led is None or not text:
            return text
        if led.state is State.LOST:
            return b"null" if self._resolver.dangling == "null" else text
        # A reference by natural key finds its row by itself.
        if (isinstance(value, list) and not isinstance(led.pk, list)) or led.pk == value or led.pk is None:
            return text
        return _encoded(led.pk)

    def _tell(
        self,
        plan: Plan,
        stretch: Stretch,
        numbers: list[int],
        decided: list[int],
        pks: list[bytes],
        fields: Mapping[str, list[bytes]],
    ) -> None:
        """Of the records that are not kept: to the log, and what their lists hold."""
        resolver = self._resolver
        lists = [link for link in plan.links if link.many]
        if not self._log.wanted and not lists and all(fate != Fate.REJECTED for fate in decided):
            return
        records = stretch.records() if self._log.wanted or Fate.REJECTED in decided else []
        remembered: dict[Link, list[tuple[Any, bytes]]] = {}
        for at, (number, fate) in enumerate(zip(numbers, decided, strict=True)):
            if fate in DROPPED:
                pk = resolver.fates.moved(number, _value(pks[at]))
                if self._log.wanted:
                    differs = resolver.decider.differs.get(number, ())
                    self._log.add(records[at], Fate(fate).name.lower(), pk=_encoded(pk), differs=differs)
                for link in lists:
                    if (text := fields[link.field][at])[:1] == b"[" and text != b"[]":
                        remembered.setdefault(link, []).extend((pk, item) for item in items(text))
            elif fate == Fate.REJECTED:
                reason = resolver.reasons.get(number, Reason("rejected"))
                value = _value(fields[reason.field][at]) if reason.field in fields else None
                self._log.reject(records[at], reason, value)
                self.findings.add(
                    Finding(
                        problem=reason.problem,
                        model=plan.label,
                        pk=_value(pks[at]),
                        field=reason.field,
                        value=value if reason.field else reason.detail or None,
                        done="rejected",
                    )
                )

        for link, given in remembered.items():
            self._remember(link, given)

    def _remember(self, link: Link, given: Sequence[tuple[Any, bytes]]) -> None:
        """Keep what lists of dropped records hold; `given` are the pk in the target and an item's text."""
        pairs = self.lists.setdefault((link.model, link.field), [])
        values = _values([item for _, item in given])
        ends = self._resolver.references.column(link, values)
        for (pk, _), value, led in zip(given, values, ends, strict=True):
            if led is None:
                continue
            if led.state is not State.LOST:
                pairs.append((pk, value if led.pk is None else led.pk))
                continue
            lost = {"model": link.model, "pk": pk, "field": link.field, "value": value, "to": link.to.model}
            self.findings.add(Finding(problem="not united", **lost))


def _instead(text: bytes, _: bytes) -> bytes:
    return text


def _encoded(pk: Any) -> bytes:
    return b"" if pk is None else str(pk).encode() if type(pk) is int else json.dumps(pk, ensure_ascii=False).encode()


def _values(texts: Sequence[bytes]) -> list[Any]:
    filled = [text or b"null" for text in texts]
    try:
        found: list[Any] = msgspec.json.decode(b"[%b]" % b",".join(filled))
    except msgspec.DecodeError:
        return [json.loads(text) for text in filled]
    return found


def _value(text: bytes) -> Any:
    return int(text) if text.isdigit() else json.loads(text or b"null")
