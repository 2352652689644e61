"""Sources are merged fact by fact, each fact from whoever knows it best, and the merged schema can say from whom."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import schemas

from fixtureflow.schema.merge import Kind, Merged, Source, merge
from fixtureflow.schema.model import Field, Guess, Model, NaturalKey, Relation, Schema, Unique

GUESS = Guess(confidence=0.9, evidence="all 12 values are pks of auth.user")


def source(kind: Kind, *models: Model, **settings: str) -> Source:
    return Source(kind, f"the {kind}", Schema.of(models, settings=settings))


def one(kind: Kind, **facts: object) -> Source:
    """A source that knows one field of one model."""
    return source(kind, Model(label="a.x", fields={"user": Field(**facts)}))  # type: ignore[arg-type]


def user(merged: Merged) -> Field:
    return merged.schema.models["a.x"].fields["user"]


def test_the_database_knows_columns_and_the_project_relations() -> None:
    fk, wrong = Relation(kind="fk", to="auth.user"), Relation(kind="o2o", to="auth.user")
    merged = merge(
        [
            one("project", relation=fk, null=False, max_length=30, type="uuid"),
            one("database", relation=wrong, null=True, max_length=40, type="text"),
        ]
    )
    assert user(merged) == Field(relation=fk, null=True, max_length=40, type="uuid")


def test_the_users_file_overrides_only_what_it_names() -> None:
    merged = merge([one("database", null=True, max_length=40), one("project", null=True), one("file", null=False)])
    assert user(merged) == Field(null=False, max_length=40)


def test_a_file_about_one_field_leaves_the_fields_in_their_order() -> None:
    project = Model(label="a.x", fields={"id": Field(), "name": Field(), "user": Field()})
    merged = merge([one("file", null=True), source("project", project)])
    assert list(merged.schema.models["a.x"].fields) == ["id", "name", "user"]


def test_of_two_files_the_later_wins() -> None:
    assert user(merge([one("file", column="first"), one("file", column="second")])).column == "second"


def test_known_to_be_none_is_a_fact_and_not_known_is_not() -> None:
    merged = merge([one("database"), one("inferred", max_length=7), one("project", max_length=0)])
    assert user(merged).max_length == 0


def test_a_guess_comes_after_everything_stated_even_in_a_file() -> None:
    stated, guessed = Relation(kind="fk", to="a.y"), Relation(kind="fk", to="auth.user", guess=GUESS)
    assert user(merge([one("file", relation=guessed), one("preset", relation=stated)])).relation == stated
    assert user(merge([one("inferred", relation=guessed), one("project", column="user")])).relation == guessed


def test_a_file_can_say_that_a_field_is_no_relation() -> None:
    guessed = Relation(kind="fk", to="auth.user", guess=GUESS)
    assert user(merge([one("inferred", relation=guessed), one("file", relation="none")])).relation == "none"


def test_a_project_that_lists_all_relations_leaves_nothing_to_guess() -> None:
    project = Model(label="a.x", fields={"user": Field(type="integer")}, complete=("fields", "relations"))
    guess = Model(label="a.x", fields={"user": Field(relation=Relation(kind="fk", to="a.y", guess=GUESS))})
    assert user(merge([source("project", project), source("inferred", guess)])).relation == "none"


def test_a_field_that_the_project_does_not_have_is_left_out() -> None:
    project = Model(label="a.x", fields={"name": Field()}, complete=("fields",))
    dump = Model(label="a.x", fields={"name": Field(), "byo_time": Field()})
    assert list(merge([source("project", project), source("inferred", dump)]).schema.models["a.x"].fields) == ["name"]


def test_an_m2m_field_from_a_preset_survives_a_database_that_lists_columns() -> None:
    groups = Field(relation=Relation(kind="m2m", to="auth.group"))
    database = Model(label="a.x", fields={"id": Field()}, complete=("fields",))
    preset = Model(label="a.x", fields={"groups": groups, "gone": Field()})
    merged = merge([source("database", database), source("preset", preset)])
    assert list(merged.schema.models["a.x"].fields) == ["id", "groups"]


@pytest.mark.parametrize("kind", ["project", "preset"])
def test_a_column_without_constraint_gets_the_fields_name(kind: Any) -> None:
    knowing = Model(label="a.x", fields={"owner": Field(column="owner_id", relation=Relation(kind="fk", to="a.y"))})
    database = Model(
        label="a.x",
        pk=("owner_id",),
        fields={"owner_id": Field(column="owner_id", null=True)},
        uniques=(Unique(fields=("owner_id",)),),
    )
    model = merge([source("database", database), source(kind, knowing)]).schema.models["a.x"]
    assert (model.pk, list(model.fields), model.fields["owner"].null) == (("owner",), ["owner"], True)
    assert model.uniques == (Unique(fields=("owner",)),)


def test_what_a_relation_leaves_open_is_filled_from_one_that_means_the_same() -> None:
    project, database = Relation(kind="fk", to="a.y", to_field="code"), Relation(kind="fk", to="a.y", deferrable=True)
    merged = merge([one("project", relation=project), one("database", relation=database)])
    assert user(merged).relation == Relation(kind="fk", to="a.y", to_field="code", deferrable=True)


def test_presets_follow_the_swapped_user_model() -> None:
    preset = source(
        "preset",
        Model(label="auth.user", swappable="AUTH_USER_MODEL"),
        Model(
            label="admin.logentry",
            fields={"user": Field(relation=Relation(kind="fk", to="auth.user", swappable="AUTH_USER_MODEL"))},
        ),
    )
    schema = merge([preset, source("file", AUTH_USER_MODEL="accounts.User")]).schema
    assert [r.to for _, r in schema.models["admin.logentry"].relations()] == ["accounts.user"]
    assert "auth.user" not in schema.models


def test_each_fact_is_explained_with_its_source_and_who_says_otherwise() -> None:
    project = Model(
        label="a.x",
        table="a_x",
        natural_key=NaturalKey(status="none"),
        fields={"user": Field(null=False, relation=Relation(kind="fk", to="auth.user"))},
    )
    database = Model(label="a.x", fields={"user": Field(null=True, max_length=5)})
    assert merge([source("project", project), source("database", database)]).explain("a.X") == [
        "a.x",
        '  table = "a_x"  (the project)',
        '  natural_key = {"status":"none"}  (the project)',
        "  user.null = true  (the database; the project says false)",
        "  user.max_length = 5  (the database)",
        "  user.relation = fk to auth.user  (the project)",
    ]


def test_a_source_that_tells_less_does_not_say_otherwise() -> None:
    more = Model(
        label="a.x",
        uniques=(Unique(fields=("user",), deferrable=False),),
        fields={"user": Field(relation=Relation(kind="fk", to="auth.user", to_field="code"))},
    )
    less = Model(label="a.x", uniques=(Unique(fields=("user",)),))
    assert merge([source("project", more), source("preset", less)]).explain("a.x")[1:] == [
        '  uniques = [{"fields":["user"],"deferrable":false}]  (the project)',
        "  user.relation = fk to auth.user by code  (the project)",
    ]


def test_a_guess_is_explained_as_one() -> None:
    merged = merge([one("inferred", relation=Relation(kind="fk", to="auth.user", guess=GUESS))])
    assert merged.explain("a.x")[1:] == [
        "  user.relation = fk to auth.user, a guess: all 12 values are pks of auth.user  (the inferred)"
    ]


def test_nothing_is_known_of_a_model_that_no_source_has() -> None:
    assert merge([]).explain("a.x") == ["a.x: no source knows this model"]


def test_sources_that_should_know_and_disagree_are_drift() -> None:
    merged = merge([one("project", null=False), one("database", null=True), one("preset", null=True)])
    assert [str(d) for d in merged.drift()] == ["a.x.user: null is false in the project, true in the database"]


def test_what_a_database_cannot_hold_is_no_drift() -> None:
    unique = Unique(fields=("user",), condition="active")
    merged = merge(
        [
            source("project", Model(label="a.x", uniques=(unique,))),
            Source("database", "the database", Schema.of([Model(label="a.x", uniques=())], about="MariaDB 10.11.19")),
        ]
    )
    assert merged.drift() == []


def test_a_guessed_type_counts_least_wherever_it_stands() -> None:
    """A file of guesses that was saved is the user's file in all else."""
    saved = one("file", type="date", type_guessed=True, null=True)
    merged = merge([saved, one("preset", type="text")])
    assert user(merged) == Field(type="text", null=True)
    assert merged.drift() == [] and merge([saved, one("project", type="text", null=True)]).drift() == []
    assert '  user.type = "text"  (the preset; the file says "date", a guess)' in merged.explain("a.x")
    assert user(merge([saved, one("preset", max_length=3)])).type_guessed
    assert user(merge([saved, one("file", type="text")])) == Field(type="text", null=True)


@given(schemas, st.sampled_from(["file", "project", "inferred"]))
def test_merging_a_source_alone_or_with_itself_changes_no_model(schema: Schema, kind: Kind) -> None:
    said = Source(kind, "s", Schema(models=schema.models))
    assert merge([said]).schema.models == schema.models
    assert merge([said, said]).schema.models == schema.models


@given(
    st.permutations(["file", "project", "database", "preset", "inferred"]), st.lists(schemas, min_size=5, max_size=5)
)
def test_sources_of_different_kinds_merge_the_same_in_any_order(order: list[Kind], said: list[Schema]) -> None:
    kinds: list[Kind] = ["file", "project", "database", "preset", "inferred"]
    sources = {kind: Source(kind, kind, schema) for kind, schema in zip(kinds, said, strict=True)}
    assert merge(sources[kind] for kind in order).schema == merge(sources[kind] for kind in kinds).schema


@given(schemas, schemas)
def test_no_fact_of_the_file_gives_way_unless_it_is_a_guess(file: Schema, database: Schema) -> None:
    merged = merge([Source("file", "f", file), Source("database", "d", database)]).schema
    for label, model in file.models.items():
        for name, field in model.fields.items():
            for fact in ("column", "null", "max_length", "type"):
                if getattr(field, fact) is not None:
                    assert getattr(merged.models[label].fields[name], fact) == getattr(field, fact)
