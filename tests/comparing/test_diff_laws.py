"""What `diff` finds is what other code, slow and plain, finds: by primary key, and by what rows are known by."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from typing import Any

import pytest
from comparing import naive
from hypothesis import given
from hypothesis import strategies as st
from support.linked import SCHEMA, dumps, records

import fixtureflow as ff
from fixtureflow.comparing import entries, known, sorter
from fixtureflow.schema.file import parse

LAYOUTS: list[dict[str, Any]] = [{}, {"indent": 1}, {"sort_keys": True}, {"separators": (",", ":")}]
layouts = st.sampled_from(LAYOUTS)
MODELS = {label: {"complete": ["relations"], **model} for label, model in SCHEMA["models"].items()}
SETS = {("a.node", "friends")}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[naive.Dump, naive.Dump]:
    """A dump, and what somebody has made of it: in another order, some records gone, new, or with other values."""
    a = draw(dumps)
    b = list(draw(st.permutations(a)))
    for at in draw(st.sets(st.integers(0, max(0, len(b) - 1)), max_size=2)) if b else ():
        b[at] = draw(records)
    return a, b[: len(b) - draw(st.integers(0, 1))]


def diff(a: naive.Dump, b: naive.Dump, layout: dict[str, Any], **options: Any) -> ff.Diff:
    """The dumps compared, the second one in another layout."""
    inputs = (ff.read(io.BytesIO(naive.spelled(dump, **how))) for dump, how in ((a, {}), (b, layout)))
    return ff.diff(*inputs, parse(json.dumps({"models": MODELS}).encode()), **options)


def told(found: ff.Diff) -> Counter[Any]:
    counted: Counter[Any] = Counter()
    for one in found.differences():
        record = one.a or one.b
        assert record is not None
        counted[one.kind, one.model, naive.same_pk(record.pk), tuple(sorted(one.fields))] += 1
    return counted


@given(pairs(), layouts)
def test_by_primary_key_it_is_what_is_found_by_hand(
    pair: tuple[naive.Dump, naive.Dump], layout: dict[str, Any]
) -> None:
    a, b = pair
    found = diff(a, b, layout)
    expected = naive.by_pk(a, b, SETS)
    assert told(found) == expected
    assert found.equal == (not expected)
    for label, model in found.models.items():
        assert model.a == sum(record["model"] == label for record in a) == model.same + model.changed + model.removed
        assert model.b == sum(record["model"] == label for record in b) == model.same + model.changed + model.added


@given(pairs(), layouts)
def test_by_identity_it_is_what_is_found_by_hand(pair: tuple[naive.Dump, naive.Dump], layout: dict[str, Any]) -> None:
    a, b = pair
    ours, theirs = naive.Known(a, SCHEMA), naive.Known(b, SCHEMA)
    found = diff(a, b, layout, by_identity=True)
    same = sum((ours.found & theirs.found).values())
    assert sum(model.same for model in found.models.values()) == same
    certain = not (ours.lost or theirs.lost or ours.twice or theirs.twice)
    if found.equal:
        assert ours.found == theirs.found and certain
    else:
        assert found.doubts or ours.found != theirs.found


@given(dumps, st.randoms(use_true_random=False))
def test_other_ids_are_no_difference_by_identity(dump: naive.Dump, rng: random.Random) -> None:
    ids = list(range(1, 7))
    rng.shuffle(ids)
    other = dict(zip(range(1, 7), ids, strict=True))
    dump = with_types(dump)
    moved = [renumbered(record, other) for record in json.loads(json.dumps(dump))]
    found = diff(dump, moved, {}, by_identity=True)
    plain = naive.Known(dump, SCHEMA)
    assert told(found) == Counter()
    assert found.equal == (not plain.twice and not plain.lost)


TYPES = [("a", "node"), ("c", "top"), ("d", "mark"), ("d", "box"), ("b", "leaf"), ("c", "child")]


def with_types(dump: naive.Dump) -> naive.Dump:
    """With all content types that are referred to, and no two of one model."""
    types = [
        {"model": "contenttypes.contenttype", "pk": pk, "fields": {"app_label": app, "model": model}}
        for pk, (app, model) in enumerate(TYPES, 1)
    ]
    return [*types, *(record for record in dump if record["model"] != "contenttypes.contenttype")]


def renumbered(record: dict[str, Any], other: dict[int, int]) -> dict[str, Any]:
    """The record with other ids of content types, and with what refers to them."""
    fields = record["fields"]
    if record["model"] == "contenttypes.contenttype":
        record["pk"] = other[record["pk"]]
    if isinstance(fields.get("kind"), int):
        fields["kind"] = other[fields["kind"]]
    return record


@given(pairs())
def test_little_memory_is_no_difference(pair: tuple[naive.Dump, naive.Dump]) -> None:
    a, b = pair
    with pytest.MonkeyPatch.context() as patch:
        whole = [(told(found), found.as_dict()) for found in (diff(a, b, {}), diff(a, b, {}, by_identity=True))]
        patch.setattr(entries, "HELD", 100)
        patch.setattr(sorter, "HELD", 2)
        patch.setattr(sorter, "READ_AT_ONCE", 1)
        patch.setattr(known, "MEMORY", 0)
        patch.setattr(known, "WAITING", 1)
        assert whole == [(told(found), found.as_dict()) for found in (diff(a, b, {}), diff(a, b, {}, by_identity=True))]
