"""The texts of the records that are kept, with the keys that the target has for what they refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import compress, count
from operator import ne
from typing import NamedTuple

from fixtureflow.edit import items
from fixtureflow.matching.fates import KEPT, Fate
from fixtureflow.matching.inside import Inside
from fixtureflow.matching.links import items_of
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.resolve import Resolver
from fixtureflow.matching.texts import KeyTexts, encoded, value, values
from fixtureflow.record import Record
from fixtureflow.references.links import Link
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.stream import Block
from fixtureflow.turning.rewrite import Edit, Style, Turned, listed, style_of, with_pk

__all__ = ["Changes", "Piece", "Rewriting"]


class Piece(NamedTuple):
    """A stretch, and what is decided of its records."""

    plan: Plan
    stretch: Stretch
    numbers: list[int]
    pks: list[bytes]
    """Neither is looked at, and so not told, where all records of the model are new."""
    get_pks: Callable[[], list[bytes]]
    """Tells them all the same."""
    fields: dict[str, list[bytes]]
    """The texts of what may change, by field."""
    fates: list[int]
    keep: list[bool]
    """Which of them are kept?"""
    text: bytes
    """The records and what parts them."""


class Changes(NamedTuple):
    """New texts in a piece."""

    fields: dict[str, tuple[list[bytes], list[bytes]]]
    """Old and new, by field."""
    pks: dict[int, bytes]
    """By place, of those that change."""

    def rows(self) -> dict[int, tuple[str, ...]]:
        """The names of the fields that change, by the place of the record."""
        rows: dict[int, tuple[str, ...]] = {}
        for name, (old, new) in self.fields.items():
            for at in compress(count(), map(ne, old, new)):
                rows[at] = (*rows.get(at, ()), name)
        for at in self.pks:
            rows[at] = (*rows.get(at, ()), "pk")
        return rows


class Rewriting:
    """Rewrites them, a stretch at a time, each once and those of a model in the order of the input."""

    def __init__(self, resolver: Resolver, *, unite: bool) -> None:
        self._resolver = resolver
        self._unite = unite
        self._readers: dict[str, Texts] = {}
        self._nameless: Counter[str] = Counter()
        self._keys = KeyTexts(resolver)
        self.inside = Inside(resolver.within, self._keys.column)

    def untouched(self, plan: Plan) -> bool:
        """Are all records of a model kept, byte for byte?"""
        return not self._touched(plan) and self._all_new(plan) and not self._held(plan)

    def piece(self, plan: Plan, stretch: Stretch) -> Piece:
        """What there is to know of a stretch."""
        reader = self._reader(plan, stretch.run.model)
        array = stretch.array()
        get_pks, columns = reader.apart(stretch, array)
        fields, text = dict(zip(reader.names, columns, strict=True)), array[1:-1]
        if self._all_new(plan):
            size = len(stretch)
            fates: list[int] = [Fate.NEW] * size
            return Piece(plan, stretch, [-1] * size, [b""] * size, get_pks, fields, fates, [True] * size, text)
        pks = get_pks()
        numbers = self._numbers(plan, stretch.run.model, pks)
        fates = [self._resolver.fates.fate[number] for number in numbers]
        return Piece(plan, stretch, numbers, pks, lambda: pks, fields, fates, [fate in KEPT for fate in fates], text)

    def changes(self, piece: Piece) -> Changes:
        """What changes in the records that are kept."""
        plan, keep = piece.plan, piece.keep
        style = style_of(piece.text)
        fields: dict[str, tuple[list[bytes], list[bytes]]] = {}
        for link in self._touched(plan):
            old = piece.fields.get(link.field)
            if old is None:
                continue
            new = self._keys.column(link, old, piece.fields.get(link.content_type, ()), style)
            if link.many and plan.preferred and self._unite:
                new = self._united(piece, link, new, style)
            if not all(keep):
                new = [one if kept else text for one, text, kept in zip(new, old, keep, strict=True)]
            if new != old:
                fields[link.field] = (old, new)
        return Changes(fields | self._inside(piece) | self._replanted(piece), self._moved(piece))

    def rewritten(self, piece: Piece, changes: Changes) -> Block | None:
        """The records that are kept, as they are now; None if there are none."""
        keep = piece.keep
        if not any(keep):
            return None
        if all(keep) and not changes.fields and not changes.pks:
            return piece.stretch
        text, fields, pks = piece.text, changes.fields, piece.pks
        style = style_of(text)
        if changes.pks:
            fields = fields | {"": (pks, [changes.pks.get(at, old) for at, old in enumerate(pks)])}
        names = tuple(self._reader(piece.plan, piece.stretch.run.model).names)
        edit = Edit(style, fields, names) if fields else None
        turned = Turned(text, piece.stretch, None if all(keep) else keep, edit)
        given = {at: pk for at, pk in changes.pks.items() if not pks[at]}
        if not given:
            return turned
        out = []
        for at, record in zip(compress(range(len(keep)), keep), turned.records(), strict=True):
            raw = with_pk(record.raw, given[at], style) if at in given else record.raw
            out.append(Record(raw, record.model, record.source, record.number, record.offset))
        return Block.of(out)

    def _all_new(self, plan: Plan) -> bool:
        """Are all records of a model kept where they are, under the pk that they have?"""
        fates = self._resolver.fates
        return not any(plan.label in one for one in (fates.odd, fates.changed, self._resolver.trees.moved))

    def _reader(self, plan: Plan, label: str) -> Texts:
        found = self._readers.get(label)
        if found is None:
            links = self._touched(plan) if self._all_new(plan) else plan.links
            names = [name for link in links for name in (link.field, link.content_type) if name]
            names += [name for pair in self._held(plan) for name in pair if name]
            if plan.model.tree and plan.label in self._resolver.trees.moved:
                names += plan.model.tree.columns.values()
            names = [name for name in names if name not in plan.pk or len(plan.pk) > 1 or name in plan.columns.at]
            found = self._readers[label] = Texts(list(dict.fromkeys(names)))
        return found

    def _numbers(self, plan: Plan, label: str, pks: list[bytes]) -> list[int]:
        keys, given = self._resolver.fates.keys(plan.label), values(pks)
        if None not in given:
            return keys.find_all(given)
        nameless = iter(self._resolver.fates.without_pk.get(label, ())[self._nameless[label] :])
        self._nameless[label] += given.count(None)
        return [next(nameless) if pk is None else keys.find(pk) for pk in given]

    def _touched(self, plan: Plan) -> list[Link]:
        """The references of a model of which some may change."""
        changed = self._resolver.fates.changed | self._resolver.fates.renamed
        dangling = self._resolver.dangling == "null"
        united = self._unite and plan.preferred
        return [
            link
            for link in plan.links
            if link.kind == "generic" or link.to.model in changed or dangling or (united and link.many)
        ]

    def _held(self, plan: Plan) -> list[tuple[str, str]]:
        """The fields that hold ids inside of which some may change, each with the content type beside it."""
        return list(self.inside.fields(plan)) if self._resolver.fates.changed else []

    def _inside(self, piece: Piece) -> dict[str, tuple[list[bytes], list[bytes]]]:
        out = {}
        for name, beside in self._held(piece.plan):
            old = [text if kept else b"" for text, kept in zip(piece.fields[name], piece.keep, strict=True)]
            new = self.inside.texts(piece.plan, name, old, piece.fields.get(beside, ()))
            if new != old:
                pairs = zip(new, piece.fields[name], piece.keep, strict=True)
                out[name] = (piece.fields[name], [text if kept else before for text, before, kept in pairs])
        return out

    def _moved(self, piece: Piece) -> dict[int, bytes]:
        """The new texts of the pks that change, by place."""
        fates = self._resolver.fates
        if piece.plan.label not in fates.changed:
            return {}
        out = {}
        for at in fates.where_moved(piece.numbers):
            if piece.keep[at] and (piece.pks[at] or piece.fates[at] == Fate.UPDATED):
                out[at] = encoded(fates.moved(piece.numbers[at], None))
        return out

    def _replanted(self, piece: Piece) -> dict[str, tuple[list[bytes], list[bytes]]]:
        """The paths of records, and how deep they are, where they stand elsewhere in a tree now."""
        moved, tree = self._resolver.trees.moved.get(piece.plan.label), piece.plan.model.tree
        if moved is None or tree is None:
            return {}
        out = {}
        paths = [moved.get(number) if kept else None for number, kept in zip(piece.numbers, piece.keep, strict=True)]
        for role, written in (("path", encoded), ("depth", lambda path: b"%d" % (len(path) // (tree.steplen or 1)))):
            old = piece.fields.get(tree.columns.get(role, ""))
            if old is not None and any(paths):
                new = [written(path) if path and text else text for path, text in zip(paths, old, strict=True)]
                out[tree.columns[role]] = (old, new)
        return out

    def _united(self, piece: Piece, link: Link, lists: list[bytes], style: Style) -> list[bytes]:
        """Lists of records that take the place of rows, with what these rows have besides."""
        fates = self._resolver.fates
        owners = {
            at: fates.moved(number, value(piece.pks[at]))
            for at, number in enumerate(piece.numbers)
            if piece.fates[at] == Fate.UPDATED and lists[at][:1] == b"["
        }
        found = items_of(self._resolver.schema, self._resolver.target, link, list(owners.values()))
        out = list(lists)
        for at, owner in owners.items():
            old = items(lists[at])
            theirs = [encoded(one) for one in found.get(str(owner), ())]
            if more := [one for one in theirs if one not in old]:
                out[at] = listed(b", ".join([*old, *more]), style, style.line)
        return out
