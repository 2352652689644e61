"""Records that refer to each other in a loop, by foreign keys; lists are saved after their record and make none."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, count, groupby
from operator import eq
from typing import NamedTuple

from fixtureflow.checks.evidence import Evidence
from fixtureflow.checks.judge import Fault
from fixtureflow.checks.keysets import numbered
from fixtureflow.checks.logs import NATURAL, Log
from fixtureflow.checks.natural import NaturalLogs
from fixtureflow.checks.plan import Plan
from fixtureflow.findings import EXAMPLES
from fixtureflow.ordering.arcs import Graph, components, shortest_loop
from fixtureflow.references.links import Link

__all__ = ["find_cycles"]

Step = tuple[int, int]
"""A record by its number in the unit, and the number of the link by which it refers to the next."""


class _Arrows(NamedTuple):
    """What the records of a plan refer to by one link: of each the number of the other in the unit, -1 for none."""

    plan: Plan
    link: Link
    targets: array[int]


def find_cycles(evidence: Evidence, naturals: NaturalLogs) -> None:
    """Loops among the records of models that are in a loop themselves."""
    for models in _units(evidence):
        plans = [plan for model in models for plan in evidence.of(model)]
        starts = dict(zip((plan.label for plan in plans), _starts(plans), strict=True))
        arrows = [
            _Arrows(plan, link, _targets(evidence, naturals, plan, link, log, starts))
            for plan in plans
            for link in _links(plan)
            if link.to.model in models and (log := plan.keys(link.field)) is not None
        ]
        _tell(evidence, plans, starts, arrows)


def _links(plan: Plan) -> list[Link]:
    return [link for link in plan.links if link.kind != "generic" and not link.many and not link.guess]


def _starts(plans: Sequence[Plan]) -> Iterator[int]:
    at = 0
    for plan in plans:
        yield at
        at += plan.count


def _units(evidence: Evidence) -> Iterator[list[str]]:
    """The models that refer to each other in a loop, or a model that refers to itself."""
    models = list(evidence.models())
    number = {model: at for at, model in enumerate(models)}
    first, target = array("I", [0]), array("i")
    for model in models:
        links = chain.from_iterable(map(_links, evidence.of(model)))
        target.extend(sorted({number[link.to.model] for link in links if link.to.model in number}))
        first.append(len(target))
    graph = Graph(first, target, array("H", bytes(2 * len(target))))
    component = components(graph, range(len(models)))
    sizes = Counter(component)
    for at in dict.fromkeys(component):
        unit = [model for model, number_ in zip(models, component, strict=True) if number_ == at]
        own = number[unit[0]]
        if sizes[at] > 1 or own in target[first[own] : first[own + 1]]:
            yield unit


def _targets(
    evidence: Evidence, naturals: NaturalLogs, plan: Plan, link: Link, log: Log, starts: dict[str, int]
) -> array[int]:
    targets = evidence.of(link.to.model)
    logs = evidence.logs(link.to.model, link.to.field)
    columns = list(zip(logs, targets, strict=True)) if len(logs) == len(targets) else []
    if log.natural and (keys := naturals.logs(link.to.model)) is not None:
        columns += zip(keys, targets, strict=True)
    found = numbered([(column, starts[target.label]) for column, target in columns], log)
    own = starts[plan.label]
    for at in list(compress(count(), map(eq, found, count(own)))):
        found[at] = -1  # a row is there as soon as it is written
    return found


def _tell(evidence: Evidence, plans: list[Plan], starts: dict[str, int], arrows: list[_Arrows]) -> None:
    loops = 0
    steps: list[list[Step]] = []
    for loop in _loops(plans, starts, arrows):
        loops += 1
        if len(steps) < EXAMPLES:
            steps.append(loop)
    for at, loop in enumerate(steps):
        more = loops - len(steps) + 1 if at == 0 else 1
        records = [_record(evidence, plans, starts, node) for node, _ in loop]
        names = [f"{record.model}:{record.pk}" for record in [*records, records[0]]]
        by = ", ".join(dict.fromkeys(arrows[link].link.field for _, link in loop))
        bound = all(_must_be_there(arrows[link], node, starts) for node, link in loop)
        fault = Fault("record-cycle", f"{' → '.join(names)}, by {by}", "error" if bound else None)
        first = arrows[loop[0][1]]
        evidence.report.tell(fault, first.plan.label, first.link.field, count=more, locate=lambda r=records[0]: r)  # type: ignore[misc]


def _must_be_there(arrow: _Arrows, node: int, starts: dict[str, int]) -> bool:
    """Does loaddata need the other record before it can save this one?"""
    log = arrow.plan.keys(arrow.link.field)
    return arrow.link.null is False and log is not None and log.at(node - starts[arrow.plan.label]) >= NATURAL


def _record(evidence: Evidence, plans: list[Plan], starts: dict[str, int], node: int):  # type: ignore[no-untyped-def]
    plan = next(plan for plan in reversed(plans) if starts[plan.label] <= node)
    return evidence.places.record(plan.label, node - starts[plan.label])


def _loops(plans: list[Plan], starts: dict[str, int], arrows: list[_Arrows]) -> Iterator[list[Step]]:
    """One loop of each group of records that loops hold together."""
    if len(plans) == 1 and len(arrows) == 1:
        yield from _along(arrows[0].targets)
        return
    graph = _graph(plans, starts, arrows)
    component = components(graph, range(len(graph)))
    sizes = Counter(component)
    looped = [node for node, number in enumerate(component) if sizes[number] > 1]
    looped.sort(key=lambda node: component[node])
    for given, (_, group) in enumerate(groupby(looped, key=lambda node: component[node])):
        nodes = sorted(group)
        if given >= EXAMPLES:
            yield []
            continue
        part = graph.part(nodes, [0] * len(arrows), 0)
        yield [(nodes[node], link) for node, link in shortest_loop(part)]


def _along(targets: array[int]) -> Iterator[list[Step]]:
    """The loops where each record refers to one other at most: those that its way ends in."""
    state = bytearray(len(targets))
    # One of each loop refers to a later one.
    for start in [start for start, target in enumerate(targets) if target > start]:
        node = start
        path = []
        while node >= 0 and not state[node]:
            state[node] = 1
            path.append(node)
            node = targets[node]
        if node >= 0 and state[node] == 1:
            yield [(each, 0) for each in path[path.index(node) :]]
        for each in path:
            state[each] = 2


def _graph(plans: list[Plan], starts: dict[str, int], arrows: list[_Arrows]) -> Graph:
    first, target, link = array("I", [0]), array("i"), array("H")
    for plan in plans:
        own = [(number, arrow.targets) for number, arrow in enumerate(arrows) if arrow.plan is plan]
        for row in zip(*(targets for _, targets in own), strict=True) if own else _none(plan.count):
            for (number, _), other in zip(own, row, strict=True):
                if other >= 0:
                    target.append(other)
                    link.append(number)
            first.append(len(target))
    return Graph(first, target, link)


def _none(times: int) -> Iterable[tuple[int, ...]]:
    return ((),) * times
