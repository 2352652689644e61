"""The records of some models as a graph of who refers to whom: read once more, kept in arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any

from fixtureflow.catalogue import Catalogue
from fixtureflow.generic import ContentTypes
from fixtureflow.keys import Keys, Numbers
from fixtureflow.naturals import Naturals
from fixtureflow.references import NATURAL, Link, Place, key_form, links_of
from fixtureflow.rows import Columns
from fixtureflow.schema.model import Schema
from fixtureflow.tangle import Graph

__all__ = ["AGAIN", "Member", "RecordGraph", "rank_of"]

AGAIN = Link("", "", "parent", Place("", ""), False)
"""What binds a row that stands in the fixture twice: the later one wins, so it must stay the later one."""


def rank_of(link: Link) -> int:
    """How binding a reference is: a generic one not at all, then lists, then what may be null."""
    if link.kind == "generic":
        return 0
    if link.many:
        return 1
    return 2 if link.null and link.kind != "parent" else 3


class Member:
    """One record of the graph: where it stands."""

    __slots__ = ("end", "model", "number", "start")

    def __init__(self, model: str, start: int, end: int, number: int) -> None:
        self.model = model
        self.start = start
        self.end = end
        self.number = number


class RecordGraph:
    """All records of `models`, and the references among them, in the order of the input.

    A reference to what is not among them is no edge, nor is one of a record to itself: that row is there once it is.
    """

    def __init__(self, schema: Schema, catalogue: Catalogue, models: Iterable[str], types: ContentTypes) -> None:
        self.models = list(models)
        self.links: list[Link] = [AGAIN]
        self.starts = array("Q")
        self.sizes = array("I")
        self.numbers = array("I")
        self.kinds = array("H")
        self.unread: set[Link] = set()
        """Links with natural keys that nobody knows the fields of."""
        self._schema = schema
        self._catalogue = catalogue
        self._naturals = Naturals(schema, catalogue)
        self._types = types
        wanted: set[str] = set()
        while True:
            try:
                self.graph = self._read(wanted)
                return
            except _NaturalKeyWanted as asked:
                wanted.add(asked.model)

    def __len__(self) -> int:
        return len(self.starts)

    def member(self, node: int) -> Member:
        start = self.starts[node]
        return Member(self.models[self.kinds[node]], start, start + self.sizes[node], self.numbers[node])

    def named(self, node: int, link: Link, values: list[Any]) -> list[int]:
        """The nodes that values of a link refer to; -1 for what is not among them, and for the node itself."""
        numbers = [-1 if value is None else self._reader.number(link, value) for value in values]
        owners = self._reader.owners
        found = [owners[number] if 0 <= number < len(owners) else -1 for number in numbers]
        return [-1 if owner == node else owner for owner in found]

    def is_key(self, model: str, field: str) -> bool:
        """Is the field part of what a record without a pk is known by?"""
        return field in self._naturals.columns(model)

    def ranks(self) -> list[int]:
        return [rank_of(link) for link in self.links]

    def _read(self, wanted: set[str]) -> Graph:
        for column in (self.starts, self.sizes, self.numbers, self.kinds):
            del column[:]
        self.links = [AGAIN]
        reader = _Reader(self._schema, self._naturals, self._types, self.models, wanted, self.links)
        plans = {model: reader.plan(model) for model in self.models}
        kinds = {model: at for at, model in enumerate(self.models)}
        first, targets, links = array("I", [0]), array("i"), array("H")
        for run in self._catalogue.runs(*self.models):
            stretch = self._catalogue.spool.stretch(run)
            starts, sizes = stretch.spans(run.start)
            before = len(self.starts)
            self.starts.extend(starts)
            self.sizes.extend(sizes)
            self.numbers.extend(range(run.number, run.number + run.count))
            self.kinds.extend([kinds[run.model]] * run.count)
            plans[run.model].read(stretch, before, first, targets, links)
        self.unread = reader.unread
        self._reader = reader
        return _resolved(first, targets, links, reader.owners)


class _NaturalKeyWanted(Exception):  # noqa: N818 - no error: the reading begins anew, with the keys of one more model
    def __init__(self, model: str) -> None:
        self.model = model


class _Reader:
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
            raise _NaturalKeyWanted(label)
        return self.keys_of(Place(label, NATURAL)).number(value)


class _Plan:
    """How to read the records of one model."""

    def __init__(self, reader: _Reader, model: str) -> None:
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

    def read(self, stretch: Any, node: int, first: array[int], targets: array[int], links: array[int]) -> None:
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
        number: Callable[[Link, Any], int] = self.reader.number
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


def _resolved(first: array[int], keys: array[int], links: array[int], owners: array[int]) -> Graph:
    """The edges by the records that own the keys."""
    begins, targets, kept = array("I", [0]), array("i"), array("H")
    start = 0
    for node in range(len(first) - 1):
        end = first[node + 1]
        for edge in range(start, end):
            owner = owners[keys[edge]]
            if owner >= 0 and owner != node:
                targets.append(owner)
                kept.append(links[edge])
        begins.append(len(targets))
        start = end
    return Graph(begins, targets, kept)
