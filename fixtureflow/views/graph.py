"""The models as a graph: an edge from each field that points somewhere, cycles marked; as Mermaid, dot, SVG or PNG."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal, TypeAlias

import networkx as nx

from fixtureflow.errors import SchemaError, one_line
from fixtureflow.patterns import any_matches, parse_patterns
from fixtureflow.schema.model import Relation, Schema, canonical

__all__ = ["Edge", "Graph", "Node", "dot", "drawn", "magnitude", "mermaid", "model_graph", "narrowed"]

Kind: TypeAlias = Literal["fk", "o2o", "m2m"]
Form: TypeAlias = Literal["mermaid", "dot", "svg", "png"]


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
        advice=f"did you mean {near[0]}?" if near else "fixtureflow graph --format mermaid lists them all",
    )


def drawn(graph: Graph, form: Form) -> bytes:
    """The graph in one of the forms. Raises UsageError for PNG without matplotlib."""
    if form == "mermaid":
        return mermaid(graph).encode()
    if form == "dot":
        return dot(graph).encode()
    from fixtureflow.views.picture import png, svg

    return svg(graph).encode() if form == "svg" else png(graph)


def mermaid(graph: Graph) -> str:
    """For a Markdown page: GitHub and GitLab draw it."""
    ids = {label: re.sub(r"\W", "_", label.replace(".", "__")) for label in graph.nodes}
    lines = ["flowchart RL"]
    lines += [f'  {ids[n.label]}["{_title(n, "<br/>")}"]{_class(n)}' for n in graph.nodes.values()]
    for (source, target), edges in _together(graph).items():
        arrow = "-.->" if all(edge.null for edge in edges) else "-->"
        lines.append(f'  {ids[source]} {arrow}|"{_names(edges, "#quot;")}"| {ids[target]}')
    cyclic = [str(at) for at, edges in enumerate(_together(graph).values()) if any(edge.cycle for edge in edges)]
    if cyclic:
        lines.append(f"  linkStyle {','.join(cyclic)} stroke:#c0392b,color:#c0392b")
        lines.append("  classDef cycle stroke:#c0392b,stroke-width:2px")
    sizes = sorted({magnitude(node) for node in graph.nodes.values() if not node.cycle} - {0})
    lines += [f"  classDef size{size} font-size:{12 + 4 * size}px" for size in sizes]
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """For Graphviz: `dot -Tsvg`."""
    lines = ["digraph models {", '  rankdir=RL; node [shape=box, fontname="sans-serif"]; edge [fontsize=9];']
    for node in graph.nodes.values():
        colour = ', color="#c0392b", penwidth=2' if node.cycle else ""
        title = _title(node, "\\n")
        lines.append(f'  "{node.label}" [label="{title}", fontsize={11 + 3 * magnitude(node)}{colour}];')
    quote = '\\"'
    for (source, target), edges in _together(graph).items():
        style = ', color="#c0392b", fontcolor="#c0392b"' if any(edge.cycle for edge in edges) else ""
        style += ", style=dashed" if all(edge.null for edge in edges) else ""
        lines.append(f'  "{source}" -> "{target}" [label="{_names(edges, quote)}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def magnitude(node: Node) -> int:
    """0 to 3: without records or unknown, up to a thousand, up to a hundred thousand, more."""
    count = node.records or 0
    return sum(count >= step for step in (100, 10_000, 1_000_000))


def _together(graph: Graph) -> dict[tuple[str, str], list[Edge]]:
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        pairs.setdefault((edge.source, edge.target), []).append(edge)
    return pairs


def _names(edges: list[Edge], quote: str) -> str:
    many = {"m2m": " *", "o2o": " 1", "fk": ""}
    names = (edge.field + many[edge.kind] + (" ?" if edge.guess else "") for edge in edges)
    return one_line(", ".join(names)).replace('"', quote)


def _title(node: Node, newline: str) -> str:
    return node.label if node.records is None else f"{node.label}{newline}{node.records:,}"


def _class(node: Node) -> str:
    if node.cycle:
        return ":::cycle"
    return f":::size{magnitude(node)}" if magnitude(node) else ""
