"""A Django project's schema is what Django itself says of its models, and is had without a database."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.projects import PROJECTS, dumpdata, run_python
from support.schemas import schema_of

from fixtureflow.errors import SchemaError
from fixtureflow.schema import file, presets
from fixtureflow.schema.diff import compare
from fixtureflow.schema.django import from_project, unapplied_migrations
from fixtureflow.schema.merge import Source, merge
from fixtureflow.schema.model import BlockIds, Field, GenericKey, Model, NaturalKey, Receiver, Relation, Schema, Unique

pytest.importorskip("django")

REAL = ("everything", "swapped", "tokens")
ALL = (*REAL, "unusual")


def model(project: str, label: str) -> Model:
    return schema_of(project).models[label]


def field(project: str, path: str) -> Field:
    label, _, name = path.rpartition(".")
    return model(project, label).fields[name]


def relation(project: str, path: str) -> Relation:
    found = field(project, path).relation
    assert isinstance(found, Relation)
    return found


def key(project: str, label: str) -> NaturalKey:
    found = model(project, label).natural_key
    assert found is not None
    return found


# Against Django and the tables it makes.

ASK_DJANGO = """
import json, django
from django.conf import settings
settings.LOGGING_CONFIG = None
django.setup()
from django.apps import apps

def of(field):
    said = {"name": field.name, "column": field.column, "null": field.null, "unique": field.unique}
    if field.remote_field:
        said["to"] = str(field.remote_field.model._meta).lower()
        said["class"] = [c.__name__ for c in type(field).__mro__]
    return said

answer = {}
for app in apps.get_app_configs():
    for model in app.get_models(include_auto_created=True):
        meta = model._meta
        mine = [f for f in meta.get_fields(include_parents=False) if not f.auto_created or getattr(f, "column", None)]
        answer[str(meta).lower()] = {
            "table": meta.db_table,
            "columns": [of(f) for f in mine if not f.many_to_many and getattr(f, "column", None) and f.model is model],
            "many": {f.name: [str(f.remote_field.model._meta).lower(), f.m2m_db_table(), f.m2m_column_name(),
                              f.m2m_reverse_name(), bool(f.remote_field.through._meta.auto_created)]
                     for f in mine if f.many_to_many and hasattr(f, "m2m_db_table")},
            "managed": meta.managed, "proxy": meta.proxy,
        }
print("answer", json.dumps(answer))
"""


@pytest.mark.parametrize("project", ALL)
def test_models_fields_and_relations_are_those_of_the_registry(project: str, tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASK_DJANGO)
    printed = run_python(project, "sqlite:///:memory:", str(script)).decode()
    said: dict[str, Any] = json.loads(printed.partition("answer ")[2])
    schema = schema_of(project)
    assert schema.models.keys() == said.keys()
    for label, theirs in said.items():
        mine = schema.models[label]
        assert (mine.table, mine.managed) == (theirs["table"], theirs["managed"])
        assert bool(mine.proxy_for) == theirs["proxy"]
        many = {name: r for name, r in mine.relations() if r.kind == "m2m"}
        assert {
            name: [r.to, r.through_table, *(r.through_columns or ()), r.auto_through] for name, r in many.items()
        } == theirs["many"]
        columns = [] if theirs["proxy"] else theirs["columns"]
        assert mine.fields.keys() == {*(c["name"] for c in columns), *many}
        single = {u.fields[0] for u in mine.uniques or () if len(u.fields) == 1 and u.name is None}
        for column in columns:
            ours = mine.fields[column["name"]]
            assert (ours.column, ours.null or ours.generated) == (column["column"], column["null"] or ours.generated)
            assert column["unique"] == (column["name"] in single or (column["name"],) == mine.pk)
            if "to" in column:
                assert isinstance(ours.relation, Relation)
                assert ours.relation.to == column["to"]
                assert (ours.relation.kind == "o2o") == ("OneToOneField" in column["class"])
            else:
                assert ours.relation is None


@pytest.mark.parametrize("project", REAL)
def test_tables_columns_and_constraints_are_those_that_migrate_makes(project: str, scratch_on: Any) -> None:
    database = sqlite3.connect(scratch_on("sqlite", project).removeprefix("sqlite:///"))
    schema = schema_of(project)
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ours = {m.table: m for m in schema.models.values() if not m.proxy_for}
    assert ours.keys() == tables - {"django_migrations", "sqlite_sequence"}
    for table, mine in ours.items():
        columns = {f.column: f for f in mine.fields.values() if f.column}
        info = database.execute("SELECT name, [notnull], pk FROM pragma_table_xinfo(?)", [table]).fetchall()
        assert columns.keys() == {name for name, _, _ in info}
        assert {c for c, f in columns.items() if not f.null} == {name for name, notnull, _ in info if notnull}
        assert {mine.fields[name].column for name in mine.pk or ()} == {name for name, _, pk in info if pk}
        keys = database.execute("SELECT [from], [table], [to] FROM pragma_foreign_key_list(?)", [table]).fetchall()
        assert sorted(keys) == sorted(points(schema, mine))
        found = set()
        indexes = database.execute("SELECT name, origin FROM pragma_index_list(?) WHERE [unique]", [table]).fetchall()
        for index, origin in indexes:
            if origin != "pk":
                parts = database.execute("SELECT name FROM pragma_index_info(?)", [index]).fetchall()
                found.add(frozenset(name for (name,) in parts if name))
        stated = {
            frozenset(str(mine.fields[name].column) for name in unique.fields)
            for unique in mine.uniques or ()
            if not unique.expressions and not unique.deferrable and unique.nulls_distinct
        }
        assert stated <= found


def points(schema: Schema, mine: Model) -> list[tuple[str | None, str | None, str | None]]:
    """Column, table and column of each foreign key that the database enforces."""
    found = []
    for name, r in mine.relations():
        target = schema.concrete(r.to)
        if r.kind != "m2m" and r.constraint and target:
            to = schema.owner(target.label, r.to_field) if r.to_field else target
            assert to and to.pk
            found.append((mine.fields[name].column, to.table, to.fields[r.to_field or to.pk[0]].column))
    return found


@pytest.mark.parametrize("project", ALL)
def test_a_file_keeps_all_of_it(project: str) -> None:
    schema = schema_of(project)
    assert file.parse(file.dump(schema)) == schema


@pytest.mark.parametrize("project", REAL)
def test_presets_agree_with_the_project(project: str) -> None:
    schema = schema_of(project)
    chosen = Source("project", project, Schema(settings=schema.settings))
    known = merge([chosen, *presets.load(schema.models)]).schema
    ours = Schema(models={label: m for label, m in schema.models.items() if label in known.models})
    theirs = Schema(models={label: m for label, m in known.models.items() if label in ours.models})
    assert len(ours.models) > 3
    assert compare(ours, theirs) == []


PACKAGES = """
import sys
sys.path.insert(0, {folder!r})
from introspect import APPS, HELPERS, installed
INSTALLED_APPS = [app for app in (*APPS, *HELPERS) if installed(app)]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/to/be/found"}}}}
SECRET_KEY, STATIC_URL, ROOT_URLCONF = "x", "/static/", "introspect"
SITE_ID, USE_TZ, CMS_CONFIRM_VERSION4 = 1, True, True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGES = [("en", "English")]
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
WAGTAIL_SITE_NAME, WAGTAILADMIN_BASE_URL = "x", "http://example.com"
PROCESSORS = ["cms.context_processors.cms_settings", "sekizai.context_processors.sekizai"]
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
              "OPTIONS": {{"context_processors": ["django.template.context_processors.request", *PROCESSORS]}}}}]
"""


@pytest.mark.skipif(not find_spec("wagtail"), reason="wants the apps of the presets")
def test_widely_used_apps_are_what_their_presets_say(tmp_path: Path) -> None:
    (tmp_path / "package_settings.py").write_text(PACKAGES.format(folder=str(Path(__file__).parent)))
    schema = from_project("package_settings", path=tmp_path)
    known = merge(
        [Source("project", "packages", Schema(settings=schema.settings)), *presets.load(schema.models)]
    ).schema
    ours = Schema(models={label: m for label, m in schema.models.items() if label in known.models})
    theirs = Schema(models={label: m for label, m in known.models.items() if label in ours.models})
    assert len(ours.models) > 20
    assert compare(ours, theirs) == []
    asking = schema.models["wagtailcore.collection"].natural_key
    assert asking
    assert (asking.status, asking.reason) == ("computed", "it asks the database")


# Natural keys, against what dumpdata writes.


@pytest.mark.parametrize("project", REAL)
def test_natural_keys_are_what_dumpdata_writes(project: str, scratch_on: Any) -> None:
    url = scratch_on("sqlite", project, populated=True)
    schema = schema_of(project)
    plain = {(r["model"], str(r["pk"])): r for r in json.loads(dumpdata(project, url))}
    natural = json.loads(dumpdata(project, url, "--natural-foreign"))
    seen = set()
    for record in natural:
        original = plain[record["model"], str(record["pk"])]
        for name, r in schema.models[record["model"]].relations():
            if name not in record["fields"] or key(project, r.to).status != "fields":
                continue
            many = r.kind == "m2m"
            written = record["fields"][name] if many else [record["fields"][name]]
            numbers = original["fields"][name] if many else [original["fields"][name]]
            for value, number in zip(written, numbers, strict=True):
                if number is not None:
                    seen.add(r.to)
                    assert value == [follow(schema, plain, r.to, number, path) for path in key(project, r.to).fields]
    expected = {"everything": {"naturals.quote", "naturals.book", "auth.permission", "contenttypes.contenttype"}}
    assert expected.get(project, {"auth.permission"}) <= seen


def follow(schema: Schema, plain: dict[Any, Any], label: str, pk: Any, path: str) -> Any:
    """The value that a lookup such as `book__author__name` leads to, through the records of a plain dump."""
    owner = schema.owner(label, path.partition("__")[0])
    assert owner
    name, _, rest = path.partition("__")
    value = plain[owner.label, str(pk)]["fields"][name]
    if not rest:
        return value
    there = owner.fields[name].relation
    assert isinstance(there, Relation)
    return follow(schema, plain, there.to, value, rest)


@pytest.mark.parametrize(
    ("project", "label", "fields"),
    [
        ("tokens", "auth.permission", ("codename", "content_type__app_label", "content_type__model")),
        ("tokens", "auth.user", ("username",)),
        ("tokens", "sites.site", ("domain",)),
        ("swapped", "accounts.member", ("email",)),
        ("everything", "naturals.chapter", ("number", "book__title", "book__author__name")),
        (
            "everything",
            "naturals.quote",
            ("line", "chapter__number", "chapter__book__title", "chapter__book__author__name", "quoted_by__name"),
        ),
        ("everything", "inheritance.newspage", ("slug",)),
        ("unusual", "keys.typed", ("shown", "day", "at", "number", "price", "key", "live", "name")),
        ("unusual", "keys.byid", ("typed", "name")),
        ("unusual", "keys.bypk", ("id",)),
        ("unusual", "keys.optional", ("typed__name", "name")),
        ("unusual", "keys.oftype", ("content_type__app_label", "content_type__model", "name")),
        ("unusual", "keys.withinit", ("name",)),
        ("unusual", "keys.cafe", ("name", "street", "name")),
        ("unusual", "keys.table", ("cafe__name", "cafe__street", "cafe__name", "name")),
    ],
)
def test_the_fields_of_a_natural_key(project: str, label: str, fields: tuple[str, ...]) -> None:
    assert (key(project, label).status, key(project, label).fields) == ("fields", fields)
    assert key(project, label).lookup


@pytest.mark.parametrize(
    ("project", "label", "reason"),
    [
        ("everything", "naturals.keyword", "its value 1 of 1 is computed from namespace, word"),
        ("everything", "naturals.folder", "its length follows from how deep a row stands: it runs on"),
        ("unusual", "keys.climbs", "its length follows from how deep a row stands: it runs on"),
        ("unusual", "keys.lowered", "its value 1 of 1 is computed from name"),
        ("unusual", "keys.stripped", "its value 1 of 1 is computed from name"),
        ("unusual", "keys.numberastext", "its value 1 of 1 is computed"),
        ("unusual", "keys.duration", "its value 1 of 1 is computed"),
        ("unusual", "keys.plainly", "it returns str, where loaddata wants a tuple"),
        ("unusual", "keys.empty", "it is empty"),
        ("unusual", "keys.constant", "its value 1 of 2 is the same for all rows"),
        ("unusual", "keys.nested", "its value 2 of 2 is a list in itself"),
        ("unusual", "keys.throughcomputed", "its value 2 of 2 is computed from name, lowered__name"),
        ("unusual", "keys.shorter", "it depends on whether typed is empty"),
        ("unusual", "keys.fallsback", "it depends on whether title is empty"),
        ("unusual", "keys.depends", "it depends on kind, not in it"),
        ("unusual", "keys.asks", "it asks the database"),
        ("unusual", "keys.writes", "it asks the database"),
        ("unusual", "keys.raises", "it raises ValueError"),
        ("unusual", "keys.wantsmore", "it raises TypeError: "),
    ],
)
def test_a_key_that_is_no_list_of_fields_says_why(project: str, label: str, reason: str) -> None:
    assert (key(project, label).status, key(project, label).fields) == ("computed", ())
    assert key(project, label).reason.startswith(reason)


def test_a_natural_key_is_to_be_written_and_to_be_looked_up() -> None:
    assert key("unusual", "keys.notfound") == NaturalKey(
        status="fields", fields=("name",), lookup=False, dependencies=()
    )
    assert key("unusual", "keys.onlyfound") == NaturalKey(status="none", lookup=True)
    assert key("tokens", "sessions.session") == NaturalKey(status="none", lookup=False)
    assert key("unusual", "keys.table").dependencies == ("keys.cafe",)
    assert key("tokens", "auth.permission").dependencies == ("contenttypes.contenttype",)


# Columns.


def test_columns_have_the_types_lengths_ranges_and_digits_of_their_fields() -> None:
    plain = model("everything", "columns.plain").fields
    assert {name: f.type for name, f in plain.items()} == {
        **dict.fromkeys(("id", "big", "integer", "positive_big", "positive", "positive_small", "small"), "integer"),
        **dict.fromkeys(("char", "email", "file", "slug", "text", "url"), "text"),
        **{n: n for n in ("binary", "boolean", "date", "datetime", "decimal", "duration", "float", "ip", "json")},
        **{n: n for n in ("time", "uuid")},
    }
    lengths = {name: f.max_length for name, f in plain.items() if f.type == "text"}
    assert lengths == {"char": 40, "email": 254, "file": 100, "slug": 50, "text": 0, "url": 200}
    assert (plain["small"].minimum, plain["small"].maximum) == (-(2**15), 2**15 - 1)
    assert (plain["positive_big"].minimum, plain["positive_big"].maximum) == (0, 2**63 - 1)
    assert (plain["decimal"].digits, plain["decimal"].decimals) == (20, 5)
    assert (plain["id"].auto, plain["big"].auto, plain["id"].maximum) == (True, False, 2**15 - 1)
    total = field("everything", "columns.line.total")
    assert (total.generated, total.type, total.digits) == (True, "decimal", 20)


def test_a_foreign_key_has_the_type_of_the_column_it_points_at() -> None:
    origin = field("everything", "relations.flight.origin")
    assert (origin.type, origin.max_length, relation("everything", "relations.flight.origin").to_field) == (
        "text",
        3,
        "iata",
    )
    scan = field("everything", "relations.scan.badge")
    assert (scan.type, scan.maximum, scan.auto) == ("integer", 2**63 - 1, False)
    assert field("swapped", "orders.order.ordered_by").type == "uuid"


def test_a_field_of_ones_own_has_the_type_that_it_is_made_from() -> None:
    archived = model("unusual", "odd.archived").fields
    assert (archived["custom"].type, archived["custom"].max_length) == ("text", 12)
    assert (archived["whole"].type, archived["whole"].maximum) == ("integer", 2**15 - 1)
    assert archived["point"].type == "other"
    assert archived["endless"].max_length == 0


def test_what_loaddata_fills_in_has_a_default_and_what_only_a_save_fills_in_has_none() -> None:
    archived = model("unusual", "odd.archived").fields
    filled = {name for name, f in archived.items() if f.has_default}
    assert filled == {"id", "custom", "whole", "point", "endless", "state", "stored"}
    assert field("everything", "columns.line.total").has_default
    assert field("swapped", "accounts.member.id").has_default
    assert not field("swapped", "orders.order.total").has_default


# Relations, keys, inheritance.


def test_relations_of_each_kind() -> None:
    assert relation("everything", "relations.club.members") == Relation(
        kind="m2m",
        to="relations.person",
        to_field="",
        swappable="",
        constraint=True,
        deferrable=True,
        through="relations.membership",
        auto_through=False,
        through_table="relations_membership",
        through_columns=("club_id", "person_id"),
    )
    follows = relation("everything", "relations.person.follows")
    assert (follows.to, follows.through, follows.through_columns) == (
        "relations.person",
        "relations.person_follows",
        ("from_person_id", "to_person_id"),
    )
    assert relation("everything", "relations.category.parent").to == "relations.category"
    assert relation("everything", "relations.visit.person").constraint is False
    assert relation("everything", "relations.visit.countries").constraint is False
    assert relation("everything", "inheritance.inspection.landmark").to == "inheritance.landmark"
    labels = relation("unusual", "odd.other.labels")
    assert (labels.auto_through, labels.to_field, labels.constraint) == (False, "code", False)
    assert relation("unusual", "odd.view.label").constraint is None


def test_primary_keys_of_each_kind() -> None:
    assert model("everything", "relations.seat").pk == ("flight", "number")
    assert "pk" not in model("everything", "relations.seat").fields
    assert model("everything", "relations.badge").pk == ("person",)
    assert model("tokens", "authtoken.token").pk == ("key",)
    assert model("swapped", "orders.profile").pk == ("member",)


def test_inherited_fields_stand_at_the_parent_only() -> None:
    pizzeria = model("everything", "inheritance.pizzeria")
    assert pizzeria.parents == ("inheritance.restaurant",)
    assert list(pizzeria.fields) == ["restaurant_ptr", "oven", "suppliers"]
    assert relation("everything", "inheritance.pizzeria.restaurant_ptr").parent_link
    supplier = model("everything", "inheritance.supplier")
    assert (supplier.pk, supplier.fields["location"].column) == (("location",), "location_no")
    landmark = model("everything", "inheritance.landmark")
    assert (landmark.proxy_for, landmark.table, landmark.fields) == ("inheritance.place", "inheritance_place", {})
    assert list(model("everything", "inheritance.place").fields) == ["id", "created_at", "updated_at", "name"]


def test_unique_constraints_of_each_kind() -> None:
    def uniques(label: str) -> tuple[Unique, ...]:
        return model("everything", f"constraints.{label}").uniques or ()

    assert [(u.fields, u.name) for u in uniques("account")] == [
        (("email",), None),
        (("phone",), None),
        (("bank", "number"), "account_number_in_bank"),
    ]
    assert [u.fields for u in uniques("booking")] == [("room", "day", "seat"), ("account", "day")]
    assert uniques("coupon")[0].condition == "(AND: ('active', True))"
    assert uniques("handle")[0].expressions == ("Lower(F(name))", "OrderBy(Lower(F(domain)), descending=True)")
    assert not uniques("desk")[0].nulls_distinct
    assert uniques("track")[0].deferrable
    assert uniques("uniqueformonth") == ()
    assert [u.fields for u in model("tokens", "authtoken.token").uniques or ()] == [("user",)]
    assert [u.fields for u in model("tokens", "auth.user_groups").uniques or ()] == [("user", "group")]
    assert model("unusual", "odd.between").uniques == (
        Unique(fields=("other", "label"), name="between", deferrable=False),
    )


def test_generic_keys_stand_where_their_columns_are() -> None:
    assert model("everything", "relations.note").generic_keys == (
        GenericKey(name="target", content_type="target_type", object_id="target_key", for_concrete_model=True),
    )
    assert model("tokens", "admin.logentry").generic_keys == (
        GenericKey(content_type="content_type", object_id="object_id"),
    )
    pointed = model("unusual", "odd.pointed").generic_keys
    assert pointed
    assert pointed[0].for_concrete_model is False
    assert model("unusual", "odd.child").generic_keys == ()


def test_a_swapped_model_is_gone_and_relations_follow_the_setting() -> None:
    assert schema_of("swapped").settings == {"AUTH_USER_MODEL": "accounts.member"}
    assert "auth.user" not in schema_of("swapped").models
    assert relation("swapped", "admin.logentry.user") == Relation(
        kind="fk",
        to="accounts.member",
        to_field="",
        parent_link=False,
        swappable="AUTH_USER_MODEL",
        constraint=True,
        deferrable=True,
    )
    assert model("tokens", "auth.user").swappable == "AUTH_USER_MODEL"
    assert schema_of("unusual").settings["ODD_LABEL_MODEL"] == "odd.ownlabel"


def test_routers_say_which_database_a_model_belongs_to() -> None:
    assert model("unusual", "odd.archived").database == "archive"
    assert model("unusual", "odd.archivedproxy").database == "archive"
    assert model("unusual", "odd.other").database == "default"


def test_migrate_fills_what_its_receivers_make() -> None:
    filled = {label for label, m in schema_of("tokens").models.items() if m.filled_by_migrate}
    assert filled == {"contenttypes.contenttype", "auth.permission", "sites.site"}


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        ("sqlite:////nowhere/to/be/found", (True, 2**31 - 1, "")),
        ("postgresql://someone:S3cret@127.0.0.1:1/nowhere", (True, 2**31 - 1, None)),
        ("mysql://someone:S3cret@127.0.0.1:1/nowhere", (False, 2**32 - 1, "")),
    ],
)
def test_what_the_backend_decides_is_told_without_its_server(
    url: str, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    models = from_project("mysite.settings", path=PROJECTS / "everything").models
    parent = models["relations.category"].fields["parent"].relation
    assert isinstance(parent, Relation)
    found = (parent.deferrable, models["columns.plain"].fields["positive"].maximum, models["columns.plain"].sequence)
    assert found == facts


# Receivers and trees.


def test_a_receiver_that_makes_rows_is_listed_with_what_it_makes() -> None:
    assert model("tokens", "auth.user").receivers == (
        Receiver(path="accounts.receivers.create_auth_token", makes=("authtoken.token",), checks_raw=False),
    )
    assert model("tokens", "articles.article").receivers == ()


AUDIT = Receiver(path="hooks.receivers.audit_all", makes=("hooks.audit",), checks_raw=True)


def test_receivers_are_read_not_called() -> None:
    assert model("unusual", "auth.user").receivers == (
        Receiver(path="hooks.receivers.make_profile", makes=("hooks.profile",), checks_raw=True),
        Receiver(path="hooks.receivers.make_basket", makes=("hooks.basket",), checks_raw=False),
        AUDIT,
    )
    assert model("unusual", "hooks.watched").receivers == (
        AUDIT,
        Receiver(path="hooks.receivers.decorated", makes=("hooks.basket",), checks_raw=True),
        Receiver(path="hooks.receivers.later", makes=("hooks.profile",), checks_raw=False),
        Receiver(path="hooks.receivers.queued", makes=("hooks.audit",), checks_raw=False),
        Receiver(path="hooks.receivers.Receivers.method", makes=("hooks.watched",), checks_raw=False),
        Receiver(path="hooks.receivers.without_source", makes=(), checks_raw=None),
    )


def test_a_receiver_of_all_models_is_listed_for_each_that_sends_a_signal() -> None:
    silent = {label for label, m in schema_of("unusual").models.items() if AUDIT not in (m.receivers or ())}
    assert silent == {"auth.user_groups", "auth.user_user_permissions", "auth.group_permissions"}


@pytest.mark.skipif(not (find_spec("mptt") and find_spec("treebeard")), reason="wants mptt and treebeard")
def test_trees_say_which_columns_hold_their_shape() -> None:
    def tree(label: str) -> Any:
        found = model("unusual", f"trees.{label}").tree
        return found and (found.kind, found.columns)

    assert tree("path") == ("materialized_path", {"path": "path", "depth": "depth", "numchild": "numchild"})
    path = model("unusual", "trees.path").tree
    assert path
    assert (path.steplen, path.alphabet) == (3, "0123456789")
    assert tree("page") is None  # the columns are its parent's
    assert tree("sets") == ("nested_sets", {"lft": "lft", "rgt": "rgt", "tree_id": "tree_id", "depth": "depth"})
    assert tree("list") == ("adjacency", {"parent": "parent", "sib_order": "sib_order"})
    assert tree("mptt") == (
        "mptt",
        {"parent": "above", "lft": "left_side", "rgt": "rght", "tree_id": "tree_id", "depth": "level"},
    )


@pytest.mark.skipif(not find_spec("taggit"), reason="wants taggit")
def test_a_tag_manager_is_a_many_to_many_by_a_generic_key() -> None:
    tags = relation("unusual", "tagged.food.tags")
    assert (tags.kind, tags.to, tags.through, tags.auto_through) == ("m2m", "taggit.tag", "taggit.taggeditem", False)


# The caller's process, and projects that do not import.


def test_the_callers_process_stays_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    before, path, here = dict(os.environ), list(sys.path), Path.cwd()
    first = from_project("mysite.settings", path=PROJECTS / "unusual")
    second = from_project("mysite.settings", path=PROJECTS / "swapped")
    assert first.models.keys() != second.models.keys()
    assert (dict(os.environ), sys.path, Path.cwd()) == (before, path, here)
    assert not {"mysite", "mysite.settings"} & sys.modules.keys()
    assert capfd.readouterr() == ("", "")  # the project's own noise


def test_django_is_imported_by_no_one_but_the_projects_process() -> None:
    code = "import sys, fixtureflow.schema.django; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_project_is_found_from_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECTS / "swapped")
    assert from_project("mysite.settings") == schema_of("swapped")


def refusal(folder: Path, settings: str = "site_settings", files: dict[str, str] | None = None) -> str:
    for name, text in (files or {}).items():
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    with pytest.raises(SchemaError) as refused:
        from_project(settings, path=folder)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert refused.value.advice
    assert "Traceback" not in sentence
    assert "S3cret" not in sentence
    return sentence


BASE = "SECRET_KEY = 'S3cret'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'x'}}\n"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("import nothing_of_that_name", "site_settings: site_settings.py, line 1: no module named 'nothing_of_that_na"),
        ("A = 1\nB = (", "site_settings: site_settings.py, line 2: SyntaxError: '(' was never closed"),
        ("import sys\nsys.exit('set DEBUG')", "line 2: the project ends the program (SystemExit): set DEBUG"),
        ("import os\nos._exit(3)", "the project's process ended without an answer (exit code 3)"),
        (BASE + "1 / 0", "site_settings: site_settings.py, line 3: ZeroDivisionError; "),
        (BASE + "int(SECRET_KEY)", "site_settings: site_settings.py, line 3: ValueError; "),
        (BASE + "{}[SECRET_KEY]", "line 3: KeyError: '***'"),
        ("import os\nos.environ['NOT_SET']", "line 2: KeyError: 'NOT_SET'"),
        (
            "from django.core.exceptions import ImproperlyConfigured\nURL = 'postgres://me:S3cret@host/name'\n"
            "raise ImproperlyConfigured(f'no database at {URL}, {URL[14:20]}')",
            "line 3: ImproperlyConfigured: no database at postgres://***@host/name, ***",
        ),
        (BASE + "INSTALLED_APPS = ['absent.app']", "INSTALLED_APPS has 'absent', and there is no such module"),
        (
            BASE + "AUTH_USER_MODEL = 'a.b'\nINSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']",
            "site_settings: ImproperlyConfigured: AUTH_USER_MODEL refers to model 'a.b' that has not been installed",
        ),
        (
            "DATABASES = {'default': {'ENGINE': 'absent.backend'}}\n"
            "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']",
            "site_settings: ImproperlyConfigured: 'absent.backend' isn't an available database backend",
        ),
    ],
)
def test_a_project_that_does_not_import_is_one_clear_line(settings: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in refusal(tmp_path, files={"site_settings.py": settings})


def test_settings_that_are_not_there_say_where_to_look(tmp_path: Path) -> None:
    said = refusal(tmp_path, "absent.settings")
    assert said.startswith("cannot import settings absent.settings: no module named 'absent'; run this in the folder")
    assert "with dots" in refusal(tmp_path, "mysite/settings.py")
    with pytest.raises(SchemaError, match="string: no installed app has a model; name the project's settings"):
        from_project("string", path=tmp_path)
    with pytest.raises(SchemaError, match="no settings module is named"):
        from_project("")
    with pytest.raises(SchemaError, match="no such folder; name the folder that"):
        from_project("mysite.settings", path=tmp_path / "absent")


def test_models_that_do_not_import_are_named_with_their_line(tmp_path: Path) -> None:
    app = BASE + "INSTALLED_APPS = ['shop']"
    files = {"site_settings.py": app, "shop/__init__.py": "", "shop/models.py": "import absent_package"}
    assert "site_settings: shop/models.py, line 1: no module named 'absent_package'" in refusal(tmp_path, files=files)
    wrong = "from django.db import models\nclass A(models.Model):\n    b = models.ForeignKey('c.D', models.CASCADE)"
    said = refusal(tmp_path, files=files | {"shop/models.py": wrong})
    assert said.startswith("site_settings: shop.a.b points at c.D, which no installed app has")


def test_a_project_that_asks_its_database_while_it_is_imported_is_told_so(tmp_path: Path) -> None:
    app = BASE + "INSTALLED_APPS = ['shop.apps.Shop']"
    asking = (
        "from django.apps import AppConfig\nclass Shop(AppConfig):\n    name = 'shop'\n    def ready(self):\n"
        "        from django.db import connection\n        connection.cursor()"
    )
    said = refusal(tmp_path, files={"site_settings.py": app, "shop/__init__.py": "", "shop/apps.py": asking})
    assert "site_settings: shop/apps.py, line 6: OperationalError: no database is connected to" in said
    assert not (tmp_path / "x").exists()


def test_without_django_the_advice_is_to_install_fixtureflow_beside_it(tmp_path: Path) -> None:
    absent = "raise ModuleNotFoundError(\"No module named 'django'\", name='django')"
    said = refusal(tmp_path, files={"django.py": absent})
    assert said.startswith("Django is not installed beside fixtureflow; install fixtureflow in the project's own")


# Migrations.


def test_unapplied_migrations_are_asked_of_the_database(scratch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", scratch())
    missing = unapplied_migrations("mysite.settings", path=PROJECTS / "swapped")
    assert missing.index("accounts.0001_initial") < missing.index("orders.0001_initial")
    assert unapplied_migrations("mysite.settings", path=PROJECTS / "swapped") == missing
    monkeypatch.setenv("DATABASE_URL", scratch("swapped"))
    assert unapplied_migrations("mysite.settings", path=PROJECTS / "swapped") == []


@pytest.mark.parametrize("url", ["postgresql://me:S3cret@127.0.0.1:1/x", "mysql://me:S3cret@127.0.0.1:1/x"])
def test_a_database_that_is_down_is_one_line_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SchemaError, match="database 'default' cannot be asked: OperationalError") as refused:
        unapplied_migrations("mysite.settings", path=PROJECTS / "swapped")
    assert "S3cret" not in str(refused.value)


def test_asking_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/absent.sqlite3")
    with pytest.raises(SchemaError, match="no such file; migrate it first"):
        unapplied_migrations("mysite.settings", path=PROJECTS / "swapped")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SchemaError, match="has no database 'other'; it has default"):
        unapplied_migrations("mysite.settings", path=PROJECTS / "swapped", database="other")


# What Wagtail alone has.


def test_where_ids_stand_in_the_blocks_of_a_stream_is_told() -> None:
    pytest.importorskip("wagtail")
    image, page = BlockIds(id="wagtailimages.image"), BlockIds(id="wagtailcore.page")
    # An ImageBlock has bare ids too, from when it was an ImageChooserBlock.
    either = BlockIds(id=image.id, struct={"image": image, "decorative": BlockIds(), "alt_text": BlockIds()})
    figure = BlockIds(struct={"image": either, "text": BlockIds(), "credit": BlockIds(id="issues.author")})
    body = field("magazine", "issues.articlepage.body")
    assert body.blocks == BlockIds(
        stream={
            "heading": BlockIds(),
            "text": BlockIds(),
            "picture": image,
            "document": BlockIds(id="wagtaildocs.document"),
            "related": BlockIds(items=page),
            "gallery": BlockIds(items=figure),
            "aside": BlockIds(stream={"figure": figure, "page": page}),
        }
    )
    assert body.ids_as == ("blocks", "tags")
    assert body.holds_ids == ("issues.author", "wagtailcore.page", "wagtaildocs.document", "wagtailimages.image")


def test_the_name_of_child_rows_and_the_models_chosen_are_told() -> None:
    pytest.importorskip("wagtail")
    assert relation("magazine", "issues.articlepagelink.page").rows_as == "links"
    assert relation("magazine", "issues.articlepagelink.leads_to").rows_as is None
    settings = schema_of("magazine").settings
    assert settings["WAGTAILIMAGES_IMAGE_MODEL"] == "wagtailimages.image"
