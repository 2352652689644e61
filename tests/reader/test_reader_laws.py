"""The fast reader held against the standard library's json and against ijson, at every block size."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import ijson
import pytest
from documents import Document, arrays, blocks, lines, odd_arrays, odd_lines
from hypothesis import example, given
from hypothesis import strategies as st
from support.laws import tried

import fixtureflow as ff


def read(text: bytes, block: int, **options: Any) -> list[ff.Record]:
    return list(ff.read(io.BytesIO(text), block=block, **options))


def read_in_blocks(text: bytes, block: int, *, apart: bool = False) -> list[ff.Record]:
    """Of a small array more than one block, which else were all looked at to tell its format; `apart` as for pretty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fixtureflow.reader.LOOK", 8)
        return [one for found in ff.read(io.BytesIO(text), block=block).blocks(apart=apart) for one in found.records()]


def sliced(text: str) -> list[tuple[int, bytes]]:
    """Each record of an array with its byte offset, as the standard library's decoder cuts them."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    found = []
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return found
        _, end = decoder.raw_decode(text, at)
        found.append((len(text[:at].encode()), text[at:end].encode()))
        at = end


def agrees(document: Document, found: list[ff.Record]) -> None:
    assert [record.raw for record in found] == list(document.raws)
    assert [record.offset for record in found] == list(document.offsets)
    assert [record.number for record in found] == list(range(1, len(found) + 1))
    for record in found:
        assert document.text[record.offset : record.offset + len(record.raw)] == record.raw
        app, name = record.value()["model"].split(".")
        assert record.model == f"{app}.{name.lower()}"


@given(odd_arrays, blocks)
@example(Document(b"[]", (), ()), 1)
def test_an_array_is_cut_into_the_records_that_json_cuts_it_into(document: Document, block: int) -> None:
    found = read(document.text, block)

    assert [(record.offset, record.raw) for record in found] == sliced(document.text.decode())
    agrees(document, found)
    agrees(document, read_in_blocks(document.text, block))
    agrees(document, read_in_blocks(document.text, block, apart=True))


@given(arrays(), blocks)
def test_values_are_those_that_ijson_reads(document: Document, block: int) -> None:
    expected = list(ijson.items(io.BytesIO(document.text), "item"))

    found = [json.loads(record.raw, parse_float=Decimal) for record in read(document.text, block)]

    assert found == expected


@given(odd_lines, blocks)
def test_lines_are_cut_where_they_end(document: Document, block: int) -> None:
    agrees(document, read(document.text, block))


@given(odd_arrays, blocks)
def test_values_are_those_that_json_reads(document: Document, block: int) -> None:
    found = read(document.text, block)

    assert repr([record.value() for record in found]) == repr(json.loads(document.text))
    assert repr([record.pk for record in found]) == repr([value["pk"] for value in json.loads(document.text)])


@given(odd_arrays, blocks)
def test_what_is_read_and_written_keeps_every_byte(document: Document, block: int) -> None:
    out = io.BytesIO()

    ff.write(ff.read(io.BytesIO(document.text), block=block), out)

    assert out.getvalue() == document.text


@given(lines(), blocks)
def test_lines_are_written_as_one_record_a_line(document: Document, block: int) -> None:
    out = io.BytesIO()

    ff.write(ff.read(io.BytesIO(document.text), block=block), out)

    assert out.getvalue() == b"".join(raw + b"\n" for raw in document.raws)


@given(odd_arrays, blocks)
def test_records_passed_one_by_one_are_the_same_records(document: Document, block: int) -> None:
    records = ff.read(io.BytesIO(document.text), block=block)
    out = io.BytesIO()

    ff.write((record for record in records), out)

    assert [record.raw for record in read(out.getvalue(), 128 * 1024)] == list(document.raws)


def accepted_by_json(text: bytes) -> bool:
    try:
        rows = json.loads(text.decode())
    except ValueError:
        return False
    return isinstance(rows, list) and all(isinstance(row, dict) and isinstance(row.get("model"), str) for row in rows)


def refusal(reads: Callable[[bytes, int], list[ff.Record]], text: bytes, block: int) -> str:
    try:
        reads(text, block)
    except ff.InputError as error:
        return str(error).partition("closing ]:")[0]  # of what follows only what has been read is shown
    return ""


SMALL = (
    b'[{"model": "a.b", "pk": -1, "fields": {"x": [1.5e3, "\\u00e9\xc3\xa9\\n", null]}}, '
    b'{"model": "a.b"}, {"model": "a.c"}]'
)
TOKENS = [b",", b"[", b"]", b"{", b"}", b'"', b"\\", b"0", b"-", b".", b"e", b"\t", b"\0", b"\\u", b"NaN", b":"]
FRAGMENTS = st.one_of(st.just(b""), st.binary(min_size=1, max_size=2), st.sampled_from(TOKENS))


@tried(7)
@given(at=st.integers(0, len(SMALL)), drop=st.integers(0, 2), put=FRAGMENTS, block=st.integers(1, 200))
@example(at=106, drop=2, put=b"", block=75)  # the last record is cut
def test_whatever_json_refuses_is_refused_and_nothing_else(at: int, drop: int, put: bytes, block: int) -> None:
    text = SMALL[:at] + put + SMALL[at + drop :]

    refused = refusal(read, text, block)

    if text.startswith(SMALL[:8]):  # by which the format is told
        assert refusal(read_in_blocks, text, block) == refused
        assert refusal(partial(read_in_blocks, apart=True), text, block) == refused
    assert "\n" not in refused
    if not accepted_by_json(text):
        assert refused, text
    elif refused:  # what is JSON, but not a model label or no fixture at all
        assert "label" in refused or "model" in refused or "not a JSON fixture" in refused, (refused, text)


NESTED = """[
{"model": "a.b", "pk": 1, "fields": {"j": [{"model": "a.b"}, {"model": "a.b"}], "t": "}, {\\"model\\"", "u": "é😀"}},
{"model": "a.b", "pk": -1.5e-3, "fields": {"n": NaN, "i": -Infinity, "s": "\\ud83d\\ude00", "b": [true, false, null]}},
{"model": "a.c", "pk": "x", "fields": {}}
]
""".encode()
ENDS = [NESTED.index(b"},\n{", 30) + 1, NESTED.rindex(b"},\n{") + 1, NESTED.rindex(b"}\n]") + 1]


@pytest.mark.parametrize("block", [1, 7, 64, 128 * 1024])
def test_a_cut_fixture_is_said_to_be_cut_and_repair_keeps_the_whole_records(block: int) -> None:
    for cut in range(1, NESTED.index(b"]", ENDS[-1])):
        text = NESTED[:cut]
        whole = sum(end <= cut for end in ENDS)

        with pytest.raises(ff.InputError) as refused:
            read(text, block)
        kept = read(text, block, repair=True)

        assert f"cut short: {whole} record" in str(refused.value), (cut, text[-20:])
        assert len(kept) == whole, (cut, text[-20:])
        out = io.BytesIO()
        ff.write(ff.read(io.BytesIO(text), block=block, repair=True), out)
        assert len(json.loads(out.getvalue())) == whole


def test_a_cut_last_line_is_said_to_be_cut_and_repair_keeps_the_whole_records() -> None:
    first = NESTED[2 : ENDS[0]] + b"\n"
    second = NESTED[ENDS[0] + 2 : ENDS[1]]
    for cut in range(1, len(second)):
        text = first + second[:cut]
        for block in (1, 128 * 1024):
            with pytest.raises(ff.InputError, match="cut short: 1 record"):
                read(text, block)
            assert [record.raw for record in read(text, block, repair=True)] == [first[:-1]], text[-20:]


@tried(1 / 3)
@given(st.sampled_from([1, 2, 3, 5, 8, 1000]), st.lists(odd_arrays, min_size=1, max_size=3))
def test_several_inputs_are_read_one_after_the_other(block: int, documents: list[Document]) -> None:
    found = list(ff.read(*(io.BytesIO(document.text) for document in documents), block=block))

    assert [record.raw for record in found] == [raw for document in documents for raw in document.raws]
    assert [record.number for record in found] == [n + 1 for document in documents for n in range(len(document.raws))]


@given(odd_arrays, blocks)
def test_stats_count_the_bytes_of_records_in_any_layout(document: Document, block: int) -> None:
    found = ff.stats(ff.read(io.BytesIO(document.text), block=block))

    assert found.records == len(document.raws)
    assert found.bytes == sum(map(len, document.raws))
    assert max((model.largest for model in found.models.values()), default=0) == max(map(len, document.raws), default=0)


def test_half_a_surrogate_pair_may_stand_in_a_key() -> None:
    raw = rb'{"model": "a.b", "pk": 1, "x\ud800": NaN}'
    (record,) = read(b"[%b]" % raw, 8)
    assert record.raw == raw
