"""Put records in an order in which every one comes after all that it refers to.

Models are ordered as a graph; only of models in a cycle (a tree is one) the records are. What the references leave free
keeps the order of the input: of all that may come next, the first of the input does. So ordering twice changes
nothing.

Three kinds of reference are told apart, since Django saves them at different times:

- A foreign key is a column of the row. It counts always; in a true loop one that may be null is given up before one
  that may not, as loaddata can fill in the first later and not the second.
- A many-to-many list is saved just after its own record, and so counts too: a fixture loaded in several goes, or with
  constraints on, needs the members first. But two friends that list each other are in a loop that no order undoes, and
  a symmetrical field makes nothing else. Lists are therefore given up first, and do not disturb the order of the
  foreign keys within such a loop.
- A generic foreign key is no constraint of any database. It is followed where it can be, and never makes a loop.

A row's reference to itself is none: it is there as soon as the row is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from fixtureflow.errors import InputError, UsageError
from fixtureflow.findings import Findings
from fixtureflow.ordering.graph import Unit, model_graph, units
from fixtureflow.ordering.lines import Line, Rearranged, merged
from fixtureflow.ordering.loops import Changes, Cycle, glue, in_halves, named
from fixtureflow.ordering.recordgraph import RecordGraph
from fixtureflow.ordering.tangle import arranged
from fixtureflow.record import Record
from fixtureflow.references.dangling import find_dangling
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, is_known
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records

__all__ = ["Ordered", "order"]


def order(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    cycles: Literal["keep", "break", "error"] = "keep",
    dangling: Literal["report", "error"] | None = None,
) -> Ordered:
    """Records in an order in which every one comes after all that it refers to.

    `schema` says what refers to what; presets of the apps that are there, and what the values let one guess, fill it
    up. Records that refer to each other
    in a loop stand together (`"keep"`), are written in two halves (`"break"`: first without what is to come, then again
    whole) or raise `InputError` (`"error"`). References to records that are not there are looked for only with
    `dangling`; `"error"` raises `InputError` for them. All is read before the first record is given; a stream is copied
    to disk.
    """
    if cycles not in ("keep", "break", "error"):
        raise UsageError(f"`cycles=` is keep, break or error, not {cycles}")
    if dangling not in (None, "report", "error"):
        raise UsageError(f"`dangling=` is report or error, not {dangling}")
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    return Ordered(records, sources, cycles, dangling)


class Ordered(Records):
    """The records in order. The other attributes are known once the first record has been given."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        cycles: Literal["keep", "break", "error"],
        dangling: Literal["report", "error"] | None,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._cycles = cycles
        self._dangling = dangling
        self._catalogue: Catalogue | None = None
        self._lines: list[Line] = []
        self.models: list[str] = []
        """Models in the order in which they can be loaded one after the other, those of a cycle side by side."""
        self.cycles: list[Cycle] = []
        """Loops of records, shortest first; of each group of records that loops hold together one."""
        self.loops = 0
        """How many such groups there are."""
        self.findings = Findings()
        self.unknown: list[str] = []
        """Models of whose relations nothing is known."""
        self._halved = 0
        self.unread: set[Link] = set()
        """References among models in a cycle by natural keys whose fields are not known: they could not be followed."""

    @property
    def halved(self) -> int:
        """Records that are written in two halves."""
        return self._halved

    def write_report(self, path: str | Path) -> None:
        """Loops, findings and halves as JSON."""
        cycles = [{"records": c.records, "fields": c.fields, "size": c.size} for c in self.cycles]
        self.findings.write(path, loops=self.loops, cycles=cycles, unknown=self.unknown)

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = self._planned(Catalogue(self._records))
        catalogue = self._catalogue
        spool = catalogue.spool
        before: Block | None = None
        for block in merged(self._lines):
            if isinstance(block, Stretch) and (gap := block.follows(before)):
                block.lead = spool.read(*gap)
            before = block
            yield block
        spool.check()

    def _planned(self, catalogue: Catalogue) -> Catalogue:
        schema = gather(catalogue.models, given=self._given, records=Records(catalogue.stretches)).schema
        self.unknown = [label for label in catalogue.models if not is_known(schema, label)]
        types = ContentTypes(schema, catalogue)
        if self._dangling:
            find_dangling(schema, catalogue, types, self.findings)
            self._refuse_dangling()
        generic = {label: types.targets(label) for label in catalogue.models}
        found = units(model_graph(schema, catalogue.models, generic))
        self.models = [label for unit in found for label in unit.models]
        self._lines = [self._line(unit, schema, catalogue, types) for unit in found]
        self.cycles.sort(key=lambda cycle: (len(cycle.records), cycle.size))
        if self.cycles and self._cycles == "error":
            more = f"; and {self.loops - 1:,} more" if self.loops > 1 else ""
            problem = f"records refer to each other in a loop: {self.cycles[0]}{more}"
            raise InputError(problem, advice='load them in one transaction, or write them in halves: `cycles="break"`')
        return catalogue

    def _refuse_dangling(self) -> None:
        groups = self.findings.of("dangling")
        if groups and self._dangling == "error":
            total = sum(group.count for group in groups)
            problem = f"{total:,} references to records that are not in the fixture; the first: {groups[0]}"
            raise InputError(problem, advice="dump these records too, or drop the references")

    def _line(self, unit: Unit, schema: Schema, catalogue: Catalogue, types: ContentTypes) -> Line:
        if not unit.cyclic:
            return Line(unit.models, unit.after, catalogue)
        found = RecordGraph(schema, catalogue, unit.models, types)
        self.unread |= found.unread
        if not found.graph.points_forward():
            return Line(unit.models, unit.after, catalogue)
        nodes, loops = arranged(found.graph, found.ranks())
        self.loops += len(loops)
        self.cycles += named(found, catalogue, loops)
        halves: dict[int, Changes] = {}
        if self._cycles == "break":
            nodes, glued, halves = in_halves(found, catalogue, nodes, loops, self.findings)
            self._halved += len(halves)
        else:
            glued = glue(nodes, loops)
        return Rearranged(unit.models, unit.after, catalogue, found, nodes, glued, halves)
