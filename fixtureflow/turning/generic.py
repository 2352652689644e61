"""Which models generic foreign keys lead to: by the content types of the fixture, and of where rows are looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fixtureflow.references.links import place_of
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.turning.tables import Table, Tables, paths_of

__all__ = ["ANY", "CONTENT_TYPE", "GenericKeys"]

CONTENT_TYPE = "contenttypes.contenttype"
ANY = "*"
"""In place of a label: nobody knows which model."""


class GenericKeys:
    """The models that generic keys lead to, by the values of the fields that hold the content type."""

    def __init__(self, schema: Schema, tables: Tables) -> None:
        self._schema = schema
        self._tables = tables

    def targets(self, labels: Iterable[str]) -> dict[str, set[str]]:
        """For each model that has generic keys, the labels that they lead to."""
        found: dict[str, set[str]] = {}
        for label in labels:
            model = self._schema.concrete(label)
            for key in (model.generic_keys or ()) if model else ():
                assert model is not None  # noqa: S101
                texts = {
                    text
                    for columns in self._tables.sources[0].columns(model, [key.content_type])
                    for text in set(columns[1])
                }
                values = [json.loads(text) for text in texts - {b"null", b""}]
                found.setdefault(label, set()).update(self.label(model, key.content_type, value) for value in values)
        return found

    def label(self, model: Model, field: str, value: Any) -> str:
        """The model that a value of the content type's field means."""
        if isinstance(value, list):
            return ".".join(map(str, value))
        types = self._types(model, field)
        key = types.store.find(value) if types else None
        return ANY if key is None or key[:1] == b"!" else ".".join(map(str, json.loads(b"[%b]" % key)))

    def _types(self, model: Model, name: str) -> Table | None:
        field = model.fields.get(name)
        if field is None or not isinstance(field.relation, Relation):
            return None
        natural = paths_of(self._schema, CONTENT_TYPE)
        try:
            return self._tables.table(place_of(self._schema, field.relation), CONTENT_TYPE, natural)
        except LookupError:
            return None
