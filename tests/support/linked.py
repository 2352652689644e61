"""Dumps of every kind of reference, for laws: right and wrong ones, in any order, rows that stand twice."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SCHEMA: dict[str, Any] = {
    "models": {
        "a.node": {
            "pk": ["id"],
            "fields": {
                "id": {"type": "integer"},
                "parent": {"null": True, "relation": {"kind": "fk", "to": "a.node", "to_field": ""}},
                "leaf": {"null": False, "relation": {"kind": "fk", "to": "b.leaf", "to_field": "code"}},
                "friends": {"relation": {"kind": "m2m", "to": "a.node", "auto_through": True}},
            },
        },
        "b.leaf": {
            "pk": ["id"],
            "fields": {
                "id": {"type": "uuid"},
                "code": {"type": "text"},
                "top": {"null": True, "relation": {"kind": "fk", "to": "c.top", "to_field": ""}},
            },
            "natural_key": {"status": "fields", "fields": ["code", "top__name"]},
        },
        "c.top": {
            "pk": ["id"],
            "fields": {
                "name": {"type": "text"},
                "first": {"null": True, "relation": {"kind": "fk", "to": "b.leaf", "to_field": ""}},
            },
            "natural_key": {"status": "fields", "fields": ["name"]},
        },
        "c.child": {
            "pk": ["top_ptr"],
            "fields": {
                "top_ptr": {"relation": {"kind": "o2o", "to": "c.top", "to_field": "", "parent_link": True}},
                "box": {"null": True, "relation": {"kind": "fk", "to": "d.box", "to_field": ""}},
            },
            "parents": ["c.top"],
        },
        "d.box": {"pk": ["x", "y"], "fields": {"x": {}, "y": {}}},
        "d.free": {},
        "d.mark": {
            "pk": ["id"],
            "fields": {
                "kind": {"relation": {"kind": "fk", "to": "contenttypes.contenttype", "to_field": ""}},
                "object_id": {"null": True},
                "on": {"null": True, "relation": {"kind": "fk", "to": "d.mark", "to_field": ""}},
            },
            "generic_keys": [{"content_type": "kind", "object_id": "object_id"}],
        },
        "contenttypes.contenttype": {
            "pk": ["id"],
            "fields": {"app_label": {}, "model": {}},
            "natural_key": {"status": "fields", "fields": ["app_label", "model"]},
        },
    }
}

numbers = st.integers(1, 6)
spelled = numbers | numbers.map(str)
uuids = numbers.map(lambda n: f"{n:08x}-0000-4000-8000-00000000000{n}")
uuid_refs = uuids | uuids.map(lambda text: text.replace("-", ""))
codes = numbers.map(lambda n: f"k{n}")


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def record(label: str, pk: st.SearchStrategy[Any], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"model": st.just(label), "pk": pk, "fields": st.fixed_dictionaries({}, optional=fields)}
    )


top_refs = maybe(numbers | codes.map(lambda code: [code]))
leaf_refs = maybe(uuid_refs | st.tuples(codes, codes).map(list))
records = st.one_of(
    record(
        "a.node",
        spelled,
        parent=maybe(spelled),
        leaf=maybe(codes | st.tuples(codes, codes).map(list)),
        friends=st.lists(spelled, max_size=3),
    ),
    record("b.leaf", uuids, code=codes, top=top_refs),
    record("c.top", numbers, name=codes, first=leaf_refs, note=st.just(float("nan"))),
    record("c.child", numbers, box=st.tuples(numbers, numbers).map(list)),
    record("d.box", st.tuples(numbers, numbers).map(list), x=numbers),
    record("d.free", numbers),
    record(
        "d.mark",
        numbers,
        kind=maybe(numbers | st.sampled_from([["d", "mark"], ["c", "top"]])),
        object_id=maybe(spelled),
        on=maybe(numbers),
    ),
    record(
        "contenttypes.contenttype",
        numbers,
        app_label=st.sampled_from("acd"),
        model=st.sampled_from(["node", "top", "mark", "box"]),
    ),
)
dumps = st.lists(records, max_size=40)
