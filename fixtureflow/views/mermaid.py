"""A model graph for a Markdown page: GitHub and GitLab draw Mermaid."""

from __future__ import annotations

import re

from fixtureflow.errors import one_line
from fixtureflow.views.colours import CYCLE
from fixtureflow.views.graph import Edge, Graph, Node, count_text, magnitude

__all__ = ["mermaid"]


def mermaid(graph: Graph) -> str:
    """A flowchart; the fields that lead from one model to another are one arrow."""
    ids = {label: re.sub(r"\W", "_", label.replace(".", "__")) for label in graph.nodes}
    lines = ["flowchart RL"]
    lines += [f'  {ids[n.label]}["{_title(n)}"]{_class(n)}' for n in graph.nodes.values()]
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        pairs.setdefault((edge.source, edge.target), []).append(edge)
    for (source, target), edges in pairs.items():
        arrow = "-.->" if all(edge.null for edge in edges) else "-->"
        lines.append(f'  {ids[source]} {arrow}|"{_names(edges)}"| {ids[target]}')
    cyclic = [str(at) for at, edges in enumerate(pairs.values()) if any(edge.cycle for edge in edges)]
    if cyclic:
        lines.append(f"  linkStyle {','.join(cyclic)} stroke:{CYCLE},color:{CYCLE}")
        lines.append(f"  classDef cycle stroke:{CYCLE},stroke-width:2px")
    sizes = sorted({magnitude(node) for node in graph.nodes.values() if not node.cycle} - {0})
    lines += [f"  classDef size{size} font-size:{12 + 4 * size}px" for size in sizes]
    return "\n".join(lines) + "\n"


def _names(edges: list[Edge]) -> str:
    many = {"m2m": " *", "o2o": " 1", "fk": ""}
    return _text(", ".join(edge.field + many[edge.kind] + (" ?" if edge.guess else "") for edge in edges))


def _title(node: Node) -> str:
    count = count_text(node)
    return _text(node.label) + (f"<br/>{count}" if count else "")


def _class(node: Node) -> str:
    if node.cycle:
        return ":::cycle"
    return f":::size{magnitude(node)}" if magnitude(node) else ""


def _text(text: str) -> str:
    return one_line(text).replace('"', "#quot;")
