"""The nouns of a schema answer as Django would."""

from __future__ import annotations

import msgspec
import pytest

from fixtureflow.schema.model import Field, Model, Relation, Schema, canonical

PAGE = Model(label="cms.page", table="cms_page", pk=("id",), fields={"id": Field(), "title": Field()}, parents=())
LINK = Relation(kind="o2o", to="cms.page", parent_link=True)
BLOG = Model(
    label="blog.blogpage",
    pk=("page_ptr",),
    fields={"page_ptr": Field(relation=LINK), "body": Field(relation="none")},
    parents=("cms.page",),
)
PROXY = Model(label="blog.draft", proxy_for="blog.blogpage")
SCHEMA = Schema.of([PAGE, BLOG, PROXY])


@pytest.mark.parametrize(
    ("written", "found"),
    [("blog.blogpage", True), ("blog.BlogPage", True), ("Blog.blogpage", False), ("blogpage", False), ("", False)],
)
def test_a_model_is_found_by_model_name_in_any_case_but_app_label_exact(written: str, found: bool) -> None:
    assert (SCHEMA.model(written) is not None) is found


def test_models_are_keyed_by_label_however_it_was_written() -> None:
    schema = Schema(models={"auth.User": Model(table="auth_user")})
    assert list(schema.models) == ["auth.user"]
    assert schema.models["auth.user"].label == "auth.user"


def test_an_app_label_keeps_its_case() -> None:
    assert canonical("Shop.OrderItem") == "Shop.orderitem"


def test_relations_leave_out_fields_known_to_be_plain() -> None:
    assert list(BLOG.relations()) == [("page_ptr", LINK)]


def test_a_proxy_leads_to_the_model_with_the_table() -> None:
    concrete = SCHEMA.concrete("blog.Draft")
    assert concrete is not None
    assert concrete.label == "blog.blogpage"


def test_an_inherited_field_is_owned_by_the_parent() -> None:
    def owner(field: str) -> str:
        model = SCHEMA.owner("blog.draft", field)
        return model.label if model else ""

    assert [owner(f) for f in ("body", "title", "nothing")] == ["blog.blogpage", "cms.page", ""]


def test_parents_that_go_round_in_circles_end() -> None:
    schema = Schema.of([Model(label="a.x", parents=("a.y",)), Model(label="a.y", parents=("a.x",), proxy_for="a.y")])
    assert [m.label for m in schema.ancestors("a.x")] == ["a.y", "a.x"]


def test_what_is_not_known_is_not_written_and_what_is_known_to_be_none_is() -> None:
    known = msgspec.json.encode(Field(column="", max_length=0, null=False, relation="none", holds_ids=()))
    assert known == b'{"column":"","null":false,"max_length":0,"relation":"none","holds_ids":[]}'
    assert msgspec.json.encode(Field()) == b"{}"
