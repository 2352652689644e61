"""The schema of a database that `migrate` has made, from its catalogue: SQLite, PostgreSQL, MariaDB and MySQL.

A database knows columns, lengths, ranges and constraints better than the project does. It does not know, and leaves
None:

- natural keys, receivers, trees, what is swappable, what holds ids: they are code; so are generic keys, of which the
  names of two columns tell, as a guess;
- proxies: they have a content type but no table;
- the name of a field whose column has another: it is named by its column, a foreign key's without `_id`;
- relations without a constraint (`db_constraint=False`, MyISAM): the field is the column `user_id`. So no model's
  relations are all known, only its fields. Of a many-to-many table alone its columns tell, as a guess;
- a many-to-many field whose table has a name of its own (`db_table`), or one that Django had to shorten: that table is
  unknown;
- which side a symmetrical relation was declared on: it is that of the first column, as Django makes the table;
- `ForeignKey(unique=True)` from `OneToOneField`: it is told as the latter, which is all it can hold;
- the parent link of a multi-table child, unless it is called `<parent>_ptr`; `parents` is None where there may be one;
- whether a generated column may be null: its expression says, and Django never declares it;
- Django's defaults: `has_default` is True where the database has one, else None;
- on SQLite the name of a unique constraint that is no index; collations;
- on SQLite ranges, digits and decimals, to which it does not keep; types of which it makes no difference
  (durations are integers); on MariaDB and MySQL too, that durations are no integers;
- models on views, and on tables in a schema out of the search path.

A condition or an expression is told in the database's SQL. A table that is no model's as far as is known is left out,
and listed in `Reflected.unknown_tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from sqlalchemy import ColumnElement, Connection, column, select, table

from fixtureflow.errors import TargetError
from fixtureflow.schema import catalogue, presets
from fixtureflow.schema.catalogue import Column, Key, Table
from fixtureflow.schema.generic import named_pairs
from fixtureflow.schema.labels import CONTENT_TYPES, MIGRATIONS, Labels, prefix, recognised
from fixtureflow.schema.model import Field, Model, Relation, Schema, Unique

__all__ = ["Reflected", "from_database", "reflected"]


class Reflected(msgspec.Struct, frozen=True):
    """What a database says, and the tables that are no model's as far as is known."""

    schema: Schema
    unknown_tables: tuple[str, ...]


def from_database(connection: Connection, *, known: Schema | None = None) -> Schema:
    """The schema of the tables that `connection` sees; see `reflected`."""
    return reflected(connection, known=known).schema


def reflected(connection: Connection, *, known: Schema | None = None) -> Reflected:
    """The schema of the tables that `connection` sees, in a dozen queries.

    `known`, from a project or a file, tells which tables are whose; its facts are not copied. Raises TargetError if
    there are no tables at all.
    """
    tables = catalogue.tables(connection)
    if not tables:
        advice = "run migrate, or name the schema: ?options=-csearch_path=NAME"
        if connection.dialect.name != "postgresql":
            advice = "run migrate, or check the name"
        raise TargetError("the database has no tables", advice=advice)
    before = prefix(tables)
    content_types = _rows(connection, tables.get(before + CONTENT_TYPES), "app_label", "model")
    apps = [app for app, _ in _rows(connection, tables.get(before + MIGRATIONS), "app", "app")]
    labels = recognised(tables, content_types, apps, known, longest=catalogue.longest_name(connection))
    models = [_model(tables[name], label, tables, labels) for name, label in labels.models.items()]
    models.sort(key=lambda model: model.label)
    settings = _settings(tables, labels, models)
    return Reflected(Schema.of(models, about=catalogue.server(connection), settings=settings), labels.unknown)


def _rows(connection: Connection, source: Table | None, one: str, other: str) -> list[tuple[str, str]]:
    """Two columns of a table, if it is there and has them."""
    if source is None or not source.columns.keys() >= {one, other}:
        return []
    names: list[ColumnElement[str]] = [column(one), column(other)]
    found = connection.execute(select(*names).select_from(table(source.name)).distinct())
    return sorted((str(row[0]), str(row[1])) for row in found)


def _model(source: Table, label: str, tables: Mapping[str, Table], labels: Labels) -> Model:
    names = _names(source)
    fields = {names[name]: _field(source, name, tables, labels) for name in source.columns}
    fields |= _links(label, labels, fields)
    return Model(
        label=label,
        table=source.name,
        pk=tuple(names[name] for name in source.pk) or None,
        fields=fields,
        complete=("fields",),
        uniques=tuple(_uniques(source, names)),
        generic_keys=named_pairs(fields) or None,
        proxy_for="",
        parents=_parents(fields),
        sequence=source.sequence,
    )


def _names(source: Table) -> dict[str, str]:
    """Column to field: a foreign key's without `_id`, unless that is another's name."""
    names = {name: name for name in source.columns}
    for name in source.references:
        short = name.removesuffix("_id")
        if short and short not in source.columns:
            names[name] = short
    return names


def _field(source: Table, name: str, tables: Mapping[str, Table], labels: Labels) -> Field:
    facts: Column = source.columns[name]
    return Field(
        column=name,
        type=facts.type,
        null=None if facts.generated else facts.null,
        max_length=facts.max_length,
        minimum=facts.minimum,
        maximum=facts.maximum,
        digits=facts.digits,
        decimals=facts.decimals,
        has_default=True if facts.default else None,
        auto=facts.auto,
        generated=facts.generated,
        relation=_relation(source, name, tables, labels),
    )


def _relation(source: Table, name: str, tables: Mapping[str, Table], labels: Labels) -> Relation | None:
    reference = source.references.get(name)
    to = labels.models.get(reference.table) if reference else None
    if reference is None or to is None:
        return None
    target = tables[reference.table]
    alone = any(key.columns == (name,) and not key.condition for key in source.keys)
    unique = source.pk == (name,) or alone
    primary = reference.column == "" or target.pk == (reference.column,)
    return Relation(
        kind="o2o" if unique else "fk",
        to=to,
        to_field="" if primary else _names(target)[reference.column],
        parent_link=(True if name == f"{to.partition('.')[2]}_ptr_id" else None) if unique else False,
        constraint=True,
        deferrable=reference.deferrable,
    )


def _links(label: str, labels: Labels, fields: Mapping[str, Field]) -> dict[str, Field]:
    found = {}
    for link in labels.links:
        if link.owner == label and link.field not in fields:
            relation = Relation(
                kind="m2m",
                to=link.to,
                through=link.through,
                auto_through=True,
                through_table=link.table,
                through_columns=link.columns,
                guess=link.guess,
            )
            found[link.field] = Field(column="", relation=relation)
    return found


def _uniques(source: Table, names: Mapping[str, str]) -> Iterator[Unique]:
    order = list(source.columns)

    def place(key: Key) -> tuple[list[int], str]:
        return [order.index(name) for name in key.columns], key.name or ""

    for key in sorted(source.keys, key=place):
        yield Unique(
            fields=tuple(names[name] for name in key.columns),
            name=key.name,
            condition=key.condition,
            expressions=key.expressions,
            nulls_distinct=key.nulls_distinct,
            deferrable=key.deferrable,
        )


def _parents(fields: Mapping[str, Field]) -> tuple[str, ...] | None:
    """The multi-table parents; none without a one-to-one relation, not known where one has a name of its own."""
    ones = [f.relation for f in fields.values() if isinstance(f.relation, Relation) and f.relation.kind == "o2o"]
    links = tuple(relation.to for relation in ones if relation.parent_link)
    return links if links or not ones else None


def _settings(tables: Mapping[str, Table], labels: Labels, models: Iterable[Model]) -> dict[str, str]:
    """What the project has put in the place of a model that can be swapped, told by the foreign keys of known apps."""
    found: dict[str, set[str]] = {}
    for model in models:
        app = model.label.partition(".")[0]
        known = presets.preset(app).schema.models.get(model.label) if app in presets.names() else None
        for _, field in known.fields.items() if known else ():
            relation = field.relation
            reference = tables[model.table or ""].references.get(field.column or "")
            if isinstance(relation, Relation) and relation.swappable and reference and reference.table in labels.models:
                found.setdefault(relation.swappable, set()).add(labels.models[reference.table])
    return {name: chosen.pop() for name, chosen in sorted(found.items()) if len(chosen) == 1}
