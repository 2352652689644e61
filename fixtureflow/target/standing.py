"""The tables that Django would make in SQLite for the models of a fixture, by what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fixtureflow.references.links import Place, field_of
from fixtureflow.schema.column import Column
from fixtureflow.schema.infer import kind_of
from fixtureflow.schema.model import Field, FieldType, Model, Relation, Schema, Unique
from fixtureflow.target.wording import in_sqlite, quoted

__all__ = ["columns_of", "indexes", "table_of", "through_labels", "with_tables"]

_TYPES: dict[FieldType | None, str] = {
    "integer": "bigint",
    "decimal": "decimal",
    "float": "real",
    "boolean": "bool",
    "text": "text",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "duration": "bigint",
    "uuid": "char(32)",
    "ip": "char(39)",
    "binary": "BLOB",
    "json": "text",
}
"""`data_types` of django/db/backends/sqlite3/base.py; a length would change nothing. What nobody knows has no type."""


def with_tables(schema: Schema, pks: dict[str, Column], *, trust: bool) -> Schema:
    """`schema` with tables, columns and keys for all its models, and those with records.

    `pks` has the values of the records' pks, by label, for models of which nobody tells the type of the pk.
    What is only guessed to be unique counts with `trust` alone.
    """
    models = dict(schema.models)
    through = through_labels(schema)
    for label in dict.fromkeys([*schema.models, *pks]):
        model = schema.concrete(label) or Model(label=label)
        if model.label not in through:
            models[model.label] = _named(model, pks.get(label) or pks.get(model.label) or Column())
    named = msgspec.structs.replace(schema, models=models)
    done = {label: _keyed(named, model, trust=trust) for label, model in models.items()}
    return msgspec.structs.replace(schema, models=done)


def through_labels(schema: Schema) -> dict[str, tuple[Model, Relation]]:
    """The labels of the models that Django makes of many-to-many tables, and whose they are."""
    return {
        relation.through or f"{model.label}_{name}".lower(): (model, relation)
        for model in schema.models.values()
        for name, relation in model.relations()
        if relation.kind == "m2m" and relation.auto_through is not False
    }


def _named(model: Model, pk: Column) -> Model:
    """With the names that Django gives where none are told."""
    table = model.table or model.label.replace(".", "_", 1)
    keys = model.pk or ("id",)
    kind = _guessed(kind_of(pk))
    fields = {name: Field(column=name, type=kind, null=False) for name in keys if name not in model.fields}
    for name, field in model.fields.items():
        relation = field.relation
        if isinstance(relation, Relation) and relation.kind == "m2m":
            fields[name] = msgspec.structs.replace(field, column="", relation=_linked(model, table, name, relation))
        elif isinstance(relation, Relation):
            fields[name] = msgspec.structs.replace(field, column=field.column or f"{name}_id")
        else:
            kind = _guessed(field.type) if field.type_guessed else field.type
            fields[name] = msgspec.structs.replace(field, column=field.column or name, type=kind)
    return msgspec.structs.replace(model, table=table, pk=keys, fields=fields)


def _guessed(kind: FieldType | None) -> FieldType | None:
    """A decimal that is only guessed may be a version number, whose last 0 counts."""
    return "text" if kind == "decimal" else kind


def _linked(model: Model, table: str, name: str, relation: Relation) -> Relation:
    """`create_many_to_many_intermediary_model` in django/db/models/fields/related.py."""
    if relation.auto_through is False or (relation.through_table and relation.through_columns):
        return relation
    mine, theirs = model.label.partition(".")[2], relation.to.partition(".")[2]
    columns = (f"from_{mine}_id", f"to_{theirs}_id") if relation.to == model.label else (f"{mine}_id", f"{theirs}_id")
    return msgspec.structs.replace(
        relation,
        auto_through=True,
        through_table=relation.through_table or f"{table}_{name}",
        through_columns=relation.through_columns or columns,
    )


def _keyed(schema: Schema, model: Model, *, trust: bool) -> Model:
    """With the types of what relations lead to, and the unique constraints in SQLite's words."""
    fields = {}
    for name, field in model.fields.items():
        if field.type is None and isinstance(field.relation, Relation) and field.relation.kind != "m2m":
            led_to = field_of(schema, Place(model.label, name))
            field = msgspec.structs.replace(field, type=led_to.type if led_to else None)
        fields[name] = field
    model = msgspec.structs.replace(model, fields=fields)
    uniques = [unique for unique in model.uniques or () if trust or not unique.guess]
    alone = {unique.fields for unique in uniques if not unique.condition}
    for name, relation in model.relations():
        if relation.kind == "o2o" and not relation.guess and (name,) not in alone and model.pk != (name,):
            uniques.append(Unique(fields=(name,)))
    return msgspec.structs.replace(model, uniques=tuple(in_sqlite(unique, model) for unique in uniques))


def table_of(model: Model) -> str:
    """CREATE TABLE. Nothing is declared that a fixture might not keep to: no lengths, no NOT NULL, no references."""
    columns = [f"{quoted(field.column or name)} {_TYPES.get(field.type, '')}" for name, field in columns_of(model)]
    keys = ", ".join(quoted(model.fields[name].column or name) for name in model.pk or ())
    return f"CREATE TABLE {quoted(model.table or '')} ({', '.join(columns)}, PRIMARY KEY ({keys}))"


def columns_of(model: Model) -> Iterator[tuple[str, Field]]:
    """The fields that have a column of their own."""
    for name, field in model.fields.items():
        if field.column and not field.generated:
            yield name, field


def indexes(model: Model, name: str) -> Iterable[str]:
    """CREATE INDEX for what rows are looked up by. Not UNIQUE: a fixture may hold what no database would."""
    for at, unique in enumerate(model.uniques or ()):
        columns = [model.fields[one].column for one in unique.fields if one in model.fields]
        if columns and all(columns) and len(columns) == len(unique.fields):
            on = ", ".join(quoted(column) for column in columns if column)
            yield f"CREATE INDEX {quoted(f'{name}_{at}')} ON {quoted(model.table or '')} ({on})"
