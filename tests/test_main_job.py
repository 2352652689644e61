"""The main job on real input: what a real dumpdata wrote, taken apart, is loaded back by the real loaddata."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.compare import row_differences
from support.projects import NO_TOKENS, dumpdata, loaddata

import fixtureflow as ff

Scratch = Callable[..., str]


def written(records: ff.Records, **style: object) -> bytes:
    out = io.BytesIO()
    ff.write(records, out, **style)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("options", [{"model": ["authtoken", "articles.*"]}, {"by": "app"}, {"max_records": 7}])
def test_the_parts_of_a_split_loaded_in_the_manifests_order_make_the_same_database(
    scratch: Scratch, tmp_path: Path, options: dict[str, object]
) -> None:
    source = scratch("tokens", populated=True)
    dump = dumpdata("tokens", source)
    ff.split(ff.read(io.BytesIO(dump)), tmp_path, **options)  # type: ignore[arg-type]
    target = scratch("tokens")
    # One loaddata, as records of a part may need those of a later one; files are loaded in the order named.
    files = [entry["name"] for entry in json.loads((tmp_path / "manifest.json").read_bytes())["files"]]
    joined = written(ff.read(*[tmp_path / name for name in files]))
    loaddata("tokens", target, joined, env=NO_TOKENS)
    assert row_differences("tokens", source, target) == []


def test_what_is_left_without_the_tokens_loads_where_the_whole_dump_does_not(scratch: Scratch) -> None:
    source = scratch("tokens", populated=True)
    dump = dumpdata("tokens", source)
    target = scratch("tokens")
    with pytest.raises(AssertionError, match=r"(?i)authtoken\.Token.*(unique|duplicate)"):
        loaddata("tokens", target, dump)
    rest = written(ff.filter(ff.read(io.BytesIO(dump)), exclude=["authtoken"]))
    loaddata("tokens", target, rest)
    # The signal has made tokens, other ones; all else is as it was.
    assert {line.split()[0].rstrip(":") for line in row_differences("tokens", source, target)} == {"authtoken.token"}


@pytest.mark.parametrize("project", ["tokens", "everything", "swapped"])
@pytest.mark.parametrize("indent", [0, 1, 2, 4])
def test_pretty_is_what_dumpdata_indent_writes_and_compact_brings_back_the_first(
    scratch_on: Scratch, project: str, indent: int
) -> None:
    database = scratch_on("sqlite", project, populated=True)
    compact = dumpdata(project, database)
    indented = dumpdata(project, database, "--indent", str(indent))
    # Django 6.1 ends every document with a newline; each layout keeps what its input had.
    assert written(ff.read(io.BytesIO(compact)), indent=indent).strip() == indented.strip()
    assert written(ff.read(io.BytesIO(indented)), compact=True).strip() == compact.strip()
    assert written(ff.read(io.BytesIO(indented))) == indented
    assert written(ff.read(io.BytesIO(compact))) == compact


def test_jsonl_loads_like_the_array_it_was_made_from(scratch_on: Scratch, tmp_path: Path) -> None:
    source = scratch_on("sqlite", "everything", populated=True)
    lines = dumpdata("everything", source, "--format", "jsonl")
    assert written(ff.read(io.BytesIO(lines))) == lines
    # Records keep their bytes: Django's own jsonl has no space after a comma.
    made = written(ff.read(io.BytesIO(dumpdata("everything", source))), format="jsonl")
    assert list(map(json.loads, made.splitlines())) == list(map(json.loads, lines.splitlines()))
    (tmp_path / "dump.jsonl").write_bytes(made)
    target = scratch_on("sqlite", "everything")
    loaddata("everything", target, tmp_path / "dump.jsonl")
    assert row_differences("everything", source, target) == []
