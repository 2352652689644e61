"""The lists of records that are left out, brought to the target's rows.

They are united by rows of the tables between: loaddata takes a record of an automatic many-to-many model
(`auth.user_groups`) as of any other, and so no column of the target's own rows is written again. Where a list is to
lose what only the target has, the row is written again as it is, with the list of the fixture. So it is where a list
holds rows of its own model: it may be symmetrical, and then loaddata makes the other half of a pair by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from fixtureflow.record import Record, Source
from fixtureflow.references.links import Key, Link, Place, field_of, key_form
from fixtureflow.schema.model import Field, Model, Relation, Schema
from fixtureflow.stream import Block
from fixtureflow.target.dumping import rows_as_records
from fixtureflow.target.rows import Target
from fixtureflow.target.standing import through_labels
from fixtureflow.values.dumped import as_dumped
from fixtureflow.values.stored import storer

__all__ = ["added_links", "items_of", "replaced_lists", "with_links", "within_models"]

Pairs: TypeAlias = Mapping[tuple[str, str], list[tuple[Any, Any]]]
"""By model and field: pairs of a pk in the target, and of a key that its list is to hold."""

BATCH = 2_000


def added_links(schema: Schema, target: Target, lists: Pairs, source: Source) -> Iterator[Block]:
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


def within_models(schema: Schema, lists: Pairs) -> tuple[Pairs, Pairs]:
    """The lists that hold rows of their own model, and the others."""

    def within(label: str, name: str) -> bool:
        model = schema.concrete(label)
        relation = model.fields[name].relation if model else None
        return isinstance(relation, Relation) and schema.concrete(relation.to) is model

    own = {key: pairs for key, pairs in lists.items() if within(*key)}
    return own, {key: pairs for key, pairs in lists.items() if key not in own}


def replaced_lists(
    schema: Schema, target: Target, lists: Pairs, source: Source, *, unite: bool = False
) -> Iterator[Block]:
    """Records of the target's own rows whose lists are not those of the fixture, with the lists of the fixture.

    Their columns are the target's, so that a row has nothing new but its lists. With `unite` they keep what they hold.
    """
    changed: dict[str, dict[Key, tuple[Any, dict[str, list[Any]]]]] = {}
    for (label, name), pairs in lists.items():
        model = schema.concrete(label)
        relation = model.fields[name].relation if model else None
        if model is None or not isinstance(relation, Relation) or relation.through_table not in target.tables:
            continue
        one, other = key_form(schema, Place(model.label, "")), key_form(schema, Place(relation.to, ""))
        wanted: dict[Key, tuple[Any, dict[Key, Any]]] = {}
        for owner, item in pairs:
            held = wanted.setdefault(one(owner), (owner, {}))[1]
            if item is not None:
                held[other(item)] = item
        owners = [owner for owner, _ in wanted.values()]
        there: dict[Key, dict[Key, Any]] = {}
        for start in range(0, len(owners), BATCH):
            for owner, item in _pairs(schema, target, model, relation, owners[start : start + BATCH]):
                there.setdefault(one(owner), {})[other(item)] = item
        for key, (owner, items) in wanted.items():
            theirs = there.get(key, {})
            items = theirs | items if unite else items
            if items.keys() != theirs.keys():
                changed.setdefault(model.label, {}).setdefault(key, (owner, {}))[1][name] = list(items.values())
    use_tz = schema.use_tz is not False
    for label, rows in changed.items():
        model, form = schema.models[label], key_form(schema, Place(label, ""))
        found = rows_as_records(target, model, [owner for owner, _ in rows.values()], use_tz=use_tz, source=source)
        for records in found:
            yield Block.of([_with_lists(record, rows[form(record.pk)][1]) for record in records])


def _with_lists(record: Record, lists: Mapping[str, list[Any]]) -> Record:
    value = record.value()
    value["fields"] |= lists
    text = json.dumps(value, ensure_ascii=False).encode()
    return Record(text, record.model, record.source, record.number, record.offset)


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


def with_links(schema: Schema) -> Schema:
    """`schema` with the models of these records, which a project's schema does not list."""
    models = dict(schema.models)
    for label, (model, relation) in through_labels(schema).items():
        mine, theirs = _names(schema, model, relation)
        ends = {mine: model.label, theirs: relation.to}
        fields = {
            name: Field(relation=Relation(kind="fk", to=to, to_field=""), null=False) for name, to in ends.items()
        }
        link = Model(label=label, table=relation.through_table, pk=("id",), fields=fields, complete=("relations",))
        models.setdefault(link.label, link)
    return msgspec.structs.replace(schema, models=models)


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
        if item is None or key in there:
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
    mine, theirs = model.label.partition(".")[2], relation.to.partition(".")[2]
    return (f"from_{mine}", f"to_{theirs}") if relation.to == model.label else (mine, theirs)
