"""Rows that the dump refers to and lacks: in other fixtures, or in the old database, of which only those are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fixtureflow.connection import connected, shown
from fixtureflow.database import is_database
from fixtureflow.reader import read
from fixtureflow.record import Record, Source
from fixtureflow.references.dangling import dangling
from fixtureflow.references.generic import LABEL, ContentTypes
from fixtureflow.references.held import Held
from fixtureflow.references.links import Key, Link, Place, key_form, links_of
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.model import Model, Schema
from fixtureflow.stream import Block, Records
from fixtureflow.target.dumping import rows_as_records
from fixtureflow.target.rows import Target

__all__ = ["lookups_in"]


def lookups_in(places: Iterable[str], schema: Schema, catalogue: Catalogue, target: Target) -> list[Catalogue]:
    """What `--lookup` names, read: fixtures whole; of a database's rows those that the records of `catalogue` need.

    Raises TargetError, InputError.
    """
    found = []
    for place in places:
        if not is_database(place):
            found.append(Catalogue(read(place)))
            continue
        with connected(place) as connection:
            found += _read(_Needed(schema, catalogue, found, target, Target(connection), Source(shown(place))))
    return found


def _read(needed: _Needed) -> Iterator[Catalogue]:
    types = Catalogue(Records(needed.content_types))
    yield types
    yield Catalogue(Records(lambda: needed.rows(types)))


class _Needed:
    """The rows of the old database that records refer to, and those that their own unique keys run through."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        others: list[Catalogue],
        target: Target,
        old: Target,
        source: Source,
    ) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._others = list(others)
        self._target = target
        self._old = old
        self._source = source
        self._held = Held(schema, catalogue)
        self._types: ContentTypes
        self._seen: dict[Place, set[Key]] = {}
        self._waiting: dict[Place, list[Any]] = {}
        self._keys: dict[str, list[tuple[str, ...]]] = {}

    def content_types(self) -> Iterator[Block]:
        """All of them, since generic keys are read by them."""
        yield from self._rows(Place(LABEL, ""), None)

    def rows(self, types: Catalogue) -> Iterator[Block]:
        """The other rows, models in the order in which they are first referred to."""
        self._types = ContentTypes(self._schema, self._catalogue, *self._others, types)
        for one in dangling(self._schema, self._catalogue, self._types, self._held):
            self._want(one.place, one.value, held=False)
        while self._waiting:
            place = next(iter(self._waiting))
            for block in self._rows(place, self._waiting.pop(place)):
                for record in block.records():
                    self._follow(record)
                yield block

    def _rows(self, place: Place, keys: list[Any] | None) -> Iterator[Block]:
        model = self._schema.concrete(place.model)
        if model is None or self._target.table(model) is None:
            return  # what the target has no place for is of no use
        use_tz = self._schema.use_tz
        for records in rows_as_records(self._old, model, keys, by=place.field, use_tz=use_tz, source=self._source):
            yield Block.of(records)

    def _want(self, place: Place, value: Any, *, held: bool | None = None) -> None:
        if isinstance(value, list | dict) or place == Place(LABEL, ""):
            return  # a natural key is looked up in the target; content types are there
        seen = self._seen.setdefault(place, set())
        key = key_form(self._schema, place)(value)
        if key in seen:
            return
        seen.add(key)
        if held is False or not self._held.has(place, value):
            self._waiting.setdefault(place, []).append(value)

    def _follow(self, record: Record) -> None:
        """Ask for what a row refers to by which the row itself is known."""
        model = self._schema.concrete(record.model)
        if model is None:
            return
        fields = record.fields
        known_by = self._known_by(model, fields)
        for link in links_of(self._schema, model.label):
            if link.many or not (link.by_pk or known_by is None or link.field in known_by):
                continue
            value = fields.get(link.field, record.pk if link.by_pk else None)
            place = self._place(link, fields)
            if value is not None and place is not None:
                self._want(place, value)

    def _place(self, link: Link, fields: dict[str, Any]) -> Place | None:
        if link.kind != "generic":
            return link.to
        label = self._types.model(fields.get(link.content_type))
        return Place(label, "") if label else None

    def _known_by(self, model: Model, fields: dict[str, Any]) -> set[str] | None:
        """The fields by which a row is known; None for all, if it has no unique key, or only such with a null in it."""
        keys = self._keys.get(model.label)
        if keys is None:
            table = self._target.table(model)
            keys = [key.fields for key in table.uniques()[0]] if table else []
            self._keys[model.label] = keys
        complete = any(
            all(fields.get(name) is not None for name in key if name not in (model.pk or ())) for key in keys
        )
        return {name for key in keys for name in key} | set(model.pk or ()) if complete else None
