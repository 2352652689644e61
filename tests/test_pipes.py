"""The verbs that mend, one after the other in a pipe, and the proof at its end."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from running import PROGRAM, run_here

DUMP = Path(__file__).parents[1] / "samples" / "tokens" / "dump.json"
STAGES = [
    "rename --strip-nul '*' --null-nan '*'",
    "subset --from auth --from sites --from articles --follow-reverse authtoken",
    "dedupe",
    "scrub --preset all --key-file key",
    "merge --prefer last",
    "order",
]


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    script = command.replace("fixtureflow", shlex.join(PROGRAM))
    return subprocess.run(["bash", "-o", "pipefail", "-c", script], cwd=folder, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key").write_bytes(b"0123456789abcdef0123456789abcdef")
    return tmp_path


def test_a_dump_goes_through_all_of_them(folder: Path) -> None:
    chain = " | ".join(f"fixtureflow {stage} -q" for stage in STAGES)
    done = shell(f"cat {DUMP} | {chain} | tee safe.json | fixtureflow check -q --skip dangling", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    after = json.loads((folder / "safe.json").read_bytes())
    assert len(after) == len(json.loads(DUMP.read_bytes()))
    compared = shell(f"fixtureflow diff -q --json - {DUMP} < safe.json", folder)
    assert compared.returncode == 1
    fields = {(one["model"], name) for one in json.loads(compared.stdout)["differences"] for name in one["fields"]}
    assert fields == {("auth.user", name) for name in ("password", "username", "first_name", "email")}


@pytest.mark.parametrize(
    "verb", ["rename --drop auth.user.email", "subset --from auth", "dedupe", "scrub --preset all", "merge"]
)
def test_one_that_fails_fails_the_pipe_and_says_why(verb: str, folder: Path) -> None:
    done = shell(f"head -c 1500 {DUMP} | fixtureflow {verb} -q | cat > out.json", folder)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("fixtureflow: error: <stdin>") and "the file is cut short" in line


@pytest.mark.parametrize(
    "verb",
    [
        *("rename --drop auth.user.email", "subset --sample 1%", "subset --from auth", "dedupe", "merge", "order"),
        *("scrub --preset all", "filter --exclude auth", "natural"),
    ],
)
def test_of_nothing_comes_nothing(verb: str) -> None:
    """A dump of empty tables is a dump."""
    found = run_here(*verb.split(), stdin=b"[]")
    assert (found.code, found.out.strip()) == (0, b"[]"), found.said


def test_two_of_nothing_are_the_same(folder: Path) -> None:
    (folder / "empty.json").write_bytes(b"[]")
    for options in ([], ["--by-identity"]):
        assert run_here("diff", *options, "-", folder / "empty.json", stdin=b"[]\n").code == 0
