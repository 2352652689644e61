"""A graph in arrays, a few machine words for each node and edge, and the loops in it."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence

__all__ = ["Graph", "components", "shortest_loop"]


class Graph:
    """Edges by node: those of `n` are `target[first[n]:first[n + 1]]`, each with the number of its link."""

    __slots__ = ("first", "link", "target")

    def __init__(self, first: array[int], target: array[int], link: array[int]) -> None:
        self.first = first
        self.target = target
        self.link = link

    def __len__(self) -> int:
        return len(self.first) - 1

    def points_forward(self) -> bool:
        """Does any record refer to one that comes after it?"""
        first, target = self.first, self.target
        start = 0
        for node, end in enumerate(first[1:]):
            if start != end and max(target[start:end]) > node:
                return True
            start = end
        return False

    def part(self, nodes: Sequence[int], rank: Sequence[int], least: int) -> Graph:
        """The graph of some nodes (in order), renumbered, with the edges whose link has at least the rank `least`."""
        local = {node: at for at, node in enumerate(nodes)}
        first, target, link = array("I", [0]), array("i"), array("H")
        for node in nodes:
            for edge in range(self.first[node], self.first[node + 1]):
                other = local.get(self.target[edge])
                if other is not None and rank[self.link[edge]] >= least:
                    target.append(other)
                    link.append(self.link[edge])
            first.append(len(target))
        return Graph(first, target, link)


def components(graph: Graph, nodes: Iterable[int]) -> array[int]:
    """Of each of all nodes the number of its strongly connected component within `nodes`, -1 for the others.

    Tarjan's algorithm, its path kept on a stack instead of in calls.
    """
    size = len(graph)
    first, target = graph.first, graph.target
    component = array("i", [-2]) * size  # not asked for
    for node in nodes:
        component[node] = -1
    index, low = array("I", bytes(4 * size)), array("I", bytes(4 * size))
    at = first[:size]
    stack, path = array("i"), array("i")
    count = components = 0
    for root in range(size):
        if component[root] != -1:
            continue
        path.append(root)
        while path:
            node = path[-1]
            if not index[node]:
                count += 1
                index[node] = low[node] = count
                stack.append(node)
            edge = at[node]
            if edge < first[node + 1]:
                at[node] = edge + 1
                other = target[edge]
                if component[other] == -1:
                    if not index[other]:
                        path.append(other)
                    elif index[other] < low[node]:
                        low[node] = index[other]
                continue
            path.pop()
            if path and low[node] < low[path[-1]]:
                low[path[-1]] = low[node]
            if low[node] == index[node]:
                while True:
                    other = stack.pop()
                    component[other] = components
                    if other == node:
                        break
                components += 1
    return component


def shortest_loop(graph: Graph, effort: int = 200_000) -> list[tuple[int, int]]:
    """A shortest loop as (node, link to the next) pairs; of a large graph the shortest that `effort` steps find."""
    best: list[tuple[int, int]] = []
    for start in range(len(graph)):
        came: dict[int, tuple[int, int]] = {}
        distance = {start: 0}
        waiting = deque([start])
        while waiting and not (best and effort < 0):
            node = waiting.popleft()
            if best and distance[node] + 1 >= len(best):
                break
            for edge in range(graph.first[node], graph.first[node + 1]):
                effort -= 1
                other = graph.target[edge]
                if other == start:
                    loop = [(node, graph.link[edge])]
                    while node != start:
                        node, link = came[node]
                        loop.append((node, link))
                    best = loop[::-1]
                    waiting.clear()
                    break
                if other not in distance:
                    distance[other] = distance[node] + 1
                    came[other] = (node, graph.link[edge])
                    waiting.append(other)
        if best and (effort < 0 or len(best) == 2):
            break
    return best
