"""Where the boxes and lines of a model graph go: columns in the order of loading, what is pointed at on the left.

A box lists its fields, and each field's line leaves from its own row, so that no label lies on a line. A line that
passes columns goes round their boxes by way of points, which all lines to the same box share: they become one trunk.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx

from fixtureflow.views.graph import Edge, Graph, Node, count_text, magnitude, row_text

__all__ = ["Box", "Line", "Picture", "placed"]

ROW = 15.0
"""Height of a field's row."""
CHARACTER = 6.3
"""Width of one character of a row, at 10.5 px."""
GAP = 12.0
"""Between boxes of a column."""
TRUNK = 7.0
"""Height kept free for the lines to one box."""
CHANNEL = 70.0
"""Between columns, at least."""
ROUNDS = 24


@dataclass(slots=True)
class Box:
    """One model's place: `x`, `y` is its left upper corner."""

    node: Node
    edges: list[Edge]
    """Its fields that point somewhere."""
    title: float
    """Size of its font."""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    head: float = 0.0
    """Height of the part with the model's name."""


@dataclass(slots=True)
class Line:
    """One edge's way; each segment is a curve that leaves and arrives horizontally."""

    edge: Edge
    points: list[tuple[float, float]]


@dataclass(slots=True)
class Picture:
    """All that is to be drawn."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class _Spot:
    """A box, or the point where the lines to one box pass a column."""

    key: str
    box: Box | None
    column: int
    height: float
    y: float = 0.0
    left: list[tuple[_Spot, float]] = field(default_factory=list)
    right: list[tuple[_Spot, float]] = field(default_factory=list)
    """Neighbours one column away, and where on this spot their lines begin or end."""


def placed(graph: Graph) -> Picture:
    """The picture of a graph."""
    boxes = {label: _box(graph, node) for label, node in graph.nodes.items()}
    columns = _columns(graph, boxes)
    spots = {label: _Spot(label, box, columns[label], box.height) for label, box in boxes.items()}
    ways = {}
    for edge in graph.edges:
        if edge.source != edge.target:
            ways[id(edge)] = _way(edge, spots, boxes)
    grid: dict[int, list[_Spot]] = defaultdict(list)
    for spot in spots.values():
        grid[spot.column].append(spot)
    _ordered(grid)
    _level(grid)
    return _picture(graph, boxes, grid, ways)


def _box(graph: Graph, node: Node) -> Box:
    edges = [edge for edge in graph.edges if edge.source == node.label]
    title = 11.0 + 3.0 * magnitude(node)
    count = count_text(node)
    head = title + 9 + (12 if count else 0)
    widest = max([len(node.label) * title * 0.68, len(count) * 6, *(len(row_text(e)) * CHARACTER for e in edges)])
    return Box(node, edges, title, width=widest + 18, height=head + ROW * len(edges) + (5 if edges else 0), head=head)


def _columns(graph: Graph, boxes: dict[str, Box]) -> dict[str, int]:
    """A column for each model: right of all that it points at, cycles cut; tall columns are parted."""
    acyclic = nx.DiGraph()
    acyclic.add_nodes_from(graph.nodes)
    pairs = {(e.source, e.target): False for e in graph.edges if e.source != e.target}
    for edge in graph.edges:  # a nullable field can be set later: the cycle is cut there first
        if (edge.source, edge.target) in pairs:
            pairs[edge.source, edge.target] |= not edge.null
    for (source, target), _ in sorted(pairs.items(), key=lambda pair: not pair[1]):
        if not (target in acyclic and nx.has_path(acyclic, target, source)):
            acyclic.add_edge(source, target)
    layer: dict[str, int] = {}
    for label in reversed(list(nx.topological_sort(acyclic))):
        layer[label] = max((layer[to] + 1 for to in acyclic.successors(label)), default=0)
    lone = [label for label in graph.nodes if not acyclic.in_degree(label) and not acyclic.out_degree(label)]
    for label in acyclic:  # close to what points at it, not always at the far left
        above = [layer[other] for other in acyclic.predecessors(label)]
        if above and not acyclic.out_degree(label) and min(above) > 1 and acyclic.in_degree(label) < 3:
            layer[label] = min(above) - 1
    total = sum(box.height + GAP for box in boxes.values())
    tallest = max(700.0, (total * 230 * 0.45) ** 0.5)
    result: dict[str, int] = {}
    start = 0
    for at in sorted(set(layer.values())):
        members = [label for label in graph.nodes if layer[label] == at and label not in lone]
        members.sort(key=lambda label: (-acyclic.in_degree(label), label))
        start += _fill(members, boxes, tallest, start, result)
    _fill(lone, boxes, tallest, start, result)
    return result


def _fill(labels: list[str], boxes: dict[str, Box], tallest: float, start: int, result: dict[str, int]) -> int:
    """Put `labels` into as many columns from `start` on as they need; returns how many."""
    parts = max(1, round(sum(boxes[label].height + GAP for label in labels) / tallest + 0.3)) if labels else 0
    limit = sum(boxes[label].height for label in labels) / parts if parts else 0
    at, filled = 0, 0.0
    for label in labels:
        if filled > limit and at < parts - 1:
            at, filled = at + 1, 0.0
        result[label] = start + at
        filled += boxes[label].height
    return at + 1 if labels else 0


def _way(edge: Edge, spots: dict[str, _Spot], boxes: dict[str, Box]) -> list[_Spot]:
    """The spots that an edge passes, from left to right, made where they are not yet there."""
    ends = sorted((spots[edge.source], spots[edge.target]), key=lambda spot: spot.column)
    left, right = ends
    way = [left]
    for column in range(left.column + 1, right.column):
        key = f"{edge.target}@{column}{'<' if right.key == edge.target else ''}"
        if key not in spots:
            spots[key] = _Spot(key, None, column, TRUNK)
        way.append(spots[key])
    way.append(right)
    for one, other in pairwise(way):
        if all(spot is not other for spot, _ in one.right) or one.box or other.box:
            one.right.append((other, _port(one, edge)))
            other.left.append((one, _port(other, edge)))
    return way


def _port(spot: _Spot, edge: Edge) -> float:
    """Where on a spot, from its top, an edge begins or ends."""
    box = spot.box
    if box is None:
        return spot.height / 2
    if box.node.label == edge.source:
        return box.head + ROW * (box.edges.index(edge) + 0.5)
    return box.head / 2


def _ordered(grid: dict[int, list[_Spot]]) -> None:
    """Sort each column by the middle of what its spots are joined to, to and fro."""
    place: dict[str, float] = {}
    for spots in grid.values():
        place |= {spot.key: (at + 0.5) / len(spots) for at, spot in enumerate(spots)}
    last = max(grid, default=0)
    for turn in range(ROUNDS):
        rightwards = turn % 2 == 0
        for column in range(last + 1) if rightwards else range(last, -1, -1):
            spots = grid.get(column, [])

            def middle(spot: _Spot, rightwards: bool = rightwards) -> float:
                joined = (spot.left if rightwards else spot.right) or (spot.right if rightwards else spot.left)
                return sum(place[other.key] for other, _ in joined) / len(joined) if joined else place[spot.key]

            spots.sort(key=middle)
            place.update((spot.key, (at + 0.5) / len(spots)) for at, spot in enumerate(spots))


def _level(grid: dict[int, list[_Spot]]) -> None:
    """Heights: spots one under the other, then drawn towards what they are joined to, without changing their order."""
    for spots in grid.values():
        y = 0.0
        for spot in spots:
            spot.y = y
            y += spot.height + _gap(spot)
    tall = max((spots[-1].y + spots[-1].height for spots in grid.values() if spots), default=0.0)
    for spots in grid.values():
        shift = (tall - spots[-1].y - spots[-1].height) / 2 if spots else 0
        for spot in spots:
            spot.y += shift
    for turn in range(ROUNDS):
        order = sorted(grid) if turn % 2 == 0 else sorted(grid, reverse=True)
        for column in order:
            _settle(grid[column])


def _gap(spot: _Spot) -> float:
    return GAP if spot.box else 4.0


def _settle(spots: list[_Spot]) -> None:
    """Move the spots of one column as near as they get to where their lines would be level (isotonic regression)."""
    blocks: list[tuple[float, float, list[_Spot], float]] = []  # sum of wishes, weight, members, height
    for spot in spots:
        joined = [(other, at) for other, at in (*spot.left, *spot.right)]
        wishes = [other.y + _far(other, spot) - at for other, at in joined] or [spot.y]
        weight = float(len(wishes)) * (3.0 if spot.box is None else 1.0)
        total, members, height = weight * sum(wishes) / len(wishes), [spot], spot.height + _gap(spot)
        while blocks and blocks[-1][0] / blocks[-1][1] + blocks[-1][3] > total / weight:
            before, before_weight, before_members, before_height = blocks.pop()
            total = before + total - before_height * weight
            weight += before_weight
            members = before_members + members
            height += before_height
        blocks.append((total, weight, members, height))
    for total, weight, members, _ in blocks:
        y = total / weight
        for spot in members:
            spot.y = y
            y += spot.height + _gap(spot)


def _far(other: _Spot, spot: _Spot) -> float:
    """Where on the other spot its lines to this one are, on average."""
    ports = [at for joined, at in (*other.left, *other.right) if joined is spot]
    return sum(ports) / len(ports) if ports else other.height / 2


def _picture(
    graph: Graph, boxes: dict[str, Box], grid: dict[int, list[_Spot]], ways: dict[int, list[_Spot]]
) -> Picture:
    top = min((spot.y for spots in grid.values() for spot in spots), default=0.0)
    x = 20.0
    lefts: dict[int, tuple[float, float]] = {}
    for column in sorted(grid):
        width = max((spot.box.width for spot in grid[column] if spot.box), default=20.0)
        lefts[column] = (x, width)
        crowd = sum(len(spot.left) for spot in grid.get(column + 1, []) if spot.box)
        x += width + CHANNEL + min(90.0, 2.0 * crowd)
    height = 0.0
    for column, spots in grid.items():
        for spot in spots:
            spot.y += 20 - top
            height = max(height, spot.y + spot.height + 20)
            if spot.box:
                spot.box.x, spot.box.y = lefts[column][0], spot.y
                spot.box.width = max(spot.box.width, 60.0)
    picture = Picture(max(x - CHANNEL + 20, 420.0), max(height, 60.0) + ROW, list(boxes.values()))
    for edge in graph.edges:
        if id(edge) in ways:
            picture.lines.append(Line(edge, _points(edge, ways[id(edge)], lefts)))
    return picture


def _points(edge: Edge, way: list[_Spot], lefts: dict[int, tuple[float, float]]) -> list[tuple[float, float]]:
    """From the source to the target: out of a side, through the trunk's points, into a side."""
    points: list[tuple[float, float]] = []
    for spot in way:
        x, width = lefts[spot.column]
        y = spot.y + _port(spot, edge)
        if spot.box is None:
            points += [(x, y), (x + width, y)]
        elif spot is way[0]:
            points.append((x + spot.box.width, y))
            if spot.box.width < width:  # past wider boxes of the column
                points.append((x + width, y))
        else:
            points.append((x, y))
    return points if way[-1].key == edge.target else points[::-1]
