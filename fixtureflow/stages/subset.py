"""Some records and all they need, for a small fixture out of a large one.

All that a record refers to comes along, and all that this refers to: by foreign keys, lists, generic keys and natural
keys, and with a row of a multi-table model its parents and children. In memory are a few numbers for each record and
reference of the models within reach; the records themselves are read again where they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fixtureflow.patterns import Pattern, parse_patterns
from fixtureflow.record import Record
from fixtureflow.references.links import Link, is_known
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.subsetting.closure import Closure
from fixtureflow.subsetting.roots import Roots

__all__ = ["Subset", "subset"]


def subset(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    start: str | Iterable[str] = (),
    sample: str | float | None = None,
    seed: int = 0,
    follow_reverse: str | Iterable[str] = (),
) -> Subset:
    """Some records and all they need, in the order of the input, each as it was.

    `start` has patterns (`"auth.user"`, all of it) and records by primary key (`"blog.post:1,2"`, or a JSON list after
    the colon; in it a list is a composite or natural key). `sample` takes a share (`"1%"`, `0.01`) of what the patterns
    match, or of all, by a hash of `seed`, model and key: the same ones each time, in any order of records.
    `follow_reverse` has patterns of models whose records come along if they refer to one of the start, or to one
    that has come along in this way; not if they refer to what is there only since others need it.
    `schema` says what refers to what; presets of the apps that are there, and what the values let one guess, fill it
    up. All is read before the first record is given; a stream is copied to disk.
    Raises `UsageError`, and `InputError` if a record that is named is not there.
    """
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    return Subset(records, sources, Roots(start, sample, seed), parse_patterns(follow_reverse))


class Subset(Records):
    """The records of the subset. The other attributes are known once the first record has been given."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        roots: Roots,
        follow_reverse: list[Pattern],
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._roots = roots
        self._follow_reverse = follow_reverse
        self._catalogue: Catalogue | None = None
        self._closure: Closure | None = None
        self.counts: dict[str, tuple[int, int]] = {}
        """By model: records of the subset, and of the input."""
        self.missing: Counter[Link] = Counter()
        """References of the subset to records that are not in the input."""
        self.absent: list[Link] = []
        """Relations of the subset to models of which the input has no record."""
        self.unread: set[Link] = set()
        """References by natural keys that nobody knows the fields of: all records that they may mean are taken."""
        self.unknown: list[str] = []
        """Models of the subset of whose relations nothing is known."""
        self.cut_trees: list[str] = []
        """Models whose rows say how many children they have, where some of these are left out."""

    @property
    def unmatched(self) -> list[str]:
        """The patterns that matched no model."""
        return [pattern.text for pattern in (*self._roots.patterns, *self._follow_reverse) if not pattern.hits]

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        if self._closure is None:
            self._closure = self._planned(self._catalogue)
        spool, chosen = self._catalogue.spool, self._closure.chosen
        before: Stretch | None = None
        for at, node, count in self._closure.runs():
            left_out = chosen.count(0, node, node + count)
            if left_out == count:
                continue
            stretch = spool.stretch(self._catalogue.run(at))
            if left_out:
                rows = zip(stretch.records(), chosen[node : node + count], strict=True)
                yield Block.of([record for record, state in rows if state])
                before = None
                continue
            if gap := stretch.follows(before):
                stretch.lead = spool.read(*gap)
            before = stretch
            yield stretch
        spool.check()

    def _planned(self, catalogue: Catalogue) -> Closure:
        schema = gather(catalogue.models, given=self._given, records=Records(catalogue.stretches)).schema
        closure = Closure(schema, catalogue, self._roots, self._follow_reverse)
        kept: Counter[str] = Counter()
        for at, node, count in closure.runs():
            kept[catalogue.run(at).model] += count - closure.chosen.count(0, node, node + count)
        self.counts = {label: (kept[label], catalogue.count(label)) for label in catalogue.models}
        self.missing = closure.missing
        self.absent = [link for link in closure.absent() if kept[link.model]]
        self.unread = closure.unread
        self.unknown = [label for label in closure.models if kept[label] and not is_known(schema, label)]
        trees = [model for label in closure.models if (model := schema.concrete(label)) and model.tree]
        self.cut_trees = [
            model.label
            for model in trees
            if model.tree and "numchild" in model.tree.columns and 0 < kept[model.label] < catalogue.count(model.label)
        ]
        return closure
