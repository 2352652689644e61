"""Parts of a fixture in an order in which they can be loaded one after the other, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from fixtureflow.ordering.graph import model_graph, units
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Records

__all__ = ["LoadOrder"]

LONGEST = 120
"""Of a part's name: file systems end at 255 bytes."""


class LoadOrder:
    """What the schema says of the models of a stream. Reads it once; `records` are the same, to be read again."""

    def __init__(self, records: Iterable[Record], schema: Schema | Iterable[Source]) -> None:
        catalogue = Catalogue(records)
        self.records = Records(catalogue.stretches, records)
        given = schema if isinstance(schema, Schema) else list(schema)
        found = gather(catalogue.models, given=given, records=self.records, quiet=True)
        self.graph = model_graph(found.schema, catalogue.models)
        self.together: dict[str, str] = {}
        """Models that form a cycle, each with a name for all of them: they have to be loaded at once."""
        for unit in units(self.graph):
            if len(unit.models) > 1:
                name = "+".join(unit.models)
                if len(name) > LONGEST:
                    name = f"{unit.models[0]}+{len(unit.models) - 1}"
                self.together |= dict.fromkeys(unit.models, name)

    def arranged(self, part_of: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
        """The parts in load order, by the part of each model; and those that need each other, which no order helps."""
        graph = nx.DiGraph()
        graph.add_nodes_from(dict.fromkeys(part_of.values()))
        edges = ((part_of[model], part_of[to]) for model, to in self.graph.edges if model in part_of and to in part_of)
        graph.add_edges_from((part, to) for part, to in edges if part != to)
        found = [unit.models for unit in units(graph)]
        return [part for parts in found for part in parts], [parts for parts in found if len(parts) > 1]
