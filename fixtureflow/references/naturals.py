"""The natural key of a record, worked out from its bytes: its own fields, and where they lead other records'.

A key that runs through other models is read off the reference, if that is by natural key itself, and else looked up in
the fixture; so is what a multi-table child inherits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtureflow.references.links import Key, Place, key_form, natural_form, place_of, plain_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Model, Relation, Schema

__all__ = ["Naturals", "natural_paths"]

Get = Callable[[str], Any]
"""The value of one field of a record."""


class Naturals:
    """Natural keys of the records of a catalogue. What has to be looked up is read when it is first asked for."""

    def __init__(self, schema: Schema, catalogue: Catalogue) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._tables: dict[tuple[Place, str], dict[Key, Any]] = {}
        self._trees: dict[str, tuple[str, str] | None] = {}

    def known(self, label: str) -> bool:
        """Is it known which fields make up the natural key of the model?"""
        paths = self._paths(label)
        return bool(paths) and all(self._schema.owner(label, path.partition("__")[0]) for path in paths)

    def guessed(self, label: str) -> bool:
        """Is it known, or do the records tell? Good enough to order by, not to say that something is missing."""
        return self.known(label) or self._tree(label) is not None

    def columns(self, label: str) -> list[str]:
        """The model's own fields that the key begins with."""
        model = self._schema.concrete(label)
        if not self.known(label):
            return list(self._tree(label) or ())
        names = [path.partition("__")[0] for path in self._paths(label)]
        own = [name for name in names if model and name in model.fields]
        return own if len(own) == len(names) else [*own, *self._parent_links(model)]

    def key(self, label: str, pk: Any, get: Get) -> Key | None:
        """The key, or None where the fixture does not hold what it is made of."""
        if not self.known(label):
            return _path(get, self._tree(label))
        try:
            return tuple(self._value(label, pk, get, path) for path in self._paths(label)) or None
        except (LookupError, ValueError, AttributeError):
            return None

    def _paths(self, label: str) -> tuple[str, ...]:
        return natural_paths(self._schema, label)

    def _parent_links(self, model: Model | None) -> list[str]:
        return [name for name, relation in model.relations() if relation.parent_link] if model else []

    def _tree(self, label: str) -> tuple[str, str] | None:
        """(parent, name) of a tree whose keys are the names from the root down, if its own references fit that.

        Such a key is computed, so no schema has its fields: Wagtail's collections, folders.
        """
        if label not in self._trees:
            self._trees[label] = self._found_tree(label)
        return self._trees[label]

    def _found_tree(self, label: str) -> tuple[str, str] | None:
        model = self._schema.concrete(label)
        if model is None:
            return None
        parents = [name for name, to in model.relations() if to.kind != "m2m" and to.to == label]
        names = [name for name, field in model.fields.items() if field.type == "text"]
        columns = Columns([*parents, *names])
        for parent in parents:
            keys: dict[str, set[Key]] = {name: set() for name in names}
            asked: set[Key] = set()
            for stretch in self._catalogue.stretches(label):
                for _, fields in columns.rows(stretch):
                    row = dict(zip(columns.names, fields, strict=True))
                    if isinstance(row[parent], list):
                        asked.add(natural_form(row[parent]))
                    for name in names:
                        keys[name].add(_path(row.get, (parent, name)))
            best = max(names, key=lambda name: len(asked & keys[name]), default="")
            if asked and len(asked & keys[best]) * 2 > len(asked):
                return parent, best
        return None

    def _value(self, label: str, pk: Any, get: Get, path: str) -> Key:
        name, _, rest = path.partition("__")
        model, owner = self._schema.concrete(label), self._schema.owner(label, name)
        if owner is None or model is None:
            raise LookupError(path)
        if owner is not model:
            by_natural_key = next(
                (key for link in self._parent_links(model) if isinstance(key := get(link), list)), None
            )
            if by_natural_key is not None:
                return plain_form(by_natural_key[self._paths(owner.label).index(path)])
            value = self._look(Place(owner.label, ""), pk, name)
        else:
            value = pk if model.pk == (name,) else get(name)
        return self._followed(owner, name, value, rest)

    def _followed(self, owner: Model, name: str, value: Any, rest: str) -> Key:
        """What `rest` of a lookup says of the record that the field's value refers to."""
        if not rest or value is None:
            return plain_form(value)
        relation = owner.fields[name].relation
        target = self._schema.concrete(relation.to) if isinstance(relation, Relation) else None
        if target is None or not isinstance(relation, Relation):
            raise LookupError(rest)
        if isinstance(value, list):
            return plain_form(value[self._paths(target.label).index(rest)])
        first, _, more = rest.partition("__")
        if first == "pk" or target.pk == (first,):
            return plain_form(value)
        holder = self._schema.owner(target.label, first)
        if holder is None:
            raise LookupError(rest)
        place = place_of(self._schema, relation)
        found = self._look(place if holder is target else Place(holder.label, ""), value, first)
        return self._followed(holder, first, found, more)

    def _look(self, place: Place, value: Any, name: str) -> Any:
        form = key_form(self._schema, place)
        table = self._tables.get((place, name))
        if table is None:
            columns = Columns([name, place.field] if place.field else [name])
            table = self._tables[place, name] = {
                form(fields[1] if place.field else pk): fields[0]
                for stretch in self._catalogue.stretches(place.model)
                for pk, fields in columns.rows(stretch)
            }
        return table[form(value)]


def natural_paths(schema: Schema, label: str) -> tuple[str, ...]:
    """The lookups that a natural key of the model consists of; none where that is not known."""
    model = schema.concrete(label)
    natural = model.natural_key if model else None
    return natural.fields if natural and natural.status == "fields" else ()


def _path(get: Get, tree: tuple[str, str] | None) -> Key | None:
    """The key of a record of a tree: that of its parent, and its own name."""
    if tree is None:
        return None
    parent = get(tree[0])
    if parent is not None and not isinstance(parent, list):
        return None
    return natural_form([*(parent or ()), get(tree[1])])
