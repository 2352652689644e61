"""Two dumps compared: all records by digests, part by part; then those that differ, read again, field by field."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import NamedTuple

from fixtureflow.comparing.difference import Difference, Kind, ModelDifference
from fixtureflow.comparing.entries import PARTS, Entry
from fixtureflow.comparing.reading import entries_of
from fixtureflow.comparing.shapes import Shape, texts
from fixtureflow.comparing.sorter import Sorter
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue

__all__ = ["Comparison", "Side"]

_CHANGED, _REMOVED, _ADDED, _AGAIN_IN_A, _AGAIN_IN_B = range(5)
_KINDS: dict[int, Kind] = {_CHANGED: "changed", _REMOVED: "removed", _ADDED: "added"}
# Those of A in the order of A, then what only B has in the order of B.
_FORM = struct.Struct(">?QIIQIIIB")


class Side(NamedTuple):
    """One of the two dumps, and how the records of each label in it are compared."""

    catalogue: Catalogue
    shapes: Mapping[str, Shape]

    def record(self, model: str, place: int, size: int, number: int) -> Record:
        """A record read again. Raises `InputError` if its file has changed meanwhile."""
        raw, source, offset = self.catalogue.spool.fetch(place, place + size)
        self.catalogue.spool.check()
        return Record(raw, model, source, number, offset)


class Comparison:
    """What differs between two dumps; memory does not grow with them."""

    def __init__(self, a: Side, b: Side, *, ordered: bool) -> None:
        """`ordered`: of records with the same key the later one takes the earlier's place, as by primary key."""
        self._a = a
        self._b = b
        self._ordered = ordered
        self._labels = list(dict.fromkeys([*a.shapes, *b.shapes]))
        self.models = {label: ModelDifference() for label in self._labels}
        self._found = Sorter(_FORM.size)

    def join(self) -> None:
        """Find out which records differ."""
        for label, model in self.models.items():
            model.a, model.b = self._a.catalogue.count(label), self._b.catalogue.count(label)
        ours, theirs = (entries_of(side.catalogue, side.shapes, self._labels) for side in (self._a, self._b))
        for part in range(PARTS):
            left, left_again = _by_key(ours.part(part))
            right, right_again = _by_key(theirs.part(part))
            for key, one in left.items():
                other = right.pop(key, None)
                if key in left_again or key in right_again:
                    others = [other, *right_again.get(key, ())] if other else []
                    self._match_again([one, *left_again.get(key, ())], others)
                else:
                    self._match(one, other)
            for key, other in right.items():
                if key in right_again:
                    self._match_again([], [other, *right_again[key]])
                else:
                    self._match(None, other)

    def _match(self, one: Entry | None, other: Entry | None) -> None:
        """One row: in both dumps, or in one of them."""
        if one is None:
            assert other is not None  # noqa: S101
            self._model(other).added += 1
            self._note(_ADDED, other)
        elif other is None:
            self._model(one).removed += 1
            self._note(_REMOVED, one)
        elif one.value == other.value:
            self._model(one).same += 1
        else:
            self._model(one).changed += 1
            self._note(_CHANGED, one, other)

    def _match_again(self, ours: list[Entry], theirs: list[Entry]) -> None:
        """Records that have one key, of which a dump has several."""
        for one in ours[1:]:
            self._model(one).twice_in_a += 1
            self._note(_AGAIN_IN_A, one, ours[0])
        for other in theirs[1:]:
            self._model(other).twice_in_b += 1
            self._note(_AGAIN_IN_B, other, theirs[0])
        if not self._ordered:  # those of the same values belong together
            ours, theirs = _paired(ours, theirs)
        for one_or_none, other_or_none in zip_longest(ours, theirs):
            self._match(one_or_none, other_or_none)

    def _model(self, entry: Entry) -> ModelDifference:
        return self.models[self._labels[entry.model]]

    def _note(self, kind: int, one: Entry, other: Entry | None = None) -> None:
        other = other or one
        self._found.add(
            _FORM.pack(
                kind in (_ADDED, _AGAIN_IN_B),
                *(one.place, one.size, one.number),
                *(other.place, other.size, other.number),
                one.model | other.model << 16,
                kind,
            )
        )

    def _noted(self) -> Iterator[tuple[int, Record, Record]]:
        """What was noted: kind, and the two records."""
        for item in self._found:
            _, *numbers, models, kind = _FORM.unpack(item)
            first, second = numbers[:3], numbers[3:]
            label, other_label = self._labels[models & 0xFFFF], self._labels[models >> 16]
            one = (self._b if kind in (_ADDED, _AGAIN_IN_B) else self._a).record(label, *first)
            if kind in (_REMOVED, _ADDED):
                yield kind, one, one
            else:
                yield kind, one, (self._a if kind == _AGAIN_IN_A else self._b).record(other_label, *second)

    def tally(self) -> None:
        """Read those again, count the fields that differ, and keep the first few of each kind to be shown."""
        for kind, one, other in self._noted():
            model = self.models[one.model]
            if kind == _CHANGED:
                difference = self._changed(one, other)
                if difference is None:
                    model.changed -= 1
                    model.same += 1
                else:
                    model.note(difference)
            elif kind in _KINDS:
                model.note(_one_sided(_KINDS[kind], one))
            else:
                model.note_again("a" if kind == _AGAIN_IN_A else "b", one, other)

    def differences(self) -> Iterator[Difference]:
        """All that differ, read again: those of A in its order, then what only B has."""
        for kind, one, other in self._noted():
            if kind == _CHANGED:
                if difference := self._changed(one, other):
                    yield difference
            elif kind in _KINDS:
                yield _one_sided(_KINDS[kind], one)

    def _changed(self, one: Record, other: Record) -> Difference | None:
        """The fields that differ; None if there is none, since one and the same was only read in two ways."""
        ours, theirs = texts(self._a.shapes[one.model], one), texts(self._b.shapes[other.model], other)
        names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        return Difference("changed", one.model, one, other, tuple(names)) if names else None


def _one_sided(kind: Kind, record: Record) -> Difference:
    return Difference(kind, record.model, *((record, None) if kind == "removed" else (None, record)))


def _by_key(entries: Iterator[Entry]) -> tuple[dict[bytes, Entry], dict[bytes, list[Entry]]]:
    """The first entry of each key, and those that come again."""
    first: dict[bytes, Entry] = {}
    again: dict[bytes, list[Entry]] = {}
    for entry in entries:
        if first.setdefault(entry.key, entry) is not entry:
            again.setdefault(entry.key, []).append(entry)
    return first, again


def _paired(ours: list[Entry], theirs: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Both in such an order that as many as can be stand opposite one of the same values."""
    of_value: dict[bytes, list[Entry]] = {}
    for other in reversed(theirs):
        of_value.setdefault(other.value, []).append(other)
    found = [(one, of_value[one.value].pop()) for one in ours if of_value.get(one.value)]
    taken = {id(one) for pair in found for one in pair}
    left, right = zip(*found, strict=True) if found else ((), ())
    return (
        [*left, *(one for one in ours if id(one) not in taken)],
        [*right, *(other for other in theirs if id(other) not in taken)],
    )
