"""The lists of records that are left out, united with those that the target's rows have: rows of the tables between.

loaddata takes a record of an automatic many-to-many model (`auth.user_groups`) as of any other, and so a link is added
without a single column of the target's own rows being written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fixtureflow.record import Record, Source
from fixtureflow.references.links import Link, Place, field_of, key_form
from fixtureflow.schema.model import Field, Model, Relation, Schema
from fixtureflow.stream import Block
from fixtureflow.target.rows import Target
from fixtureflow.values.dumped import as_dumped
from fixtureflow.values.stored import storer

__all__ = ["added_links", "items_of"]

BATCH = 2_000


def added_links(
    schema: Schema, target: Target, lists: Mapping[tuple[str, str], list[tuple[Any, Any]]], source: Source
) -> Iterator[Block]:
    """Records of the rows that the target lacks; `lists` has, by model and field, pairs of keys."""
    for (label, name), pairs in lists.items():
        model = schema.concrete(label)
        relation = model.fields[name].relation if model else None
        if model is None or not isinstance(relation, Relation) or not relation.through_table:
            continue
        if relation.through_table not in target.tables or not relation.through_columns:
            continue
        for start in range(0, len(pairs), BATCH):
            records = _missing(schema, target, model, name, relation, pairs[start : start + BATCH], source)
            if records:
                yield Block.of(records)


def items_of(schema: Schema, target: Target, link: Link, owners: Sequence[Any]) -> dict[str, list[Any]]:
    """What the lists of the target's rows hold, by the text of the owner's pk, in the order of the keys."""
    model = schema.concrete(link.model)
    relation = model.fields[link.field].relation if model else None
    if model is None or not isinstance(relation, Relation) or relation.through_table not in target.tables:
        return {}
    out: dict[str, list[Any]] = {}
    for owner, item in _pairs(schema, target, model, relation, owners):
        out.setdefault(str(owner), []).append(item)
    return {owner: sorted(values, key=lambda one: (str(type(one)), one)) for owner, values in out.items()}


def _missing(
    schema: Schema,
    target: Target,
    model: Model,
    name: str,
    relation: Relation,
    pairs: list[tuple[Any, Any]],
    source: Source,
) -> list[Record]:
    one, other = key_form(schema, Place(model.label, "")), key_form(schema, Place(relation.to, ""))
    owners = list({one(owner): owner for owner, _ in pairs}.values())
    found = _pairs(schema, target, model, relation, owners)
    there = {(one(owner), other(item)) for owner, item in found}
    label = relation.through or f"{model.label}_{name}"
    mine, theirs = _names(schema, model, relation)
    records: list[Record] = []
    for owner, item in pairs:
        key = (one(owner), other(item))
        if key in there:
            continue
        there.add(key)
        record = {"model": label.lower(), "pk": None, "fields": {mine: owner, theirs: item}}
        text = json.dumps(record, ensure_ascii=False).encode()
        records.append(Record(text, label.lower(), source, len(records) + 1, 0))
    return records


def _pairs(
    schema: Schema, target: Target, model: Model, relation: Relation, owners: Sequence[Any]
) -> Iterator[tuple[Any, Any]]:
    """The keys of the pairs that the target has of some owners, as a fixture has them: UUIDs with their dashes."""
    mine, theirs = (field_of(schema, Place(label, "")) or Field() for label in (model.label, relation.to))
    stored = storer(mine, target.backend)
    table, columns = relation.through_table or "", relation.through_columns or ("", "")
    for owner, item in target.pairs(table, columns, [stored(owner) for owner in owners]):
        yield as_dumped(owner, mine), as_dumped(item, theirs)


def _names(schema: Schema, model: Model, relation: Relation) -> tuple[str, str]:
    """The fields of the automatic model: `create_many_to_many_intermediary_model` in django/db/models."""
    mine = model.label.partition(".")[2]
    theirs = relation.to.partition(".")[2]
    return (f"from_{mine}", f"to_{theirs}") if relation.to == model.label else (mine, theirs)
