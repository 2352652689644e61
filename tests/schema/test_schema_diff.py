"""Two schemas are compared in what both know, and nothing is called missing that nobody would list."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from strategies import schemas

from fixtureflow.schema.diff import compare
from fixtureflow.schema.model import Field, Guess, Model, Relation, Schema, Unique


def schema(*models: Model) -> Schema:
    return Schema.of(models)


def item(**fields: Field) -> Schema:
    """A model of which all fields and relations are known."""
    return schema(Model(label="shop.item", fields=fields, complete=("fields", "relations")))


def said(here: Schema, there: Schema) -> list[str]:
    return [str(d) for d in compare(here, there, names=("project", "database"))]


def test_a_field_only_one_side_has_is_named_with_the_side() -> None:
    assert said(item(a=Field(), weight=Field()), item(a=Field())) == ["shop.item.weight: field only in project"]
    assert said(item(a=Field()), item(a=Field(), weight=Field())) == ["shop.item.weight: field only in database"]


def test_a_partial_file_lacks_nothing() -> None:
    partial = schema(Model(label="shop.item", fields={"a": Field(null=True)}))
    assert said(item(a=Field(), b=Field()), partial) == []


def test_a_changed_fact_is_told_with_both_values() -> None:
    here, there = item(code=Field(type="text", max_length=80)), item(code=Field(type="text", max_length=40, null=True))
    assert said(here, there) == ["shop.item.code: max_length is 80 in project, 40 in database"]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"byo_time": Field(type="integer")}, {"byo_times": Field(type="integer")}),
        ({"a": Field(), "price": Field(type="decimal")}, {"a": Field(), "cost": Field(type="decimal")}),
    ],
)
def test_a_similar_name_or_the_same_type_at_the_same_place_is_likely_a_rename(
    here: dict[str, Field], there: dict[str, Field]
) -> None:
    old, new = list(here)[-1], list(there)[-1]
    assert said(item(**here), item(**there)) == [
        f"shop.item.{old}: field likely renamed: {old} in project, {new} in database"
    ]


def test_a_field_of_another_type_is_no_rename() -> None:
    here, there = item(byo_time=Field(type="integer")), item(byo_times=Field(type="date"))
    assert said(here, there) == [
        "shop.item.byo_time: field only in project",
        "shop.item.byo_times: field only in database",
    ]


def test_inherited_fields_and_the_parent_link_of_a_child_table_are_not_missing() -> None:
    place = Model(label="a.place", pk=("id",), fields={"id": Field(), "name": Field()}, complete=("fields",))
    link = Field(relation=Relation(kind="o2o", to="a.place", parent_link=True))
    child = Model(
        label="a.bar", fields={"place_ptr": link, "beer": Field()}, parents=("a.place",), complete=("fields",)
    )
    flat = Model(label="a.bar", fields={"beer": Field(), "name": Field()}, complete=("fields",))
    assert said(schema(place, child), schema(place, flat)) == []
    assert said(schema(place, flat), schema(place, child)) == []


def test_a_missing_table_is_named_but_not_that_of_a_proxy_an_unmanaged_model_or_an_m2m_field() -> None:
    tags = Field(relation=Relation(kind="m2m", to="a.tag", through="a.item_tags", auto_through=True))
    here = schema(
        Model(label="a.item", table="a_item", fields={"tags": tags}),
        Model(label="a.item_tags", table="a_item_tags"),
        Model(label="a.tag", table="a_tag"),
        Model(label="a.view", table="a_view", managed=False),
        Model(label="a.shown", table="a_item", proxy_for="a.item"),
    )
    there = schema(Model(label="a.item", table="a_item"))
    assert said(here, there) == ["a.tag: table a_tag only in project"]


def test_the_same_table_under_another_label_is_likely_a_renamed_model() -> None:
    here, there = schema(Model(label="a.x", table="t", pk=("id",))), schema(Model(label="b.y", table="t", pk=("no",)))
    assert said(here, there) == [
        "a.x: model likely renamed: a.x in project, b.y in database",
        'a.x: pk is ["id"] in project, ["no"] in database',
    ]


def test_a_column_without_constraint_is_the_field_of_that_column() -> None:
    here = item(owner=Field(column="owner_id", relation=Relation(kind="fk", to="a.user")))
    there = schema(Model(label="shop.item", fields={"owner_id": Field(column="owner_id")}, complete=("fields",)))
    assert said(here, there) == []


def test_a_relation_to_a_proxy_is_one_to_its_table() -> None:
    models = [Model(label="a.user", pk=("id",)), Model(label="a.staff", proxy_for="a.user")]
    here = schema(*models, Model(label="a.x", fields={"u": Field(relation=Relation(kind="fk", to="a.staff"))}))
    there = schema(
        *models, Model(label="a.x", fields={"u": Field(relation=Relation(kind="fk", to="a.user", to_field="id"))})
    )
    assert said(here, there) == []


def test_a_many_to_many_table_leads_to_a_proxy_of_which_the_database_knows_nothing() -> None:
    user, staff = Model(label="a.user", pk=("id",)), Model(label="a.staff", proxy_for="a.user")
    shops = Model(label="a.x", fields={"staff": Field(relation=Relation(kind="m2m", to="a.staff"))})
    assert said(schema(user, staff, shops), schema(user, shops)) == []


def test_a_relation_lost_or_turned_elsewhere_is_told_but_a_guess_is_not() -> None:
    here = item(user=Field(relation=Relation(kind="fk", to="auth.user")))
    other = item(user=Field(relation=Relation(kind="o2o", to="a.user")))
    guess = item(user=Field(relation=Relation(kind="fk", to="a.x", guess=Guess(confidence=0.5))))
    assert said(here, item(user=Field())) == [
        "shop.item.user: relation is fk to auth.user in project, none in database"
    ]
    assert said(here, other) == ["shop.item.user: relation is fk to auth.user in project, o2o to a.user in database"]
    assert said(here, guess) == []


def test_a_type_that_the_database_stores_as_another_is_no_drift() -> None:
    assert said(item(key=Field(type="uuid", max_length=0)), item(key=Field(type="text", max_length=32))) == []


def test_a_new_constraint_is_told_in_its_fields_and_one_that_follows_is_not() -> None:
    def model(*uniques: Unique) -> Schema:
        user = Field(relation=Relation(kind="o2o", to="auth.user"))
        return schema(Model(label="a.x", pk=("id",), fields={"user": user}, uniques=uniques))

    here = model(Unique(fields=("b", "a"), name="ab"), Unique(fields=("user",)))
    there = model(Unique(fields=("a", "b")), Unique(fields=("c",), condition="(d > 1)"))
    assert said(here, there) == ["a.x: unique (c) with a condition only in database"]


@pytest.mark.parametrize(
    ("unique", "server", "why"),
    [
        (Unique(fields=("c",), condition="d"), "MariaDB 10.11.19", "no unique constraints with a condition"),
        (Unique(name="n", expressions=("lower(c)",)), "MariaDB 10.11.19", "no unique constraints on expressions"),
        (Unique(name="n", expressions=("lower(c)",)), "MySQL 8.0.12", "no unique constraints on expressions"),
        (Unique(name="n", expressions=("lower(c)",)), "MySQL 8.0.36", ""),
        (Unique(fields=("c",), condition="d"), "SQLite 3.40.1", ""),
        (Unique(fields=("c",), deferrable=True), "SQLite 3.40.1", "that wait for the commit"),
        (Unique(fields=("c",), deferrable=True), "PostgreSQL 13.2", ""),
        (Unique(fields=("c",), nulls_distinct=False), "PostgreSQL 14.9", "to which nulls are equal"),
        (Unique(fields=("c",), nulls_distinct=False), "PostgreSQL 15.0", ""),
        (Unique(fields=("c",)), "MariaDB 10.11.19", ""),
        (Unique(fields=("c",), condition="d"), "mysite.settings (Django 5.2); MariaDB 10.11.19", ""),
    ],
)
def test_a_constraint_that_a_database_cannot_hold_is_told_with_the_reason(
    unique: Unique, server: str, why: str
) -> None:
    here = schema(Model(label="a.x", pk=("id",), uniques=(unique,)))
    there = Schema.of([Model(label="a.x", pk=("id",), uniques=())], about=server)
    for (line,) in (said(here, there), said(there, here)):
        start, _, reason = line.partition(": MariaDB" if "Maria" in server else f": {server}")
        assert "unique" in start and bool(reason) == bool(why) and why in line
        assert not why or line.endswith("so migrate makes none there")


def test_a_unique_foreign_key_is_what_a_one_to_one_field_looks_like_in_a_database() -> None:
    def model(kind: Literal["fk", "o2o"], *uniques: Unique) -> Schema:
        return schema(
            Model(label="a.x", fields={"user": Field(relation=Relation(kind=kind, to="a.u"))}, uniques=uniques)
        )

    unique = Unique(fields=("user",))
    assert said(model("fk", unique), model("o2o", unique)) == []
    assert said(model("fk"), model("o2o", unique)) == ["a.x: unique (user) only in database"]


@given(schemas)
def test_a_schema_does_not_differ_from_itself(same: Schema) -> None:
    assert compare(same, same) == []


@given(schemas, schemas)
def test_schemas_differ_from_either_side_or_from_none(here: Schema, there: Schema) -> None:
    assert bool(compare(here, there)) == bool(compare(there, here))


def test_a_column_that_only_reaches_further_is_no_drift() -> None:
    narrow, wide = (
        Field(type="integer", minimum=0, maximum=2**31 - 1),
        Field(type="integer", minimum=0, maximum=2**32 - 1),
    )
    assert said(item(count=narrow), item(count=wide)) == []
    small = Field(type="integer", minimum=0, maximum=2**15 - 1)
    assert said(item(count=narrow), item(count=small)) == [
        "shop.item.count: maximum is 2147483647 in project, 32767 in database"
    ]
