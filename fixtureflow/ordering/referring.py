"""Reads records for what they refer to and what they may be referred to by, as numbers in arrays."""

from __future__ import annotations

from array import array
from typing import Any

from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.keys import Keys, Numbers
from fixtureflow.references.links import NATURAL, Link, Place, key_form, links_of
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Schema

__all__ = ["NaturalKeyWanted", "ReferenceReader"]


class NaturalKeyWanted(Exception):  # noqa: N818 - no error: the reading begins anew, with the keys of one more model
    def __init__(self, model: str) -> None:
        self.model = model


class ReferenceReader:
    """What the plans of all models share: the numbers of keys, and which record owns each."""

    def __init__(
        self,
        schema: Schema,
        naturals: Naturals,
        types: ContentTypes,
        models: list[str],
        wanted: set[str],
        links: list[Link],
    ) -> None:
        self.schema = schema
        self.naturals = naturals
        self.types = types
        self.wanted = wanted
        self.links = links
        self.numbers = Numbers()
        self.owners = array("i")
        self.keys: dict[Place, Keys] = {}
        self.latest: dict[int, int] = {}
        """Of keys that stand there twice: the number that stands for the latest record with it."""
        self.unread: set[Link] = set()
        self.own = {concrete.label for model in models if (concrete := schema.concrete(model))}
        self.referred = {link.to for model in models for link in links_of(schema, model)}

    def keys_of(self, place: Place) -> Keys:
        if place not in self.keys:
            self.keys[place] = Keys(key_form(self.schema, place), self.numbers)
        return self.keys[place]

    def plan(self, model: str) -> _Plan:
        return _Plan(self, model)

    def number(self, link: Link, value: Any) -> int:
        """The number of the key that a value refers to, -1 for none: the slow way, for values of all kinds."""
        if isinstance(value, dict):
            return -1
        place = link.to
        if isinstance(value, list):
            model = self.schema.concrete(place.model)
            if not (model and model.pk and len(model.pk) > 1 and not place.field):
                return self._natural(link, value)
        return self.keys_of(place).number(value)

    def _natural(self, link: Link, value: list[Any]) -> int:
        label = link.to.model
        if not self.naturals.guessed(label):
            self.unread.add(link)
            return -1
        if label not in self.wanted:
            raise NaturalKeyWanted(label)
        return self.keys_of(Place(label, NATURAL)).number(value)


class _Plan:
    """How to read the records of one model."""

    def __init__(self, reader: ReferenceReader, model: str) -> None:
        concrete = reader.schema.concrete(model)
        label = self.label = concrete.label if concrete else model
        self.reader = reader
        links = [k for k in links_of(reader.schema, label) if k.kind == "generic" or k.to.model in reader.own]
        natural = label in reader.wanted
        extra = [place.field for place in reader.referred if place.model == label and place.field]
        names = [name for link in links for name in (link.field, link.content_type) if name]
        names += extra + (reader.naturals.columns(label) if natural else [])
        self.columns = Columns(list(dict.fromkeys(names)))
        at = self.columns.at
        self.natural = natural
        self.pks = reader.keys_of(Place(label, ""))
        self.provided = [(at[name], reader.keys_of(Place(label, name))) for name in extra]
        # (link, its number, column or -1 for the pk, keys of plain values, column of the content type)
        self.refs: list[tuple[Link, int, int, Keys | None, int]] = []
        for link in links:
            keys = None if link.kind in ("generic", "m2m") else reader.keys_of(link.to)
            content_type = at[link.content_type] if link.content_type else -1
            reader.links.append(link)
            self.refs.append((link, len(reader.links) - 1, at.get(link.field, -1), keys, content_type))

    def read(self, stretch: Stretch, node: int, first: array[int], targets: array[int], links: array[int]) -> None:
        """Add the records of a stretch, the first of them numbered `node`."""
        owners, numbers, refs, pks = self.reader.owners, self.reader.numbers, self.refs, self.pks
        own_dense = pks.dense
        for pk, fields in self.columns.rows(stretch):
            if pk is not None:
                own = own_dense[pk] if type(pk) is int and 0 <= pk < len(own_dense) else -1
                if own < 0:
                    own = pks.number(pk)
                if own >= len(owners):
                    owners.extend([-1] * (numbers.count - len(owners)))
                if owners[own] < 0:
                    owners[own] = node
                else:  # the row again: after the latest before it
                    targets.append(self.reader.latest.get(own, own))
                    links.append(0)
                    self.reader.latest[own] = numbers.next()
                    owners.extend([-1] * (numbers.count - len(owners) - 1))
                    owners.append(node)
            if self.provided or self.natural:
                self._provide(pk, fields, node)
            for link, number, column, keys, content_type in refs:
                value = fields[column] if column >= 0 else None
                if value is None:
                    if not link.by_pk:
                        continue
                    value = pk
                    if value is None:
                        continue
                if keys is not None and type(value) is not list:
                    dense = keys.dense
                    key = dense[value] if type(value) is int and 0 <= value < len(dense) else -1
                    targets.append(key if key >= 0 else keys.number(value))
                    links.append(number)
                else:
                    for key in self._others(link, value, fields, content_type):
                        targets.append(key)
                        links.append(number)
            first.append(len(targets))
            node += 1
        owners.extend([-1] * (numbers.count - len(owners)))

    def _provide(self, pk: Any, fields: tuple[Any, ...], node: int) -> None:
        reader, owners = self.reader, self.reader.owners
        keys = [keys.number(fields[at]) for at, keys in self.provided if fields[at] is not None]
        if self.natural:
            at = self.columns.at
            natural = reader.naturals.key(self.label, pk, lambda name: fields[at[name]])
            if natural is not None:
                keys.append(reader.keys_of(Place(self.label, NATURAL)).number(natural))
        owners.extend([-1] * (reader.numbers.count - len(owners)))
        for key in keys:
            if owners[key] < 0:
                owners[key] = node

    def _others(self, link: Link, value: Any, fields: tuple[Any, ...], content_type: int) -> list[int]:
        """Lists, natural keys and generic keys."""
        number = self.reader.number
        if link.kind == "generic":
            model = self.reader.types.model(fields[content_type])
            place = Place(model, "")
            if model not in self.reader.own or isinstance(value, list):
                return []
            return [number(link._replace(to=place), value)]
        if link.many:
            found = [number(link, item) for item in value if item is not None] if isinstance(value, list) else []
        else:
            found = [number(link, value)]
        return [key for key in found if key >= 0]
