"""Records that refer to each other in a loop: named, and where that is asked for, written in two halves.

Of a loop's records the less binding references are given up first: lists (many-to-many), then what may be null. A
record with such a reference to a later one comes first without it, and again as it is after what it needs; loaddata
takes the second half as an update of the first.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fixtureflow.edit import items, with_fields
from fixtureflow.errors import one_line
from fixtureflow.findings import Finding, Findings
from fixtureflow.ordering.arcs import shortest_loop
from fixtureflow.ordering.recordgraph import RecordGraph
from fixtureflow.references.links import Link
from fixtureflow.reread.catalogue import Catalogue

__all__ = ["Changes", "Cycle", "first_half", "glue", "in_halves", "named"]

NAMED = 1000
"""Loops that are looked into; the smallest are."""

Changes = dict[str, frozenset[int] | None]
"""Of each field what is left out at first: these items of its list, or (None) all of it."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A shortest loop of records, each with the field by which it refers to the next, the last to the first."""

    records: tuple[tuple[str, Any], ...]
    """(model, pk) of each."""
    fields: tuple[str, ...]
    size: int
    """How many records hang together in this and other loops."""

    def __str__(self) -> str:
        steps = [f"{model}:{_pk(pk)}" for model, pk in (*self.records, self.records[0])]
        more = f", in loops of {self.size:,} records" if self.size > len(self.records) else ""
        return one_line(f"{' → '.join(steps)} (by {', '.join(dict.fromkeys(self.fields))}{more})")


def named(found: RecordGraph, catalogue: Catalogue, loops: Sequence[array[int]]) -> list[Cycle]:
    """A shortest loop of each group of records, shortest first; of very many groups the smallest."""
    cycles = []
    for nodes in sorted(loops, key=len)[:NAMED]:
        inside = sorted(nodes)
        steps = shortest_loop(found.graph.part(inside, found.ranks(), 1))
        records = tuple(_called(found, catalogue, inside[at]) for at, _ in steps)
        cycles.append(Cycle(records, tuple(found.links[link].field for _, link in steps), len(nodes)))
    return sorted(cycles, key=lambda cycle: (len(cycle.records), cycle.size))


def glue(nodes: Sequence[int], loops: Sequence[array[int]]) -> bytearray:
    """Of nodes in order: 1 for each that stands in a loop with the one before it."""
    inside = {node: loop[0] for loop in loops for node in loop}
    glued = bytearray(len(nodes))
    for at, node in enumerate(nodes if inside else ()):
        if node in inside and at and inside.get(nodes[at - 1]) == inside[node]:
            glued[at] = 1
    return glued


def in_halves(
    found: RecordGraph, catalogue: Catalogue, nodes: array[int], loops: Sequence[array[int]], findings: Findings
) -> tuple[array[int], bytearray, dict[int, Changes]]:
    """The nodes in order, those in loops twice where that is needed; what is in a loop with the one before it; and what
    the first halves are without."""
    size = {node: len(loop) for loop in loops for node in loop}
    order, glued = array("i"), bytearray()
    halves: dict[int, Changes] = {}
    at = 0
    while at < len(nodes):
        loop = nodes[at : at + size.get(nodes[at], 1)]
        at += len(loop)
        if len(loop) > 1:
            loop, changes = _broken(found, catalogue, loop, findings)
            halves |= changes
        order.extend(loop)
        glued += bytes([0]) + bytes([1]) * (len(loop) - 1)
    return order, glued, halves


def _broken(
    found: RecordGraph, catalogue: Catalogue, loop: Sequence[int], findings: Findings
) -> tuple[array[int], dict[int, Changes]]:
    """The nodes of a loop, some of them twice; and of these what the first half is without."""
    place = {node: at for at, node in enumerate(loop)}
    halves: dict[int, Changes] = {}
    again: dict[int, list[int]] = {}
    for at, node in enumerate(loop):
        forward = _forward(found, node, place, at)
        if not forward:
            continue
        record = _record(found, catalogue, node)
        model, pk = found.member(node).model, record.get("pk")
        last = -1
        for link, others in forward.items():
            if not _may_go(found, link, model, pk):
                done = "its loop needs one transaction"
                findings.add(Finding(problem="loop kept", model=model, pk=pk, field=link.field, done=done))
                continue
            changes = halves.setdefault(node, {})
            changes[link.field] = None
            if link.many:
                members = found.named(node, link, record["fields"][link.field])
                changes[link.field] = frozenset(i for i, other in enumerate(members) if place.get(other, -1) > at)
            last = max(last, *(place[other] for other in others))
            value = record["fields"].get(link.field)
            done = "first without, then again whole"
            findings.add(
                Finding(problem="two halves", model=model, pk=pk, field=link.field, value=value, done=done), keep=True
            )
        if last >= 0:
            again.setdefault(last, []).append(node)
    order = array("i")
    for at, node in enumerate(loop):
        order.append(node)
        order.extend(again.get(at, ()))
    return order, halves


def first_half(raw: bytes, changes: Changes) -> bytes:
    """The record without what is still to come."""

    def without(left_out: frozenset[int] | None, text: bytes) -> bytes:
        if left_out is None:
            return b"null"
        return b"[" + b", ".join(item for at, item in enumerate(items(text)) if at not in left_out) + b"]"

    def change(left_out: frozenset[int] | None) -> Any:
        return lambda text: without(left_out, text)

    return with_fields(raw, {field: change(left_out) for field, left_out in changes.items()})


def _forward(found: RecordGraph, node: int, place: dict[int, int], at: int) -> dict[Link, list[int]]:
    """The references of a record to later ones of its loop."""
    forward: dict[Link, list[int]] = {}
    graph = found.graph
    for edge in range(graph.first[node], graph.first[node + 1]):
        link = found.links[graph.link[edge]]
        if place.get(graph.target[edge], -1) > at and link.kind != "generic":
            forward.setdefault(link, []).append(graph.target[edge])
    return forward


def _may_go(found: RecordGraph, link: Link, model: str, pk: Any) -> bool:
    """May the field be empty for a while? Not if it must have a value, or the record would not be known again."""
    if not link.field or link.kind == "parent" or not (link.many or link.null):
        return False
    return pk is not None or not found.is_key(model, link.field)


def _record(found: RecordGraph, catalogue: Catalogue, node: int) -> dict[str, Any]:
    member = found.member(node)
    record: dict[str, Any] = json.loads(catalogue.spool.read(member.start, member.end))
    return record


def _called(found: RecordGraph, catalogue: Catalogue, node: int) -> tuple[str, Any]:
    return found.member(node).model, _record(found, catalogue, node).get("pk")


def _pk(pk: Any) -> str:
    return pk if isinstance(pk, str) else "?" if pk is None else json.dumps(pk)
