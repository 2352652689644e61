"""The schema of a fixture, from all that is known without asking a project: what was given, and the presets."""

from __future__ import annotations

from collections.abc import Iterable

from fixtureflow.schema import presets
from fixtureflow.schema.merge import Merged, Source, merge
from fixtureflow.schema.model import Schema

__all__ = ["known"]


def known(schema: Schema | Iterable[Source] | None, labels: Iterable[str]) -> Merged:
    """`schema` filled up with the presets of the apps that `labels` are models of."""
    given = [Source("file", "the schema given", schema)] if isinstance(schema, Schema) else list(schema or ())
    return merge([*presets.load(labels), *given])
