"""By what a row is known in any database: its natural key, else its one unique constraint, else its primary key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.references.links import Link, links_of
from fixtureflow.schema.model import Model, Schema

__all__ = ["Identities", "Identity", "Part", "uniques_of"]


class Part(NamedTuple):
    """One value of a key."""

    name: str
    """The field; empty for the primary key."""
    link: Link | None = None
    """If it is a reference, which then counts by what it leads to."""
    width: int = 1
    """How many items of a natural key, as dumpdata writes it, are this part."""
    nested: bool = False
    """Are these items a natural key themselves?"""


class Identity(NamedTuple):
    """By what the rows of a model are known."""

    label: str
    kind: Literal["natural key", "unique", "pk"]
    parts: tuple[Part, ...]

    @property
    def plain(self) -> bool:
        """Is it the primary key and nothing else, so that rows are the same only under the same number?"""
        return self.kind == "pk" and all(part.link is None for part in self.parts)

    def __str__(self) -> str:
        return self.kind if self.kind != "unique" else ", ".join(part.name for part in self.parts)


class Identities:
    """The identities of models, by the schema alone, so that they are the same for both dumps."""

    def __init__(self, schema: Schema, *, trust: bool, by_pk: Sequence[Pattern] = ()) -> None:
        """Models that `by_pk` matches are known by their primary key, whatever other keys they have."""
        self.schema = schema
        self.trust = trust
        self._by_pk = by_pk
        self._known: dict[str, Identity] = {}

    def of(self, label: str) -> Identity:
        """By what rows of the model are known."""
        found = self._known.get(label)
        if found is None:
            model = self.schema.concrete(label) or Model(label=label)
            other = None if any_matches(self._by_pk, model.label) else self._natural(model) or self._unique(model)
            found = other or self._pk(model)
            self._known[label] = found
        return found

    def links(self, label: str) -> dict[str, Link]:
        """By field, the references of a model that are known, not guessed."""
        return {link.field: link for link in links_of(self.schema, label) if self.trust or not link.guess}

    def told(self, label: str) -> bool:
        """Has anybody said what the fields of the model refer to?"""
        model = self.schema.concrete(label)
        return bool(self.links(label)) or (model is not None and "relations" in model.complete)

    def _natural(self, model: Model) -> Identity | None:
        paths = self._paths(model)
        parts: list[Part] = []
        for first, group in groupby(paths, lambda path: self._owner_and_field(model, path)):
            part = self._part(model, *first, tuple(group))
            if part is None:
                return None
            parts.append(part)
        return Identity(model.label, "natural key", tuple(parts)) if parts else None

    def _paths(self, model: Model | None) -> tuple[str, ...]:
        natural = model.natural_key if model else None
        if natural is None or natural.status != "fields" or (natural.guess and not self.trust):
            return ()
        return natural.fields

    def _owner_and_field(self, model: Model, path: str) -> tuple[str, str]:
        name, _, rest = path.partition("__")
        owner = self.schema.owner(model.label, name)
        if owner is not None and owner is not model:
            return owner.label, ""
        return model.label, name if rest else path

    def _part(self, model: Model, owner: str, name: str, paths: tuple[str, ...]) -> Part | None:
        """What some lookups with the same beginning are; None if that cannot be told."""
        links = self.links(model.label)
        if owner != model.label:  # inherited: known as the parent's row is
            link = next((link for link in links.values() if link.kind == "parent" and link.to.model == owner), None)
            rest = paths
        elif paths == (name,):
            if name in (model.pk or ()):
                return Part("", links.get(name))
            return Part(name, links.get(name)) if name in model.fields else None
        else:
            link, rest = links.get(name), tuple(path.partition("__")[2] for path in paths)
        target = self.schema.concrete(link.to.model) if link else None
        if link is None or target is None or rest != self._paths(target) or self.of(target.label).kind != "natural key":
            return None
        return Part("" if link.by_pk else link.field, link, len(paths), nested=True)

    def _unique(self, model: Model) -> Identity | None:
        found = list(dict.fromkeys(_constraints(model, trust=self.trust)))
        if len(found) != 1:
            return None
        links = self.links(model.label)
        return Identity(model.label, "unique", tuple(Part(name, links.get(name)) for name in found[0]))

    def _pk(self, model: Model) -> Identity:
        links = self.links(model.label)
        names = model.pk or ()
        if len(names) > 1:
            return Identity(model.label, "pk", tuple(Part(name, links.get(name)) for name in names))
        link = next((link for link in links.values() if link.by_pk), None)
        return Identity(model.label, "pk", (Part("", link),))


def uniques_of(schema: Schema, label: str) -> list[tuple[str, ...]]:
    """The fields of a model that no two of its rows have the same values in, its natural key included."""
    model = schema.concrete(label)
    if model is None:
        return []
    natural = model.natural_key
    paths = natural.fields if natural and natural.status == "fields" and not natural.guess else ()
    names = tuple(dict.fromkeys(path.partition("__")[0] for path in paths))
    own = [names] if names and all(name in model.fields and (name,) != model.pk for name in names) else []
    return list({tuple(sorted(found)): found for found in [*own, *_constraints(model, trust=False)]}.values())


def _constraints(model: Model, *, trust: bool) -> Iterator[tuple[str, ...]]:
    """The unique constraints that hold for all rows and are on fields."""
    for unique in model.uniques or ():
        plain = (trust or not unique.guess) and unique.fields and not unique.condition and not unique.expressions
        if plain and unique.fields != model.pk and all(name in model.fields for name in unique.fields):
            yield unique.fields
    for name, relation in model.relations():
        if relation.kind == "o2o" and (name,) != model.pk and (trust or not relation.guess):
            yield (name,)
