"""Which records a fixture holds, by any of their keys."""

from __future__ import annotations

from typing import Any

from fixtureflow.references.keys import Keys, Numbers
from fixtureflow.references.links import NATURAL, Place, key_form
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["Held"]


class Held:
    """The keys of a fixture's records; those of one kind are read when the first is asked for."""

    def __init__(self, schema: Schema, catalogue: Catalogue) -> None:
        self.naturals = Naturals(schema, catalogue)
        self._schema = schema
        self._catalogue = catalogue
        self._numbers = Numbers()
        self._keys: dict[Place, Keys] = {}
        self._labels: dict[str, list[str]] = {}
        for label in catalogue.models:
            model = schema.concrete(label)
            self._labels.setdefault(model.label if model else label, []).append(label)

    def any_of(self, label: str) -> bool:
        """Are there records of the (concrete) model?"""
        return label in self._labels

    def has(self, place: Place, value: Any) -> bool:
        """Is there a record with this key?"""
        keys = self._keys.get(place)
        if keys is None:
            keys = self._keys[place] = Keys(key_form(self._schema, place), self._numbers)
            for label in self._labels.get(place.model, ()):
                self._fill(keys, place, label)
        return keys.find(value) >= 0

    def _fill(self, keys: Keys, place: Place, label: str) -> None:
        names = self.naturals.columns(label) if place.field == NATURAL else [place.field] if place.field else []
        columns = Columns(list(dict.fromkeys(names)))
        at = columns.at
        for stretch in self._catalogue.stretches(label):
            for pk, fields in columns.rows(stretch):
                value: Any = pk
                if place.field == NATURAL:
                    value = self.naturals.key(label, pk, lambda name, fields=fields: fields[at[name]])  # type: ignore[misc]
                elif place.field:
                    value = fields[0]
                if value is not None:
                    keys.number(value)
