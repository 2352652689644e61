"""Work in a process of its own comes to what it comes to in this one, and no fault of either side is lost."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from running import PROGRAM
from support.projects import dumpdata
from support.schemas import schema_of
from support.sql import execute

import fixtureflow as ff
from fixtureflow import arranging, pipeline
from fixtureflow import beside as module
from fixtureflow.arranging import Turn, TurnEnd
from fixtureflow.beside import beside
from fixtureflow.record import Record, Source
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.stream import Block, Records
from fixtureflow.turning.rewrite import Edit, Style, Turned

DUMP = b'[\n{"model": "a.b", "pk": 1, "fields": {}},\n{"model": "a.b",  "pk": 2},\n\n{"model": "a.C", "pk": 1.50}]\n'
LABELS = b"[%b]" % b",".join(b'{"model": "a.b", "pk": %d, "fields": {"tag": null}}' % pk for pk in range(1_000))


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to see processes in")


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_cores", lambda: 2)


# What is done there.


def written(records: Records, path: Path) -> tuple[int, list[tuple[Any, ...]]]:
    """Writes the records, and tells of each."""
    told: list[tuple[Any, ...]] = []

    def watched() -> Iterator[Block]:
        for block in records.blocks():
            told.extend((one.model, one.raw, one.number, one.source.name) for one in block.records())
            yield block

    ff.write(Records(watched, records), path)
    return os.getpid(), told


def refuse(records: Records, path: Path) -> None:
    raise list(records)[1].fault("is wrong", advice="mend it")


def fail(records: Records, path: Path) -> None:
    raise ZeroDivisionError("a fault of the program")


def end_at_once(records: Records, path: Path) -> None:
    os._exit(3)


def first(records: Records) -> int:
    return next(iter(records)).number


def count(records: Records) -> int:
    return sum(1 for _ in records)


def up_to_the_sign(records: Records, path: Path) -> tuple[int, frozenset[str], int]:
    counts = [0]
    signs: frozenset[str] = frozenset()
    for block in records.blocks():
        counts[-1] += len(block)
        if isinstance(block, TurnEnd):
            counts.append(0)
            signs |= block.labels()
            path.touch()
    return counts[0], signs, counts[1]


# Records of all kinds that stages make.


def as_read() -> Records:
    found = ff.read(io.BytesIO(DUMP))
    blocks = list(found.blocks())  # their layout is known now
    return Records(lambda: iter(blocks), found)


def read_again() -> Records:
    return Records(Catalogue(ff.read(io.BytesIO(DUMP))).again)


def thinned() -> Records:
    """Without every other record, which had stood between two others."""

    def blocks() -> Iterator[Block]:
        for stretch in Catalogue(ff.read(io.BytesIO(DUMP))).stretches():
            yield Turned(stretch.text(b""), stretch, [at % 2 == 0 for at in range(len(stretch))])

    return Records(blocks)


def edited(keep: Callable[[int], bool] | None = None) -> Records:
    """With other values, which are put into the text when it is wanted."""

    def blocks() -> Iterator[Block]:
        for stretch in Catalogue(ff.read(io.BytesIO(LABELS))).stretches():
            size = len(stretch)
            old, new = [b"%d" % pk for pk in range(size)], [b'"\\u0031%d"' % (pk % 2) for pk in range(size)]
            edit = Edit(Style(), {"": (old, new), "tag": ([b"null"] * size, [b"[\n]"] * size)}, ("tag",))
            yield Turned(stretch.text(b""), stretch, keep and [keep(at) for at in range(size)], edit)

    return Records(blocks)


def edited_and_thinned() -> Records:
    return edited(lambda at: at % 3 > 0)


def one_by_one() -> Records:
    return Records(lambda: (Block.of([record]) for record in as_read()))


def lines() -> Records:
    text = b"".join(b'{"model": "a.b", "pk": %d, "fields": {}}\n' % pk for pk in range(5))
    return Records(Catalogue(ff.read(io.BytesIO(text))).again)


def nothing() -> Records:
    return ff.read(io.BytesIO(b"[ ]"))


@pytest.mark.parametrize("make", [as_read, read_again, thinned, edited, edited_and_thinned, one_by_one, lines, nothing])
def test_a_process_of_its_own_gets_the_same_records(make: Callable[[], Records], tmp_path: Path) -> None:
    with beside(make(), written, lambda: (tmp_path / "here.json",), folder=None) as here:
        pid, expected = here()
    with beside(make(), written, lambda: (tmp_path / "there.json",), folder=tmp_path) as there:
        other, found = there()
    assert (pid == os.getpid(), other != pid) == (True, True)
    assert found == expected
    assert (tmp_path / "there.json").read_bytes() == (tmp_path / "here.json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here.json", "there.json"]


def test_a_sign_that_all_of_a_model_is_there_comes_at_once(tmp_path: Path) -> None:
    """The next record is made only when the work on those before the sign is done."""

    def blocks() -> Iterator[Block]:
        yield from as_read().blocks()
        yield TurnEnd(["a.b", "a.C"])
        until = time.monotonic() + 30
        while not (tmp_path / "done").exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert (tmp_path / "done").exists()
        yield from as_read().blocks()

    with beside(Records(blocks), up_to_the_sign, lambda: (tmp_path / "done",), folder=tmp_path) as there:
        assert there() == (3, frozenset({"a.b", "a.C"}), 3)


def test_such_a_sign_is_a_block_without_records() -> None:
    sign = TurnEnd(["a.b"])
    assert (len(sign), sign.models(), sign.records(), sign.raws(), sign.pks(), list(sign.numbers())) == (0, *[[]] * 5)
    assert (sign.array(), sign.text(b",")) == (b"[]", b"")


def test_what_is_read_ahead_has_one_measure_for_all_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = {f"a.m{at}": Turn(at, cyclic=True) for at in range(5)}
    every = [
        Record(b'{"model": "%b"}' % label.encode(), label, Source("dump.json"), number, 0)
        for label in turns
        for number in range(400)
    ]
    read: list[Block] = []

    def ordered(records: Records, _: object) -> Records:
        return Records(lambda: (read.append(block) or block for block in records.blocks()))

    monkeypatch.setattr(arranging, "order", ordered)
    monkeypatch.setattr(arranging, "AHEAD", 600 * len(every[0].raw))
    blocks = (Block.of(every[at : at + 100]) for at in range(0, len(every), 100))
    next(arranging._in_load_order(Records(lambda: blocks), None, turns))
    assert [sum(turn in block.labels() for block in read) for turn in turns] == [4, 2, 1, 1, 1]


def test_its_faults_are_raised_here(tmp_path: Path) -> None:
    with (
        pytest.raises(ff.InputError, match=r"^<stream>, record 2, a\.b pk=2: is wrong; mend it$"),
        beside(as_read(), refuse, lambda: (tmp_path,), folder=tmp_path) as there,
    ):
        there()


def test_a_fault_of_the_program_keeps_its_traceback(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)in fail\b.*a fault of the program"),
        beside(as_read(), fail, lambda: (tmp_path,), folder=tmp_path) as there,
    ):
        there()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "passed").symlink_to("/dev/full")
    with pytest.raises(ff.OutputError, match="No space left"), beside(as_read(), count, tuple, folder=tmp_path):
        pytest.fail("there is no answer")


def test_it_may_be_ended_by_the_system(tmp_path: Path) -> None:
    dump = Catalogue(as_read())
    many = Records(lambda: (block for _ in range(2000) for block in dump.again()))
    with (
        pytest.raises(ff.OutputError, match="was ended"),
        beside(many, end_at_once, lambda: (tmp_path,), folder=tmp_path) as there,
    ):
        there()
    assert list(tmp_path.iterdir()) == []


def test_records_that_it_does_not_ask_for_are_made_all_the_same(tmp_path: Path) -> None:
    dump, made = Catalogue(as_read()), []

    def blocks() -> Iterator[Block]:
        for at in range(2000):
            made.append(at)
            yield from dump.again()

    with beside(Records(blocks), first, tuple, folder=tmp_path) as there:
        assert (len(made), there()) == (2000, 1)


def test_a_fault_of_the_records_ends_it(tmp_path: Path) -> None:
    before, begun = set(children()), set()

    def blocks() -> Iterator[Block]:
        yield from as_read().blocks()
        begun.update(set(children()) - before)
        raise ff.InputError("is cut short")

    with pytest.raises(ff.InputError, match="cut short"), beside(Records(blocks), count, tuple, folder=tmp_path):
        pytest.fail("there is no answer")
    assert len(begun) == 1
    assert begun.isdisjoint(children())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("executable", ["", "/nowhere/python", "/usr/sbin/uwsgi", "python-that-ends"])
def test_without_a_python_to_start_it_is_done_here(
    executable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python-that-ends").symlink_to("/bin/true")
    monkeypatch.setattr(sys, "executable", str(tmp_path / executable) if executable else "")
    with beside(as_read(), written, lambda: (tmp_path / "out.json",), folder=tmp_path) as done:
        assert done()[0] == os.getpid()


def test_without_a_core_to_spare_it_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_cores", lambda: 1)
    with beside(as_read(), written, lambda: (tmp_path / "out.json",), folder=tmp_path) as done:
        assert done()[0] == os.getpid()


@pytest.mark.parametrize("project", ["everything", "tokens", "swapped"])
def test_a_large_fixture_is_prepared_as_a_small_one(
    project: str, scratch_on: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all.json").write_bytes(dumpdata(project, scratch_on("sqlite", project, populated=True)))
    target = scratch_on("sqlite", project, occupied=True)
    prepare = partial(ff.prepare, target=target, schema=schema_of(project), prefer="fixture:*", parts=True)
    prepare(ff.read(tmp_path / "all.json"), tmp_path / "small")
    monkeypatch.setattr(pipeline, "LARGE", 0)
    seen = []
    tell = module._Process.tell
    monkeypatch.setattr(module._Process, "tell", lambda *given: (seen.append(1), tell(*given)))
    prepare(ff.read(tmp_path / "all.json"), tmp_path / "large")
    assert seen
    small, large = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("small", "large")
    )
    assert large.keys() == small.keys()
    for name, text in small.items():
        assert large[name].replace(str(tmp_path / "large").encode(), str(tmp_path / "small").encode()) == text


@pytest.mark.skipif(module._cores() < 2, reason="there is no core for a second process")
def test_ctrl_c_ends_both_and_leaves_nothing(tmp_path: Path) -> None:
    execute(f"sqlite:///{tmp_path}/new.sqlite3", "CREATE TABLE a_b (id integer PRIMARY KEY, t text, up_id integer)")
    (tmp_path / "schema.json").write_text('{"models": {"a.b": {"table": "a_b"}}}')
    with (tmp_path / "all.json").open("w") as file:
        rows = ({"model": "a.b", "pk": pk, "fields": {"t": "x" * 800, "up": None}} for pk in range(1, 90_000))
        file.write("[" + ", ".join(map(json.dumps, rows)) + "]")
    assert (tmp_path / "all.json").stat().st_size > pipeline.LARGE
    program = subprocess.Popen(
        [*PROGRAM, "prepare", "all.json", "--target", "new.sqlite3", "--schema", "schema.json", "-d", "ready"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while not list(tmp_path.glob("ready/.drafts*/passed")) and time.monotonic() < until:
        time.sleep(0.01)
    (other,) = children(program.pid)
    os.killpg(program.pid, signal.SIGINT)
    _, said = program.communicate(timeout=30)
    assert (program.returncode, said) == (130, b"fixtureflow: interrupted\n")
    assert not Path(f"/proc/{other}").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.json", "new.sqlite3", "schema.json"]


def children(pid: int | None = None) -> Sequence[str]:
    return Path(f"/proc/{pid or os.getpid()}/task/{pid or os.getpid()}/children").read_text().split()
