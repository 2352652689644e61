"""References to records that are not in the fixture: they may be in the target, or the dump has lost them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fixtureflow.findings import Finding, Findings
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.held import Held
from fixtureflow.references.links import NATURAL, Link, Place, links_of
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["Dangling", "dangling", "find_dangling"]


class Dangling(NamedTuple):
    """A reference that leads to no record of the fixture."""

    model: str
    pk: Any
    field: str
    value: Any
    place: Place
    """What the value is a key of."""
    problem: str
    """`dangling`, or `not looked up`: a natural key that nobody knows the fields of."""


def find_dangling(schema: Schema, catalogue: Catalogue, types: ContentTypes, findings: Findings) -> None:
    """Adds a finding for each: lists, natural and generic keys too."""
    for one in dangling(schema, catalogue, types, Held(schema, catalogue)):
        findings.add(
            Finding(
                problem=one.problem, model=one.model, pk=one.pk, field=one.field, value=one.value, to=one.place.model
            )
        )


def dangling(schema: Schema, catalogue: Catalogue, types: ContentTypes, held: Held) -> Iterator[Dangling]:
    """All of them, in the order of the input by models.

    Reads what is referred to once for its keys, which `held` keeps, and what refers to something once more.
    """
    for model in catalogue.models:
        links = list(links_of(schema, model))
        if links:
            yield from _dangling_of(model, links, schema, catalogue, types, held)


def _dangling_of(
    model: str, links: list[Link], schema: Schema, catalogue: Catalogue, types: ContentTypes, held: Held
) -> Iterator[Dangling]:
    names = dict.fromkeys(name for link in links for name in (link.field, link.content_type) if name)
    columns = Columns(list(names))
    at = columns.at
    for stretch in catalogue.stretches(model):
        for pk, fields in columns.rows(stretch):
            for link in links:
                value = fields[at[link.field]]
                if value is None and link.by_pk:
                    value = pk
                if value is None:
                    continue
                place = link.to
                if link.kind == "generic":
                    label = types.model(fields[at[link.content_type]])
                    if not label:
                        continue
                    place = Place(label, "")
                for each in value if link.many and isinstance(value, list) else [value]:
                    problem = _problem(schema, held, place, each)
                    if problem:
                        yield Dangling(model, pk, link.field, each, place, problem)


def _problem(schema: Schema, held: Held, place: Place, value: Any) -> str:
    if isinstance(value, list):
        target = schema.concrete(place.model)
        if not (target and target.pk and len(target.pk) > 1):
            if held.any_of(place.model) and not held.naturals.known(place.model):
                return "not looked up"
            place = Place(place.model, NATURAL)
    if isinstance(value, dict):
        return ""
    return "" if held.has(place, value) else "dangling"
