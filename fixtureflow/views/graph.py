"""The models as a graph: an edge from each field that points somewhere, cycles marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal, TypeAlias

import networkx as nx

from fixtureflow.errors import SchemaError, one_line
from fixtureflow.patterns import any_matches, parse_patterns
from fixtureflow.schema.model import Relation, Schema, canonical

__all__ = ["Edge", "Graph", "Node", "count_text", "magnitude", "model_graph", "narrowed", "row_text"]

Kind: TypeAlias = Literal["fk", "o2o", "m2m"]


@dataclass(frozen=True, slots=True)
class Edge:
    """One field of `source` that points at `target`."""

    source: str
    target: str
    field: str
    kind: Kind
    null: bool = False
    guess: bool = False
    cycle: bool = False
    """Is it part of a cycle, of one model or several?"""


@dataclass(frozen=True, slots=True)
class Node:
    """One model; `records` is None where no dump was looked at."""

    label: str
    records: int | None = None
    cycle: bool = False
    text: str = ""
    """What to say of its records, if not only how many they are."""


@dataclass(slots=True)
class Graph:
    """Models by label, and the edges between them, both in a stable order."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)


def model_graph(schema: Schema, counts: Mapping[str, int] | None = None) -> Graph:
    """The graph of all models; of those with records and those they point at, if there are `counts`.

    Proxies stand for their concrete model; models that Django makes for a many-to-many field are its edge.
    """
    between = {r.through for m in schema.models.values() for _, r in m.relations() if r.through and r.auto_through}
    concrete = {label: found.label for label in schema.models if (found := schema.concrete(label))}
    labels = sorted({*(concrete.get(label, label) for label in counts or schema.models)} - between)
    graph = Graph()
    for label in labels:
        graph.nodes[label] = Node(label, None if counts is None else counts.get(label, 0))
    for label in labels:
        model = schema.models.get(label)
        for name, relation in model.relations() if model else ():
            to = concrete.get(relation.to, relation.to)
            graph.nodes.setdefault(to, Node(to, None if counts is None else 0))
            graph.edges.append(_edge(label, to, name, relation, bool(model and model.fields[name].null)))
    return _marked(graph)


def _edge(label: str, to: str, name: str, relation: Relation, null: bool) -> Edge:
    return Edge(label, to, name, relation.kind, null or relation.kind == "m2m", relation.guess is not None)


def _marked(graph: Graph) -> Graph:
    """With its cycles marked."""
    directed = nx.DiGraph((edge.source, edge.target) for edge in graph.edges)
    group = {n: at for at, part in enumerate(nx.strongly_connected_components(directed)) for n in part}
    edges = [replace(e, cycle=group[e.source] == group[e.target]) for e in graph.edges]
    ends = {end for edge in edges if edge.cycle for end in (edge.source, edge.target)}
    nodes = {label: replace(node, cycle=label in ends) for label, node in graph.nodes.items()}
    return Graph(nodes, edges)


def narrowed(graph: Graph, *, apps: Iterable[str] = (), models: Iterable[str] = (), neighbours: int = 1) -> Graph:
    """The models of some apps and what they point at; or some models and those up to `neighbours` edges away.

    `apps` are patterns, `models` labels. Raises SchemaError where nothing is named so.
    """
    wanted, named = parse_patterns(apps), list(models)
    if not wanted and not named:
        return graph
    kept = {label for label in graph.nodes if any_matches(wanted, label)}
    for pattern in wanted:
        if not pattern.hits:
            raise _unknown(pattern.text, {label.partition(".")[0] for label in graph.nodes})
    edges = [edge for edge in graph.edges if edge.source in kept]
    kept |= {edge.target for edge in edges}
    near: set[str] = set()
    for label in map(canonical, named):
        if label not in graph.nodes:
            raise _unknown(label, graph.nodes)
        undirected = nx.Graph((edge.source, edge.target) for edge in graph.edges)
        undirected.add_node(label)
        near |= nx.single_source_shortest_path_length(undirected, label, cutoff=neighbours).keys()
    edges += [e for e in graph.edges if e.source in near and e.target in near and e not in edges]
    kept |= near
    return Graph({label: node for label, node in graph.nodes.items() if label in kept}, edges)


def _unknown(text: str, known: Iterable[str]) -> SchemaError:
    near = get_close_matches(text, list(known), n=1)
    return SchemaError(
        f"no model in the graph is like {text!r}",
        advice=f"did you mean {near[0]}?" if near else "the whole graph lists them all",
    )


def magnitude(node: Node) -> int:
    """How large to draw it, 0 to 3: from a hundred records on, from ten thousand, from a million."""
    count = node.records or 0
    return sum(count >= step for step in (100, 10_000, 1_000_000))


def count_text(node: Node) -> str:
    """How many records; empty where no dump was looked at."""
    return node.text or ("" if node.records is None else f"{node.records:,}" if node.records else "no records")


def row_text(edge: Edge) -> str:
    """A field's row: `author → auth.user`, `?` for a guess, `*` for many."""
    many = {"m2m": " *", "o2o": " ¹", "fk": ""}[edge.kind]
    to = "itself" if edge.source == edge.target else edge.target
    return one_line(f"{edge.field}{many} → {to}{' ?' if edge.guess else ''}")
