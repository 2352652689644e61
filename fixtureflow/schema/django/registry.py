"""The app registry as a schema. Runs in the project's process, once `django.setup()` is done; connects to nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import django
from django.apps import apps
from django.conf import settings as configured
from django.db import connections, models, router
from django.db.models.signals import post_migrate

from fixtureflow.errors import SchemaError
from fixtureflow.schema import presets
from fixtureflow.schema.django import columns
from fixtureflow.schema.django.ids import chosen, ids_inside, is_a
from fixtureflow.schema.django.natural_keys import natural_key
from fixtureflow.schema.django.receivers import receivers
from fixtureflow.schema.model import Field, GenericKey, Model, Relation, Schema, Tree, Unique, canonical

__all__ = ["schema"]

# Of which models these receivers of `post_migrate` make rows in every database.
_FILLERS = {
    "django.contrib.contenttypes.management.create_contenttypes": "contenttypes.contenttype",
    "django.contrib.auth.management.create_permissions": "auth.permission",
    "django.contrib.sites.management.create_default_site": "sites.site",
}


def schema(settings: str) -> Schema:
    """All models of the installed apps, those of automatic many-to-many tables too, as Django knows them."""
    found = [model(each) for each in apps.get_models(include_auto_created=True) if _resolved(each)]
    if not found:
        raise SchemaError("no installed app has a model", advice="name the project's settings module")
    swappable = {m._meta.swappable: m._meta.label for m in apps.get_models(include_swapped=True) if m._meta.swappable}
    return Schema.of(
        sorted(found, key=lambda m: m.label),
        about=f"{settings} (Django {django.get_version()})",
        # A package of its own may do without the setting, as waffle does; then the model stands (Options.swapped).
        settings={name: canonical(getattr(configured, name, swappable[name])) for name in sorted(swappable)} | chosen(),
        use_tz=bool(configured.USE_TZ),
    )


def _resolved(django_model: Any) -> bool:
    """True, or SchemaError for a relation that points at a model of no installed app, which Django keeps as text."""
    for field in (*django_model._meta.local_fields, *django_model._meta.local_many_to_many):
        if field.remote_field is not None and isinstance(field.remote_field.model, str):
            raise SchemaError(
                f"{django_model._meta.label_lower}.{field.name} points at {field.remote_field.model}, "
                "which no installed app has",
                advice="`python manage.py check` has to pass first",
            )
    return True


def model(django_model: Any) -> Model:
    """One model, its local fields only; a proxy has none, and what holds of its rows stands at its concrete model."""
    meta = django_model._meta
    alias = _alias(django_model)
    local = (
        [] if meta.proxy else [f for f in (*meta.local_fields, *meta.local_many_to_many) if f.many_to_many or f.column]
    )
    return Model(
        label=meta.label_lower,
        table=meta.db_table,
        pk=tuple(f.name for f in getattr(meta, "pk_fields", None) or [meta.pk]),
        fields={f.name: _many(f, meta) if f.many_to_many else _field(f, alias) for f in local},
        complete=("fields", "relations"),
        uniques=() if meta.proxy else tuple(_uniques(meta)),
        generic_keys=() if meta.proxy else tuple(_generic_keys(meta)),
        natural_key=natural_key(django_model),
        proxy_for=meta.concrete_model._meta.label_lower if meta.proxy else "",
        parents=tuple(p._meta.label_lower for p, link in meta.parents.items() if link is not None),
        managed=meta.managed,
        swappable=meta.swappable or "",
        sequence=_sequence(meta, alias),
        database=alias,
        receivers=receivers(django_model),
        filled_by_migrate=meta.label_lower in _filled() or None,
        tree=None if meta.proxy else _tree(django_model),
    )


def _alias(django_model: Any) -> str:
    return str(router.db_for_write(django_model._meta.concrete_model))


def _field(field: Any, alias: str) -> Field:
    facts = columns.facts(field, alias)
    if facts["type"] == "integer":
        facts["auto"] = isinstance(field, models.AutoField)
    generated = bool(getattr(field, "generated", False))
    return Field(
        column=field.column,
        null=field.null or generated,  # Django never writes NOT NULL for one (BaseDatabaseSchemaEditor)
        has_default=columns.has_default(field),
        generated=generated,
        relation=_one(field, alias) if field.remote_field else None,
        **facts,
        **ids_inside(field),
    )


def _one(field: Any, alias: str) -> Relation:
    target = field.target_field
    managed = field.model._meta.managed
    return Relation(
        kind="o2o" if field.one_to_one else "fk",
        to=field.related_model._meta.label_lower,
        to_field="" if target.primary_key else target.name,
        parent_link=bool(field.remote_field.parent_link),
        swappable=field.swappable_setting or "",
        constraint=field.db_constraint if managed else None,
        deferrable=_defers(alias) if managed and field.db_constraint else None,
        rows_as=field.remote_field.get_accessor_name() if is_a(field, "modelcluster.fields.ParentalKey") else None,
    )


def _many(field: Any, meta: Any) -> Field:
    through = field.remote_field.through
    here, there = _link(field, through, "m2m_field_name"), _link(field, through, "m2m_reverse_field_name")
    constraint = all(getattr(link, "db_constraint", False) for link in (here, there))
    managed = through._meta.managed
    return Field(
        column="",
        relation=Relation(
            kind="m2m",
            to=field.related_model._meta.label_lower,
            to_field="" if there is None or there.target_field.primary_key else there.target_field.name,
            swappable=field.swappable_setting or "",
            constraint=constraint if managed else None,
            deferrable=_defers(_alias(through)) if managed and constraint else None,
            through=through._meta.label_lower,
            auto_through=bool(through._meta.auto_created),
            through_table=through._meta.db_table,
            through_columns=(field.m2m_column_name(), field.m2m_reverse_name()),
        ),
    )


def _link(field: Any, through: Any, side: str) -> Any:
    """The foreign key that one side of a many-to-many goes by; taggit's, by a generic key, has none on its own side."""
    name = getattr(field, side, lambda: None)()
    return through._meta.get_field(name) if name else None


def _defers(alias: str) -> bool:
    """Do foreign keys wait for the commit? SQLite has that in its schema editor, the others in their operations."""
    connection = connections[alias]
    inline = str(connection.SchemaEditorClass.sql_create_inline_fk or "")
    return "DEFERRED" in inline or "DEFERRED" in str(connection.ops.deferrable_sql())


def _uniques(meta: Any) -> Iterator[Unique]:
    """As the models state them; a database that cannot hold one (MariaDB, a conditional one) goes without."""
    for field in meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield Unique(fields=(field.name,), deferrable=False)
    for together in meta.unique_together:
        yield Unique(fields=_names(meta, together), deferrable=False)
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield Unique(
                fields=_names(meta, constraint.fields),
                name=constraint.name,
                condition=str(constraint.condition or ""),
                expressions=tuple(str(expression) for expression in constraint.expressions),
                nulls_distinct=getattr(constraint, "nulls_distinct", None) is not False,
                deferrable=constraint.deferrable == models.Deferrable.DEFERRED,
            )


def _names(meta: Any, names: Any) -> tuple[str, ...]:
    return tuple(meta.get_field(name).name for name in names)


def _generic_keys(meta: Any) -> Iterator[GenericKey]:
    local = {f.name for f in meta.local_fields}
    for key in _generic_by_code().get(meta.label_lower, ()):
        if {key.content_type, key.object_id} <= local:
            yield key
    for field in meta.private_fields:
        if hasattr(field, "ct_field") and hasattr(field, "fk_field"):
            content_type, object_id = _names(meta, (field.ct_field, field.fk_field))
            if content_type in local:  # and not in a multi-table parent
                yield GenericKey(
                    name=field.name,
                    content_type=content_type,
                    object_id=object_id,
                    for_concrete_model=field.for_concrete_model,
                )


@cache
def _generic_by_code() -> dict[str, tuple[GenericKey, ...]]:
    """Generic keys without a GenericForeignKey, which only code resolves, of the apps that are known."""
    known = presets.load(m._meta.label_lower for m in apps.get_models())
    return {
        label: tuple(key for key in m.generic_keys or () if not key.name)
        for source in known
        for label, m in source.schema.models.items()
    }


def _sequence(meta: Any, alias: str) -> str | None:
    """`""` where there is none. PostgreSQL and Oracle tell the name over a connection only."""
    numbered = not meta.proxy and any(isinstance(f, models.AutoField) for f in meta.local_fields)
    return None if numbered and connections[alias].vendor not in ("sqlite", "mysql") else ""


@cache
def _filled() -> set[str]:
    connected = set()
    for _, receiver, *_ in post_migrate.receivers:
        function = receiver() if hasattr(receiver, "__callback__") else receiver
        connected.add(f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}")
    return {label for name, label in _FILLERS.items() if name in connected}


def _tree(django_model: Any) -> Tree | None:
    """The tree libraries are looked for among what the project has imported; none is imported for this."""
    local = {f.name for f in django_model._meta.local_fields}
    if _is_a(django_model, "treebeard.mp_tree", "MP_Node") and "path" in local:
        return Tree(
            kind="materialized_path",
            columns={"path": "path", "depth": "depth", "numchild": "numchild"},
            steplen=django_model.steplen,
            alphabet=django_model.alphabet,
        )
    if _is_a(django_model, "treebeard.ns_tree", "NS_Node") and "lft" in local:
        return Tree(kind="nested_sets", columns={name: name for name in ("lft", "rgt", "tree_id", "depth")})
    if _is_a(django_model, "treebeard.al_tree", "AL_Node") and "parent" in local:
        return Tree(kind="adjacency", columns={name: name for name in ("parent", "sib_order") if name in local})
    options: Any = getattr(django_model, "_mptt_meta", None)
    if _is_a(django_model, "mptt.models", "MPTTModel") and options.left_attr in local:
        roles = {
            "parent": options.parent_attr,
            "lft": options.left_attr,
            "rgt": options.right_attr,
            "tree_id": options.tree_id_attr,
            "depth": options.level_attr,
        }
        return Tree(kind="mptt", columns=roles)
    return None


def _is_a(django_model: Any, module: str, name: str) -> bool:
    base = getattr(sys.modules.get(module), name, None)
    return base is not None and issubclass(django_model, base)
