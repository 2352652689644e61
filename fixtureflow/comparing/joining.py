"""Which records of several dumps, read one after the other, are one, and which are in each other's way.

What is decided of a record is kept by its place, in order, beyond a bound on disk.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Literal, NamedTuple

from fixtureflow.comparing.canonical import digest, encode_exactly
from fixtureflow.comparing.entries import PARTS, Entries, Entry
from fixtureflow.comparing.forms import exact_form
from fixtureflow.comparing.identities import uniques_of
from fixtureflow.comparing.reading import entries_of
from fixtureflow.comparing.shapes import ByPk
from fixtureflow.comparing.sorter import Sorter
from fixtureflow.record import Record
from fixtureflow.references.links import Place
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Run
from fixtureflow.schema.model import Schema

__all__ = ["Conflict", "Joining", "Prefer", "Why"]

Prefer = Literal["first", "last"]


class Why(IntEnum):
    """Why a record is left out."""

    REPEATED = 0
    """It stands there already, with the same values."""
    PK = 1
    """Another one has its primary key, and other values."""
    UNIQUE = 2
    """Another one, with another primary key, has the same values where they have to be unique."""


class Conflict(NamedTuple):
    """Two records that cannot both be in one fixture."""

    why: Why
    record: Record
    other: Record
    """The one that is kept; if none is, the first but itself."""
    fields: tuple[str, ...]
    """The unique ones; empty where it is the primary key."""


_DROPPED = struct.Struct(">QB")
_CONFLICT = struct.Struct(">QIIHQIIHBH")


class Joining:
    """What of a catalogue's records is left out, and why."""

    def __init__(self, schema: Schema, catalogue: Catalogue, prefer: Prefer | None) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._models = catalogue.models
        self._keys = [(label, names) for label in self._models for names in uniques_of(schema, label)]
        self._prefer = prefer
        self._conflicts = Sorter(_CONFLICT.size)
        self._dropped = Sorter(_DROPPED.size)
        self._by_pk()
        if self._keys:
            self._by_unique()

    def runs(self) -> Iterator[tuple[Run, dict[int, Why]]]:
        """All runs in the order they were read; by place, why some of their records are left out."""
        waiting = (_DROPPED.unpack(item) for item in self._dropped)
        place, why = next(waiting, (None, 0))
        for run in self._catalogue.runs():
            left_out: dict[int, Why] = {}
            while place is not None and place < run.end:
                left_out.setdefault(place, Why(why))
                place, why = next(waiting, (None, 0))
            yield run, left_out

    def records(self, run: Run, left_out: dict[int, Why]) -> Iterator[tuple[Record, Why | None]]:
        """The records of a run, each with why it is left out, None if it is kept."""
        stretch = self._catalogue.spool.stretch(run)
        places, _ = stretch.spans(run.start)
        return zip(stretch.records(), map(left_out.get, places), strict=True)

    def conflicts(self) -> Iterator[Conflict]:
        """All of them, in the order they were read."""
        for item in self._conflicts:
            *parts, why, key = _CONFLICT.unpack(item)
            fields = self._keys[key][1] if why == Why.UNIQUE else ()
            yield Conflict(Why(why), self._record(*parts[:4]), self._record(*parts[4:]), fields)

    def _record(self, place: int, size: int, number: int, model: int) -> Record:
        raw, source, offset = self._catalogue.spool.fetch(place, place + size)
        return Record(raw, self._models[model], source, number, offset)

    def _by_pk(self) -> None:
        """Leave out records whose primary key another one has."""
        shapes = {label: ByPk(self._schema, label, []) for label in self._models}
        for group in _groups(entries_of(self._catalogue, shapes, self._models)):
            same = all(entry.value == group[0].value for entry in group)
            stays = group[0] if same else self._chosen(group)
            for entry in group:
                if stays is None or entry.value != stays.value:
                    self._drop(Why.PK, entry, stays or group[entry is group[0]])
                elif entry is not stays:
                    self._drop(Why.REPEATED, entry)

    def _by_unique(self) -> None:
        """Leave out records, of those that are left, that have the unique values of another one."""
        keys: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        for nth, (label, names) in enumerate(self._keys):
            keys.setdefault(label, []).append((nth, names))
        columns = {label: Columns(list({name: 0 for _, names in own for name in names})) for label, own in keys.items()}
        found = Entries()
        for run, left_out in self.runs():
            label = run.model
            if label not in keys or len(left_out) == run.count:
                continue
            stretch = self._catalogue.spool.stretch(run)
            places, sizes = stretch.spans(run.start)
            at, owner = columns[label].at, _concrete(self._schema, label)
            form = exact_form(self._schema, Place(label, ""))
            for n, (pk, fields) in enumerate(columns[label].rows(stretch)):
                if places[n] in left_out:
                    continue
                row = digest(repr(form(pk)).encode() if pk is not None else b"%d" % places[n])
                for nth, names in keys[label]:
                    values = [fields[at[name]] for name in names]
                    if None not in values:
                        key = digest(encode_exactly([owner, names, values]))
                        found.add(Entry(key, row, places[n], sizes[n], stretch.number + n, nth))
        for group in _groups(found):
            if all(entry.value == group[0].value for entry in group):
                continue
            stays = self._chosen(group)
            for entry in group:
                if stays is None or entry.value != stays.value:
                    self._drop(Why.UNIQUE, entry, stays or group[entry is group[0]])

    def _chosen(self, group: list[Entry]) -> Entry | None:
        """Which record stays; None if nobody has said."""
        return None if self._prefer is None else group[0 if self._prefer == "first" else -1]

    def _drop(self, why: Why, entry: Entry, other: Entry | None = None) -> None:
        self._dropped.add(_DROPPED.pack(entry.place, why))
        if other is not None:
            records = (
                part for one in (entry, other) for part in (one.place, one.size, one.number, self._model(why, one))
            )
            self._conflicts.add(_CONFLICT.pack(*records, why, entry.model))

    def _model(self, why: Why, entry: Entry) -> int:
        return self._models.index(self._keys[entry.model][0]) if why == Why.UNIQUE else entry.model


def _groups(entries: Entries) -> Iterator[list[Entry]]:
    """The entries that have one key, where there are several, in the order they were read."""
    for part in range(PARTS):
        of_key: dict[bytes, list[Entry]] = {}
        for entry in entries.part(part):
            of_key.setdefault(entry.key, []).append(entry)
        yield from (group for group in of_key.values() if len(group) > 1)


def _concrete(schema: Schema, label: str) -> str:
    model = schema.concrete(label)
    return model.label if model else label
