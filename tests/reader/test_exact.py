"""What Python's json gives up on, for depth or digits, is read as json would read it."""

from __future__ import annotations

import io
import json

from documents import odd_scalars, record_texts
from hypothesis import given
from hypothesis import strategies as st
from support.laws import tried

import fixtureflow as ff
from fixtureflow.exact import _walked

RECORD = '{"model": "a.b", "pk": -1, "fields": {"x": [1.5e3, "\\u00e9é\\n", null, {}, []], "y": {"model": 1}}}'


@given(record_texts(odd_scalars))
def test_a_record_walked_is_the_record_decoded(text: str) -> None:
    value, end = json.JSONDecoder().raw_decode(text)

    assert _walked(text, 0) == ({"model": value["model"]}, end)


@tried(5)
@given(
    st.integers(1, len(RECORD)),
    st.integers(0, 2),
    st.one_of(st.just(""), st.sampled_from(',[]{}"\\0-.e\t\0:t'), st.text(max_size=1)),
)
def test_walking_refuses_what_json_refuses_at_the_same_place(at: int, drop: int, put: str) -> None:
    text = RECORD[:at] + put + RECORD[at + drop :]
    try:
        expected = json.JSONDecoder().raw_decode(text)[1]
    except json.JSONDecodeError as error:
        expected = error.msg.partition(" at")[0]
    try:
        found = _walked(text, 0)[1]
    except json.JSONDecodeError as error:
        found = error.msg.partition(" at")[0]

    assert found == expected


def test_depth_and_digits_do_not_stop_a_record_from_being_read() -> None:
    deep = b'{"pk": 1, "model": "a.B", "fields": {"j": ' + b'[{"k":' * 50_000 + b"1" + b"}]" * 50_000 + b"}}"
    long = b'{"model": "a.c", "pk": ' + b"7" * 5000 + b', "fields": {"n": NaN}}'
    for text in (b"[%b, %b]" % (deep, long), b"%b\n%b\n" % (deep, long), b"[%b,\n%b]" % (long, deep)):
        for block in (1000, 128 * 1024):
            found = list(ff.read(io.BytesIO(text), block=block))

            assert sorted((record.raw, record.model) for record in found) == [(long, "a.c"), (deep, "a.b")]
            for record in found:
                assert text[record.offset : record.offset + len(record.raw)] == record.raw
