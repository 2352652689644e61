"""The tables that rows go to: as the target has them, or as far as a schema tells."""

from __future__ import annotations

from fixtureflow.schema.catalogue import Column, Reference, Table
from fixtureflow.schema.model import Field, Model, Relation, Schema

__all__ = ["column_of", "link_table", "table_of"]


def column_of(name: str, field: Field) -> str:
    """The column of a field; of one whose column nobody has told, by Django's rule."""
    if field.column is None:
        return f"{name}_id" if isinstance(field.relation, Relation) else name
    return field.column


def table_of(schema: Schema, model: Model) -> Table:
    """The table of a model without a look at it: what nobody has told the database will say."""
    columns = {}
    references = {}
    for name, field in model.fields.items():
        if isinstance(field.relation, Relation) and field.relation.kind == "m2m":
            continue
        column = column_of(name, field)
        null = field.null is not False and not (model.pk and name in model.pk)
        default = field.has_default is True and not null
        columns[column] = Column(
            type=field.type or "other", null=null, default=default, auto=field.auto, generated=field.generated is True
        )
        if isinstance(field.relation, Relation) and field.relation.constraint is not False:
            references[column] = _reference(schema, field.relation)
    pk = tuple(column_of(name, model.fields[name]) for name in model.pk or () if name in model.fields)
    return Table(name=model.table or "", columns=columns, pk=pk, references=references)


def link_table(schema: Schema, owner: Model, relation: Relation) -> Table:
    """The table of an auto many-to-many field."""
    ends = relation.through_columns or ("", "")
    references = {ends[0]: Reference(owner.table or "", _pk(owner), None), ends[1]: _reference(schema, relation)}
    columns = {name: Column(type="other", null=False) for name in ends}
    enforced = relation.constraint is not False
    return Table(name=relation.through_table or "", columns=columns, references=references if enforced else {})


def _reference(schema: Schema, relation: Relation) -> Reference:
    to = schema.concrete(relation.to)
    if to is None:
        return Reference("", "", relation.deferrable)
    field = to.fields.get(relation.to_field) if relation.to_field else None
    column = column_of(relation.to_field or "", field) if field else _pk(to)
    return Reference(to.table or "", column, relation.deferrable)


def _pk(model: Model) -> str:
    name = model.pk[0] if model.pk else "id"
    return column_of(name, model.fields[name]) if name in model.fields else name
