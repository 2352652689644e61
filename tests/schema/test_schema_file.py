"""A schema file is read without tolerance, written one way, and says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from strategies import schemas

from fixtureflow.errors import SchemaError
from fixtureflow.schema.file import Syntax, dump, parse, read
from fixtureflow.schema.model import Field, Model, Relation, Schema, Unique

USER = Model(
    label="accounts.user",
    table="accounts_user",
    pk=("id",),
    fields={
        "id": Field(column="id", type="integer", auto=True),
        "team": Field(column="team_id", null=True, relation=Relation(kind="fk", to="accounts.team")),
    },
    uniques=(Unique(fields=("team", "id")),),
)
WRITTEN = """\
{
  "about": "by hand",
  "models": {
    "accounts.user": {
      "table": "accounts_user",
      "pk": ["id"],
      "fields": {
        "id": {"column": "id", "type": "integer", "auto": true},
        "team": {"column": "team_id", "null": true, "relation": {"kind": "fk", "to": "accounts.team"}}
      },
      "uniques": [
        {"fields": ["team", "id"]}
      ]
    }
  }
}
"""


def test_a_schema_is_written_a_field_to_a_line() -> None:
    assert dump(Schema.of([USER], about="by hand")).decode() == WRITTEN


@given(schemas)
def test_read_after_write_is_the_same_schema(schema: Schema) -> None:
    assert parse(dump(schema)) == schema


@given(schemas)
def test_what_was_read_is_written_as_the_same_bytes(schema: Schema) -> None:
    assert dump(parse(dump(schema))) == dump(schema)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[models."Accounts.User".fields]\nteam = {relation = {kind = "fk", to = "accounts.team"}}\n'
    )
    (tmp_path / "a.json").write_text(
        '{"models": {"Accounts.User": {"fields": {"team": {"relation": {"kind": "fk", "to": "accounts.team"}}}}}}'
    )
    assert read(tmp_path / "a.toml") == read(tmp_path / "a.json")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert parse(b'\xef\xbb\xbf{"about": "x"}') == Schema(about="x")


@pytest.mark.parametrize(
    ("syntax", "text", "sentence"),
    [
        ("json", '{\n"models": {,}}', "s, line 2, column 12: not JSON: "),
        ("json", "[]", "s: expected `object`, got `array`"),
        ("json", '{"model": {}}', "s: there is no fact called 'model'; did you mean models?"),
        (
            "json",
            '{"models": {\n"a.b": {"fields": {\n"c": {"max_length": "4"}}}}}',
            "s, line 3: model a.b, field c: max_length: expected `int | null`, got `str`",
        ),
        (
            "json",
            '{"models": {\n"a.b": {"fields": {\n"c": {"colum": "4"}}}}}',
            "s, line 3: model a.b, field c: there is no fact called 'colum'; did you mean column?",
        ),
        ("json", '{"models": {"a.b": {"pk": "id"}}}', "s, line 1: model a.b: pk: expected `array | null`, got `str`"),
        (
            "json",
            '{"models": {"auth": {}}}',
            "s, line 1: model auth: 'auth' is no model label; write app_label.modelname",
        ),
        (
            "json",
            '{"models": {"a.b": {"fields": {"c": {"relation": {"kind": "fk", "to": "user"}}}}}}',
            "s, line 1: model a.b, field c: 'user' is no model label",
        ),
        ("json", b"{\n\xff}", "s, line 2: not UTF-8; save the file as UTF-8"),
        ("toml", 'about = "x"\n[models\n', "s: not TOML: "),
        (
            "toml",
            '[models."a.b"]\npk = ["id"]\n[models."a.b".fields.c]\ntype = "int"\n',
            "s, line 3: model a.b, field c: type: invalid enum value 'int'; known are ",
        ),
        (
            "json",
            '{"models": {"a.b": {"fields": {"c": {"relation": {"kind": "FK", "to": "a.c"}}}}}}',
            "s, line 1: model a.b, field c: relation.kind: invalid enum value 'FK'; known are fk, o2o, m2m",
        ),
        (
            "json",
            '{"models": {"a.b": {"natural_key": {"status": "field"}}}}',
            "s, line 1: model a.b: natural_key.status: invalid enum value 'field'; known are none, fields, computed",
        ),
        ("toml", "[models.auth.user]\ntable = 'x'\n", "s: model auth: there is no fact called 'user'"),
    ],
)
def test_an_error_names_file_line_model_field_and_what_was_expected(
    syntax: Syntax, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), syntax, name="s")
    assert str(caught.value).startswith(sentence)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"none.json: No such file or directory; name a schema file"):
        read(tmp_path / "none.json")


def test_two_spellings_of_one_label_are_an_error() -> None:
    with pytest.raises(SchemaError, match=r"s: model a.B stands there twice"):
        parse(b'{"models": {"a.b": {}, "a.B": {}}}', name="s")


def test_a_key_that_stands_twice_is_an_error() -> None:
    with pytest.raises(SchemaError, match=r"s, line 3: 'a.b' stands twice in one object; make one of the two"):
        parse(b'{"models": {\n"a.b": {},\n"a.b": {"table": "t"}}}', name="s")


@pytest.mark.parametrize("syntax", ["json", "toml"])
def test_what_is_nested_too_deep_is_an_error_not_a_crash(syntax: Syntax) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    text = b'{"models": {"a.b": {"placeholders": [{"x": %s}]}}}' if syntax == "json" else b"x = %s"
    with pytest.raises(SchemaError):
        parse(text % deep, syntax)


def test_labels_may_be_written_in_any_case() -> None:
    schema = parse(
        b'{"models": {"a.B": {"parents": ["a.C"], "fields": {"d": {"relation": {"kind": "fk", "to": "a.E"}}}}}}'
    )
    model = schema.models["a.b"]
    assert (model.parents, [relation.to for _, relation in model.relations()]) == (("a.c",), ["a.e"])
