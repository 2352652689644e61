"""A graph of records in arrays: its order, its loops. Millions of records, no recursion, a few words for each.

Nodes are numbers in the order of the input; an edge leads from a record to one that it refers to. What is free keeps
the order of the input: of the records that may come next, the first of the input does.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import accumulate
from operator import sub

from fixtureflow.ordering.arcs import Graph, components

__all__ = ["arranged"]

RANKS = 4
"""How binding a link is, from 0 to 3: of what is in a loop, the least binding references are given up first."""


def arranged(graph: Graph, rank: Sequence[int]) -> tuple[array[int], list[array[int]]]:
    """The nodes in an order in which each comes after those it refers to; and the loops that no order can undo.

    `rank` tells of each link how binding it is. The nodes of a loop stand together; among them the more binding
    references point backward, if they can. A loop that ends when references of rank 0 are given up is none.
    """
    loops: list[array[int]] = []
    order = _arranged(graph, array("i", range(len(graph))), rank, 0, loops)
    return order, loops


def _arranged(graph: Graph, names: array[int], rank: Sequence[int], level: int, loops: list[array[int]]) -> array[int]:
    """The order, by `names` of the nodes; `level` 1 says that edges of rank 0 are left out already."""
    begins, origin, _ = _backward(graph)
    order, waits = _in_turn(graph, begins, origin)
    if len(order) == len(graph):
        return array("i", map(names.__getitem__, order)) if level else order
    component = components(graph, array("i", (node for node, count in enumerate(waits) if count)))
    sizes = array("I", bytes(4 * (max(component) + 1)))
    for number in component:
        if number >= 0:
            sizes[number] += 1
    groups: dict[int, array[int]] = defaultdict(lambda: array("i"))
    for node, number in enumerate(component):
        if number >= 0 and sizes[number] > 1:
            groups[number].append(node)
    inner: dict[int, array[int]] = {}
    head = array("i", range(len(graph)))
    for number in list(groups):
        members = groups.pop(number)
        for node in members:
            head[node] = members[0]
        named = array("i", map(names.__getitem__, members))
        part = graph.part(members, rank, 1)
        if level:
            loops.append(named)
            inner[members[0]] = array("i", map(named.__getitem__, _least_forward(part, rank)))
        else:
            inner[members[0]] = _arranged(part, named, rank, 1, loops)
    return _by_heads(graph, begins, origin, head, inner, names)


def _backward(graph: Graph) -> tuple[array[int], array[int], array[int]]:
    """The edges by the node they lead to: where each node's begin, the nodes they come from, and their links."""
    ends = array("I", bytes(4 * (len(graph) + 1)))
    for target in graph.target:
        ends[target] += 1
    ends = array("I", accumulate(ends))  # filled from its end, each becomes a beginning
    origin = array("i", bytes(4 * len(graph.target)))
    links = array("H", bytes(2 * len(graph.target)))
    first = graph.first
    for node in range(len(graph) - 1, -1, -1):
        for edge in range(first[node], first[node + 1]):
            target = graph.target[edge]
            at = ends[target] = ends[target] - 1
            origin[at] = node
            links[at] = graph.link[edge]
    return ends, origin, links


def _in_turn(graph: Graph, begins: array[int], origin: array[int]) -> tuple[array[int], array[int]]:
    """All that need not wait for a loop, in order; and of each node how many it still waits for."""
    waits = array("i", map(sub, graph.first[1:], graph.first))
    order = array("i")
    freed: list[int] = []
    for turn, count in enumerate(waits):  # looked at when its turn comes, changed until then
        if count:
            continue
        node = turn
        while True:
            order.append(node)
            for waiting in origin[begins[node] : begins[node + 1]]:
                count = waits[waiting] = waits[waiting] - 1
                if not count and waiting < turn:  # its turn has passed
                    heappush(freed, waiting)
            if not freed:
                break
            node = heappop(freed)
    return order, waits


def _by_heads(
    graph: Graph,
    begins: array[int],
    origin: array[int],
    head: array[int],
    inner: dict[int, array[int]],
    names: array[int],
) -> array[int]:
    """The order in which each loop, known by its first node, is one; `inner` has those of its nodes by name."""
    first = graph.first
    members: dict[int, list[int]] = {node: [] for node in inner}
    waits = array("i", map(sub, first[1:], first))
    for node, own in enumerate(head):
        if own in members:
            members[own].append(node)
            waits[node] = -1  # it has no turn of its own
    for own, nodes in members.items():
        waits[own] = sum(head[to] != own for node in nodes for to in graph.target[first[node] : first[node + 1]])
    order = array("i")
    freed: list[int] = []
    for turn, count in enumerate(waits):
        if count:
            continue
        own = turn
        while True:
            if own in members:
                order.extend(inner[own])
            else:
                order.append(names[own])
            for node in members.get(own, (own,)):
                for waiting in origin[begins[node] : begins[node + 1]]:
                    other = head[waiting]
                    if other != own:
                        count = waits[other] = waits[other] - 1
                        if not count and other < turn:
                            heappush(freed, other)
            if not freed:
                break
            own = heappop(freed)
    return order


def _least_forward(graph: Graph, rank: Sequence[int]) -> array[int]:
    """The nodes of a loop, in an order in which few references point forward, and of those the least binding.

    Whenever all that is left waits for something, the first of those goes on whose unmet references bind the least.
    """
    begins, origin, links = _backward(graph)
    waits = [array("i", bytes(4 * len(graph))) for _ in range(RANKS)]
    for node in range(len(graph)):
        for link in graph.link[graph.first[node] : graph.first[node + 1]]:
            waits[rank[link]][node] += 1

    def bound(node: int) -> int:
        """One more than the rank of the most binding reference that is unmet."""
        return next((level + 1 for level in range(RANKS - 1, -1, -1) if waits[level][node]), 0)

    queues: list[list[int]] = [[] for _ in range(RANKS + 1)]
    for node in range(len(graph)):
        queues[bound(node)].append(node)
    order = array("i")
    done = bytearray(len(graph))
    while queue := next((queue for queue in queues if queue), None):
        node = heappop(queue)
        if done[node] or queues[bound(node)] is not queue:
            continue
        done[node] = 1
        order.append(node)
        for edge in range(begins[node], begins[node + 1]):
            waiting = origin[edge]
            if not done[waiting]:
                before = bound(waiting)
                waits[rank[links[edge]]][waiting] -= 1
                if bound(waiting) != before:
                    heappush(queues[bound(waiting)], waiting)
    return order
