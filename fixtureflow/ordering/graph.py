"""Models as a graph: which have to be loaded before which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

import networkx as nx

from fixtureflow.references.links import links_of
from fixtureflow.schema.model import Schema

__all__ = ["Unit", "looked_up", "model_graph", "units"]


@dataclass(slots=True)
class Unit:
    """Models that form a cycle, or one model alone, in the order they were named; `after` are places of other units."""

    models: list[str]
    cyclic: bool
    after: set[int]


def model_graph(schema: Schema, models: Iterable[str], generic: Mapping[str, set[str]] | None = None) -> nx.DiGraph:
    """An edge leads from a model to each that its records refer to, its natural key's dependencies included.

    Only `models` are nodes; `generic` tells where the generic keys of each lead. What natural keys need besides never
    makes a cycle: such an edge is left out.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(models)
    of: dict[str, list[str]] = {}
    """The nodes whose records are rows of a model: itself and its proxies."""
    for model in graph:
        concrete = schema.concrete(model)
        of.setdefault(concrete.label if concrete else model, []).append(model)
    for model in list(graph):
        wanted = [link.to.model for link in links_of(schema, model)] + sorted((generic or {}).get(model, ()))
        graph.add_edges_from((model, other) for to in wanted for other in of.get(to, ()))
    for model in list(graph):
        for other in (other for to in looked_up(schema, model) for other in of.get(to, ())):
            if other != model and not graph.has_edge(model, other) and not nx.has_path(graph, other, model):
                graph.add_edge(model, other)
    return graph


def looked_up(schema: Schema, model: str) -> list[str]:
    """The models whose rows a reference by natural key may need: those the keys of its targets run through."""
    found: dict[str, None] = {}
    waiting = [link.to.model for link in links_of(schema, model)]
    while waiting:
        target = schema.concrete(waiting.pop())
        natural = target.natural_key if target else None
        for label in (natural.dependencies if natural else None) or ():
            concrete = schema.concrete(label)
            if concrete and concrete.label not in found:
                found[concrete.label] = None
                waiting.append(concrete.label)
    return list(found)


def units(graph: nx.DiGraph) -> list[Unit]:
    """The models in load order, those in a cycle as one; what is free keeps the order of the graph's nodes."""
    place = {model: at for at, model in enumerate(graph)}
    parts = sorted(
        (sorted(part, key=place.__getitem__) for part in nx.strongly_connected_components(graph)),
        key=lambda p: place[p[0]],
    )
    part_of = {model: at for at, part in enumerate(parts) for model in part}
    needs = [{part_of[to] for model in part for to in graph[model]} - {at} for at, part in enumerate(parts)]
    needed: list[list[int]] = [[] for _ in parts]
    for at, others in enumerate(needs):
        for other in others:
            needed[other].append(at)
    waits = [len(others) for others in needs]
    ready = [at for at, count in enumerate(waits) if not count]
    order: list[int] = []
    while ready:
        at = heappop(ready)
        order.append(at)
        for waiting in needed[at]:
            waits[waiting] -= 1
            if not waits[waiting]:
                heappush(ready, waiting)
    rank = {at: number for number, at in enumerate(order)}
    return [
        Unit(parts[at], len(parts[at]) > 1 or graph.has_edge(parts[at][0], parts[at][0]), {rank[n] for n in needs[at]})
        for at in order
    ]
