"""Any records: what no rule names stays, what one names is another value, and equal values stay equal."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import fixtureflow as ff

KEY = b"0123456789abcdef"
TEXTS = st.sampled_from(["", "Bob", "bob", "bob@x.org", "é\u0000\n", '"}, {"', "\ud800", "x" * 400])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "pk"]), inner, max_size=2)
    ),
    max_leaves=5,
)
NAMES = ["name", "mail", "data", "other", "more"]
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["x.y", "x.z"]),
            "pk": st.none() | st.integers() | TEXTS,
            "fields": st.fixed_dictionaries(
                {}, optional={"name": st.none() | TEXTS, "mail": TEXTS, "data": VALUES, "other": VALUES, "more": VALUES}
            ),
        }
    ),
    max_size=6,
)
RULES = {"x.y.name": "name", "x.*.mail": "email", "x.y.data": "null"}


def scrubbed(text: bytes) -> bytes:
    out = io.BytesIO()
    ff.write(ff.scrub(ff.read(io.BytesIO(text)), rule=RULES, key=KEY), out)
    return out.getvalue()


@given(records=RECORDS, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_only_what_a_rule_names_changes(records: list[dict[str, Any]], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")
    before, after = json.loads(text), json.loads(scrubbed(text))
    named = {"x.y": ("name", "mail", "data"), "x.z": ("mail",)}
    made: dict[tuple[str, str], str] = {}
    for old, new in zip(before, after, strict=True):
        assert list(new["fields"]) == list(old["fields"])
        for name in named[old["model"]]:
            was, now = old["fields"].pop(name, None), new["fields"].pop(name, None)
            if was in (None, ""):
                assert now == was
            elif name == "data":
                assert now is None
            else:
                assert now != was and made.setdefault((name, was), now) == now
        assert json.dumps(new) == json.dumps(old)
    assert len({now.lower() for now in made.values()}) == len(made)
    assert scrubbed(text) == scrubbed(text)
