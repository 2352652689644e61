"""The natural keys of the records of a model, and of others the columns that those run through, by what refers to them.

A table leads from a key (a pk, or the field a foreign key points at) to the texts of some lookups of its record:
`("codename", "content_type__app_label", "content_type__model")`. A lookup that goes on through a relation is read off
another table, which is that model's own natural key where the two ask for the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import msgspec

from fixtureflow.edit import items
from fixtureflow.findings import Finding, Findings
from fixtureflow.references.links import Place, key_form, natural_form, place_of
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.turning.store import Disk, Repeats, Store

__all__ = ["LOST", "NO_PK", "NULL", "TWICE", "Rows", "Table", "Tables", "decoded", "paths_of"]

NULL = b"!null"
"""In place of a natural key that has a null in it."""
LOST = b"!lost"
"""In place of one that runs through a record that is not there."""
TWICE = b"!twice"
"""In place of one that two records have."""
NO_PK = b"!no pk"
"""In place of the pk of a record that has none."""

_decode = msgspec.json.decode


class Rows(Protocol):
    """A place that records can be looked up in."""

    name: str

    def columns(self, model: Model, names: Sequence[str]) -> Iterator[list[list[bytes]]]:
        """The texts of the pks of a model's records, then those of each field, some records at a time."""


def paths_of(schema: Schema, label: str) -> tuple[str, ...]:
    """The lookups that make up the natural key of a model, as far as it is known to have one."""
    model = schema.model(label)
    natural = model.natural_key if model else None
    return natural.fields if natural and natural.status == "fields" else ()


def decoded(texts: Iterable[bytes]) -> list[Any]:
    """The values of JSON texts; None for an empty one."""
    filled = [text or b"null" for text in texts]
    try:
        values: list[Any] = _decode(b"[%b]" % b",".join(filled))
    except msgspec.DecodeError:
        return [json.loads(text) for text in filled]
    return values


class _Piece(NamedTuple):
    """Neighbours among the lookups of a table that are read in one place: a column, or a table it leads to."""

    column: int
    table: Table | None = None
    names: tuple[str, ...] = ("",)
    natural: tuple[str, ...] = ()
    """The natural key of the model led to, of which a reference that is natural already has the values."""


class Table:
    """Texts by key; `store` has them once the table is built."""

    def __init__(self, place: Place, model: Model, key: int, names: list[str], pieces: list[_Piece]) -> None:
        self.place = place
        self.model = model
        self.key = key
        self.names = names
        self.pieces = pieces
        self.store: Store

    def rows(self, source: Rows, *, without_pk: bool = False) -> Iterator[tuple[Any, bytes, bytes]]:
        """(key, text of the key, text of the lookups) of each record of a source that has a key.

        `without_pk` gives also those that have no pk, in the place of which stands None and `NO_PK`.
        """
        for columns in source.columns(self.model, self.names):
            keys = columns[self.key]
            for value, key, text in zip(decoded(keys), keys, self._joined(columns), strict=True):
                if value is not None:
                    yield value, key, text
                elif without_pk and not self.key:
                    yield None, NO_PK, text

    def texts_of(self, stretch: Stretch) -> list[bytes]:
        """The text of the lookups of each record of a stretch."""
        return list(self._joined(Texts(self.names).columns(stretch)))

    def _joined(self, columns: list[list[bytes]]) -> Iterable[bytes]:
        parts = [self._parts(piece, columns[piece.column]) for piece in self.pieces]
        if len(parts) == 1:
            return parts[0]
        return (next((p for p in row if p[:1] == b"!"), None) or b", ".join(row) for row in zip(*parts, strict=True))

    def _parts(self, piece: _Piece, texts: list[bytes]) -> Iterable[bytes]:
        if piece.table is None:
            return [_own(text) for text in texts]
        store = piece.table.store
        return [_led_to(piece, store, value, text) for value, text in zip(decoded(texts), texts, strict=True)]


def _own(text: bytes) -> bytes:
    if text == b"null":
        return NULL
    return text.replace(b"\n", b" ") if text else LOST


def _led_to(piece: _Piece, store: Store, value: Any, text: bytes) -> bytes:
    if value is None:
        return NULL if text else LOST
    if type(value) is list:
        if len(value) != len(piece.natural) or not set(piece.names) <= set(piece.natural):
            return LOST
        parts = items(text)
        return b", ".join(parts[piece.natural.index(name)] for name in piece.names)
    return store.find(value) or LOST


class Tables:
    """Makes each table once, with those that it is read through."""

    def __init__(
        self, schema: Schema, sources: list[Rows], disk: Disk, findings: Findings, *, trust_guesses: bool = False
    ) -> None:
        self._schema = schema
        self.sources = sources
        self._disk = disk
        self._findings = findings
        self._trust = trust_guesses
        self._made: dict[tuple[Place, str, tuple[str, ...], bool], Table] = {}

    def table(self, place: Place, label: str, paths: tuple[str, ...], *, back: bool = False) -> Table:
        """The table from the keys of `place` to `paths` of the model, or back. LookupError for what cannot be read."""
        found = self._made.get((place, label, paths, back))
        if found is None:
            found = self._planned(place, label, paths)
            self._made[place, label, paths, back] = found
            (self._fill_back if back else self._fill)(found, whole=paths == paths_of(self._schema, label))
        return found

    def _planned(self, place: Place, label: str, paths: tuple[str, ...]) -> Table:
        model = self._schema.concrete(label)
        if model is None or not paths or model.label != place.model:
            raise LookupError(label)
        names: dict[str, int] = {}
        pieces = []
        for (owner, first), group in groupby(paths, lambda path: self._first(model, path)):
            together = list(group)
            if first and together == [first] * len(together):
                pieces += [_Piece(_column(model, names, first))] * len(together)
            else:
                pieces.append(self._led(model, owner, first, together, names))
        key = _column(model, names, place.field or "pk")
        return Table(place, model, key, list(names), pieces)

    def _first(self, model: Model, path: str) -> tuple[str, str]:
        """Whose record the lookup begins in, and with which field; no field for a parent's."""
        first = path.partition("__")[0]
        if first == "pk" or first in (model.pk or ()):
            return model.label, first
        owner = self._schema.owner(model.label, first)
        if owner is None:
            raise LookupError(path)
        return owner.label, first if owner is model else ""

    def _led(self, model: Model, owner: str, first: str, paths: list[str], names: dict[str, int]) -> _Piece:
        if not first:  # an inherited field: the parent's record has the same pk
            inner = self.table(Place(owner, ""), owner, tuple(paths))
            return _Piece(0, inner, tuple(paths))
        field = model.fields.get(first)
        relation = field.relation if field else None
        if not isinstance(relation, Relation) or not all("__" in path for path in paths):
            raise LookupError(paths[0])
        if relation.guess and not self._trust:
            raise LookupError(f"{model.label}.{first} is only guessed")
        rest = tuple(path.partition("__")[2] for path in paths)
        inner = self.table(place_of(self._schema, relation), relation.to, rest)
        return _Piece(_column(model, names, first), inner, rest, paths_of(self._schema, relation.to))

    def _fill(self, table: Table, *, whole: bool) -> None:
        form = key_form(self._schema, table.place)
        store = table.store = Store(form, self._disk)
        repeats = Repeats() if whole else None
        for number, source in enumerate(self.sources):
            for at, (value, _, text) in enumerate(table.rows(source)):
                known = store.find(value) if number or repeats is None else None
                if known is not None and known != LOST and number:
                    if known != text and text[:1] != b"!":
                        self._contradiction(table, source, value, text)
                    continue
                store.put(value, text)
                if repeats is not None and text[:1] != b"!":
                    repeats.add(text)
                if not at & 4095:
                    store.weigh()
        store.weigh()
        if repeats is not None and (suspects := repeats.suspects()):
            self._find_twins(table, suspects)

    def _find_twins(self, table: Table, suspects: set[int]) -> None:
        """Mark the keys that two records have."""
        form = key_form(self._schema, table.place)
        first: dict[bytes, tuple[Any, bytes]] = {}
        for source in self.sources:
            for value, key, text in table.rows(source):
                if hash(text) not in suspects or table.store.find(value) not in (text, TWICE):
                    continue
                other = first.setdefault(text, (value, key))
                if form(other[0]) == form(value):
                    continue
                for twin in (other[0], value):
                    table.store.put(twin, TWICE)
                self._twins(table.model, text, other[1], key)

    def _fill_back(self, table: Table, *, whole: bool) -> None:
        store = table.store = Store(natural_form, self._disk)
        for number, source in enumerate(self.sources):
            for at, (_, key, text) in enumerate(table.rows(source, without_pk=True)):
                if text[:1] == b"!":
                    continue
                natural = _decode(b"[%b]" % text)
                known = store.find(natural)
                if known in (None, NO_PK, key):
                    store.put(natural, key)
                elif key == NO_PK:
                    continue
                elif number:  # what the dump itself says goes first
                    self._contradiction(table, source, _decode(key), known)
                else:
                    store.put(natural, TWICE)
                    self._twins(table.model, text, known, key)
                if not at & 4095:
                    store.weigh()
        store.weigh()

    def _twins(self, model: Model, text: bytes, one: bytes, other: bytes) -> None:
        key = json.loads(b"[%b]" % text)
        pk = json.loads(one) if one[:1] != b"!" else None
        value = {"natural key": key, "also pk": json.loads(other)}
        self._findings.add(Finding(problem="same natural key", model=model.label, pk=pk, value=value))

    def _contradiction(self, table: Table, source: Rows, value: Any, text: bytes) -> None:
        said = {"it says": json.loads(b"[%b]" % text), "in": source.name}
        self._findings.add(Finding(problem="lookup differs", model=table.model.label, pk=value, value=said))


def _column(model: Model, names: dict[str, int], name: str) -> int:
    """Where a field stands among the columns that are read, the pk first."""
    if name == "pk" or model.pk == (name,):
        return 0
    return names.setdefault(name, len(names) + 1)
