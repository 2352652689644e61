"""Which records belong to a subset: the roots and all they need, worked out on numbers.

Records are numbered in the order of the input, keys in the order they are met; of each reference the number of its key
is kept, four bytes, and of each key that of the record that has it. Models that nothing of the subset can lead to are
not looked at.

What is one row to a person is taken as one: a record and its multi-table parents and children, and the same row again.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from fixtureflow.errors import InputError
from fixtureflow.ordering.graph import model_graph
from fixtureflow.ordering.referring import NaturalKeyWanted, ReferenceReader
from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, key_form, links_of
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Schema
from fixtureflow.subsetting.roots import Named, Roots

__all__ = ["Closure"]

NEEDED, WHOLE = 1, 2
"""A record that others need; one that is a root, or that `follow_reverse` has led to."""
AGAIN = Link("", "", "parent", Place("", ""), False)
"""What leads from a row to where it stood before."""


class Closure:
    """`chosen` has a byte for each record of `models`, in the order of the input: 0 for those that are left out."""

    def __init__(self, schema: Schema, catalogue: Catalogue, roots: Roots, follow_reverse: list[Pattern]) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._roots = roots
        self._reverse = {label for label in catalogue.models if any_matches(follow_reverse, label)}
        self._types = ContentTypes(schema, catalogue)
        self._naturals = Naturals(schema, catalogue)
        self._labels = {self._concrete(label): label for label in catalogue.models}
        self.models = self._within_reach()
        self.missing: Counter[Link] = Counter()
        """References of the subset to records that are not in the input."""
        wanted = {label for one in roots.named if self._naturals.known(label := self._concrete(one.label))}
        while True:
            try:
                self._read(wanted)
                break
            except NaturalKeyWanted as asked:
                wanted.add(asked.model)
        self.unread: set[Link] = self._reader.unread
        """References by natural keys that nobody knows the fields of: all that they may mean is taken."""
        self._taken: set[str] = set()
        self.chosen = bytearray(len(self._first) - 1)
        self._choose()

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """The runs of these models in the order of the input: number of the run, of its first record, count."""
        node = 0
        for at in self._catalogue.ids(*self.models) if self.models else ():
            count = self._catalogue.run(at).count
            yield at, node, count
            node += count

    def absent(self) -> Iterator[Link]:
        """The ways to models of which the input has no record at all, from those that have one in the subset."""
        for label in self.models:
            for link in links_of(self._schema, label):
                if link.kind != "generic" and link.to.model not in self._labels:
                    yield link

    def _concrete(self, label: str) -> str:
        model = self._schema.concrete(label)
        return model.label if model else label

    def _within_reach(self) -> list[str]:
        """The models that records of the subset may be of, in the order of the input."""
        models = self._catalogue.models
        generic = {label: self._types.targets(label) for label in models}
        graph = model_graph(self._schema, models, generic)
        for label in models:  # a row is one with its multi-table children
            for link in links_of(self._schema, label):
                if link.kind == "parent" and link.to.model in self._labels:
                    graph.add_edge(self._labels[link.to.model], label)
        named = {one.label for one in self._roots.named}
        waiting = [label for label in models if self._roots.whole(label) or label in named]
        found = set(waiting)
        while waiting:
            label = waiting.pop()
            near = {*graph.successors(label), *(self._reverse & set(graph.predecessors(label)))} - found
            found |= near
            waiting += near
        return [label for label in models if label in found]

    def _read(self, wanted: set[str]) -> None:
        self._links = [AGAIN]
        self._reader = reader = ReferenceReader(
            self._schema, self._naturals, self._types, self.models, wanted, self._links
        )
        plans = {label: reader.plan(label) for label in self.models}
        first, targets, links = array("I", [0]), array("i"), array("H")
        for at, node, _ in self.runs():
            run = self._catalogue.run(at)
            plans[run.model].read(self._catalogue.spool.stretch(run), node, first, targets, links)
        self._first, self._targets, self._kinds = first, targets, links

    def _choose(self) -> None:
        back, back_first = self._backwards()
        chosen, first, targets, kinds, owners = (
            self.chosen,
            self._first,
            self._targets,
            self._kinds,
            self._reader.owners,
        )
        same = [link.kind == "parent" for link in self._links]
        above = self._above()
        waiting = array("I")

        def take(node: int, state: int) -> None:
            if chosen[node] < state:
                chosen[node] = state
                waiting.append(node)

        counted = bytearray(len(chosen))
        for node in self._beginning():
            take(node, WHOLE)
        while waiting or self._blindly(take):
            if not waiting:
                continue
            node = waiting.pop()
            state = chosen[node]
            for edge in range(first[node], first[node + 1]):
                owner = owners[targets[edge]]
                if owner >= 0:
                    take(owner, state if same[kinds[edge]] else NEEDED)
                elif not counted[node]:
                    self.missing[self._links[kinds[edge]]] += 1
            counted[node] = 1
            if node in above:
                take(above[node], NEEDED)
            for at in range(back_first[node], back_first[node + 1]) if back else ():
                other, kind = back[at] >> 1, back[at] & 1
                if kind or state == WHOLE:
                    take(other, state if kind else WHOLE)

    def _blindly(self, take: Callable[[int, int], None]) -> bool:
        """Take all that chosen records may refer to by natural keys that cannot be read; False if there is no more."""
        sources = {link.model for link in self.unread}
        there = {
            label
            for at, node, count in (self.runs() if sources else ())
            if (label := self._concrete(self._catalogue.run(at).model)) in sources
            and self.chosen.count(0, node, node + count) < count
        }
        wanted = {link.to.model for link in self.unread if link.model in there} - self._taken
        self._taken |= wanted
        for at, node, count in self.runs() if wanted else ():
            if self._concrete(self._catalogue.run(at).model) in wanted:
                for each in range(node, node + count):
                    take(each, NEEDED)
        return bool(wanted)

    def _backwards(self) -> tuple[array[int], array[int]]:
        """For each record those that refer to it and may follow it: twice its number, and 1 if it is the same row."""
        same = [link.kind == "parent" for link in self._links]
        reverse = {label for label in self.models if label in self._reverse}
        wanted = bytes(
            one or self._labels.get(link.model) in reverse for one, link in zip(same, self._links, strict=True)
        )
        if not self._reader.latest:  # no row stands there twice
            wanted = b"\0" + wanted[1:]
        counts, back = array("I", [0]), array("Q")
        if not any(wanted):
            return back, counts
        counts.extend(array("I", [0]) * len(self.chosen))
        first, targets, kinds, owners = self._first, self._targets, self._kinds, self._reader.owners
        for edge, kind in enumerate(kinds):
            if wanted[kind] and (owner := owners[targets[edge]]) >= 0:
                counts[owner + 1] += 1
        for node in range(len(self.chosen)):
            counts[node + 1] += counts[node]
        back.extend(array("Q", [0]) * counts[-1])
        free = array("I", counts)
        for node in range(len(self.chosen)):
            for edge in range(first[node], first[node + 1]):
                kind = kinds[edge]
                if wanted[kind] and (owner := owners[targets[edge]]) >= 0:
                    back[free[owner]] = node * 2 + same[kind]
                    free[owner] += 1
        return back, counts

    def _above(self) -> dict[int, int]:
        """Of records in a tree that is kept as paths (treebeard's `MP_Node`) the one above."""
        found: dict[int, int] = {}
        for label in self.models:
            model = self._schema.concrete(label)
            tree = model.tree if model else None
            path = tree.columns.get("path") if tree and tree.kind == "materialized_path" else None
            if tree is None or path is None or not tree.steplen:
                continue
            paths: dict[str, int] = {}
            for at, node, _ in self.runs():
                run = self._catalogue.run(at)
                if run.model == label:
                    rows = Columns([path]).rows(self._catalogue.spool.stretch(run))
                    paths |= {fields[0]: number for number, (_, fields) in enumerate(rows, node) if fields[0]}
            for text, node in paths.items():
                if text[: -tree.steplen] in paths:
                    found[node] = paths[text[: -tree.steplen]]
        return found

    def _beginning(self) -> Iterator[int]:
        for at, node, count in self.runs():
            run = self._catalogue.run(at)
            if not self._roots.whole(run.model):
                continue
            if self._roots.share is None:
                yield from range(node, node + count)
                continue
            yield from self._sampled(run.model, self._catalogue.spool.stretch(run), node)
        lost: list[str] = []
        for named in self._roots.named:
            yield from self._found(named, lost)
        if lost:
            more = f" and {len(lost) - 10} more" if len(lost) > 10 else ""
            problem = f"the input has no {', '.join(lost[:10])}{more}"
            raise InputError(problem, advice="name records that it has: fixtureflow stats shows the models")

    def _sampled(self, label: str, stretch: Stretch, node: int) -> Iterable[int]:
        form = key_form(self._schema, Place(self._concrete(label), ""))
        rows = Columns([]).rows(stretch)
        for number, (pk, _) in enumerate(rows, node):
            key = form(pk) if pk is not None else stretch.raws()[number - node]
            if self._roots.takes(label, key):
                yield number

    def _found(self, named: Named, lost: list[str]) -> Iterator[int]:
        label = self._concrete(named.label)
        link = AGAIN._replace(model=named.label, to=Place(label, ""))
        owners = self._reader.owners
        for key in named.keys if named.label in self.models else ():
            for meant in (key, [key]) if self._naturals.known(label) else (key,):
                number = self._reader.number(link, meant)
                if 0 <= number < len(owners) and owners[number] >= 0:
                    yield owners[number]
                    break
            else:
                lost.append(f"{named.label}:{key}")
        if named.label not in self.models:
            lost.append(named.text)
