"""Real dumps, ordered, and loaded by the real loaddata where a wrong order fails: with every foreign key checked at
every row, and part by part, each in a transaction of its own."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.compare import row_differences
from support.constraints import loaddata_strictly
from support.projects import NO_TOKENS, ManageError, dumpdata, loaddata, manage
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]


def shuffled(dump: bytes, seed: int = 1) -> bytes:
    records = json.loads(dump)
    random.Random(seed).shuffle(records)
    return json.dumps(records).encode()


def ordered(dump: bytes, project: str, **options: object) -> bytes:
    out = io.BytesIO()
    ff.write(ff.order(ff.read(io.BytesIO(dump)), schema_of(project), **options), out)  # type: ignore[arg-type]
    return out.getvalue()


# Loops in the populated rows are of lists and of nullable keys, which two halves can undo.
@pytest.mark.parametrize("natural", [[], ["--natural-foreign"]])
@pytest.mark.parametrize("project", ["tokens", "everything", "swapped"])
def test_an_ordered_dump_loads_with_every_key_checked_at_every_row(
    scratch: Scratch, project: str, natural: list[str]
) -> None:
    source, target = scratch(project, populated=True), scratch(project)
    dump = dumpdata(project, source, *natural)
    loaddata_strictly(project, target, ordered(shuffled(dump), project, cycles="break"), env=NO_TOKENS)
    ignore = ["contenttypes.contenttype", "auth.permission", "django_content_type"]
    assert row_differences(project, source, target, ignore=ignore) == []


def test_the_same_dump_fails_if_it_is_not_ordered(scratch: Scratch) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata_strictly("everything", target, dumpdata("everything", source, "relations"))


def test_loops_load_in_two_halves(scratch: Scratch) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    manage("everything", source, "make_loops")
    dump = shuffled(dumpdata("everything", source))
    loaddata_strictly("everything", target, ordered(dump, "everything", cycles="break"))
    assert row_differences("everything", source, target) == []


def test_loops_that_are_kept_load_as_ever(scratch: Scratch) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    manage("everything", source, "make_loops")
    loaddata("everything", target, ordered(shuffled(dumpdata("everything", source)), "everything"))
    assert row_differences("everything", source, target) == []


@pytest.mark.parametrize("natural", [[], ["--natural-foreign"]])
@pytest.mark.parametrize("project", ["tokens", "everything", "swapped"])
def test_the_parts_of_an_ordered_dump_load_one_by_one(
    scratch: Scratch, tmp_path: Path, project: str, natural: list[str]
) -> None:
    """Each part is a loaddata, and so a transaction of its own."""
    source, target = scratch(project, populated=True), scratch(project)
    dump = dumpdata(project, source, *natural)
    dump = ordered(shuffled(dump), project, cycles="break")
    ff.split(ff.read(io.BytesIO(dump)), tmp_path, number=True, schema=schema_of(project))
    for entry in json.loads((tmp_path / "manifest.json").read_bytes())["files"]:
        loaddata_strictly(project, target, tmp_path / entry["name"], env=NO_TOKENS)
    assert row_differences(project, source, target) == []
