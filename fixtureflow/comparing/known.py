"""What the records of one dump are known by, and so what refers to them refers to: 128 bits, the same in any database.

Of each record that is referred to by a number, what it is known by is kept: some 50 bytes, beyond a bound on disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import networkx as nx

from fixtureflow.comparing.canonical import digest, encode_exactly
from fixtureflow.comparing.forms import exact_form
from fixtureflow.comparing.identities import Identities, Identity
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Key, Link, Place
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.turning.store import Disk, Repeats, Store

__all__ = ["Known"]

MEMORY = 60_000_000
"""Bytes that is kept of one dump's records in memory."""
WAITING = 100_000
"""Records held in memory that are known by others that are still to come."""

Get = Callable[[str], Any]
"""The value of one field of a record."""


class _Row(NamedTuple):
    label: str
    pk: Any
    fields: dict[str, Any]


class _WaitError(Exception):
    def __init__(self, place: Place, key: Key) -> None:
        self.at = (place, key)


class Known:
    """Looks up by what a record is known."""

    def __init__(self, identities: Identities, catalogue: Catalogue, lookups: Sequence[Catalogue] = ()) -> None:
        """`lookups` have records that are referred to and are not in the dump itself."""
        self._identities = identities
        self._schema = identities.schema
        self.catalogue = catalogue
        self._catalogues = (catalogue, *lookups)
        self._types = ContentTypes(self._schema, *self._catalogues)
        self._labels: dict[str, list[str]] = {}
        for label in (label for source in self._catalogues for label in source.models):
            labels = self._labels.setdefault(identities.of(label).label, [])
            if label not in labels:
                labels.append(label)
        self._forms: dict[Place, Callable[[Any], Key]] = {}
        self._stores: dict[Place, Store] = {}
        self._targets: dict[str, list[str]] = {}
        self._filling: set[str] = set()
        self.lost: Counter[Link] = Counter()
        """References by number to records that are known by more than their number, and are not there."""
        self.ambiguous: set[str] = set()
        """Models that are referred to, and of which two records are known by the same."""
        self._fill_all()

    def record(self, label: str, pk: Any, get: Get) -> str | None:
        """By what a record is known, its pk if it has no other key; None where all of that is null, or some is lost."""
        identity = self._identities.of(label)
        values: list[Any] = []
        for at, part in enumerate(identity.parts):
            value = _value(identity, at, pk, get)
            if value is None:
                pass
            elif part.link is not None:
                value = self.referred(part.link, value, get)
                if value is None:
                    return None
            elif not part.name:
                value = self._form(identity.label)(value)
            values.append(value)
        return _digest(identity.label, identity.kind, values) if values.count(None) < len(values) else None

    def by_pk(self, label: str, pk: Any) -> str:
        """What stands for a record that is known by its pk for want of anything else."""
        label = self._identities.of(label).label
        return _digest(label, "pk", [self._form(label)(pk)])

    def reference(self, link: Link, value: Any, get: Get) -> Any:
        """A reference, so that those to the same row are equal; what is lost is told of and stays as it is."""
        if value is None:
            return None
        found = self.referred(link, value, get)
        if found is not None:
            return ["is", found]
        if not isinstance(value, list):
            self.lost[link] += 1
        return ["stands", value]

    def referred(self, link: Link, value: Any, get: Get) -> str | None:
        """By what the record is known that a value refers to; None if that is lost."""
        place = link.to
        if link.kind == "generic":
            label = self._types.model(get(link.content_type))
            if not label:
                return None
            place = Place(label, "")
        identity = self._identities.of(place.model)
        if isinstance(value, list) and not self._composite(place):
            return self._natural(identity, value) if identity.kind == "natural key" else None
        if identity.plain and not place.field:
            return self.by_pk(place.model, value)
        store = self._stores.get(place)
        found = store.find(value) if store else None
        if found is None and place.model in self._filling:
            raise _WaitError(place, self._form_of(place)(value))
        return found.decode() if found else None

    def _natural(self, identity: Identity, items: list[Any]) -> str | None:
        """The same of a natural key as dumpdata writes it."""
        if len(items) != sum(part.width for part in identity.parts):
            return None
        values: list[Any] = []
        at = 0
        for part in identity.parts:
            value = items[at : at + part.width] if part.nested else items[at]
            at += part.width
            if value is None or value == [None] * part.width:
                value = None
            elif part.link is not None:
                value = self.referred(part.link, value, _nothing)
                if value is None:
                    return None
            elif not part.name:
                value = self._form(identity.label)(value)
            values.append(value)
        return _digest(identity.label, identity.kind, values) if values.count(None) < len(values) else None

    def _form(self, label: str) -> Callable[[Any], Key]:
        return self._form_of(Place(label, ""))

    def _form_of(self, place: Place) -> Callable[[Any], Key]:
        found = self._forms.get(place)
        if found is None:
            found = self._forms[place] = exact_form(self._schema, place)
        return found

    def _composite(self, place: Place) -> bool:
        model = self._schema.concrete(place.model)
        return bool(model and model.pk and len(model.pk) > 1 and not place.field)

    # What is kept of the records that are referred to, models that others are known by first.

    def _fill_all(self) -> None:
        disk = Disk(MEMORY)
        for place in self._wanted():
            self._stores[place] = Store(self._form_of(place), disk)
        graph = nx.DiGraph()
        graph.add_nodes_from(dict.fromkeys(place.model for place in self._stores))
        for label in list(graph):
            for link in self._links(label):
                graph.add_edges_from((label, to) for to in self._led_to(link) if to in graph)
        place_of = {label: at for at, label in enumerate(graph)}
        parts = nx.condensation(graph)
        for at in reversed(list(nx.topological_sort(parts))):
            self._fill(sorted(parts.nodes[at]["members"], key=place_of.__getitem__))

    def _wanted(self) -> list[Place]:
        """The keys that are looked up: of models that are here, and known by more than the number referred to."""
        found: dict[Place, None] = {}
        for labels in self._labels.values():
            for label in labels:
                for link in self._identities.links(label).values():
                    for to in self._led_to(link):
                        plain = self._identities.of(to).plain and not link.to.field
                        if to in self._labels and not plain:
                            found[Place(to, "")] = found[Place(to, link.to.field)] = None
        return list(found)

    def _links(self, label: str) -> list[Link]:
        return [part.link for part in self._identities.of(label).parts if part.link is not None]

    def _led_to(self, link: Link) -> list[str]:
        if link.kind != "generic":
            return [self._identities.of(link.to.model).label]
        if link.model not in self._targets:
            sources = self._labels.get(link.model, ())
            self._targets[link.model] = sorted({label for source in sources for label in self._types.targets(source)})
        return self._targets[link.model]

    def _fill(self, labels: list[str]) -> None:
        """Keep what the records of some models are known by; several only if they are known by each other."""
        circular = any(to in labels for label in labels for link in self._links(label) for to in self._led_to(link))
        self._filling = set(labels) if circular else set()
        repeats = {label: Repeats() for label in labels}
        while True:
            settled, left = self._pass(labels, repeats)
            if not settled or not left:
                break
        self._filling.clear()
        if left:  # they are known by what is not there, or by each other in a circle
            for row in self._unsettled(labels):
                self._put(row, self.by_pk(row.label, row.pk))
        self.ambiguous |= {label for label in labels if repeats[label].suspects()}

    def _pass(self, labels: list[str], repeats: dict[str, Repeats]) -> tuple[int, int]:
        """How many records have been settled, and how many have not."""
        waiting: dict[tuple[Place, Key], list[_Row]] = {}
        settled = left = 0
        for row in self._unsettled(labels):
            ready = [row]
            while ready:
                one = ready.pop()
                try:
                    known = self.record(one.label, one.pk, one.fields.get) or self.by_pk(one.label, one.pk)
                except _WaitError as waits:
                    if len(waiting) < WAITING:
                        waiting.setdefault(waits.at, []).append(one)
                    left += one is row
                    continue
                settled += 1
                left -= one is not row
                repeats[one.label].add(known.encode())
                for key in self._put(one, known):
                    ready += waiting.pop(key, ())
        return settled, left

    def _put(self, row: _Row, known: str) -> list[tuple[Place, Key]]:
        """Under the keys that it is referred to by; these are given back."""
        keys = []
        for place, store in self._stores.items():
            if place.model == row.label:
                value = row.fields.get(place.field) if place.field else row.pk
                if value is not None:
                    store.put(value, known.encode())
                    keys.append((place, self._form_of(place)(value)))
        return keys

    def _unsettled(self, labels: list[str]) -> Iterator[_Row]:
        for label in labels:
            places = [place for place in self._stores if place.model == label]
            names = dict.fromkeys(place.field for place in places if place.field)
            identity = self._identities.of(label)
            names |= dict.fromkeys(part.name for part in identity.parts if part.name)
            for link in self._links(label):
                names |= dict.fromkeys(name for name in (link.field, link.content_type) if name)
            columns = Columns(list(names))
            stores = [self._stores[place] for place in places]
            find = self._stores[Place(label, "")].find
            for source in self._catalogues:
                for at, stretch in enumerate(source.stretches(*self._labels[label])):
                    for pk, fields in columns.rows(stretch):
                        if pk is not None and find(pk) is None:
                            yield _Row(label, pk, dict(zip(columns.names, fields, strict=True)))
                    if not at & 15:
                        for store in stores:
                            store.weigh()


def _value(identity: Identity, at: int, pk: Any, get: Get) -> Any:
    """The value of one part of what a record is known by."""
    part = identity.parts[at]
    if part.name and identity.kind == "pk" and len(identity.parts) > 1:
        return pk[at] if isinstance(pk, list) and len(pk) == len(identity.parts) else get(part.name)
    if part.name:
        return get(part.name)
    return get(part.link.field) if pk is None and part.link is not None else pk


def _nothing(name: str) -> None:
    """In place of a record of which only the natural key is there."""


def _digest(label: str, kind: str, values: list[Any]) -> str:
    plain = [v if type(v) in (str, int, bytes, tuple) else encode_exactly(v) for v in values]
    return digest(repr((label, kind, plain)).encode()).hex()
