"""Pairs of fields that are a generic foreign key: one says the model, the other the row."""

from __future__ import annotations

from collections.abc import Mapping

from fixtureflow.schema.column import Column
from fixtureflow.schema.evidence import match
from fixtureflow.schema.model import Field, GenericKey, Guess, Relation
from fixtureflow.schema.survey import Seen

__all__ = ["CONTENT_TYPE", "generic_keys", "named_pairs"]

CONTENT_TYPE = "contenttypes.contenttype"


def generic_keys(seen: Seen, relations: Mapping[str, Relation], models: Mapping[str, Seen]) -> list[GenericKey]:
    """The pairs among a model's fields: `content_type` with `object_id`, `target_type` with `target_key`."""
    found = []
    for name, column in seen.fields.items():
        relation = relations.get(name)
        points = relation is not None and relation.to == CONTENT_TYPE
        if not points and not (name.endswith(("_type", "_ct")) and _are_types(column, models)):
            continue
        prefix = name.removesuffix("content_type").removesuffix("contenttype").removesuffix("type").removesuffix("ct")
        endings = ("object_id", "object_pk", "objectid", "id", "pk", "key", "object", "object_key")
        partner = next((prefix + e for e in endings if _holds_keys(seen.fields.get(prefix + e))), None)
        if partner is not None:
            sure = 0.92 if points and prefix + "content_type" == name else 0.8 if points else 0.6
            guess = Guess(confidence=sure, evidence=f"named as a pair: {name}, {partner}", values=column.keys.count)
            found.append(GenericKey(content_type=name, object_id=partner, guess=guess))
    return found


def named_pairs(fields: Mapping[str, Field]) -> tuple[GenericKey, ...]:
    """The pairs that a table's columns show: `content_type`, which leads to the content types, with `object_id`."""
    found = []
    for name, field in fields.items():
        points = isinstance(field.relation, Relation) and field.relation.to == CONTENT_TYPE
        prefix = name.removesuffix("content_type")
        partner = next((prefix + end for end in ("object_id", "object_pk") if prefix + end in fields), "")
        if points and prefix != name and partner:
            guess = Guess(confidence=0.92, evidence=f"named as a pair: {name}, {partner}")
            found.append(GenericKey(content_type=name, object_id=partner, guess=guess))
    return tuple(found)


def _holds_keys(column: Column | None) -> bool:
    return column is not None and column.kinds <= {"int", "str"}


def _are_types(column: Column, models: Mapping[str, Seen]) -> bool:
    """Are the values content types, by their pk or as `[app, model]`?"""
    types = models.get(CONTENT_TYPE)
    if column.kinds == {"int"} and types and types.pk.kinds == {"int"}:
        return match(column.keys, types.pk.keys, integers=True).coverage == 1
    if column.kinds == {"list"} and column.lengths == {2}:
        labels = {hash(tuple(label.split("."))) for label in models}
        return not column.keys.at(0).isdisjoint(labels)
    return False
