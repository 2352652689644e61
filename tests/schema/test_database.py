"""A database says of its tables what Django's models say, but for what it cannot know; on all three databases."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event
from support.projects import PROJECTS as PROJECTS_FOLDER
from support.projects import run_python
from support.sql import execute

from fixtureflow.connection import connected
from fixtureflow.errors import TargetError
from fixtureflow.schema.catalogue import tables
from fixtureflow.schema.database import Reflected, from_database, reflected
from fixtureflow.schema.diff import compare
from fixtureflow.schema.django import from_project
from fixtureflow.schema.model import Field, Model, Relation, Schema, Unique

PROJECTS = ("everything", "tokens", "swapped")

# What no table tells: the table's own name, and a many-to-many table's that is called otherwise than Django would.
UNKNOWN = {"everything": ("Legacy Invoice Lines", "select")}


def reflect(url: str, **options: Any) -> Reflected:
    with connected(url) as connection:
        return reflected(connection, **options)


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def truth_and_found(project, scratch) -> tuple[dict[str, Any], Reflected]:
    url = scratch(project)
    return json.loads(run_python(project, url, "-m", "support.meta")), reflect(url)


def test_tables_are_those_of_the_models(project, truth_and_found):
    truth, found = truth_and_found
    unknown = UNKNOWN.get(project, ())
    assert found.unknown_tables == unknown
    expected = {label: model["table"] for label, model in truth.items() if model["table"] not in unknown}
    assert {label: model.table for label, model in found.schema.models.items()} == expected


def test_columns_are_those_of_the_models(backend, truth_and_found):
    truth, found = truth_and_found
    for label, model in found.schema.models.items():
        columns = {field.column: (name, field) for name, field in model.fields.items() if field.column}
        assert columns.keys() == truth[label]["fields"].keys(), label
        for column, (name, field) in columns.items():
            same_column(f"{label}.{column}", backend, truth[label]["fields"][column], name, field)
        assert [model.fields[name].column for name in model.pk or ()] == truth[label]["pk"]
        assert model.complete == ("fields",)


def same_column(where: str, backend: str, truth: dict[str, Any], name: str, field: Field) -> None:
    constrained = truth["relation"] is None or truth["relation"]["constraint"]
    if truth["plain_name"] and constrained:
        assert name == truth["name"], where
    assert field.type == type_on(backend, truth["kind"]), where
    if truth["null"] is not None:
        assert field.null == truth["null"], where
    if field.type == "text":
        assert field.max_length == (truth["max_length"] or 0), where
    assert (field.auto, field.generated) == (truth["auto"], truth["generated"]), where
    assert bool(field.has_default) == truth["db_default"], where
    if backend == "sqlite":
        # Of the digits and the range it keeps only that a positive number is not negative.
        assert (field.maximum, field.digits) == (None, None), where
        assert field.minimum == (0 if truth["range"] and truth["range"][0] == 0 else None) or truth["relation"], where
    elif truth["range"]:
        assert [field.minimum, field.maximum] == truth["range"], where
    if backend != "sqlite" and truth["digits"]:
        assert [field.digits, field.decimals] == truth["digits"], where


def type_on(backend: str, kind: str) -> str:
    if "Integer" in kind or "AutoField" in kind:
        return "integer"
    if kind == "DurationField" and backend != "postgresql":
        return "integer"
    types = {"BinaryField": "binary", "BooleanField": "boolean", "DateField": "date", "DateTimeField": "datetime"}
    types |= {"DecimalField": "decimal", "DurationField": "duration", "FloatField": "float", "JSONField": "json"}
    types |= {"GenericIPAddressField": "ip", "TimeField": "time", "UUIDField": "uuid"}
    return types.get(kind, "text")


def test_relations_are_those_of_the_models(backend, truth_and_found):
    truth, found = truth_and_found
    labels = found.schema.models
    for label, model in labels.items():
        columns = {field.column: field.relation for field in model.fields.values() if field.column}
        for column, relation in columns.items():
            said = truth[label]["fields"][column]["relation"]
            if said is None or not said["constraint"]:
                assert relation is None, f"{label}.{column}"
                continue
            assert isinstance(relation, Relation), f"{label}.{column}"
            assert (relation.kind, relation.to) == ("o2o" if said["one"] else "fk", said["to"])
            target = labels[relation.to]
            to_field = relation.to_field or (target.pk or ("",))[0]
            assert target.fields[to_field].column == said["to_column"]
            assert relation.constraint is True
            assert relation.deferrable is (backend != "mariadb")
            if relation.parent_link is not None:
                assert relation.parent_link is said["parent_link"], f"{label}.{column}"
        if model.parents is not None:
            assert list(model.parents) == truth[label]["parents"]


def test_many_to_many_fields_are_those_of_the_models(truth_and_found):
    truth, found = truth_and_found
    for label, model in found.schema.models.items():
        many = {name: r for name, r in model.relations() if r.kind == "m2m"}
        said = {field["name"]: field for field in truth[label]["many"] if field["table"] not in found.unknown_tables}
        assert many.keys() == said.keys()
        for name, relation in many.items():
            assert (relation.to, relation.through, relation.through_table) == (
                said[name]["to"],
                said[name]["through"],
                said[name]["table"],
            )
            assert list(relation.through_columns or ()) == said[name]["columns"]
            assert (relation.auto_through, relation.guess is None) == (True, said[name]["constraint"])


def test_unique_constraints_are_those_of_the_models(backend, truth_and_found):
    truth, found = truth_and_found
    for label, model in found.schema.models.items():
        said = [
            {
                "columns": [model.fields[name].column for name in unique.fields],
                "condition": bool(unique.condition),
                "expressions": len(unique.expressions),
                "nulls_distinct": unique.nulls_distinct,
                "deferrable": unique.deferrable,
            }
            for unique in model.uniques or ()
        ]
        expected = [{key: value for key, value in u.items() if key != "name"} for u in truth[label]["uniques"]]
        assert sorted(said, key=str) == sorted(expected, key=str), label
        names = {unique.name for unique in model.uniques or ()}
        if backend != "sqlite":
            assert {u["name"] for u in truth[label]["uniques"] if u["name"]} <= names


def test_with_the_projects_names_every_table_is_known(backend, scratch):
    """A schema that names the tables leaves none unknown, and the two agree on all that both know."""
    names = Schema.of(
        [
            Model(label="columns.payment", table="select"),
            Model(
                label="columns.invoice",
                table="Legacy Invoice",
                fields={
                    "lines": Field(
                        column="",
                        relation=Relation(
                            kind="m2m",
                            to="columns.line",
                            auto_through=True,
                            through="columns.invoice_lines",
                            through_table="Legacy Invoice Lines",
                            through_columns=("invoice_id", "line_id"),
                        ),
                    )
                },
            ),
        ]
    )
    url = scratch("everything")
    found = reflect(url, known=names)
    assert found.unknown_tables == ()
    payment = found.schema.models["columns.payment"]
    relation = payment.fields["inv"].relation
    assert isinstance(relation, Relation)
    assert relation.to == "columns.invoice"
    assert [unique.fields for unique in payment.uniques or ()] == [("inv", "amount")]
    lines = found.schema.models["columns.invoice"].fields["lines"].relation
    assert isinstance(lines, Relation)
    assert lines.through_table == "Legacy Invoice Lines"


def test_a_project_and_the_database_that_it_has_migrated_agree_but_for_what_the_database_cannot_hold(
    project, backend, scratch
):
    ours = from_project("mysite.settings", path=PROJECTS_FOLDER / project)
    theirs = reflect(scratch(project), known=ours).schema
    found = compare(ours, theirs)
    assert [str(difference) for difference in found if not difference.why] == []
    lacking = {"sqlite": 2, "postgresql": 0, "mariadb": 5} if project == "everything" else {}
    assert len(found) == lacking.get(backend, 0)
    assert all(f"{theirs.about} has no unique constraints" in difference.why for difference in found)


def test_the_three_databases_agree(scratch_on, postgresql, mariadb):
    """What differs between them is what only some of them can hold."""
    schema = reflect(postgresql("tokens")).schema
    for other in (scratch_on("sqlite", "tokens"), mariadb("tokens")):
        facts = {difference.fact for difference in compare(schema, reflect(other).schema)}
        assert facts <= {"maximum", "minimum"}, other


def test_the_user_model_is_told_by_who_refers_to_it(scratch_on):
    assert reflect(scratch_on("sqlite", "tokens")).schema.settings == {"AUTH_USER_MODEL": "auth.user"}
    assert reflect(scratch_on("sqlite", "swapped")).schema.settings == {"AUTH_USER_MODEL": "accounts.member"}


def test_by_hand(scratch):
    """A token as REST framework's models say, a child of a child, a composite key."""
    tokens = reflect(scratch("tokens")).schema
    token = tokens.models["authtoken.token"]
    assert token.table == "authtoken_token"
    assert token.pk == ("key",)
    assert list(token.fields) == ["key", "created", "user"] or list(token.fields) == ["key", "user", "created"]
    user = token.fields["user"].relation
    assert isinstance(user, Relation)
    assert (user.kind, user.to, user.to_field) == ("o2o", "auth.user", "")
    assert [unique.fields for unique in token.uniques or ()] == [("user",)]
    assert [unique.fields for unique in tokens.models["auth.user"].uniques or ()] == [("username",)]
    assert [unique.fields for unique in tokens.models["auth.permission"].uniques or ()] == [
        ("content_type", "codename")
    ]
    everything = reflect(scratch("everything")).schema
    assert everything.models["inheritance.pizzeria"].parents == ("inheritance.restaurant",)
    assert everything.models["inheritance.pizzeria"].pk == ("restaurant_ptr",)
    assert everything.models["inheritance.supplier"].parents is None
    assert everything.models["inheritance.place"].parents == ()
    assert set(everything.models["relations.seat"].pk or ()) == {"flight", "number"}
    assert everything.models["relations.visit"].fields["person_id"].relation is None


@pytest.mark.parametrize(
    ("backend", "condition", "expressions"),
    [
        # Django 6.1 says `"active" = 1`.
        ("sqlite", '"active"', (('(LOWER("name"))', '(LOWER("domain"))'), ('"account_id"', '(LOWER("domain"))'))),
        (
            "postgresql",
            "active",
            (("lower(name::text)", "lower(domain::text)"), ("account_id", "lower(domain::text)")),
        ),
    ],
    ids=["sqlite", "postgresql"],
)
def test_conditions_and_expressions_are_in_the_databases_words(scratch, condition, expressions):
    models = reflect(scratch("everything")).schema.models
    (coupon,) = models["constraints.coupon"].uniques or ()
    assert coupon.fields == ("code",)
    assert coupon.condition.startswith(condition)
    assert tuple(u.expressions for u in models["constraints.handle"].uniques or ()) == expressions


def test_sequences_are_those_of_postgresql(postgresql):
    models = reflect(postgresql("everything")).schema.models
    assert models["relations.person"].sequence == "relations_person_id_seq"
    assert models["columns.invoice"].sequence == '"Legacy Invoice_Invoice No_seq"'
    assert models["relations.country"].sequence == ""
    assert models["columns.nullable"].sequence == ""


def test_an_empty_database_is_an_error(scratch):
    with pytest.raises(TargetError, match="no tables; run migrate"):
        reflect(scratch())


# Tables by hand, each on the databases that can hold it.

CONTENT_TYPES = [
    "CREATE TABLE {p}django_content_type (id INTEGER PRIMARY KEY, app_label VARCHAR(100), model VARCHAR(100))"
]


def typed(*labels: str, prefix: str = "") -> list[str]:
    statements = [statement.format(p=prefix) for statement in CONTENT_TYPES]
    for number, label in enumerate(labels):
        app, _, model = label.partition(".")
        statements.append(f"INSERT INTO {prefix}django_content_type VALUES ({number}, '{app}', '{model}')")
    return statements


def made(url: str, *statements: str) -> Reflected:
    execute(url, *statements)
    return reflect(url)


def labels(found: Reflected) -> dict[str, str | None]:
    return {label: model.table for label, model in found.schema.models.items()}


def test_a_prefix_of_all_tables(scratch):
    found = made(
        scratch(),
        *typed("contenttypes.contenttype", "shop.item", "sites.site", prefix="my_"),
        "CREATE TABLE my_shop_item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE my_django_site (id INTEGER PRIMARY KEY, domain VARCHAR(100))",
        "CREATE TABLE my_shop_other (id INTEGER PRIMARY KEY)",
        "CREATE TABLE my_django_migrations (id INTEGER PRIMARY KEY, app VARCHAR(100))",
    )
    assert labels(found) == {
        "contenttypes.contenttype": "my_django_content_type",
        "shop.item": "my_shop_item",
        "sites.site": "my_django_site",
    }
    assert found.unknown_tables == ("my_shop_other",)


def test_without_content_types_the_apps_of_the_migrations_do(scratch):
    found = made(
        scratch(),
        "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app VARCHAR(100), name VARCHAR(100))",
        "INSERT INTO django_migrations VALUES (1, 'shop', '0001'), (2, 'shop_admin', '0001'), (3, 'shop', '0002')",
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE shop_tag (id INTEGER PRIMARY KEY)",
        "CREATE TABLE shop_admin_entry (id INTEGER PRIMARY KEY)",
        "CREATE TABLE shop_item_tags (id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES shop_item (id),"
        " tag_id INTEGER NOT NULL REFERENCES shop_tag (id), UNIQUE (item_id, tag_id))",
        "CREATE TABLE other_thing (id INTEGER PRIMARY KEY)",
        "CREATE TABLE django_session (session_key VARCHAR(40) PRIMARY KEY, expire_date DATE)",
    )
    assert labels(found) == {
        "sessions.session": "django_session",
        "shop.item": "shop_item",
        "shop.tag": "shop_tag",
        "shop_admin.entry": "shop_admin_entry",
    }
    assert found.unknown_tables == ("other_thing",)
    tags = found.schema.models["shop.item"].fields["tags"].relation
    assert isinstance(tags, Relation)
    assert (tags.to, tags.through) == ("shop.tag", "shop.item_tags")


def test_the_one_table_left_is_that_of_the_one_content_type_left(scratch):
    statements = [
        *typed("shop.item", "shop.order"),
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE legacy (id INTEGER PRIMARY KEY, item_id INTEGER REFERENCES shop_item (id))",
    ]
    assert labels(made(scratch(), *statements))["shop.order"] == "legacy"
    found = made(scratch(), *statements, "CREATE TABLE legacy2 (id INTEGER PRIMARY KEY)")
    assert "shop.order" not in labels(found)
    assert found.unknown_tables == ("legacy", "legacy2")


def test_a_table_of_another_program_is_not_taken_for_a_models(scratch):
    """The content type that is left may be a proxy's."""
    found = made(
        scratch(),
        *typed("shop.item", "shop.proxy"),
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE my_cache (cache_key VARCHAR(255) PRIMARY KEY, value VARCHAR(200), expires DATE)",
    )
    assert found.unknown_tables == ("my_cache",)


def test_a_name_that_django_has_shortened(postgresql):
    label = "application_with_a_long_label.amodelwhosenameislongerthanpostgresqlallows"
    url = postgresql()
    name = "application_with_a_long_label_amodelwhosenameislongerthanpos"[:59]
    table = name + hashlib.md5(label.replace(".", "_").encode()).hexdigest()[:4]
    found = made(url, *typed(label), f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)")
    assert labels(found)[label] == table


def test_an_implicit_relation_to_an_unknown_table_is_not_told(scratch):
    found = made(
        scratch(),
        *typed("shop.item", "shop.a", "shop.b"),
        "CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)",
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY, place_id INTEGER REFERENCES elsewhere (id))",
    )
    place = found.schema.models["shop.item"].fields["place"]
    assert (place.column, place.relation) == ("place_id", None)


def test_a_field_beside_one_whose_name_it_would_have(scratch):
    found = made(
        scratch(),
        *typed("shop.item"),
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY, parent INTEGER, parent_id INTEGER REFERENCES shop_item (id))",
    )
    assert list(found.schema.models["shop.item"].fields) == ["id", "parent", "parent_id"]


def test_a_postgresql_schema_of_the_search_path(postgresql):
    """Tables are those that an unqualified name reaches: the first schema's hides the second's."""
    url = postgresql("tokens")
    execute(
        url,
        "CREATE SCHEMA tenant",
        "CREATE TABLE tenant.django_content_type AS SELECT 1 AS id, 'shop' AS app_label, 'item' AS model",
        "CREATE TABLE tenant.shop_item (id SERIAL PRIMARY KEY, site_id INTEGER REFERENCES public.django_site (id))",
        "CREATE TABLE tenant.hidden (id INTEGER)",
    )
    option = "&options=" if "?" in url else "?options="
    alone = reflect(f"{url}{option}-csearch_path%3Dtenant")
    assert labels(alone)["shop.item"] == "shop_item"
    assert alone.schema.models["shop.item"].fields["site"].relation is None
    assert "auth_user" not in labels(alone).values()
    both = reflect(f"{url}{option}-csearch_path%3Dtenant,public")
    assert both.schema.models["shop.item"].sequence == "shop_item_id_seq"
    site = both.schema.models["shop.item"].fields["site"].relation
    assert isinstance(site, Relation)
    assert site.to == "sites.site"
    assert "auth.user" in both.schema.models
    assert "shop.item" not in reflect(url).schema.models


def test_types_that_only_postgresql_has(postgresql):
    url = postgresql()
    found = made(
        url,
        *typed("shop.item"),
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TYPE pair AS (a INTEGER, b INTEGER)",
        "CREATE DOMAIN postcode AS VARCHAR(10) NOT NULL",
        "CREATE TYPE geometry AS (x FLOAT, y FLOAT)",  # PostGIS's, as far as its name goes
        "CREATE TABLE shop_item (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, words VARCHAR(20)[],"
        " span INT4RANGE, spans INT4MULTIRANGE, mood mood, pair pair, code postcode, place geometry, vector TSVECTOR,"
        " net CIDR, mac MACADDR, price MONEY, bits BIT(3), doc XML, plain NUMERIC, fixed CHAR(5), free VARCHAR,"
        " moment TIMESTAMP, stored INTEGER GENERATED ALWAYS AS (7) STORED) PARTITION BY RANGE (id)",
        "CREATE TABLE shop_item_1 PARTITION OF shop_item FOR VALUES FROM (1) TO (9)",
        "CREATE VIEW shop_view AS SELECT 1 AS id",
    )
    item = found.schema.models["shop.item"]
    assert {name: field.type for name, field in item.fields.items()} == {
        **{"id": "integer", "words": "array", "span": "range", "spans": "range", "mood": "text", "pair": "other"},
        **{"code": "text", "place": "geometry", "vector": "other", "net": "other", "mac": "other", "price": "other"},
        **{"bits": "other", "doc": "other", "plain": "decimal", "fixed": "text", "free": "text"},
        **{"moment": "datetime", "stored": "integer"},
    }
    assert (item.fields["code"].null, item.fields["code"].max_length) == (False, 10)
    assert (item.fields["fixed"].max_length, item.fields["free"].max_length) == (5, 0)
    assert (item.fields["plain"].digits, item.fields["plain"].decimals) == (None, None)
    assert item.fields["id"].auto
    assert item.fields["stored"].generated
    assert found.unknown_tables == ()


def test_keys_that_only_mariadb_has(mariadb):
    found = made(
        mariadb(),
        *typed("shop.item"),
        "CREATE TABLE shop_item (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name TEXT, code CHAR(3) DEFAULT 'NUL',"
        " flag BOOL, kind ENUM('a', 'b'), y YEAR, place POINT, long_key VARCHAR(20), UNIQUE KEY n (name(10)),"
        " KEY (long_key))",
    )
    item = found.schema.models["shop.item"]
    assert item.uniques == (Unique(name="n", expressions=("left(name, 10)",), deferrable=False),)
    kinds = [item.fields[name].type for name in ("name", "code", "flag", "kind", "place")]
    assert kinds == ["text", "text", "boolean", "text", "geometry"]
    assert (item.fields["id"].minimum, item.fields["id"].maximum) == (0, 2**64 - 1)
    assert (item.fields["code"].has_default, item.fields["flag"].has_default) == (True, None)
    assert item.fields["name"].max_length is None


def test_sqlite_as_people_write_it(scratch_on):
    found = made(
        scratch_on("sqlite"),
        *typed("shop.item", "shop.other"),
        "CREATE TABLE shop_item (id INTEGER PRIMARY KEY, [a,b] TEXT DEFAULT ')', `c` REAL, d, e MEDIUMTEXT UNIQUE,"
        " f INT8 -- AUTOINCREMENT\n, g BLOB, h POINT)",
        "CREATE UNIQUE INDEX one ON shop_item (\"c\" DESC, lower(replace([a,b], ',', ')')) ASC) WHERE d <> 'WHERE (' ",
        "CREATE INDEX two ON shop_item (c)",
        "CREATE VIRTUAL TABLE search USING fts5(text)",
        "CREATE TABLE data (a)",
        "CREATE VIEW shop_view AS SELECT gone FROM nowhere",
        "CREATE TABLE shop_other (id INTEGER PRIMARY KEY AUTOINCREMENT, item_id INTEGER REFERENCES SHOP_ITEM) ",
    )
    item = found.schema.models["shop.item"]
    assert [(u.name, u.fields, u.expressions, u.condition) for u in item.uniques or ()] == [
        ("one", (), ('"c"', "lower(replace([a,b], ',', ')'))"), "d <> 'WHERE ('"),
        (None, ("e",), (), ""),
    ]
    assert [field.type for field in item.fields.values()] == [
        *("integer", "text", "float", "other", "text", "integer", "binary", "geometry")
    ]
    assert item.fields["id"].auto is None
    other = found.schema.models["shop.other"]
    assert other.fields["id"].auto is True
    relation = other.fields["item"].relation
    assert isinstance(relation, Relation)
    assert (relation.to, relation.to_field, relation.deferrable) == ("shop.item", "", False)
    assert found.unknown_tables == ("data",)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


@given(NAMES, st.lists(NAMES, min_size=2, max_size=4, unique_by=str.casefold), st.text(max_size=6))
def test_any_names_and_texts_in_sqlite(table, columns, text):
    """What a CREATE INDEX is on is taken apart right, whatever quotes, commas and parentheses are in it."""
    assume(not table.casefold().startswith("sqlite_") and columns[0].isascii())
    quoted = ['"' + name.replace('"', '""') + '"' for name in (table, *columns)]
    string = "'" + text.replace("'", "''").replace("\0", "") + "'"
    with create_engine("sqlite://").connect() as connection:
        for statement in (
            f"CREATE TABLE {quoted[0]} ({', '.join(quoted[1:])})",
            f"CREATE UNIQUE INDEX one ON {quoted[0]} ({quoted[1]} DESC, ifnull({quoted[2]}, {string}))"
            f" WHERE {quoted[1]} <> {string}",
        ):
            connection.connection.cursor().execute(statement)
        (found,) = tables(connection).values()
    assert (found.name, list(found.columns)) == (table, columns)
    (key,) = found.keys
    assert key.expressions == (quoted[1], f"ifnull({quoted[2]}, {string})")
    assert key.condition == f"{quoted[1]} <> {string}"


def test_reading_asks_as_many_queries_of_many_tables_as_of_few(scratch):
    counts = []
    for project in ("swapped", "everything"):
        with connected(scratch(project)) as connection:
            asked: list[str] = []
            event.listen(connection, "before_cursor_execute", lambda *args, asked=asked: asked.append(args[2]))
            from_database(connection)
            counts.append(len(asked))
    assert counts[0] == counts[1] <= 12
