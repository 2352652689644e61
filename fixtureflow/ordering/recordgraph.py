"""The records of some models as a graph of who refers to whom: read once more, kept in arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

from fixtureflow.ordering.arcs import Graph
from fixtureflow.ordering.referring import NaturalKeyWanted, ReferenceReader
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.model import Schema

__all__ = ["AGAIN", "Member", "RecordGraph", "rank_of"]

AGAIN = Link("", "", "parent", Place("", ""), False)
"""What binds a row that stands in the fixture twice: the later one wins, so it must stay the later one."""


def rank_of(link: Link) -> int:
    """How binding a reference is: a generic one not at all, then lists and guesses, then what may be null."""
    if link.kind == "generic":
        return 0
    if link.many or link.guess:
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
            except NaturalKeyWanted as asked:
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
        reader = ReferenceReader(self._schema, self._naturals, self._types, self.models, wanted, self.links)
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
