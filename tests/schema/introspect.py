"""The presets' facts, taken from the packages themselves: `python tests/schema/introspect.py [--migrate] [--write]`.

Prints the presets of all apps below that are installed, in the facts that stay the same from one project to the next.
`--migrate` also makes a database and lists which models have rows after it. `--write` writes the
presets, with the facts that no package states added from `preset_facts.toml`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.schema.file import dump
from fixtureflow.schema.merge import Source, merge
from fixtureflow.schema.model import Field, GenericKey, Model, NaturalKey, Relation, Schema, Tree, Unique

HERE = Path(__file__).parent
PRESETS = HERE.parent.parent / "fixtureflow" / "schema" / "presets"

APPS = {
    "django.contrib.contenttypes": "django",
    "django.contrib.auth": "django",
    "django.contrib.sites": "django",
    "django.contrib.sessions": "django",
    "django.contrib.admin": "django",
    "django.contrib.flatpages": "django",
    "django.contrib.redirects": "django",
    "rest_framework.authtoken": "djangorestframework",
    "rest_framework_simplejwt.token_blacklist": "djangorestframework-simplejwt",
    "knox": "django-rest-knox",
    "oauth2_provider": "django-oauth-toolkit",
    "allauth.account": "django-allauth",
    "allauth.socialaccount": "django-allauth",
    "guardian": "django-guardian",
    "axes": "django-axes",
    "django_otp.plugins.otp_totp": "django-otp",
    "django_otp.plugins.otp_static": "django-otp",
    "waffle": "django-waffle",
    "reversion": "django-reversion",
    "django_comments": "django-contrib-comments",
    "django_celery_beat": "django-celery-beat",
    "django_celery_results": "django-celery-results",
    "taggit": "django-taggit",
    "easy_thumbnails": "easy-thumbnails",
    "filer": "django-filer",
    "cms": "django-cms",
    "djangocms_text": "djangocms-text",
    "wagtail": "wagtail",
    "wagtail.admin": "wagtail",
    "wagtail.images": "wagtail",
    "wagtail.documents": "wagtail",
    "wagtail.embeds": "wagtail",
    "wagtail.search": "wagtail",
    "wagtail.users": "wagtail",
    "wagtail.contrib.forms": "wagtail",
    "wagtail.contrib.redirects": "wagtail",
}
HELPERS = (
    "django.contrib.messages",
    "rest_framework",
    "django_otp",
    "mptt",
    "menus",
    "sekizai",
    "treebeard",
    "allauth",
)

LEFT_OUT = {"wagtailsearch.sqliteftsindexentry"}  # there on SQLite only


def installed(app: str) -> bool:
    return importlib.util.find_spec(app.partition(".")[0]) is not None


def set_up() -> None:
    """Django with all apps that are installed, and nothing of its own."""
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=[app for app in (*APPS, *HELPERS) if installed(app)],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SITE_ID=1,
        STATIC_URL="/static/",
        SECRET_KEY="x",
        USE_TZ=True,
        LANGUAGES=[("en", "English")],
        CMS_CONFIRM_VERSION4=True,
        WAGTAIL_SITE_NAME="x",
        WAGTAILADMIN_BASE_URL="http://example.com",
        SILENCED_SYSTEM_CHECKS=["fields.W344"],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "cms.context_processors.cms_settings",
                        "sekizai.context_processors.sekizai",
                    ]
                },
            }
        ],
        ROOT_URLCONF="introspect",
    )
    django.setup()


urlpatterns: list[Any] = []


def introspect() -> dict[str, Schema]:
    """Of each app label its schema."""
    from django.apps import apps

    found = {}
    for name, package in APPS.items():
        if installed(name):
            config = next(c for c in apps.get_app_configs() if c.name == name)
            models = [model(m) for m in config.get_models() if m._meta.label_lower not in LEFT_OUT]
            about = f"{package} {importlib.metadata.version(package)}"
            found[config.label] = Schema.of(sorted(models, key=lambda m: m.label), about=about)
    return found


def model(django_model: Any) -> Model:
    meta = django_model._meta
    uniques = () if meta.proxy else tuple(unique_constraints(meta))
    natural = natural_key(django_model)
    generic = tuple(generic_keys(meta))
    tree = None if meta.proxy else tree_columns(django_model)
    pk = tuple(f.name for f in getattr(meta, "pk_fields", None) or [meta.pk])
    telling = {*pk, *(f for u in uniques for f in u.fields), *(tree.columns.values() if tree else ())}
    telling |= {f.partition("__")[0] for f in natural.fields}
    telling |= {f for key in generic for f in (key.content_type, key.object_id)}
    local = [] if meta.proxy else [*meta.local_fields, *meta.local_many_to_many]
    return Model(
        label=meta.label_lower,
        table=meta.db_table,
        pk=pk,
        fields={f.name: field(f) for f in local if f.is_relation or f.name in telling},
        complete=("relations",),
        uniques=uniques,
        generic_keys=generic,
        natural_key=natural,
        proxy_for=meta.concrete_model._meta.label_lower if meta.proxy else "",
        parents=tuple(p._meta.label_lower for p, link in meta.parents.items() if link is not None),
        swappable=meta.swappable or "",
        tree=tree,
    )


TYPES = {
    "DecimalField": "decimal",
    "FloatField": "float",
    "DurationField": "duration",
    "UUIDField": "uuid",
    "JSONField": "json",
    "BooleanField": "boolean",
    "DateTimeField": "datetime",
    "DateField": "date",
}


def field(f: Any) -> Field:
    if f.many_to_many:
        through = f.remote_field.through._meta
        auto = bool(through.auto_created)
        return Field(
            column="",
            relation=Relation(
                kind="m2m",
                to=f.related_model._meta.label_lower,
                swappable=f.swappable_setting,
                through=through.label_lower,
                auto_through=auto,
                through_table=through.db_table,
                through_columns=(f.m2m_column_name(), f.m2m_reverse_name()),
            ),
        )
    if not f.is_relation:
        kind = f.get_internal_type()
        known = "integer" if "Integer" in kind or "AutoField" in kind else TYPES.get(kind, "text")
        return Field(column=f.column, type=known, null=f.null, auto=True if "AutoField" in kind else None)  # type: ignore[arg-type]
    target = f.target_field
    return Field(
        column=f.column,
        null=f.null,
        relation=Relation(
            kind="o2o" if f.one_to_one else "fk",
            to=f.related_model._meta.label_lower,
            to_field="" if target.primary_key else target.name,
            parent_link=True if getattr(f.remote_field, "parent_link", False) else None,
            swappable=f.swappable_setting,
            constraint=None if f.db_constraint else False,
            rows_as=f.remote_field.get_accessor_name() if type(f).__name__ == "ParentalKey" else None,
        ),
    )


def unique_constraints(meta: Any) -> list[Unique]:
    from django.db.models import UniqueConstraint

    found = [Unique(fields=(f.name,)) for f in meta.local_fields if f.unique and not f.primary_key]
    found += [Unique(fields=tuple(together)) for together in meta.unique_together]
    for c in meta.constraints:
        if isinstance(c, UniqueConstraint):
            found.append(
                Unique(
                    fields=tuple(c.fields),
                    name=c.name,
                    condition=str(c.condition or ""),
                    expressions=tuple(str(e) for e in c.expressions),
                    nulls_distinct=c.nulls_distinct is not False,
                )
            )
    return found


def generic_keys(meta: Any) -> list[GenericKey]:
    from django.contrib.contenttypes.fields import GenericForeignKey

    return [
        GenericKey(name=f.name, content_type=f.ct_field, object_id=f.fk_field, for_concrete_model=f.for_concrete_model)
        for f in meta.private_fields
        if isinstance(f, GenericForeignKey) and f.model._meta.concrete_model is meta.concrete_model
    ]


def natural_key(django_model: Any) -> NaturalKey:
    """Which fields `natural_key()` returns, by calling it on an instance whose values are their own names."""
    lookup = hasattr(django_model._default_manager, "get_by_natural_key")
    if not hasattr(django_model, "natural_key"):
        return NaturalKey(status="none", lookup=lookup)
    try:
        key = marked(django_model).natural_key()
    except Exception as error:
        return NaturalKey(
            status="computed", lookup=lookup, reason=f"natural_key() asks for more: {type(error).__name__}"
        )
    fields = tuple(str(value).removeprefix("§") for value in key)
    if not all(isinstance(value, str) and value.startswith("§") for value in key):
        return NaturalKey(status="computed", lookup=lookup, reason="natural_key() returns what is no field")
    depends = tuple(label.lower() for label in getattr(django_model.natural_key, "dependencies", ()))
    return NaturalKey(status="fields", fields=fields, lookup=lookup, dependencies=depends)


def marked(django_model: Any, path: str = "", depth: int = 0) -> Any:
    from django.db.models.base import ModelState

    instance = django_model.__new__(django_model)  # __init__ may ask the database (wagtail's Page)
    instance._state = ModelState()
    for f in django_model._meta.concrete_fields:
        if not f.is_relation:
            instance.__dict__[f.attname] = f"§{path}{f.name}"
        elif depth < 3:
            f.set_cached_value(instance, marked(f.related_model, f"{path}{f.name}__", depth + 1))
    return instance


def tree_columns(django_model: Any) -> Tree | None:
    try:
        from treebeard.mp_tree import MP_Node
    except ImportError:
        return None
    if issubclass(django_model, MP_Node) and any(f.name == "path" for f in django_model._meta.local_fields):
        return Tree(
            kind="materialized_path",
            columns={"path": "path", "depth": "depth", "numchild": "numchild"},
            steplen=django_model.steplen,
            alphabet=django_model.alphabet,
        )
    return None


def filled_by_migrate() -> list[str]:
    """Labels of the models that have rows in a new database."""
    from django.apps import apps
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return sorted(
        m._meta.label_lower
        for m in apps.get_models()
        if not m._meta.proxy and m._meta.managed and m._base_manager.exists()
    )


def preset(label: str, schema: Schema) -> Schema:
    """What the package says, and what only people can say."""
    facts = msgspec.convert(tomllib.loads((HERE / "preset_facts.toml").read_text()), type=dict[str, Schema])
    mine = facts.get(label, Schema())
    unknown = {name for name in mine.models if name.startswith(f"{label}.")} - schema.models.keys()
    assert not unknown, f"preset_facts.toml names models that the package does not have: {sorted(unknown)}"
    merged = merge([Source("project", label, schema), Source("file", "preset_facts.toml", mine)]).schema
    return msgspec.structs.replace(merged, about=schema.about)


def main() -> None:
    set_up()
    found = introspect()
    if "--write" in sys.argv:
        for label, schema in found.items():
            (PRESETS / f"{label}.json").write_bytes(dump(preset(label, schema)))
    elif "--migrate" in sys.argv:
        print("\n".join(filled_by_migrate()))
    else:
        presets = {label: preset(label, schema) for label, schema in found.items()}
        print(msgspec.json.encode(presets).decode())


if __name__ == "__main__":
    main()
