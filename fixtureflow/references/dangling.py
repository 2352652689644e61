"""References to records that are not in the fixture: they may be in the target, or the dump has lost them."""

from __future__ import annotations

from typing import Any

from fixtureflow.findings import Finding, Findings
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.keys import Keys, Numbers
from fixtureflow.references.links import NATURAL, Link, Place, key_form, links_of
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["find_dangling"]


def find_dangling(schema: Schema, catalogue: Catalogue, types: ContentTypes, findings: Findings) -> None:
    """Adds a finding for each: lists, natural and generic keys too.

    Reads what is referred to once for its keys, which it keeps, and what refers to something once more. Natural keys
    that nobody knows the fields of are told as `not looked up`.
    """
    _Search(schema, catalogue, types).run(findings)


class _Search:
    def __init__(self, schema: Schema, catalogue: Catalogue, types: ContentTypes) -> None:
        self.schema = schema
        self.catalogue = catalogue
        self.types = types
        self.naturals = Naturals(schema, catalogue)
        self.numbers = Numbers()
        self.keys: dict[Place, Keys] = {}
        self.labels = {found.label if (found := schema.concrete(m)) else m: m for m in catalogue.models}

    def run(self, findings: Findings) -> None:
        for model in self.catalogue.models:
            links = list(links_of(self.schema, model))
            if links:
                self._search(model, links, findings)

    def _search(self, model: str, links: list[Link], findings: Findings) -> None:
        names = dict.fromkeys(name for link in links for name in (link.field, link.content_type) if name)
        columns = Columns(list(names))
        at = columns.at
        for stretch in self.catalogue.stretches(model):
            for pk, fields in columns.rows(stretch):
                for link in links:
                    value = fields[at[link.field]]
                    if value is None and link.by_pk:
                        value = pk
                    if value is None:
                        continue
                    to = link
                    if link.kind == "generic":
                        label = self.types.model(fields[at[link.content_type]])
                        if not label:
                            continue
                        to = link._replace(to=Place(label, ""))
                    many = value if link.many and isinstance(value, list) else [value]
                    for each in many:
                        problem = self._problem(to, each)
                        if problem:
                            findings.add(
                                Finding(
                                    problem=problem, model=model, pk=pk, field=link.field, value=each, to=to.to.model
                                )
                            )

    def _problem(self, link: Link, value: Any) -> str:
        place = link.to
        if isinstance(value, list):
            target = self.schema.concrete(place.model)
            if not (target and target.pk and len(target.pk) > 1):
                if place.model in self.labels and not self.naturals.known(place.model):
                    return "not looked up"
                place = Place(place.model, NATURAL)
        if isinstance(value, dict):
            return ""
        return "" if self._keys(place).find(value) >= 0 else "dangling"

    def _keys(self, place: Place) -> Keys:
        """All keys of one kind, read when the first is asked for."""
        keys = self.keys.get(place)
        if keys is None:
            keys = self.keys[place] = Keys(key_form(self.schema, place), self.numbers)
            if place.model in self.labels:
                self._fill(keys, place, self.labels[place.model])
        return keys

    def _fill(self, keys: Keys, place: Place, model: str) -> None:
        names = self.naturals.columns(model) if place.field == NATURAL else [place.field] if place.field else []
        columns = Columns(list(dict.fromkeys(names)))
        at = columns.at
        for stretch in self.catalogue.stretches(model):
            for pk, fields in columns.rows(stretch):
                value: Any = pk
                if place.field == NATURAL:
                    value = self.naturals.key(model, pk, lambda name, fields=fields: fields[at[name]])  # type: ignore[misc]
                elif place.field:
                    value = fields[0]
                if value is not None:
                    keys.number(value)
