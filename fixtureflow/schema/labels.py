"""Which model a table is the table of, and which many-to-many field: a database names neither.

A table is recognised, best evidence first, by

1. the names of a schema that is already known (a project, a file);
2. the rows of django_content_type and Django's own convention, `app_model`;
3. the tables of the presets, as far as content types do not speak against it;
4. the columns of many-to-many tables and parent links, which are called after the model that they point at;
5. the convention alone, for apps of which there are no content types (the apps of django_migrations);
6. being the only one left: one content type without a table, one table with Django's looks without a model.

What is still without a model is unknown: the tables of other programs, and of models that nothing tells the name of.
A prefix of django_content_type's own name is taken to be a prefix of all tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from fixtureflow.schema import presets
from fixtureflow.schema.catalogue import Table
from fixtureflow.schema.model import Guess, Schema

__all__ = ["CONTENT_TYPES", "MIGRATIONS", "Labels", "Link", "prefix", "recognised"]

CONTENT_TYPES = "django_content_type"
MIGRATIONS = "django_migrations"
_NO_MODEL = {MIGRATIONS}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A table that Django made for a many-to-many field."""

    table: str
    owner: str
    """The label of the model that has the field."""
    field: str
    to: str
    columns: tuple[str, str]
    through: str
    guess: Guess | None = None


class Labels(msgspec.Struct, frozen=True):
    """What tables are: models by table, many-to-many fields, and the tables that are neither as far as is known."""

    models: dict[str, str]
    links: tuple[Link, ...]
    unknown: tuple[str, ...]


def prefix(tables: Iterable[str]) -> str:
    """What stands before the names of all of Django's tables."""
    found = sorted((name for name in tables if name.endswith(CONTENT_TYPES)), key=len)
    return found[0].removesuffix(CONTENT_TYPES) if found else ""


def recognised(
    tables: Mapping[str, Table],
    content_types: Iterable[tuple[str, str]],
    apps: Iterable[str],
    known: Schema | None = None,
    *,
    longest: int | None = None,
) -> Labels:
    """What each table is. `apps` are the labels of apps that have tables, `longest` the longest name Django gives."""
    search = _Search(tables, content_types, apps, longest)
    if known is not None:
        search.by_schema(known)
    search.by_content_type()
    search.by_preset()
    search.by_columns()
    search.by_convention()
    search.by_columns()
    search.the_last()
    return search.result(known)


class _Search:
    """The tables that are not recognised yet, the content types whose table is not, and what was found."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        content_types: Iterable[tuple[str, str]],
        apps: Iterable[str],
        longest: int | None,
    ) -> None:
        self.tables = tables
        self.prefix = prefix(tables)
        self.longest = longest
        self.content_types = dict.fromkeys(f"{app}.{model}" for app, model in content_types)
        self.typed_apps = {label.partition(".")[0] for label in self.content_types}
        self.apps = {*apps, *self.typed_apps}
        self.found: dict[str, str] = {}
        self.left = {name: table for name, table in tables.items() if name.removeprefix(self.prefix) not in _NO_MODEL}

    def take(self, table: str, label: str) -> None:
        if table in self.left and label not in self.found.values():
            self.found[table] = label
            del self.left[table]

    def typeless(self) -> list[str]:
        """The content types whose table is not found; a proxy's, and one that outlived its model, have none."""
        taken = set(self.found.values())
        return [label for label in self.content_types if label not in taken]

    def by_schema(self, known: Schema) -> None:
        for model in known.models.values():
            if model.table and not model.proxy_for:
                self.take(model.table, model.label)

    def by_content_type(self) -> None:
        lower: dict[str, list[str]] = {}
        for name in self.left:
            lower.setdefault(name.lower(), []).append(name)
        for label in self.typeless():
            name = _shortened(self.prefix + label.replace(".", "_", 1), self.longest)
            alike = lower.get(name.lower(), [])
            if name in self.left:
                self.take(name, label)
            elif len(alike) == 1:
                self.take(alike[0], label)

    def by_preset(self) -> None:
        for source in presets.load():
            for model in source.schema.models.values():
                table = self.tables.get(f"{self.prefix}{model.table}")
                if table is None or model.proxy_for:
                    continue
                app = model.label.partition(".")[0]
                typed = model.label in self.content_types
                columns = {field.column for field in model.fields.values() if field.column}
                if (typed or app not in self.typed_apps) and columns <= table.columns.keys():
                    self.take(table.name, model.label)
                    self.apps.add(app)

    def by_columns(self) -> None:
        """Django calls the columns of its many-to-many tables after the models, and a child's `<parent>_ptr_id`."""
        for table in self.tables.values():
            linking = _is_link(table) and table.name not in self.found
            for column, reference in table.references.items():
                if reference.table in self.left and (linking or column.endswith("_ptr_id")):
                    name = _stem(column) if linking else column.removesuffix("_ptr_id")
                    labels = [label for label in self.typeless() if label.partition(".")[2] == name]
                    if len(labels) == 1:
                        self.take(reference.table, labels[0])

    def by_convention(self) -> None:
        """`app_model`; not in an app whose content types are there, since they would list the model."""
        apps = sorted(self.apps - self.typed_apps, key=len, reverse=True)
        for name, table in list(self.left.items()):
            plain = name.removeprefix(self.prefix)
            app = next((app for app in apps if plain.lower().startswith(f"{app.lower()}_")), None)
            if app and not self.links(table):
                self.take(name, f"{app}.{plain[len(app) + 1 :].lower()}")

    def links(self, table: Table) -> bool:
        """Is that a many-to-many table, by its looks and since the name of another table begins its name?"""
        longer = (f"{name}_" for name in self.tables if name != table.name)
        return _is_link(table) and any(table.name.startswith(name) for name in longer)

    def the_last(self) -> None:
        labels = self.typeless()
        tables = [table for table in self.left.values() if not _is_link(table)]
        if len(labels) == 1 and len(tables) == 1 and self.has_djangos_looks(tables[0]):
            self.take(tables[0].name, labels[0])

    def has_djangos_looks(self, table: Table) -> bool:
        """A primary key that is numbered, or a foreign key from or to the table of a model."""
        if any(reference.table in self.found for reference in table.references.values()):
            return True
        if any(r.table == table.name for name in self.found for r in self.tables[name].references.values()):
            return True
        return len(table.pk) == 1 and bool(table.columns[table.pk[0]].auto)

    def result(self, known: Schema | None) -> Labels:
        links = list(self.known_links(known)) if known is not None else []
        linked = {link.table for link in links}
        for table in self.left.values():
            if table.name not in linked and _is_link(table):
                links += self.link(table)
        linked = {link.table for link in links}
        return Labels(self.found, tuple(links), tuple(sorted(self.left.keys() - linked)))

    def known_links(self, known: Schema) -> Iterator[Link]:
        for model in known.models.values():
            for name, relation in model.relations():
                table = self.tables.get(relation.through_table or "")
                columns = relation.through_columns
                if table and relation.auto_through and columns and table.columns.keys() >= set(columns):
                    yield Link(
                        table=table.name,
                        owner=model.label,
                        field=name,
                        to=relation.to,
                        columns=columns,
                        through=relation.through or f"{model.label}_{name}".lower(),
                    )

    def link(self, table: Table) -> Iterator[Link]:
        """The field whose table it is, if its name says so: `<table of the model>_<field>`."""
        if self.longest is not None and len(table.name) >= self.longest:
            return  # it may have been shortened
        one, other = _ends(table)
        owner = self.end(table, one, begins=table.name)
        to = self.end(table, other)
        if owner is None or to is None:
            return
        label, name = self.found[owner], table.name[len(owner) + 1 :]
        certain = one in table.references and other in table.references
        guess = Guess(confidence=0.9, evidence=f"the columns of {table.name}, which has no foreign keys")
        yield Link(
            table=table.name,
            owner=label,
            field=name,
            to=self.found[to],
            columns=(one, other),
            through=f"{label}_{name}".lower(),
            guess=None if certain else guess,
        )

    def end(self, table: Table, column: str, *, begins: str = "") -> str | None:
        """The model's table that a column of a many-to-many table points at, by foreign key or else by its name."""
        if column in table.references:
            names = [table.references[column].table]
        else:
            stem = _stem(column)
            names = [name for name, label in self.found.items() if label.partition(".")[2] == stem]
        names = [name for name in names if name in self.found and (not begins or begins.startswith(f"{name}_"))]
        if len(names) > 1:
            app = next(
                (label.partition(".")[0] for name, label in self.found.items() if table.name.startswith(name)), ""
            )
            names = [name for name in names if self.found[name].partition(".")[0] == app]
        return names[0] if len(names) == 1 else None


def _is_link(table: Table) -> bool:
    """A key, two columns that are foreign keys (or both are not), and nothing else; unique as a pair."""
    if len(table.pk) != 1 or len(table.columns) != 3:
        return False
    ends = set(_ends(table))
    pair = any(set(key.columns) == ends and not key.condition for key in table.keys)
    return pair and table.pk[0] not in table.references and all(column.endswith("_id") for column in ends)


def _ends(table: Table) -> tuple[str, str]:
    """The columns of the two sides, first the one of the model that has the field: so Django makes the table."""
    one, other = (column for column in table.columns if column not in table.pk)
    return one, other


def _stem(column: str) -> str:
    """The model that a column of a many-to-many table is called after: `person_id`, `from_person_id`."""
    return column.removesuffix("_id").removeprefix("from_").removeprefix("to_")


def _shortened(name: str, longest: int | None) -> str:
    """As `truncate_name` in django/db/backends/utils.py."""
    if longest is None or len(name) <= longest:
        return name
    return name[: longest - 4] + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:4]
