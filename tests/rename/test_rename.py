"""Names and values changed by rule, and nothing else; before → after."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import run, run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse


def renamed(text: bytes | str, schema: str | None = None, **rules: Any) -> tuple[str, ff.Renamed]:
    data = text.encode() if isinstance(text, str) else text
    found = ff.rename(ff.read(io.BytesIO(data)), parse(schema.encode()) if schema else None, **rules)
    out = io.BytesIO()
    ff.write(found, out)
    return out.getvalue().decode(), found


def item(fields: str, pk: str = "1", model: str = "shop.item") -> str:
    return f'[{{"model": "{model}", "pk": {pk}, "fields": {fields}}}]'


NAMES: list[tuple[str, dict[str, Any], str, str]] = [
    ("a model", {"model": {"shop.item": "store.product"}}, item("{}"), item("{}", model="store.product")),
    ("any case", {"model": {"shop.Item": "shop.Thing"}}, item("{}", model="shop.Item"), item("{}", model="shop.thing")),
    *(
        (f"a model where {name}", {"model": {"shop.item": "b.c"}}, f"[{text}]", f"[{text.replace('shop.item', 'b.c')}]")
        for name, text in {
            "the key stands last": '{"fields": {"model": "x"}, "pk": 1, "model": "shop.item"}',
            "there are spaces": '{ "model" :  "shop.item", "pk": 1, "fields": {"a": [1, "b"]}}',
            "the key stands twice": '{"model": "shop.item", "pk": 1, "model": "shop.item", "fields": {}}',
            "the key is escaped too": r'{"model": "shop.item", "pk": 1, "\u006dodel": "shop.item", "fields": {}}',
        }.items()
    ),
    ("an app", {"app": {"shop": "store"}}, item('{"a": "shop"}'), item('{"a": "shop"}', model="store.item")),
    (
        "a model before its app",
        {"app": {"shop": "store"}, "model": {"shop.item": "shop.thing"}},
        item("{}"),
        item("{}", model="shop.thing"),
    ),
    ("a field", {"field": {"shop.item.a": "b"}}, item('{"a": {"a": 1}, "c": 2}'), item('{"b": {"a": 1}, "c": 2}')),
    ("an escaped field", {"field": {"shop.item.a": "b"}}, item(r'{"\u0061": 1}'), item('{"b": 1}')),
    (
        "two fields",
        {"field": {"shop.item.a": "b", "shop.item.b": "a"}},
        item('{"a": 1, "b": 2}'),
        item('{"b": 1, "a": 2}'),
    ),
    (
        "a model's field",
        {"model": ["shop.item=x.y"], "field": ["shop.item.a=b"]},
        item('{"a": 1}'),
        item('{"b": 1}', model="x.y"),
    ),
    (
        "drop the first",
        {"drop": "shop.item.a"},
        item('{"a": [1, 2],  "b": 1e400,\n"c": 2}'),
        item('{"b": 1e400,\n"c": 2}'),
    ),
    (
        "drop the last",
        {"drop": ["shop.*.c"]},
        item('{"a": [1, 2],  "b": 1e400,\n"c": 2}'),
        item('{"a": [1, 2],  "b": 1e400}'),
    ),
    ("drop all", {"drop": "shop.item.?"}, item('{"a": 1, "b": 2}'), item("{}")),
    ("default", {"default": {"shop.item.b": "é"}}, item('{"a": 1}'), item('{"a": 1, "b": "é"}')),
    ("default of null", {"default": {"shop.item.b": 1}}, item('{"b": null}'), item('{"b": null}')),
    ("fill", {"fill": {"shop.item.b": 0}}, item('{"a": null, "b": null}'), item('{"a": null, "b": 0}')),
    ("fill no null", {"fill": ["shop.item.b=0"]}, item('{"b": [null], "c": 1}'), item('{"b": [null], "c": 1}')),
    (
        "fill elsewhere",
        {"fill": {"shop.item.b": 0}},
        item('{"b": null}', model="a.b"),
        item('{"b": null}', model="a.b"),
    ),
    (
        "fill a NaN in a renamed field",
        {"fill": {"shop.item.a": "x"}, "null_nan": "shop", "field": {"shop.item.a": "b"}},
        item('{"a": NaN}'),
        item('{"b": "x"}'),
    ),
    ("default alone", {"default": ["shop.item.b=[1]"]}, item("{}"), item('{"b": [1]}')),
    (
        "default of a renamed one",
        {"default": {"shop.item.a": 3}, "field": {"shop.item.a": "b"}},
        '[{"model": "shop.item", "pk": 1, "fields": {"a": 1}}, {"model": "shop.item", "pk": 2, "fields": {"c": 0}}]',
        '[{"model": "shop.item", "pk": 1, "fields": {"b": 1}}, '
        '{"model": "shop.item", "pk": 2, "fields": {"c": 0, "b": 3}}]',
    ),
    (
        "replace",
        {"drop": "shop.item.a", "default": {"shop.item.a": 0}},
        item('{"a": 1, "b": 2}'),
        item('{"b": 2, "a": 0}'),
    ),
    (
        "NaN",
        {"null_nan": "*"},
        item('{"a": NaN, "b": {"c": [-Infinity, "NaN"]}}'),
        item('{"a": null, "b": {"c": [null, "NaN"]}}'),
    ),
    (
        "infinite as Python reads it",
        {"null_nan": "*"},
        item(f'{{"a": 1E400, "b": ["1e999", -1e0999, 1e308, 1e-400, {"9" * 309}.5, -{"9" * 309}]}}'),
        item(f'{{"a": null, "b": ["1e999", null, 1e308, 1e-400, null, -{"9" * 309}]}}'),
    ),
    ("NaN elsewhere", {"null_nan": "shop.item.b"}, item('{"a": NaN, "b": Infinity}'), item('{"a": NaN, "b": null}')),
    (
        "NUL",
        {"strip_nul": "shop"},
        item(r'{"a": "x\u0000y", "b": ["\\u0000\u0000"]}'),
        item(r'{"a": "xy", "b": ["\\u0000"]}'),
    ),
    ("cut", {"cut": {"shop.item.a": 2}}, item(r'{"a": "\u00e9é€", "b": "xyz"}'), item(r'{"a": "\u00e9é", "b": "xyz"}')),
    ("cut between pairs", {"cut": ["shop.item.a=1"]}, item(r'{"a": "\ud83d\ude00x"}'), item(r'{"a": "\ud83d\ude00"}')),
    ("cut no list", {"cut": {"*": 1}}, item('{"a": ["xyz"], "b": 1234}'), item('{"a": ["xyz"], "b": 1234}')),
]


@pytest.mark.parametrize(("rules", "before", "after"), [one[1:] for one in NAMES], ids=[one[0] for one in NAMES])
def test_a_rule_changes_what_it_names(rules: dict[str, Any], before: str, after: str) -> None:
    assert renamed(before, **rules)[0] == after


def test_rules_stand_in_a_file_by_the_same_names(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        'null-nan = ["*"]\n[field]\n"shop.item.a" = "b"\n[cut]\n"shop.item.c" = 1\n[model]\n"x.y" = "x.z"\n'
    )
    before = item('{"a": NaN, "c": "123"}')
    assert renamed(before, rules=rules)[0] == item('{"b": null, "c": "1"}')
    # An argument wins over the file.
    assert renamed(before, rules=rules, field={"shop.item.a": "d"})[0] == item('{"d": null, "c": "1"}')


def test_a_file_may_hold_rules_of_all_kinds(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        """
        drop = ["a.b.old"]
        null-nan = ["a"]
        strip-nul = ["a.b"]
        [model]
        "a.b" = "c.d"
        [app]
        a = "e"
        [field]
        "a.b.name" = "title"
        [default]
        "a.b.kind" = "new"
        [fill]
        "a.b.size" = 0
        [cut]
        "a.b.text" = 2
        """
    )
    before = item(r'{"name": 1, "old": 2, "size": NaN, "text": "\u0000xyz"}', model="a.b")
    after, found = renamed(before[:-1] + ", " + item("{}", model="a.z")[1:], rules=rules)
    fields = '{"title": 1, "size": 0, "text": "xy", "kind": "new"}'
    assert after == item(fields, model="c.d")[:-1] + ", " + item("{}", model="e.z")[1:]
    assert found.unmatched == []


def test_the_schema_says_how_long_a_text_may_be() -> None:
    schema = '{"models": {"store.product": {"fields": {"title": {"max_length": 2}, "note": {"max_length": 0}}}}}'
    rules = {"model": {"shop.item": "store.product"}, "field": {"shop.item.name": "title"}, "cut": "*"}
    after, _ = renamed(item('{"name": "abc", "note": "abc"}'), schema, **rules)
    assert after == item('{"title": "ab", "note": "abc"}', model="store.product")


def test_what_is_lost_is_told_one_by_one() -> None:
    told: list[Any] = []
    fields = [f'{{"a": "{"x" * n}", "b": NaN}}' for n in range(30)]
    before = "[" + ", ".join(item(f, str(n))[1:-1] for n, f in enumerate(fields)) + "]"
    _, found = renamed(before, cut={"shop.item.a": 9}, null_nan="*", tell=told.append)
    assert [(one.pk, one.value) for one in told if one.problem == "too long"] == [(n, "x" * n) for n in range(10, 30)]
    assert [one.pk for one in told if one.value == "NaN"] == list(range(30))
    assert {str(group).partition(" (")[0] for group in found.findings} == {
        "too long: shop.item.a: 20",
        "not a number: shop.item.b: 30",
    }


def test_a_rule_that_changed_nothing_is_named() -> None:
    _, found = renamed(
        item('{"a": 1}'),
        field={"shop.item.b": "c", "shop.item.a": "d"},
        model={"shop.other": "shop.thing"},
        drop="shop.item.x*",
        strip_nul="*",
    )
    assert found.unmatched == [
        "--model shop.other=shop.thing",
        "--field shop.item.b=c",
        "--drop shop.item.x*",
        "--strip-nul *",
    ]


CONFLICTS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "field",
        {"field": {"shop.item.a": "b"}},
        item('{"a": 1, "b": 2}', "7"),
        "record 1, byte 1, shop.item pk=7: it has a field b",
    ),
    (
        "fields",
        {"field": ["shop.item.a=c", "shop.item.b=c"]},
        item('{"a": 1, "b": 2}', "7"),
        "shop.item pk=7: it has a field c",
    ),
    (
        "model",
        {"model": {"a.x": "a.y"}},
        '[{"model": "a.x", "pk": 1, "fields": {}}, {"model": "a.y", "pk": 2, "fields": {}}]',
        "record 1, byte 1, a.x pk=1: a.y and a.x would both be a.y",
    ),
    (
        "models",
        {"model": {"a.x": "b.z", "a.y": "b.z"}},
        '[{"model": "a.x", "pk": 1, "fields": {}}, {"model": "a.y", "pk": 2, "fields": {}}]',
        "record 2, byte 42, a.y pk=2: a.x and a.y would both be b.z",
    ),
    (
        "content types",
        {"app": {"a": "b"}},
        '[{"model": "contenttypes.contenttype", "pk": 1, "fields": {"app_label": "a", "model": "x"}}, '
        '{"model": "contenttypes.contenttype", "pk": 2, "fields": {"app_label": "b", "model": "x"}}]',
        "contenttypes.contenttype pk=1: the content types of a.x and of b.x would both be that of b.x",
    ),
]


@pytest.mark.parametrize(("rules", "before", "problem"), [c[1:] for c in CONFLICTS], ids=[c[0] for c in CONFLICTS])
def test_two_that_become_one_are_an_error_that_names_the_record(
    rules: dict[str, Any], before: str, problem: str
) -> None:
    with pytest.raises(ff.InputError) as error:
        renamed(before, **rules)
    assert problem in str(error.value)


def test_two_models_can_change_places() -> None:
    before = '[{"model": "a.x", "pk": 1, "fields": {}}, {"model": "a.y", "pk": 2, "fields": {}}]'
    after, _ = renamed(before, model={"a.x": "a.y", "a.y": "a.x"})
    assert after == '[{"model": "a.y", "pk": 1, "fields": {}}, {"model": "a.x", "pk": 2, "fields": {}}]'


NESTED = """{"models": {
  "shop.grant": {"fields": {
    "permission": {"relation": {"kind": "fk", "to": "auth.permission"}},
    "stars": {"relation": {"kind": "m2m", "to": "shop.star"}},
    "guess": {"relation": {"kind": "fk", "to": "contenttypes.contenttype", "guess": {"confidence": 0.9}}}}},
  "shop.star": {"pk": ["id"], "fields": {"id": {}, "name": {},
    "may": {"relation": {"kind": "fk", "to": "auth.permission"}}},
    "natural_key": {"status": "fields", "fields": [
      "name", "may__codename", "may__content_type__app_label", "may__content_type__model"]}}}}"""


def test_natural_keys_that_name_a_model_follow_however_deep() -> None:
    before = (
        '[{"model": "shop.grant", "pk": 1, "fields": {"permission": ["add_item", "shop", "item"], '
        '"stars": [["add_item", "view_item", "shop", "item"],  ["x", "sell_item", "shop","item"], 3], '
        '"guess": ["shop", "item"], "text": "shop.item"}}]'
    )
    after, found = renamed(before, NESTED, model={"shop.item": "store.product"})
    assert after == (
        '[{"model": "shop.grant", "pk": 1, "fields": {"permission": ["add_product", "store", "product"], '
        '"stars": [["add_item", "view_product", "store", "product"],  ["x", "sell_item", "store","product"], 3], '
        '"guess": ["shop", "item"], "text": "shop.item"}}]'
    )
    assert found.followed == {"reference": 2}
    assert [str(group) for group in found.findings] == [
        'still has an old name: shop.grant.guess: 1 (pk 1: "\\"shop\\", \\"item\\"")',
        'still has an old name: shop.grant.text: 1 (pk 1: "shop.item")',
    ]
    after, _ = renamed(before, NESTED, model={"shop.item": "store.product"}, trust_guesses=True)
    assert '"guess": ["store", "product"]' in after


def test_an_irregular_layout_stays() -> None:
    before = (
        '[ {"model":"a.x","pk":1,"fields":{"a":1}} ,\n\n {"model":"a.y","pk":2,"fields":{}},'
        '{"model":"a.x","pk":3,"fields":{ "a" : 1}}\n]\n\n'
    )
    expected = before.replace('"a.x"', '"a.z"').replace('"a":', '"b":').replace('"a" :', '"b" :')
    assert renamed(before, model={"a.x": "a.z"}, field={"a.x.a": "b"})[0] == expected
    assert renamed(before, field={"a.x.a": "b"})[0] == expected.replace("a.z", "a.x")


names = st.sampled_from(["a", "b", "c", "d"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("a\0b"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
dumps = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["m.x", "m.y", "n.x"]),
            "pk": st.integers(),
            "fields": st.dictionaries(names, values, max_size=4),
        }
    ),
    max_size=12,
)
styles = st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])


def written(dump: Any, style: dict[str, Any]) -> str:
    return json.dumps(dump, **style)


@given(dumps, styles)
def test_there_and_back_is_the_same_bytes(dump: list[Any], style: dict[str, Any]) -> None:
    before = written(dump, style)
    there = {"model": {"m.x": "o.z"}, "field": {"m.x.a": "e", "n.x.b": "f"}, "app": {"n": "p"}}
    back = {"model": {"o.z": "m.x"}, "field": {"o.z.e": "a", "p.x.f": "b"}, "app": {"p": "n"}}
    assert renamed(renamed(before, **there)[0], **back)[0] == before


@given(dumps, styles)
def test_it_does_what_one_would_do_by_hand(dump: list[Any], style: dict[str, Any]) -> None:
    rules = {
        "field": {"m.x.a": "e"},
        "drop": "m.y.b",
        "default": {"n.x.c": [1]},
        "null_nan": "*.x.*",
        "strip_nul": "m",
        "cut": {"*.*.d": 2},
    }
    after, _ = renamed(written(dump, style), **rules)
    assert repr(json.loads(after)) == repr([by_hand(record) for record in dump])


def by_hand(record: Any) -> Any:
    app, name = record["model"].split(".")
    fields = {}
    for key, value in record["fields"].items():
        if name == "x":
            value = without_nan(value)
        if app == "m":
            value = without_nul(value)
        if key == "d" and isinstance(value, str):
            value = value[:2]
        if (app, name, key) != ("m", "y", "b"):
            fields["e" if (app, name, key) == ("m", "x", "a") else key] = value
    if (app, name) == ("n", "x"):
        fields.setdefault("c", [1])
    return {**record, "fields": fields}


def without_nan(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, list):
        return list(map(without_nan, value))
    return {k: without_nan(v) for k, v in value.items()} if isinstance(value, dict) else value


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return list(map(without_nul, value))
    return {k: without_nul(v) for k, v in value.items()} if isinstance(value, dict) else value


WRONG: list[tuple[list[str], str]] = [
    ([], "nothing to change"),
    (["--model", "shop"], "no = with something"),
    (["--model", "shop=store"], "'store' is no model"),
    (["--app", "a.b=c"], "'a.b' is no name of an app"),
    (["--field", "shop.item=x"], "'shop.item' is no field"),
    (["--field", "shop.item.a=x-y"], "'x-y' is no name of a field"),
    (["--default", "shop.item.a=new"], """a text stands in quotes: 'shop.item.a="new"'"""),
    (["--fill", "shop.item.a=new"], """a text stands in quotes: 'shop.item.a="new"'"""),
    (["--fill", "shop.item=0"], "'shop.item' is no field"),
    (["--cut", "shop.item.a=0"], "cannot be cut to 0"),
    (["--cut", "shop.item.a=many"], "cannot be cut to 'many'"),
    (["--drop", "a.b.c.d"], "'a.b.c.d' is no pattern"),
]


@pytest.mark.parametrize(("options", "problem"), WRONG)
def test_what_can_be_no_rule_is_wrong_usage(options: list[str], problem: str) -> None:
    found = run_here("rename", *options, stdin=b"[]")
    assert (found.code, problem in found.error) == (2, True), found.said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[field", "rules.toml: not TOML"),
        ("[fields]\n", "no rules called 'fields'; did you mean field?"),
        ("[field]\na.b.c = 'd'", "field[...]: expected `str`, got `object`; a key with dots stands in quotes"),
        ("[model]\n'a.b' = 'c'", "'c' is no model"),
    ],
)
def test_a_file_that_is_no_rules_says_why(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    found = run_here("rename", "--rules", "rules.toml", stdin=b"[]", cwd=tmp_path)
    assert found.code in (1, 2) and problem in found.error


def test_the_command_writes_each_change_to_a_file_and_nothing_half(tmp_path: Path) -> None:
    dump = item('{"a": "abc"}')
    found = run(
        "rename",
        "--cut",
        "shop.item.a=2",
        "--changes",
        "lost.jsonl",
        "-o",
        "out.json",
        stdin=dump.encode(),
        cwd=tmp_path,
    )
    assert found.code == 0
    assert (tmp_path / "out.json").read_text() == item('{"a": "ab"}')
    assert json.loads((tmp_path / "lost.jsonl").read_text()) == {
        "problem": "too long",
        "model": "shop.item",
        "pk": 1,
        "field": "a",
        "value": "abc",
        "done": "cut to 2",
    }
    found = run(
        "rename", "--field", "shop.item.a=b", "-o", "out.json", stdin=item('{"a": 1, "b": 2}').encode(), cwd=tmp_path
    )
    assert found.code == 1 and "it has a field b already" in found.error
    assert (tmp_path / "out.json").read_text() == item('{"a": "ab"}')
