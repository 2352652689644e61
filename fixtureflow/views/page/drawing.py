"""The models of a dump in load order, as a picture that follows the colours of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from fixtureflow.schema.model import Schema
from fixtureflow.views.graph import Graph, Node, model_graph
from fixtureflow.views.page.markup import Markup
from fixtureflow.views.picture import svg

__all__ = ["DRAWN", "drawing"]

DRAWN = 60
"""Models in a picture in which one still finds one's way."""
HUES = 8

Counts = Mapping[str, Mapping[str, int]]


def drawing(schema: Schema, counts: Counts, order: Sequence[str]) -> tuple[Markup, int, int]:
    """The picture, how many models are in it, and how many there would be.

    Of too many, those with rejected records are drawn first, then those with most that are ready; and with each what it
    refers to.
    """
    found = _counted(schema, counts)
    graph = model_graph(schema, {label: one["out"] for label, one in found.items()})
    place = {label: at for at, label in enumerate(_concrete(schema, order, found), 1)}

    def weight(label: str) -> tuple[bool, int, int, str]:
        one = found.get(label, {})
        return not one.get("rejected"), -one.get("out", 0), -one.get("in", 0), label

    to: dict[str, list[str]] = {label: [label] for label in graph.nodes}
    for edge in graph.edges:
        to[edge.source].append(edge.target)
    nearest = dict.fromkeys(near for label in sorted(graph.nodes, key=weight) for near in to[label])
    drawn = set(islice(nearest, DRAWN))
    nodes = {label: _told(node, found.get(label), place) for label, node in graph.nodes.items() if label in drawn}
    part = Graph(nodes, [edge for edge in graph.edges if edge.source in drawn and edge.target in drawn])
    return Markup(svg(part, _Classes(part))), len(nodes), len(graph.nodes)


class _Classes:
    """Names for the parts, which the page's style sheet colours, light or dark."""

    def __init__(self, graph: Graph) -> None:
        apps = sorted({_app(label) for label in graph.nodes})
        self._hues = {app: at % HUES for at, app in enumerate(apps)}

    def __call__(self, part: str, label: str, cycle: bool) -> str:
        hue = f" hue-{self._hues[_app(label)]}" if label else ""
        return f'class="g-{part}{hue}{" g-cycle" if cycle else ""}"'


def _app(label: str) -> str:
    return label.partition(".")[0]


def _counted(schema: Schema, counts: Counts) -> dict[str, dict[str, int]]:
    """The counts of the models whose tables have the rows: a proxy's are its model's."""
    found: dict[str, dict[str, int]] = {}
    for label, one in counts.items():
        model = schema.concrete(label)
        sums = found.setdefault(model.label if model else label, {"in": 0, "out": 0, "rejected": 0, "put off": 0})
        for case in sums:
            sums[case] += one.get(case, 0)
    return found


def _concrete(schema: Schema, order: Sequence[str], found: Mapping[str, object]) -> list[str]:
    labels = (model.label if (model := schema.concrete(label)) else label for label in order)
    return [label for label in dict.fromkeys(labels) if label in found]


def _told(node: Node, counts: Mapping[str, int] | None, place: Mapping[str, int]) -> Node:
    if counts is None:
        return replace(node, text="not in the dump")
    ready = f"{counts['out']:,} of {counts['in']:,} ready"
    others = "".join(f", {counts[case]:,} {case}" for case in ("rejected", "put off") if counts[case])
    number = f"#{place[node.label]}: " if node.label in place else ""
    return replace(node, text=f"{number}{ready}{others}")
