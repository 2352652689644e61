"""filter keeps what is asked for, in the layout and the bytes it came in, and counts what it drops."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import run_here

import fixtureflow as ff

MODELS = ["auth.user", "auth.Permission", "authtoken.token", "cms.page", "cms.pagetype", "Shop.Order"]
ROWS = [b'{"model": "%s", "pk": %d, "fields": {}}' % (model.encode(), n) for n, model in enumerate(MODELS)]


def kept(**patterns: list[str]) -> list[str]:
    records = ff.filter(ff.read(io.BytesIO(b"[" + b", ".join(ROWS) + b"]")), **patterns)  # type: ignore[arg-type]
    return [MODELS[record.pk] for record in records]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({"include": ["auth"]}, ["auth.user", "auth.Permission"]),
        ({"include": ["AUTH"]}, ["auth.user", "auth.Permission"]),
        ({"include": ["auth.permission"]}, ["auth.Permission"]),
        ({"include": ["shop.ORDER"]}, ["Shop.Order"]),
        ({"include": ["cms.*"]}, ["cms.page", "cms.pagetype"]),
        ({"include": ["cms.page"]}, ["cms.page"]),
        ({"include": ["*.page?ype"]}, ["cms.pagetype"]),
        ({"include": ["auth*"]}, ["auth.user", "auth.Permission", "authtoken.token"]),
        ({"include": ["[ac]*.*[en]"]}, ["auth.Permission", "authtoken.token", "cms.page", "cms.pagetype"]),
        ({"exclude": ["auth", "cms", "shop"]}, ["authtoken.token"]),
        ({"include": ["auth", "cms"], "exclude": ["*.page", "auth.user"]}, ["auth.Permission", "cms.pagetype"]),
        ({"include": ["auth"], "exclude": ["auth"]}, []),
        ({}, MODELS),
    ],
)
def test_patterns_name_models_as_django_does(patterns: dict[str, list[str]], expected: list[str]) -> None:
    assert kept(**patterns) == expected


@pytest.mark.parametrize("pattern", ["", ".", "a.", ".b", "a.b.c"])
def test_a_pattern_that_can_match_nothing_is_wrong_usage(pattern: str) -> None:
    with pytest.raises(ff.UsageError, match="is no pattern; name an app"):
        ff.filter([], include=pattern)


def test_a_pattern_may_be_given_alone() -> None:
    assert [record.model for record in ff.filter(ff.read(io.BytesIO(b"[" + ROWS[0] + b"]")), include="auth")] == [
        "auth.user"
    ]


def test_what_is_dropped_is_counted_by_model() -> None:
    text = b"[" + b", ".join([*ROWS, *ROWS]) + b"]"

    done = run_here("filter", "--exclude", "cms", "--exclude", "nothing", stdin=text)

    assert "fixtureflow: dropped: cms.page 2, cms.pagetype 2" in done.said
    assert any("12 records in, 8 out, 4 dropped" in line for line in done.said)
    assert any("pattern 'nothing' matched no model" in line for line in done.said)


def test_quiet_says_nothing() -> None:
    assert run_here("filter", "--exclude", "cms", "--exclude", "no", "-q", stdin=b"[" + ROWS[0] + b"]").said == []


def test_each_pass_counts_anew() -> None:
    records = list(ff.read(io.BytesIO(b"[" + b", ".join(ROWS) + b"]")))
    filtered = ff.filter(records, exclude="cms")

    list(filtered)
    list(filtered)

    assert filtered.dropped == Counter({"cms.page": 1, "cms.pagetype": 1})


@pytest.mark.parametrize(
    "layout", ["[{}]", "[\n{}\n]\n", "[ {} ]", "[\r\n\t{}\r\n]\r\n"], ids=["compact", "django", "spaces", "tabs"]
)
@pytest.mark.parametrize("separator", [", ", ",\n", ",", " ,\r\n\t"])
@given(wanted=st.lists(st.booleans(), min_size=1, max_size=8), block=st.integers(1, 200))
def test_the_layout_is_kept(layout: str, separator: str, wanted: list[bool], block: int) -> None:
    rows = [json.dumps({"model": f"a.m{int(keep)}", "pk": n, "fields": {}}) for n, keep in enumerate(wanted)]
    before, after = layout.split("{}")
    text = before + separator.join(rows) + after
    left = [row for row, keep in zip(rows, wanted, strict=True) if keep]
    out = io.BytesIO()

    ff.write(ff.filter(ff.read(io.BytesIO(text.encode()), block=block), include="a.m1"), out)

    if left:
        assert out.getvalue().decode() == before + separator.join(left) + after
    else:
        assert json.loads(out.getvalue()) == []


@given(st.lists(st.sampled_from(MODELS), max_size=20), st.integers(1, 200))
def test_include_and_exclude_part_the_records(models: list[str], block: int) -> None:
    rows = [json.dumps({"model": model, "pk": n, "fields": {}}) for n, model in enumerate(models)]
    text = ("[" + ", ".join(rows) + "]").encode()

    def read() -> ff.Records:
        return ff.read(io.BytesIO(text), block=block)

    inside = [record.number for record in ff.filter(read(), include=["auth", "cms.page"])]
    outside = [record.number for record in ff.filter(read(), exclude=["auth", "cms.page"])]

    assert sorted(inside + outside) == list(range(1, len(rows) + 1))
    assert inside == sorted(inside) and outside == sorted(outside)
