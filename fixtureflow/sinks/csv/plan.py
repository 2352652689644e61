"""What the records of a model become: a row of its table, and rows of its many-to-many tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from fixtureflow.errors import SchemaError
from fixtureflow.references.links import ignored_through
from fixtureflow.schema.catalogue import Table
from fixtureflow.schema.model import Field, FieldType, Model, Relation, Schema
from fixtureflow.sinks.csv.cells import Cells, cells
from fixtureflow.sinks.csv.tables import column_of, link_table, table_of
from fixtureflow.values.stored import Backend

__all__ = ["Column", "Link", "Plan", "Planner"]


class Column(msgspec.Struct, frozen=True):
    """A column of a table, and where its values are from."""

    field: str
    """The name in a record's `fields`, if they have it."""
    name: str
    cells: Cells
    kind: FieldType | None = None
    omitted: Literal["default", "null", "fault"] = "fault"
    """What becomes of a record that leaves the field out: the database's default, NULL, or it cannot be written."""


class Link(msgspec.Struct, frozen=True):
    """The table of a many-to-many field; the database numbers its rows."""

    field: str
    table: Table
    columns: tuple[Column, Column]
    """That of the model which has the field, and the other."""


class Plan(msgspec.Struct, frozen=True):
    """The way of a model's records."""

    label: str
    table: Table
    pk: tuple[str, ...]
    columns: tuple[Column, ...]
    """Those of the primary key first."""
    links: tuple[Link, ...]
    computed: tuple[str, ...]
    """Fields that records have and the database fills."""

    @property
    def names(self) -> set[str]:
        """All that may stand in a record's `fields`."""
        return {column.field for column in self.columns} | {link.field for link in self.links} | {*self.computed}


class Planner:
    """Makes plans by a schema, and by the target's tables if they are known."""

    def __init__(self, schema: Schema, backend: Backend, tables: Mapping[str, Table] | None) -> None:
        self.schema = schema
        self.backend = backend
        self.tables = tables

    def plan(self, label: str) -> Plan | None:
        """The plan for a model; None if no table is known to be its. Raises SchemaError."""
        model = self.schema.concrete(label)
        if model is None or not model.table:
            return None
        table = table_of(self.schema, model) if self.tables is None else self.tables.get(model.table)
        if table is None:
            return None
        columns = tuple(self._columns(model, table))
        if not model.pk or {*model.pk} - {column.field for column in columns}:
            raise SchemaError(
                f"nothing is known of the primary key of {model.label}, or of its column",
                advice="give --target URL, --settings MODULE or a --schema that tells",
            )
        self._complain_of_unfilled(model, table, columns)
        computed = [name for name, field in model.fields.items() if self._is_computed(name, field, table)]
        return Plan(model.label, table, model.pk, columns, tuple(self._links(model)), tuple(computed))

    def _columns(self, model: Model, table: Table) -> Iterable[Column]:
        for name, field in sorted(model.fields.items(), key=lambda item: item[0] not in (model.pk or ())):
            facts = table.columns.get(column_of(name, field))
            if facts is None or facts.generated:
                continue  # a field without a column there is one that the table has not
            omitted: Literal["default", "null", "fault"] = "fault"
            if facts.default:
                omitted = "default"
            elif facts.null and field.has_default is not True:  # else it is Django's, and nobody here knows it
                omitted = "null"
            kind = self._kind(model, name)
            yield Column(
                field=name,
                name=column_of(name, field),
                cells=cells(Field(type=kind), self.backend, reference=isinstance(field.relation, Relation)),
                kind=kind,
                omitted="fault" if name in (model.pk or ()) else omitted,
            )

    def _links(self, model: Model) -> Iterable[Link]:
        for name, relation in model.relations():
            if relation.kind != "m2m" or ignored_through(relation):
                continue
            if not relation.through_table or not relation.through_columns:
                raise SchemaError(
                    f"nothing is known of the table of {model.label}.{name}",
                    advice="give --target URL, --settings MODULE or a --schema that tells",
                )
            found = self.tables.get(relation.through_table) if self.tables is not None else None
            table = link_table(self.schema, model, relation) if self.tables is None else found
            if table is not None and table.columns.keys() >= set(relation.through_columns):
                own, other = relation.through_columns
                columns = (self._end(own, model.label), self._end(other, relation.to))
                yield Link(name, table, columns)

    def _end(self, column: str, label: str) -> Column:
        """A column that holds primary keys of a model."""
        model = self.schema.concrete(label)
        kind = self._kind(model, "") if model else None
        return Column("", column, cells(Field(type=kind), self.backend, reference=True), kind)

    def _kind(self, model: Model, name: str) -> FieldType | None:
        """The type of a field (`""` is the primary key); of a relation that of the column it points at in the end."""
        found: Model | None = model
        for _ in range(20):
            field = found.fields.get(name or (found.pk or ("",))[0]) if found else None
            if field is None or field.type or not isinstance(field.relation, Relation):
                return field.type if field else None
            found, name = self.schema.concrete(field.relation.to), field.relation.to_field or ""
        return None

    def _is_computed(self, name: str, field: Field, table: Table) -> bool:
        column = table.columns.get(column_of(name, field))
        return field.generated is True or (column is not None and column.generated)

    def _complain_of_unfilled(self, model: Model, table: Table, columns: Iterable[Column]) -> None:
        """Of columns that no field is known to fill, and that the database does not fill either."""
        filled = {column.name for column in columns}
        empty = [
            name
            for name, facts in table.columns.items()
            if name not in filled and not (facts.null or facts.default or facts.auto or facts.generated)
        ]
        if empty:
            raise SchemaError(
                f"the table {table.name} of {model.label} has columns that no field is known to fill, "
                f"and that may not be empty: {', '.join(empty)}",
                advice="say with --settings or --schema which field has the column, or give it a default",
            )
