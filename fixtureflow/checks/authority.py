"""How far what a schema says may be relied on: what somebody stated is an error, what is only guessed a warning."""

from __future__ import annotations

from collections.abc import Iterable

from fixtureflow.checks.kinds import Level
from fixtureflow.schema.merge import Kind, Source
from fixtureflow.schema.model import Model

__all__ = ["Authority"]


class Authority:
    """Who says what of which model."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._of: dict[str, dict[Kind, Model]] = {}
        self._all_models: set[Kind] = set()
        """The kinds of sources that have all models there are."""
        self._trusts_presets = True
        """Are there models that a preset alone knows?"""
        for source in sources:
            models = source.schema.models
            if source.kind in ("project", "database") or (
                source.kind == "file" and models and all(len(model.complete) == 2 for model in models.values())
            ):
                self._all_models.add(source.kind)
                # A file that a person wrote says nothing of what it was taken from.
                self._trusts_presets = self._trusts_presets and source.kind == "file" and not source.schema.about
            for label, model in models.items():
                self._of.setdefault(label, {})[source.kind] = model

    def unknown(self, label: str) -> Level | None:
        """The level of a record of that model, if no source that should know it does.

        A project has all models there are, and so has a file that was made from one; a file that a person wrote may
        count on presets, and a database may have a table of which nothing tells whose it is.
        """
        kinds = self._of.get(label, {}).keys()
        if not self._all_models or kinds & {"file", "project", "database"}:
            return None
        if self._trusts_presets and "preset" in kinds:
            return None
        if "project" in self._all_models:
            return "error"
        return "error" if "file" in self._all_models and "preset" not in kinds else "warning"

    def stated(self, label: str) -> bool:
        """Has somebody stated something of the model, or does a preset know all that it refers to?"""
        said = self._of.get(label, {})
        whole = any("relations" in model.complete for kind, model in said.items() if kind == "preset")
        return whole or not said.keys().isdisjoint({"file", "project", "database"})

    def closed(self, label: str) -> bool:
        """Are all fields of the model stated? Many-to-many ones too, but for those that only a database could name."""
        said = self._of.get(label, {})
        whole = [kind for kind, model in said.items() if {"fields", "relations"} <= set(model.complete)]
        return bool({"file", "project"} & set(whole)) or "database" in said

    def named_by_columns(self, label: str) -> bool:
        """Is it only a database that has told the fields, each by its column's name?"""
        said = self._of.get(label, {})
        whole = any({"fields", "relations"} <= set(model.complete) for model in said.values())
        return "database" in said and not whole

    def guessed(self, label: str) -> bool:
        """Is all that is known of the model a guess?"""
        return self._of.get(label, {}).keys() <= {"inferred"}
