"""The lists of records that are left out, united with those that the target's rows have: rows of the tables between.

loaddata takes a record of an automatic many-to-many model (`auth.user_groups`) as of any other, and so a link is added
without a single column of the target's own rows being written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fixtureflow.record import Record, Source
from fixtureflow.references.links import Place, key_form
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.stream import Block
from fixtureflow.target.rows import Target

__all__ = ["added_links"]

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
        table, columns = relation.through_table, relation.through_columns
        if table not in target.tables or not columns:
            continue
        for start in range(0, len(pairs), BATCH):
            records = _missing(
                schema, target, model, name, relation, table, columns, pairs[start : start + BATCH], source
            )
            if records:
                yield Block.of(records)


def _missing(
    schema: Schema,
    target: Target,
    model: Model,
    name: str,
    relation: Relation,
    table: str,
    columns: tuple[str, str],
    pairs: list[tuple[Any, Any]],
    source: Source,
) -> list[Record]:
    one, other = key_form(schema, Place(model.label, "")), key_form(schema, Place(relation.to, ""))
    owners = list({one(owner): owner for owner, _ in pairs}.values())
    found = target.pairs(table, columns, _stored(target, model, owners))
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


def _stored(target: Target, model: Model, pks: list[Any]) -> list[Any]:
    """Primary keys as the database has them: a UUID on SQLite without dashes."""
    table = target.table(model)
    form = table.form(table.pk[0]) if table else None
    return [form(pk)[0] for pk in pks] if form else pks


def _names(schema: Schema, model: Model, relation: Relation) -> tuple[str, str]:
    """The fields of the automatic model: `create_many_to_many_intermediary_model` in django/db/models."""
    mine = model.label.partition(".")[2]
    theirs = relation.to.partition(".")[2]
    return (f"from_{mine}", f"to_{theirs}") if relation.to == model.label else (mine, theirs)
