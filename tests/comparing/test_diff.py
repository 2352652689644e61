"""What `diff` takes for the same, what not, and how it says so."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from running import run, run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse

ITEM = {
    "pk": ["id"],
    "fields": {
        "id": {"type": "integer"},
        "at": {"type": "datetime"},
        "owner": {"null": True, "relation": {"kind": "fk", "to": "shop.owner"}},
        "tags": {"relation": {"kind": "m2m", "to": "shop.tag", "auto_through": True}},
    },
    "complete": ["relations"],
}
OWNER = {
    "pk": ["id"],
    "fields": {"id": {"type": "integer"}, "name": {"type": "text"}},
    "natural_key": {"status": "fields", "fields": ["name"]},
    "complete": ["relations"],
}
FOLDER = {
    "pk": ["id"],
    "fields": {
        "id": {"type": "integer"},
        "name": {"type": "text"},
        "parent": {"null": True, "relation": {"kind": "fk", "to": "shop.folder"}},
    },
    "uniques": [{"fields": ["parent", "name"]}],
    "complete": ["relations"],
}
CODE = {"pk": ["id"], "fields": {"id": {"type": "uuid"}}, "complete": ["relations"]}
CARD = {
    "pk": ["number"],
    "fields": {
        "number": {"type": "text"},
        "owner": {"relation": {"kind": "o2o", "to": "shop.owner"}},
        "at": {"relation": {"kind": "fk", "to": "shop.place", "to_field": "code"}},
    },
}
PLACE = {
    "pk": ["id"],
    "fields": {"id": {"type": "integer"}, "code": {"type": "text"}, "sign": {"type": "text"}},
    "uniques": [{"fields": ["code"]}, {"fields": ["sign"]}],
    "complete": ["relations"],
}
NOTE = {
    "pk": ["id"],
    "fields": {
        "id": {"type": "integer"},
        "kind": {"relation": {"kind": "fk", "to": "contenttypes.contenttype"}},
        "about": {"relation": {"kind": "fk", "to": "auth.permission"}},
    },
    "generic_keys": [{"content_type": "kind", "object_id": "object"}],
}
KEYED = {"pk": ["key"], "fields": {"key": {"type": "text"}}, "complete": ["relations"]}
MODELS = {
    "shop.item": ITEM,
    "shop.owner": OWNER,
    "shop.folder": FOLDER,
    "shop.keyed": KEYED,
    "shop.code": CODE,
    "shop.card": CARD,
    "shop.place": PLACE,
    "shop.note": NOTE,
}
SCHEMA = parse(json.dumps({"models": MODELS}).encode())


def text(*records: tuple[str, Any, dict[str, Any]]) -> bytes:
    return json.dumps(
        [{"model": f"shop.{model}", "pk": pk, "fields": fields} for model, pk, fields in records]
    ).encode()


def diff(a: bytes, b: bytes, **options: Any) -> ff.Diff:
    return ff.diff(ff.read(io.BytesIO(a)), ff.read(io.BytesIO(b)), SCHEMA, **options)


def item(fields: str, pk: str = "1") -> bytes:
    return b'[{"model": "shop.item", "pk": %b, "fields": {%b}}]' % (pk.encode(), fields.encode())


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ('"n": 1.50', '"n" : 15e-1'),
        ('"s": "\\u00e9\\/"', '"s": "é/"'),
        ('"x": {"a": 1, "b": [2]}', '"x":{"b":[2],"a":1}'),
        ('"n": 1, "n": 2', '"n": 2'),
        ('"n": NaN', '"n":   NaN'),
        ('"n": 1e999', '"n": Infinity'),
        ('"s": "\\ud800"', '"s": "\\uD800"'),
        ('"s": NaN, "s": "\\u00e9"', '"s": "é"'),
        ('"n": 123456789012345678901234567890', '"n":123456789012345678901234567890'),
        ('"tags": [1, 2, 2]', '"tags": [2, 1]'),
        ('"at": "2024-02-29T12:00:00.000Z"', '"at": "2024-02-29T12:00:00Z"'),
    ],
)
def test_the_same_value_spelled_otherwise_is_no_difference(a: str, b: str) -> None:
    assert diff(item(a), item(b)).equal


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ('"n": 1', '"n": 1.0'),
        ('"n": 1', '"n": true'),
        ('"n": 1', '"n": "1"'),
        ('"n": 0.0', '"n": -0.0'),
        ('"n": NaN', '"n": null'),
        ('"n": Infinity', '"n": null'),
        ('"n": "NaN"', '"n": NaN'),
        ('"n": 123456789012345678901234567890', '"n": 123456789012345678901234567891'),
        ('"n": 9007199254740993', '"n": 9007199254740992'),
        ('"n": 0.1', '"n": 0.10000000000000002'),
        ('"s": "\\ud800"', '"s": "\\ud801"'),
        ('"s": "e\\u0301"', '"s": "\\u00e9"'),
        ('"list": [1, 2]', '"list": [2, 1]'),
        ('"list": [1]', '"list": [1, 1]'),
        ('"n": null', ""),
        ('"tags": []', ""),
        ('"x": {"a": [{"b": [1, {"c": 2}]}]}', '"x": {"a": [{"b": [1, {"c": 3}]}]}'),
        ('"at": "2024-02-29T12:00:00.001Z"', '"at": "2024-02-29T12:00:00Z"'),
        ('"s": "12:00:00.000"', '"s": "12:00:00"'),
    ],
)
def test_another_value_is_a_difference(a: str, b: str) -> None:
    for left, right in ((a, b), (b, a)):
        assert not diff(item(left), item(right)).equal
        assert not diff(item(left), item(right), by_identity=True).equal


def test_a_field_that_one_side_lacks_is_said_to_be_missing() -> None:
    found = diff(item('"n": null, "m": 1'), item('"m": 2, "k": 3'))
    fields = found.models["shop.item"].fields
    assert (fields["n"].missing_in_b, fields["k"].missing_in_a, fields["m"].missing_in_a) == (1, 1, 0)
    assert "changed: shop.item.n: 1 (1 missing in B)\n  pk 1: null → missing" in found.text()
    (one,) = found.differences()
    assert one.as_dict()["fields"] == {"n": {"a": None}, "m": {"a": 1, "b": 2}, "k": {"b": 3}}


def test_primary_keys_are_compared_as_django_reads_them() -> None:
    assert diff(item("", "1"), item("", '"1"')).equal
    assert not diff(item("", "1"), item("", '"01x"')).equal
    assert diff(item("", "1"), item("", '"01"')).equal  # a number, the schema says
    assert diff(text(("keyed", "7", {})), text(("keyed", 7, {}))).equal
    assert not diff(text(("keyed", "7", {})), text(("keyed", "07", {}))).equal
    dashed = "1d7f3c1e-8a52-4b6f-9a55-0c1f6f1e2a3b"
    assert diff(text(("code", dashed, {})), text(("code", dashed.replace("-", "").upper(), {}))).equal
    assert diff(text(("keyed", "a" * 32, {})), text(("keyed", "a" * 32, {}))).equal
    assert not diff(text(("keyed", "a" * 32, {})), text(("keyed", "A" * 32, {}))).equal
    assert not diff(text(("unknown", "a" * 32, {})), text(("unknown", "A" * 32, {}))).equal


def test_a_key_that_stands_twice_is_told_and_counts_each_time() -> None:
    once, twice = text(("item", 1, {"n": 1})), text(("item", 1, {"n": 0}), ("item", 1, {"n": 1}))
    found = diff(once, twice)
    assert not found.equal and found.models["shop.item"].twice_in_b == 1
    assert "twice in B: shop.item: 1 (pk 1 (records 1 and 2))" in found.text()
    assert diff(twice, twice).equal
    assert not diff(twice, text(("item", 1, {"n": 1}), ("item", 1, {"n": 0}))).equal  # the last one counts
    assert not diff(once, text(("item", 1, {"n": 1}), ("item", 1, {"n": 1}))).equal


def test_rows_without_a_pk_are_known_by_all_they_have() -> None:
    nameless = (
        b'[{"model": "shop.owner", "fields": {"name": "ann"}}, {"model": "shop.owner", "fields": {"name": "bob"}}]'
    )
    turned = b'[{"model": "shop.owner", "fields": {"name": "bob"}}, {"model": "shop.owner", "fields": {"name": "ann"}}]'
    assert diff(nameless, turned).equal
    assert not diff(nameless, turned.replace(b"bob", b"bab")).equal
    numbered = text(("owner", 7, {"name": "ann"}), ("owner", 8, {"name": "bob"}))
    assert diff(nameless, numbered, by_identity=True).equal


def test_a_reference_counts_by_what_it_leads_to() -> None:
    a = text(("owner", 1, {"name": "ann"}), ("owner", 2, {"name": "bob"}), ("item", 1, {"owner": 1}))
    b = text(("owner", 2, {"name": "ann"}), ("owner", 1, {"name": "bob"}), ("item", 1, {"owner": 2}))
    astray = b.replace(b'"owner": 2', b'"owner": 1')
    assert diff(a, b, by_identity=True).equal
    assert diff(a, b.replace(b'"owner": 2', b'"owner": ["ann"]'), by_identity=True).equal
    found = diff(a, astray, by_identity=True)
    assert not found.equal
    assert "pk 1: 1 (leads to another row in B, or to none)" in found.text()


def test_a_generic_key_and_a_natural_one_count_by_what_they_lead_to() -> None:
    def dump(types: tuple[int, int], owner: int, permission: Any) -> bytes:
        kinds = [
            {"model": "contenttypes.contenttype", "pk": pk, "fields": {"app_label": "shop", "model": name}}
            for pk, name in zip(types, ("owner", "item"), strict=True)
        ]
        fields = {"name": "x", "codename": "add_owner", "content_type": types[0]}
        rights = [{"model": "auth.permission", "pk": types[1], "fields": fields}]
        note = ("note", 1, {"kind": types[0], "object": str(owner), "about": permission})
        owners = [("owner", owner, {"name": "ann"}), ("owner", 3 - owner, {"name": "bob"})]
        return json.dumps([*kinds, *rights, *json.loads(text(*owners, note))]).encode()

    old = dump((1, 2), 1, 2)
    assert diff(old, dump((8, 9), 2, 9), by_identity=True).equal
    assert diff(old, dump((8, 9), 2, ["add_owner", "shop", "owner"]), by_identity=True).equal
    astray = dump((8, 9), 2, 9).replace(b'"object": "2"', b'"object": "1"')
    assert [one.fields for one in diff(old, astray, by_identity=True).differences()] == [("object",)]


def test_a_key_that_is_no_number_is_compared_beside_what_the_row_is_known_by() -> None:
    a = text(("owner", 1, {"name": "ann"}), ("card", "k1", {"owner": 1}))
    b = text(("owner", 2, {"name": "ann"}), ("card", "k2", {"owner": 2}))
    assert [one.fields for one in diff(a, b, by_identity=True).differences()] == [("pk",)]
    assert diff(a, b, by_identity=True, ignore="shop.card.pk").equal


def test_a_model_with_several_unique_constraints_is_known_by_its_pk() -> None:
    a, b = (text(("place", pk, {"code": "c", "sign": "s"}), ("card", "k", {"at": "c"})) for pk in (1, 2))
    assert diff(a, a, by_identity=True).equal
    found = diff(a, b, by_identity=True)
    assert found.doubts is not None and found.doubts.known_by["shop.place"] == "pk"
    assert [(one.kind, one.model) for one in found.differences()] == [
        ("removed", "shop.place"),
        ("changed", "shop.card"),  # its place is another row, for all that is known
        ("added", "shop.place"),
    ]


def test_a_tree_is_known_by_its_names_whatever_the_order() -> None:
    names = ["", "usr", "lib", "python", "site", "x"]
    a = [("folder", n, {"name": name, "parent": n - 1 if n else None}) for n, name in enumerate(names)]
    b = [("folder", 90 - n, {"name": name, "parent": 91 - n if n else None}) for n, name in enumerate(names)]
    assert diff(text(*a), text(*b), by_identity=True).equal
    assert diff(text(*reversed(a)), text(*b), by_identity=True).equal
    b[3] = ("folder", 87, {"name": "python", "parent": 89})
    found = diff(text(*a), text(*b), by_identity=True).models["shop.folder"]
    assert (found.same, found.removed, found.added) == (3, 3, 3)  # what is below is elsewhere, too


def test_rows_that_are_known_by_each_other_are_known_by_their_pk() -> None:
    ring = text(*(("folder", n, {"name": "x", "parent": n % 3 + 1}) for n in (1, 2, 3)))
    assert diff(ring, ring, by_identity=True).equal
    assert not diff(ring, ring.replace(b'"pk": 3', b'"pk": 4'), by_identity=True).equal


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([("item", 1, {"owner": 5})], "shop.item.owner → shop.owner: 1 in A, 1 in B lead to records that are not"),
        (
            [("owner", 1, {"name": "x"}), ("owner", 2, {"name": "x"})],
            "shop.owner: two records of one dump have the same",
        ),
        ([("unknown", 1, {"buyer": 5})], "shop.unknown: nobody has said what its fields refer to"),
    ],
)
def test_what_is_not_certain_by_identity_is_not_said_to_be_equal(records: list[Any], reason: str) -> None:
    found = diff(text(*records), text(*records), by_identity=True)
    assert not found.equal and found.total().equal
    assert f"not certain: {reason}" in found.text()
    assert diff(text(*records), text(*records)).equal


def test_twins_of_a_model_that_is_left_out_make_what_refers_to_them_uncertain() -> None:
    twins = text(("owner", 1, {"name": "x"}), ("owner", 2, {"name": "x"}), ("item", 1, {"owner": 1}))
    other = twins.replace(b'"owner": 1', b'"owner": 2')
    assert not diff(twins, other, by_identity=True, exclude="shop.owner").equal


def test_a_list_in_another_order_is_told_from_another_list(tmp_path: Path) -> None:
    found = diff(item('"list": [1, 2]'), item('"list": [2, 1]'))
    assert found.models["shop.item"].fields["list"].only_order == 1
    assert "1 only in the order of a list" in found.text()


def test_models_and_fields_can_be_left_out() -> None:
    a = text(("item", 1, {"n": 1, "m": 1}), ("owner", 1, {"name": "x"}))
    b = text(("item", 1, {"n": 2, "m": 1}), ("owner", 1, {"name": "y"}))
    assert diff(a, b, include="shop.item", ignore="shop.item.n").equal
    assert diff(a, b, exclude="shop.owner", ignore=["shop.*.n"]).equal
    assert not diff(a, b, ignore="shop.item.n").equal
    assert diff(a, b, exclude="shop.ownr", ignore="blog").unmatched == ["shop.ownr", "blog"]


def test_the_exit_code_tells_and_so_does_the_table(tmp_path: Path) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.jsonl"
    a.write_bytes(text(("item", 1, {"n": 1}), ("item", 2, {})))
    b.write_text("\n".join(json.dumps(record) for record in reversed(json.loads(a.read_bytes()))))
    same = run("diff", a, b)
    assert same.code == 0 and same.said[-1].startswith("fixtureflow: no difference: 2 records")
    b.write_bytes(text(("item", 3, {}), ("item", 1, {"n": "\n"})))
    found = run_here("diff", a, b)
    assert found.code == 1
    assert "changed, 1 added, 1 removed" in found.said[-1]
    assert '  pk 1: 1 → "\\n"\nadded: shop.item: 1 (pk 3)\nremoved: shop.item: 1 (pk 2)\n' in found.out.decode()
    told = json.loads(run_here("diff", a, b, "--json", "-q").out)
    assert told["equal"] is False and told["models"]["shop.item"]["removed"] == 1
    assert [(one["change"], (one["a"] or one["b"])["pk"]) for one in told["differences"]] == [
        ("changed", 1),
        ("removed", 2),
        ("added", 3),
    ]
    assert json.loads(run_here("diff", a, a, "--json").out)["differences"] == []


def test_a_cut_file_is_never_equal_and_wrong_calls_are_told(tmp_path: Path) -> None:
    whole = text(("item", 1, {"n": 1}), ("item", 2, {}))
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_bytes(whole)
    b.write_bytes(whole[:-20])
    cut = run_here("diff", a, b)
    assert cut.code == 1 and "is cut short" in cut.error
    assert run_here("diff", a, "-", stdin=whole).code == 0
    both = run_here("diff", "-", "-", stdin=whole)
    assert both.code == 2 and "both are stdin" in both.error
    lookup = run_here("diff", a, a, "--lookup-a", a)
    assert lookup.code == 2 and "--by-identity" in lookup.error
    b.write_bytes(item(f'"deep": {"[" * 3000}{"]" * 3000}'))
    for options in ([], ["--by-identity"]):
        assert "nested too deep" in run_here("diff", b, b, *options).error
    b.write_bytes(b'[{"model": "shop.item", "pk": 1}]')
    assert "fields" in run_here("diff", b, b).error


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    a = tmp_path / "a.json"
    a.write_bytes(text(("item", 1, {"n": 1})))
    found = ff.diff(ff.read(a), ff.read(io.BytesIO(text(("item", 1, {"n": 2})))), SCHEMA)
    a.write_bytes(text(("item", 1, {"n": 12345})))
    with pytest.raises(ff.InputError, match="has changed"):
        list(found.differences())


def test_a_guessed_reference_is_followed_only_if_that_is_asked_for() -> None:
    people, posts = range(1, 31), range(1, 61)

    def dump(move: int) -> bytes:
        users = [("person", (n + move) % 30 + 1, {"username": f"u{n}"}) for n in people]
        return text(*users, *(("post", n, {"person": (n % 30 + move) % 30 + 1}) for n in posts))

    schema = parse(
        b'{"models": {"shop.person": {"pk": ["id"], "fields": {"id": {}, "username": {}}, "complete": ["relations"],'
        b'"natural_key": {"status": "fields", "fields": ["username"]}}}}'
    )

    def found(**options: Any) -> ff.Diff:
        dumps = (ff.read(io.BytesIO(dump(move))) for move in (0, 7))
        return ff.diff(*dumps, schema, by_identity=True, **options)

    assert found().models["shop.post"].changed == 60
    assert "not certain: shop.post: nobody has said what its fields refer to" in found().text()
    assert found(trust_guesses=True).equal


def test_rows_of_a_proxy_are_those_of_its_model() -> None:
    schema = parse(
        b'{"models": {"shop.real": {"pk": ["id"], "fields": {"id": {}}}, "shop.proxy": {"proxy_for": "shop.real"}}}'
    )
    a, b = text(("real", 1, {"n": 1})), text(("proxy", 1, {"n": 1}))
    assert ff.diff(ff.read(io.BytesIO(a)), ff.read(io.BytesIO(b)), schema).equal
    merged = ff.merge(ff.read(io.BytesIO(a), io.BytesIO(b)), schema)
    assert len(list(merged)) == 1
