"""A value is found where it stands, also within strings that hold JSON, and can be replaced there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtureflow.located import Text, Value, located

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(['"', "\\", "🎉\n", "\x00"])
scalars = st.none() | st.booleans() | st.integers() | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
)


def found(value: Value) -> Any:
    if isinstance(value.parts, dict):
        return {key: found(one) for key, one in value.parts.items()}
    return [found(one) for one in value.parts] if isinstance(value.parts, list) else json.loads(value.raw)


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_all_values_are_found(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert found(located(Text(text))) == value


@given(values, values, st.lists(st.booleans(), min_size=1, max_size=3), scalars)
def test_a_value_within_strings_is_replaced_and_nothing_else(
    before: Any, after: Any, levels: list[bool], new: Any
) -> None:
    def nested(value: Any) -> bytes:
        text: Any = {"before": before, "it": value, "after": after}
        for ascii_only in levels:
            text = json.dumps(text, ensure_ascii=ascii_only)
        return text.encode()

    whole = nested(7)
    value = located(Text(whole))
    for _ in levels[1:]:
        value = value.opened()
    assert isinstance(value.parts, dict)
    it = value.parts["it"]
    start, end = it.text.place(it.start), it.text.place(it.end)
    assert whole[start:end] == b"7"
    turned: Any = whole[:start] + it.text.written(json.dumps(new).encode()) + whole[end:]
    for _ in levels:
        turned = json.loads(turned)
    assert turned == {"before": before, "it": new, "after": after}


@pytest.mark.parametrize("text", [b"", b"{", b'{"a"', b"[1", b"1 2"])
def test_what_is_no_value_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        located(Text(text))
