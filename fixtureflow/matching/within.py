"""Where ids stand inside text and JSON, by what a schema knows of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache

from fixtureflow.located import Text, located
from fixtureflow.matching.walk import NOTHING, TAGS, Id, Known, Shape, Walk
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, place_of
from fixtureflow.schema.model import BlockIds, Field, Model, Schema

__all__ = ["Within"]


class Within:
    """Finds them."""

    def __init__(self, schema: Schema, types: ContentTypes, labels: Collection[str]) -> None:
        """`labels` are the models of the fixture."""
        self._schema = schema
        self._types = types
        tags = {tag: schema.settings.get(setting, label) for tag, (label, setting) in TAGS.items()}
        chosen = {label for label, setting in TAGS.values() if setting in schema.settings}
        wagtail = any(label.startswith("wagtailcore.") for label in labels)
        doubtful = {label for label, setting in TAGS.values() if setting and wagtail} - chosen - set(labels)
        self._known = Known(cache(self._shape), tags, doubtful)
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

    def ids(self, model: Model, name: str, text: bytes, kind: bytes) -> tuple[list[Id], bool]:
        """The ids in a field, and whether it was understood to the end; `kind` is the content type beside it.

        Raises ValueError for what is not of the form that the schema says, RecursionError for what is too deep.
        """
        if text in NOTHING:
            return [], True
        field = model.fields[name]
        forms = field.ids_as or ()
        walk = Walk(self._known, model.label, name)
        if "tags" in forms:
            walk.tags(text)
        if "blocks" in forms:
            walk.stream(field.blocks or BlockIds(id="*"), located(Text(text)))
        if "records" in forms:
            walk.records(located(Text(text)).opened())
        if "row" in forms:
            label = self._types.model(json.loads(kind or b"null"))
            if not label:
                raise ValueError("of no known model")
            walk.row(label, located(Text(text)).opened())
        return walk.ids, walk.whole

    def _shape(self, label: str) -> Shape:
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
