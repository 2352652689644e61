"""Content types: which model the first half of a generic foreign key means, as far as the fixture tells."""

from __future__ import annotations

from typing import Any

from fixtureflow.references.links import Key, links_of, plain_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema, canonical

__all__ = ["ContentTypes"]

LABEL = "contenttypes.contenttype"


class ContentTypes:
    """The content types of a fixture: by their number if it holds them, by natural key in any case."""

    def __init__(self, schema: Schema, catalogue: Catalogue, *lookups: Catalogue) -> None:
        """`lookups` tell of the content types that the fixture itself lacks."""
        self._schema = schema
        self._catalogue = catalogue
        columns = Columns(["app_label", "model"])
        self._known: dict[Key, str] = {}
        for source in (catalogue, *lookups):
            for stretch in source.stretches(LABEL):
                for pk, (app, model) in columns.rows(stretch):
                    self._known.setdefault(plain_form(pk), self._concrete(f"{app}.{model}"))

    def model(self, value: Any) -> str:
        """The label of the model that a content type names; a proxy's concrete model; empty where that is not known."""
        if isinstance(value, list):
            return self._concrete(".".join(map(str, value))) if len(value) == 2 else ""
        return self._known.get(plain_form(value), "")

    def targets(self, label: str) -> set[str]:
        """The models that generic keys of a model's records lead to."""
        fields = [link.content_type for link in links_of(self._schema, label) if link.kind == "generic"]
        if not fields:
            return set()
        columns = Columns(fields)
        values: dict[Key, Any] = {}
        for stretch in self._catalogue.stretches(label):
            for _, row in columns.rows(stretch):
                for value in row:
                    values[plain_form(value)] = value
        return {model for value in values.values() if (model := self.model(value))}

    def _concrete(self, label: str) -> str:
        model = self._schema.concrete(label)
        return model.label if model else canonical(label)
