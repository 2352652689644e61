"""Keys that mean another record from now on: that which stayed. By primary key, by another field, by natural key."""

from __future__ import annotations

import json
from typing import Any

from fixtureflow.edit import json_text
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import NATURAL, Link, Place, key_form, place_of
from fixtureflow.references.naturals import natural_paths
from fixtureflow.schema.model import Relation, Schema
from fixtureflow.turning.store import Disk, Store

__all__ = ["Moves"]


class Moves:
    """Old key → new key, for the keys that have a new one; beyond a bound of memory they go to a temporary file."""

    def __init__(self, schema: Schema, types: ContentTypes, disk: Disk) -> None:
        self._schema = schema
        self._types = types
        self._disk = disk
        self._stores: dict[Place, Store] = {}
        self._parts: dict[str, list[_Part]] = {}
        self._composite: dict[str, bool] = {}

    def put(self, place: Place, old: Any, new: Any) -> bool:
        """From now on `old` means what `new` means; False if the two are one key already."""
        form = key_form(self._schema, place)
        if form(old) == form(new):
            return False
        if place not in self._stores:
            self._stores[place] = Store(form, self._disk)
        self._stores[place].put(old, json_text(new))
        self._stores[place].weigh()
        return True

    def moved(self, place: Place) -> bool:
        """Has any key of the place a new one?"""
        return place in self._stores

    def touches(self, link: Link) -> bool:
        """May a reference of this kind have to be another?"""
        if link.kind == "generic":
            return any(not place.field for place in self._stores)
        return link.to in self._stores or self._natural_moved(link.to.model)

    def follow(self, place: Place, value: Any) -> Any:
        """The key that has its meaning; the value itself if that is the same."""
        store = self._stores.get(place)
        while store is not None and value is not None and (text := store.find(value)) is not None:
            value = json.loads(text)
        return value

    def reference(self, link: Link, value: Any, content_type: Any = None) -> Any:
        """What a reference, or an item of a list, is from now on; the value itself if nothing changes."""
        if value is None or isinstance(value, dict):
            return value
        if link.kind == "generic":
            label = self._types.model(content_type)
            new = self.follow(Place(label, ""), value) if label else value
            return str(new) if isinstance(value, str) and isinstance(new, int) else new
        if isinstance(value, list) and not self._is_composite(link.to.model):
            return self.natural(link.to.model, value)
        return self.follow(link.to, value)

    def natural(self, label: str, value: list[Any]) -> list[Any]:
        """What a natural key is from now on: parts that other records give it may have changed, and its record too."""
        new = list(value)
        for part in self._parts_of(label):
            if max(part.places) < len(value) and all(value[at] is not None for at in part.places):
                inner = [value[at] for at in part.places]
                led = self.natural(part.to, inner) if part.is_natural else [self.follow(part.place, inner[0])]
                for at, one in zip(part.places, led, strict=True):
                    new[at] = one
        found: list[Any] = self.follow(Place(label, NATURAL), new)
        return value if found == value else found

    def _natural_moved(self, label: str, seen: frozenset[str] = frozenset()) -> bool:
        if Place(label, NATURAL) in self._stores:
            return True
        parts = self._parts_of(label) if label not in seen else []
        return any(part.place in self._stores or self._natural_moved(part.to, seen | {label}) for part in parts)

    def _is_composite(self, label: str) -> bool:
        if label not in self._composite:
            model = self._schema.concrete(label)
            self._composite[label] = bool(model and model.pk and len(model.pk) > 1)
        return self._composite[label]

    def _parts_of(self, label: str) -> list[_Part]:
        if label not in self._parts:
            self._parts[label] = list(_parts(self._schema, label))
        return self._parts[label]


class _Part:
    """Items of a natural key that together are a key of another model's record."""

    __slots__ = ("is_natural", "place", "places", "to")

    def __init__(self, places: list[int], to: str, place: Place, *, is_natural: bool) -> None:
        self.places = places
        self.to = to
        self.place = place
        self.is_natural = is_natural


def _parts(schema: Schema, label: str) -> list[_Part]:
    paths = natural_paths(schema, label)
    led: dict[str, list[int]] = {}
    for at, path in enumerate(paths):
        name, _, rest = path.partition("__")
        if rest:
            led.setdefault(name, []).append(at)
    found = []
    for name, places in led.items():
        owner = schema.owner(label, name)
        relation = owner.fields[name].relation if owner else None
        target = schema.concrete(relation.to) if isinstance(relation, Relation) else None
        if target is None or not isinstance(relation, Relation):
            continue
        rests = [paths[at].partition("__")[2] for at in places]
        theirs = natural_paths(schema, target.label)
        if theirs and sorted(rests) == sorted(theirs):
            order = [places[rests.index(path)] for path in theirs]
            found.append(_Part(order, target.label, Place(target.label, NATURAL), is_natural=True))
        elif rests in (["pk"], list(target.pk or ())):
            found.append(_Part(places, target.label, place_of(schema, relation), is_natural=False))
    return found
