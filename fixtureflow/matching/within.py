"""Where ids stand inside text and JSON, by what a schema knows of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial

from fixtureflow.matching.walk import NOTHING, Shape, Turn, Walk, within
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, place_of
from fixtureflow.schema.model import Block, Field, Model, Schema

__all__ = ["Within"]


class Within:
    """Goes through texts, and has a function say what takes the place of each id."""

    def __init__(self, schema: Schema, types: ContentTypes) -> None:
        self._schema = schema
        self._types = types
        self._shape = cache(self._shape_of)
        self._children: dict[str, dict[str, str]] = {}
        """By model the labels of its child rows, by the name they stand under."""
        for model in schema.models.values():
            for _, relation in model.relations():
                if relation.rows_as:
                    self._children.setdefault(place_of(schema, relation).model, {})[relation.rows_as] = model.label

    def fields(self, model: Model) -> Iterator[tuple[str, str]]:
        """The fields to look into, and the field beside each that tells of which model it holds a row, if any."""
        keys = model.generic_keys or ()
        for name, field in model.fields.items():
            if field.ids_as:
                yield name, keys[0].content_type if "row" in field.ids_as and keys else ""

    def turned(self, model: Model, name: str, text: bytes, kind: bytes, turn: Turn) -> tuple[bytes, bool]:
        """The new text of a field, and whether it was understood to the end; `kind` is the content type beside it.

        Raises ValueError for what is not of the form that the schema says, RecursionError for what is too deep.
        """
        if text in NOTHING:
            return text, True
        field = model.fields[name]
        forms = field.ids_as or ()
        walk = Walk(self._shape, turn, model.label, name)
        if "tags" in forms:
            text = walk.tags(text)
        if "records" in forms:
            text = within(text, walk.records)
        if "row" in forms:
            label = self._types.model(json.loads(kind or b"null"))
            if not label:
                raise ValueError("of no known model")
            text = within(text, partial(walk.row, label))
        if "blocks" in forms:
            text = walk.stream(field.blocks or Block(id="*"), text)
        return text, walk.whole

    def _shape_of(self, label: str) -> Shape:
        links: dict[str, Link] = {}
        lists: dict[str, Link] = {}
        rows: dict[str, str] = {}
        fields: dict[str, Field] = {}
        model = self._schema.concrete(label)
        place = Place(model.label if model else label, "")
        lineage = [model, *self._schema.ancestors(label)] if model else []
        for one in reversed(lineage):
            found = (link for link in links_of(self._schema, one.label) if not (link.guess or link.many))
            links |= {link.field: link for link in found}
            for name, relation in one.relations():
                if relation.kind == "m2m" and not relation.guess:
                    lists[name] = Link(one.label, name, "fk", place_of(self._schema, relation), True)
            rows |= self._children.get(one.label, {})
            fields |= one.fields
        links.pop("pk", None)
        complete = bool(lineage) and all("fields" in one.complete for one in lineage)
        return Shape(place, links, lists, rows, fields, complete)
