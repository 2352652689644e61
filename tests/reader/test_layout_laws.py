"""Records laid out anew: as json.dumps does it, as Django's serializers do it, changing white space only."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from documents import Document, arrays, blocks, odd_arrays, odd_scalars, record_texts
from hypothesis import given
from hypothesis import strategies as st

import fixtureflow as ff
from fixtureflow.layout import reformat_exactly, reformatter, sort_keys

indents = st.sampled_from((None, 0, 1, 2, 4))

SERIALIZE = """
import datetime, sys
from pathlib import Path
import django
from django.conf import settings

apps = ["contenttypes", "auth", "sessions", "admin", "messages"]
settings.configure(INSTALLED_APPS=[f"django.contrib.{app}" for app in apps], USE_TZ=True)
django.setup()
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import serializers

when = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=datetime.timezone.utc)
texts = ["", "plain", "caf\\u00e9 \\u2028 \\U0001f600"]
texts += ['he said "}, {\\\\"model\\\\":" \\\\ /', "tab\\tline\\nend", "\\x7f <b>&amp;</b>"]
rows = [ContentType(pk=n, app_label="auth", model=f"m{n}") for n in range(3)]
rows += [LogEntry(pk=n, user_id=n, content_type_id=None, object_id=text, object_repr=text, action_flag=1,
    action_time=when, change_message='[{"added": {"model": "a.b", "pk": 1}}]') for n, text in enumerate(texts)]
rows += [Session(session_key="k" * 32, session_data="a:b", expire_date=when)]
for name, objects in (("all", rows), ("one", rows[:1]), ("none", [])):
    for indent in (None, 0, 1, 2, 4):
        with (Path(sys.argv[1]) / f"{name}-{indent}.json").open("w", encoding="utf-8", newline="") as file:
            serializers.serialize("json", objects, indent=indent, stream=file)
    with (Path(sys.argv[1]) / f"{name}.jsonl").open("w", encoding="utf-8", newline="") as file:
        serializers.serialize("jsonl", objects, stream=file)
"""


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Django's own serializers write of the same objects in each layout."""
    folder = tmp_path_factory.mktemp("dumps")
    subprocess.run([sys.executable, "-c", SERIALIZE, str(folder)], check=True)
    return folder


@pytest.mark.parametrize("name", ["all", "one", "none"])
@pytest.mark.parametrize("before", [None, 0, 1, 2, 4])
@pytest.mark.parametrize("after", [None, 0, 1, 2, 4])
def test_any_dumpdata_layout_becomes_any_other(
    dumps: Path, tmp_path: Path, name: str, before: int | None, after: int | None
) -> None:
    out = tmp_path / "out.json"

    ff.write(ff.read(dumps / f"{name}-{before}.json"), out, indent=after, compact=after is None)

    assert out.read_bytes() == (dumps / f"{name}-{after}.json").read_bytes()


@pytest.mark.parametrize("name", ["all", "one", "none"])
@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4])
def test_without_options_what_dumpdata_wrote_stays_as_it_is(
    dumps: Path, tmp_path: Path, name: str, indent: int | None
) -> None:
    out = tmp_path / "out.json"

    ff.write(ff.read(dumps / f"{name}-{indent}.json"), out)

    assert out.read_bytes() == (dumps / f"{name}-{indent}.json").read_bytes()


@pytest.mark.parametrize("name", ["all", "one"])
@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4])
def test_json_becomes_jsonl_and_comes_back(dumps: Path, tmp_path: Path, name: str, indent: int | None) -> None:
    lines, back = tmp_path / "out.jsonl", tmp_path / "out.json"

    ff.write(ff.read(dumps / f"{name}-{indent}.json"), lines, format="jsonl")
    records = [json.loads(line) for line in lines.read_bytes().splitlines()]
    ff.write(ff.read(lines), back, format="json", indent=indent, compact=indent is None)

    assert records == json.loads((dumps / f"{name}-{indent}.json").read_bytes())
    assert back.read_bytes() == (dumps / f"{name}-{indent}.json").read_bytes()


@pytest.mark.parametrize("name", ["all", "one"])
def test_dumpdatas_jsonl_stays_as_it_is_and_becomes_dumpdatas_json(dumps: Path, tmp_path: Path, name: str) -> None:
    same, json_too = tmp_path / "out.jsonl", tmp_path / "out.json"

    ff.write(ff.read(dumps / f"{name}.jsonl"), same)
    ff.write(ff.read(dumps / f"{name}.jsonl"), json_too, format="json", compact=True)

    assert same.read_bytes() == (dumps / f"{name}.jsonl").read_bytes()
    assert json_too.read_bytes() == (dumps / f"{name}-None.json").read_bytes()


@given(record_texts(odd_scalars), indents)
def test_the_fast_way_lays_out_as_the_exact_way(text: str, indent: int | None) -> None:
    raw = text.encode()

    assert reformatter(indent)([raw]) == [reformat_exactly(raw, indent)]


plain_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@given(plain_values, indents, indents, st.booleans())
def test_a_record_is_laid_out_as_json_lays_it_out(
    fields: object, before: int | None, after: int | None, ascii_only: bool
) -> None:
    record = {"model": "a.b", "pk": 1, "fields": fields}
    raw = json.dumps(record, indent=before, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    expected = json.dumps(record, indent=after, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    assert reformatter(after)([raw]) == [expected]
    assert reformat_exactly(raw, after) == expected


@given(plain_values)
def test_keys_are_sorted_as_json_sorts_them(fields: object) -> None:
    raw = json.dumps({"pk": 1, "model": "a.b", "fields": fields}).encode()

    assert sort_keys(raw) == json.dumps(json.loads(raw), sort_keys=True).encode()


@given(odd_arrays, indents, blocks)
def test_laying_out_changes_no_value(document: Document, indent: int | None, block: int) -> None:
    out = io.BytesIO()

    ff.write(ff.read(io.BytesIO(document.text), block=block), out, indent=indent, compact=indent is None)

    assert repr(json.loads(out.getvalue())) == repr(json.loads(document.text))


@given(odd_arrays, indents)
def test_laying_out_twice_is_laying_out_once(document: Document, indent: int | None) -> None:
    once, twice = io.BytesIO(), io.BytesIO()

    ff.write(ff.read(io.BytesIO(document.text)), once, indent=indent, compact=indent is None)
    ff.write(ff.read(io.BytesIO(once.getvalue())), twice, indent=indent, compact=indent is None)

    assert twice.getvalue() == once.getvalue()


@given(arrays(odd_scalars))
def test_every_record_of_jsonl_is_one_line(document: Document) -> None:
    out = io.BytesIO()

    ff.write(ff.read(io.BytesIO(document.text)), out, format="jsonl")

    lines = out.getvalue().split(b"\n")
    assert len(lines) == len(document.raws) + 1
    assert repr([json.loads(line) for line in lines[:-1]]) == repr(document.values)
