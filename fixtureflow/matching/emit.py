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
from fixtureflow.matching.fates import Fate
from fixtureflow.matching.log import Log
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.references import Led, State
from fixtureflow.matching.resolve import Reason, Resolver
from fixtureflow.record import Record
from fixtureflow.references.links import Link
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.stream import Block
from fixtureflow.turning.rewrite import Style, listed, replaced, style_of

__all__ = ["Emission"]

_DROPPED = (Fate.SAME, Fate.REMAPPED)


class Emission:
    """One pass over the fixture that gives what is kept; `log` hears of every record that is not simply passed on."""

    def __init__(self, resolver: Resolver, left_out: set[str], log: Log) -> None:
        self._resolver = resolver
        self._left_out = left_out
        self._log = log
        self._texts: dict[str, Texts] = {}
        self._cursor: Counter[str] = Counter()
        self._memo: dict[tuple[str, str], dict[Any, bytes]] = {}
        self.counts: dict[str, Counter[str]] = {}
        """By model: in, new, same, remapped, renumbered, rejected, left out, changed."""
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
                if block is stretch and (gap := stretch.follows(before)):
                    block.lead = catalogue.spool.read(*gap)
                before = stretch
                yield block
        catalogue.spool.check()

    def _kept(self, stretch: Stretch, counts: Counter[str]) -> Block | None:
        label = stretch.run.model
        plan = self._resolver.plans[label]
        reader = self._reader(plan, label)
        pks, *columns = reader.columns(stretch)
        numbers = self._numbers(plan, label, pks)
        fates = [self._resolver.fates.fate[number] for number in numbers]
        new = fates.count(Fate.NEW)
        touched = self._touched(plan)
        if new == len(fates) and not touched and plan.label not in self._resolver.fates.changed:
            counts["new"] += new
            return stretch
        counts.update(Fate(fate).name.lower() for fate in fates)
        keep = [fate in (Fate.NEW, Fate.RENUMBERED) for fate in fates]
        fields = dict(zip(reader.names, columns, strict=True))
        self._tell(plan, stretch, numbers, fates, pks, fields)
        if not any(keep):
            return None
        return self._rewritten(plan, stretch, numbers, pks, fields, keep, touched, counts)

    def _reader(self, plan: Plan, label: str) -> Texts:
        found = self._texts.get(label)
        if found is None:
            names = [name for link in plan.links for name in (link.field, link.content_type) if name]
            names = [name for name in names if name not in plan.pk or len(plan.pk) > 1 or name in plan.at]
            found = self._texts[label] = Texts(list(dict.fromkeys(names)))
        return found

    def _numbers(self, plan: Plan, label: str, pks: list[bytes]) -> list[int]:
        find = self._resolver.fates.keys(plan.label).find
        out = []
        for text, pk in zip(pks, _values(pks), strict=True):
            if pk is None:
                at = self._cursor[label]
                self._cursor[label] += 1
                out.append(self._resolver.fates.without_pk[label][at])
            else:
                out.append(find(pk))
            del text
        return out

    def _touched(self, plan: Plan) -> list[Link]:
        """The references of a model of which some may change."""
        changed = self._resolver.fates.changed
        dangling = self._resolver.dangling != "reject"
        return [link for link in plan.links if link.kind == "generic" or link.to.model in changed or dangling]

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
            if link.field not in fields:
                continue
            old = fields[link.field]
            types = fields.get(link.content_type, old)
            new = [
                self._new(link, value, kind, style) if kept and value else value
                for value, kind, kept in zip(old, types, keep, strict=True)
            ]
            if new != old:
                changes[link.field] = (old, new)
        moved = self._moved(plan, numbers, pks, keep)
        if not changes and not moved and all(keep):
            return stretch
        reader = self._reader(plan, stretch.run.model)

        def again(rewritten: bytes) -> Mapping[str, Sequence[bytes]]:
            return dict(zip(reader.names, reader.of_array(b"[%b]" % rewritten), strict=True))

        if changes:
            text = replaced(text, style, changes, again)
        changed = Stretch(text, stretch.run, stretch.source, stretch.offset, lines=False)
        out = []
        rows = zip(changed.raws(), stretch.records(), keep, strict=True)
        for at, (raw, record, kept) in enumerate(rows):
            if not kept:
                continue
            names = [name for name, (old, new) in changes.items() if old[at] != new[at]]
            if at in moved:
                raw = with_values(raw, {"pk": partial(_instead, moved[at])})
                names.append("pk")
            if names:
                counts["changed"] += 1
                self._log.add(record, "changed", fields=names, pk=moved.get(at))
            out.append(Record(raw, record.model, record.source, record.number, record.offset))
        return Block.of(out) if out else None

    def _moved(self, plan: Plan, numbers: list[int], pks: list[bytes], keep: list[bool]) -> dict[int, bytes]:
        """The new texts of the pks that change, by place."""
        fates = self._resolver.fates
        if plan.label not in fates.changed:
            return {}
        out = {}
        for at, (number, text, kept) in enumerate(zip(numbers, pks, keep, strict=True)):
            if kept and text:
                moved = fates.moved(number, None)
                if moved is not None:
                    out[at] = json.dumps(moved, ensure_ascii=False).encode()
        return out

    def _new(self, link: Link, text: bytes, kind: bytes, style: Style) -> bytes:
        memo = self._memo.setdefault((link.model, link.field), {})
        key = (text, kind, style) if link.kind == "generic" or link.many else text
        found = memo.get(key)
        if found is None:
            if len(memo) > 100_000:
                memo.clear()
            found = memo[key] = self._list(link, text, style) if link.many else self._one(link, text, kind)
        return found

    def _list(self, link: Link, text: bytes, style: Style) -> bytes:
        if text[:1] != b"[":
            return text
        old = items(text)
        new = [one for item in old if (one := self._one(link, item, b"")) != b"null" or item == b"null"]
        return text if new == old else listed(b", ".join(new), style, style.line)

    def _one(self, link: Link, text: bytes, kind: bytes) -> bytes:
        value = _value(text)
        led = self._followed(link, value, _value(kind) if kind else None)
        if led is None:
            return text
        if led.state is State.LOST:
            return b"null" if self._resolver.dangling == "null" else text
        # A reference by natural key finds its row by itself.
        if (isinstance(value, list) and not isinstance(led.pk, list)) or led.pk == value or led.pk is None:
            return text
        return json.dumps(led.pk, ensure_ascii=False).encode()

    def _followed(self, link: Link, value: Any, kind: Any) -> Led | None:
        if value is None:
            return None
        references = self._resolver.references
        place = references.place(link, lambda _: kind)
        if place is None:
            return None
        references.prefetch(place, [value])
        return references.follow(link, place, value)

    def _tell(
        self,
        plan: Plan,
        stretch: Stretch,
        numbers: list[int],
        fates: list[int],
        pks: list[bytes],
        fields: Mapping[str, list[bytes]],
    ) -> None:
        """Of the records that are not kept: to the log, and what their lists hold."""
        resolver = self._resolver
        if not self._log.wanted and all(fate in _DROPPED for fate in fates) and not any(k.many for k in plan.links):
            return
        records = stretch.records()
        for at, (number, fate) in enumerate(zip(numbers, fates, strict=True)):
            if fate in _DROPPED:
                pk = resolver.fates.moved(number, _value(pks[at]) if pks[at] else None)
                self._log.add(records[at], Fate(fate).name.lower(), pk=_encoded(pk))
                for link in plan.links:
                    if link.many and (text := fields[link.field][at])[:1] == b"[":
                        self._remember(link, pk, text)
            elif fate == Fate.REJECTED:
                reason = resolver.reasons.get(number, Reason("rejected"))
                self._log.reject(records[at], reason)
                self.findings.add(
                    Finding(
                        problem=str(reason) if not reason.field else reason.problem,
                        model=plan.label,
                        pk=_value(pks[at]) if pks[at] else None,
                        field=reason.field,
                        value=reason.value,
                        done="rejected",
                    )
                )

    def _remember(self, link: Link, pk: Any, text: bytes) -> None:
        pairs = self.lists.setdefault((link.model, link.field), [])
        for item in items(text):
            value = _value(item)
            led = self._followed(link, value, None)
            if led is None:
                continue
            if led.state is State.LOST:
                self.findings.add(
                    Finding(
                        problem="not united", model=link.model, pk=pk, field=link.field, value=value, to=link.to.model
                    )
                )
                continue
            pairs.append((pk, value if led.pk is None else led.pk))


def _instead(text: bytes, _: bytes) -> bytes:
    return text


def _encoded(pk: Any) -> bytes:
    return b"" if pk is None else json.dumps(pk, ensure_ascii=False).encode()


def _values(texts: list[bytes]) -> list[Any]:
    filled = [text or b"null" for text in texts]
    try:
        found: list[Any] = msgspec.json.decode(b"[%b]" % b",".join(filled))
    except msgspec.DecodeError:
        return [json.loads(text) for text in filled]
    return found


def _value(text: bytes) -> Any:
    return int(text) if text.isdigit() else json.loads(text)
