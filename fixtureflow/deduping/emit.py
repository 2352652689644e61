"""The records that stay, in the order of the input, with the keys of what stayed in the place of others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.table import BY_PK, STAYS, Table
from fixtureflow.edit import Change, items, json_text, members, with_member, with_values
from fixtureflow.findings import Finding
from fixtureflow.record import Record
from fixtureflow.references.links import Key, Link, key_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Schema
from fixtureflow.stream import Block
from fixtureflow.turning.rewrite import Style, listed, style_of

__all__ = ["Emission"]

KEPT = 100_000
"""Texts remembered for each field."""
LONG = 300
"""Bytes of a text that is not remembered."""


class Emission:
    """One pass over the fixture; `tell` hears of every record that goes or gets another value."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        tables: dict[str, Table],
        moves: Moves,
        tell: Callable[[Finding], object],
    ) -> None:
        """`tables` by the labels of the fixture."""
        self._schema = schema
        self._catalogue = catalogue
        self._tables = tables
        self._moves = moves
        self._tell = tell
        self._next: Counter[str] = Counter()
        self._readers: dict[str, Texts] = {}
        self._memo: dict[tuple[str, str], dict[bytes, bytes]] = {}
        self._heirs: dict[str, dict[int, dict[str, list[Any]]]] = {}
        self.dropped: Counter[tuple[str, str]] = Counter()
        """Records that went, by model and what had to be unique."""
        self.renamed: Counter[tuple[str, str]] = Counter()
        """Records that got another value, by model and field."""
        self.followed: Counter[tuple[str, str]] = Counter()
        """Records whose reference means another record now, by model and field."""
        self.united: Counter[tuple[str, str]] = Counter()
        """Records whose list took up what the list of one that went held, by model and field."""

    def blocks(self) -> Iterator[Block]:
        before: Stretch | None = None
        for run in self._catalogue.runs():
            stretch = self._catalogue.spool.stretch(run)
            table = self._tables[run.model]
            first = self._next[table.label]
            self._next[table.label] += run.count
            block = self._block(table, stretch, first)
            if block is None:
                continue
            if len(block) == len(stretch) and (gap := stretch.follows(before)):
                block.lead = self._catalogue.spool.read(*gap)
            before = stretch if len(block) == len(stretch) else None
            yield block
        self._catalogue.spool.check()

    def _block(self, table: Table, stretch: Stretch, first: int) -> Block | None:
        touched = [link for link in table.links if self._moves.touches(link)]
        moved = table.rekeyed(self._moves)
        if not touched and not moved and not table.dropped and not table.values and not table.lists:
            return stretch
        numbers = range(first, first + len(stretch))
        changes = self._changes(table, touched, stretch, numbers)
        if moved:
            self._with_pks(table, touched, stretch, changes)
        if not changes and (not table.dropped or all(table.kept[number] == STAYS for number in numbers)):
            return stretch
        out = []
        for at, record in enumerate(stretch.records()):
            number = first + at
            if table.kept[number] != STAYS:
                self._tell_dropped(table, record, number)
                continue
            if at in changes:
                record = self._changed(table, record, number, changes[at])
            out.append(record)
        if len(out) == len(stretch):
            return stretch.changed(out)
        return Block.of(out) if out else None

    def _reader(self, table: Table, touched: list[Link]) -> Texts:
        """`touched` does not change once the pass has begun."""
        found = self._readers.get(table.label)
        if found is None:
            lists = [link.field for link in table.links if link.many] if table.lists else []
            names = [name for link in touched for name in (link.field, link.content_type) if name]
            found = self._readers[table.label] = Texts(list(dict.fromkeys([*names, *lists])))
        return found

    def _changes(
        self, table: Table, touched: list[Link], stretch: Stretch, numbers: range
    ) -> dict[int, dict[str, bytes]]:
        """New texts by the place of the record and the field."""
        reader = self._reader(table, touched)
        changes: dict[int, dict[str, bytes]] = {}
        style = style_of(stretch.array())
        _, *columns = reader.columns(stretch)
        fields = dict(zip(reader.names, columns, strict=True))
        for link in touched:
            old = fields[link.field]
            types = fields.get(link.content_type, old)
            for at, text in enumerate(old):
                if text and (new := self._new(link, text, types[at], style)) != text:
                    changes.setdefault(at, {})[link.field] = new
        for at, number in enumerate(numbers) if table.values or table.lists else ():
            for name, value in table.values.get(number, {}).items():
                changes.setdefault(at, {})[name] = json_text(value)
            for name, more in self._lists(table, number).items():
                old_text = changes.get(at, {}).get(name, fields[name][at])
                link = next(link for link in table.links if link.field == name)
                changes.setdefault(at, {})[name] = self._united(link, old_text, more, style)
        return changes

    def _lists(self, table: Table, number: int) -> dict[str, list[Any]]:
        """What a record takes up of the lists of those that went, and of those that went for their sake."""
        if not table.lists or table.kept[number] != STAYS:
            return {}
        if table.label not in self._heirs:
            found = self._heirs[table.label] = {}
            for each, lists in table.lists.items():
                mine = found.setdefault(table.root(each), {})
                for name, more in lists.items():
                    mine.setdefault(name, []).extend(more)
        return self._heirs[table.label].get(number, {})

    def _with_pks(
        self, table: Table, touched: list[Link], stretch: Stretch, changes: dict[int, dict[str, bytes]]
    ) -> None:
        """Where the primary key is a reference, or made of some."""
        names = table.names() if len(table.pk_fields) > 1 else [link.field for link in touched if link.by_pk]
        _, pks, _ = table.columns_of(self._moves, names, stretch, 0)
        for at, (record, pk) in enumerate(zip(stretch.records(), pks, strict=True)):
            if pk is not None and record.pk != pk:
                changes.setdefault(at, {})["pk"] = json_text(pk)

    def _changed(self, table: Table, record: Record, number: int, texts: dict[str, bytes]) -> Record:
        fields: dict[str, Change] = {name: partial(_instead, text) for name, text in texts.items() if name != "pk"}
        parts = {"fields": partial(_with_fields, fields)}
        if "pk" in texts:
            parts["pk"] = partial(_instead, texts["pk"])
        raw = with_values(record.raw, parts)
        values, lists = table.values.get(number, {}), self._lists(table, number)
        for name, value in values.items():
            self.renamed[table.label, name] += 1
            before = record.fields.get(name)
            self._tell(
                Finding(
                    problem="the same value twice",
                    model=record.model,
                    pk=record.pk,
                    field=name,
                    value=before,
                    done="renamed",
                    more={"is": value},
                )
            )
        for name in texts:
            if name in lists:
                self.united[table.label, name] += 1
            elif name not in values:
                self.followed[table.label, name] += 1
        return Record(raw, record.model, record.source, record.number, record.offset)

    def _tell_dropped(self, table: Table, record: Record, number: int) -> None:
        by = table.by[number]
        names = ("pk",) if by == BY_PK else table.constraints[by].names[: len(table.constraints[by].forms)]
        unique = "pk" if by == BY_PK else table.constraints[by].name
        self.dropped[table.label, unique] += 1
        pk = record.pk
        fields = record.fields if by != BY_PK else {}
        values = [pk if name == "pk" or name not in fields else fields[name] for name in names]
        stays = table.stays(self._moves, number, pk)
        self._tell(
            Finding(
                problem="duplicate",
                model=record.model,
                pk=pk,
                field=unique,
                value=values[0] if len(values) == 1 else values,
                done="dropped",
                more={"stays": stays, "record": record.number, "file": record.source.name},
            )
        )

    def _new(self, link: Link, text: bytes, kind: bytes, style: Style) -> bytes:
        if len(text) > LONG:
            return self._list(link, text, style) if link.many else self._one(link, text, kind, style)
        memo = self._memo.setdefault((link.model, link.field), {})
        key = b"%b %b" % (kind, text) if link.kind == "generic" else text
        new = memo.get(key)
        if new is None:
            if len(memo) > KEPT:
                memo.clear()
            new = memo[key] = self._list(link, text, style) if link.many else self._one(link, text, kind, style)
        return new

    def _one(self, link: Link, text: bytes, kind: bytes, style: Style, line: bytes | None = None) -> bytes:
        value = _value(text)
        content_type = _value(kind) if link.kind == "generic" and kind else None
        new = self._moves.reference(link, value, content_type)
        if new == value and type(new) is type(value):
            return text
        if isinstance(new, list):
            parts = b", ".join(map(json_text, new))
            return listed(parts, style, style.line if line is None else line)
        return json_text(new)

    def _list(self, link: Link, text: bytes, style: Style) -> bytes:
        if text[:1] != b"[":
            return text
        old = items(text)
        inner = style.line + style.step if style.line else b""
        new = [self._one(link, item, b"", style, inner) for item in old]
        return text if new == old else self._joined(link, new, style)

    def _united(self, link: Link, text: bytes, more: list[Any], style: Style) -> bytes:
        if text[:1] != b"[" and text:
            return text
        inner = style.line + style.step if style.line else b""
        added = [self._one(link, json_text(item), b"", style, inner) for item in more]
        old = items(text) if text else []
        new = self._distinct(link, [*old, *added])
        return text if new == old else self._joined(link, new, style)

    def _joined(self, link: Link, parts: list[bytes], style: Style) -> bytes:
        return listed(b", ".join(self._distinct(link, parts)), style, style.line)

    def _distinct(self, link: Link, parts: list[bytes]) -> list[bytes]:
        form = key_form(self._schema, link.to)
        found: dict[Key, bytes] = {}
        for part in parts:
            value = _value(part)
            found.setdefault(repr(value) if isinstance(value, list) or value is None else form(value), part)
        return list(found.values())


def _with_fields(changes: dict[str, Change], text: bytes) -> bytes:
    """A list that takes up others may be one that the record has not had."""
    new = with_values(text, changes)
    there = {member.key for member in members(text)}
    for name, change in changes.items():
        if name not in there:
            new = with_member(new, name, change(b""))
    return new


def _instead(text: bytes, _: bytes) -> bytes:
    return text


def _value(text: bytes) -> Any:
    try:
        return int(text) if text.isdigit() else msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError):
        return json.loads(text)
