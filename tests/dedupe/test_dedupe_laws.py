"""Any dump, against an oracle that merges two records at a time and begins anew until none are the same."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.laws import tried

import fixtureflow as ff
from fixtureflow.schema.file import parse

SCHEMA = parse(
    json.dumps(
        {
            "models": {
                "c.top": {"pk": ["id"], "fields": {"name": {}}, "uniques": [{"fields": ["name"]}]},
                "a.node": {
                    "pk": ["id"],
                    "fields": {
                        "id": {"type": "integer"},
                        "parent": {"null": True, "relation": {"kind": "fk", "to": "a.node"}},
                        "top": {"relation": {"kind": "fk", "to": "c.top"}},
                        "friends": {"relation": {"kind": "m2m", "to": "a.node", "auto_through": True}},
                    },
                    "uniques": [{"fields": ["parent", "top"]}],
                },
                "b.card": {
                    "pk": ["node"],
                    "fields": {"node": {"relation": {"kind": "o2o", "to": "a.node"}}, "text": {"type": "text"}},
                },
                "d.note": {"fields": {"card": {"relation": {"kind": "fk", "to": "b.card"}}}},
                "e.mark": {
                    "fields": {
                        "content_type": {"relation": {"kind": "fk", "to": "contenttypes.contenttype"}},
                        "object_id": {"type": "text"},
                    },
                    "generic_keys": [{"content_type": "content_type", "object_id": "object_id"}],
                    "uniques": [{"fields": ["content_type", "object_id"]}],
                },
            }
        }
    ).encode()
)
LINKS = {
    "a.node": {"parent": "a.node", "top": "c.top"},
    "b.card": {"pk": "a.node"},
    "d.note": {"card": "b.card"},
}
KEYS = {
    "c.top": ["name"],
    "a.node": ["parent", "top"],
    "b.card": ["pk"],
    "e.mark": ["content_type", "object_id"],
}
IDS = st.integers(1, 6)


@st.composite
def dumps(draw: st.DrawFn) -> list[dict[str, Any]]:
    fields = {
        "c.top": st.fixed_dictionaries({"name": st.sampled_from("ab")}),
        "a.node": st.fixed_dictionaries(
            {"parent": st.none() | IDS, "top": IDS, "friends": st.lists(IDS, max_size=3, unique=True)}
        ),
        "b.card": st.fixed_dictionaries({"text": st.text(max_size=2)}),
        "d.note": st.fixed_dictionaries({"card": IDS}),
        "e.mark": st.fixed_dictionaries(
            {
                "content_type": st.sampled_from([["a", "node"], ["c", "top"], ["x", "y"]]),
                "object_id": IDS.map(str),
            }
        ),
    }
    found = []
    for model, strategy in fields.items():
        for pk in draw(st.lists(IDS, unique=True, max_size=6)):
            found.append({"model": model, "pk": pk, "fields": draw(strategy)})
    return draw(st.permutations(found))


def merged(records: list[dict[str, Any]], *, last: bool) -> list[dict[str, Any]]:
    """What is to come out, lists as sets."""
    stays: dict[tuple[str, int], int] = {}
    gone: set[int] = set()

    def follow(model: str, pk: Any) -> Any:
        while (model, pk) in stays:
            pk = stays[model, pk]
        return pk

    def seen(at: int) -> dict[str, Any]:
        record = records[at]
        model, fields = record["model"], {"pk": record["pk"], **record["fields"]}
        for name, to in LINKS.get(model, {}).items():
            fields[name] = follow(to, fields[name])
        if model == "e.mark":
            fields["object_id"] = str(follow(".".join(fields["content_type"]), int(fields["object_id"])))
        return fields

    def same() -> tuple[int, int] | None:
        order = range(len(records))
        first: dict[Any, int] = {}
        own = [at for at in order if at not in gone and records[at]["pk"] == seen(at)["pk"]]
        others = [at for at in order if at not in gone and at not in own]
        for at in (*(reversed(own) if last else own), *(reversed(others) if last else others)):
            model, fields = records[at]["model"], seen(at)
            key = tuple(map(json.dumps, (fields[name] for name in KEYS.get(model, ()))))
            if key and "null" not in key and first.setdefault((model, key), at) != at:
                return first[model, key], at
        return None

    united: dict[int, set[int]] = {}
    while pair := same():
        one, other = pair
        gone.add(other)
        model = records[one]["model"]
        if seen(one)["pk"] != seen(other)["pk"]:
            stays[model, records[other]["pk"]] = records[one]["pk"]
        if model == "a.node":
            items = united.pop(other, set()) | set(records[other]["fields"]["friends"])
            united.setdefault(one, set()).update(items)
    for (model, pk), _ in list(stays.items()):
        if model == "a.node" and ("b.card", pk) in {
            (r["model"], r["pk"]) for r in records
        }:  # its key is that of its node
            stays.setdefault(("b.card", pk), follow("a.node", pk))
    out = []
    for at, record in enumerate(records):
        if at in gone:
            continue
        fields = seen(at)
        pk = fields.pop("pk")
        if "friends" in fields:
            friends = united.get(at, set()) | set(fields["friends"])
            fields["friends"] = sorted({follow("a.node", friend) for friend in friends})
        out.append({"model": record["model"], "pk": pk, "fields": fields})
    return out


@tried(2)
@given(records=dumps(), last=st.booleans())
def test_it_does_what_merging_two_at_a_time_does(records: list[dict[str, Any]], last: bool) -> None:
    expected = merged(records, last=last)
    out = io.BytesIO()
    text = json.dumps(records).encode()
    found = ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA, keep="last" if last else "first")
    ff.write(found, out)
    actual = json.loads(out.getvalue())
    assert len(records) - len(actual) == sum(found.dropped.values())
    for record in actual:
        if "friends" in record["fields"]:
            record["fields"]["friends"].sort()
    assert actual == expected


@given(records=dumps(), pattern=st.sampled_from(["{} {n}", "x{n}", "{}{}-{n}"]))
def test_names_are_all_different_and_nothing_is_lost(records: list[dict[str, Any]], pattern: str) -> None:
    out = io.BytesIO()
    text = json.dumps(records).encode()
    ff.write(ff.dedupe(ff.read(io.BytesIO(text)), SCHEMA, unique="c.top:name", rename={"name": pattern}), out)
    after = json.loads(out.getvalue())
    names = [record["fields"]["name"] for record in after if record["model"] == "c.top"]
    assert len(set(names)) == len(names)
    assert [(record["model"], record["pk"]) for record in after] == [(one["model"], one["pk"]) for one in records]
