"""A move is rehearsed with all of production's rows, without its people, and timed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.compare import identity_differences
from support.projects import NO_TOKENS, PROJECTS, ManageError, dumpdata, loaddata
from test_samples import SAMPLES

Scratch = Callable[..., str]

PEOPLE = 40
STORY = SAMPLES / "rehearsal"


def typed(*command: str, url: str) -> str:
    """What a command prints, where manage.py is."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "DATABASE_URL": url, "PYTHONPATH": str(PROJECTS.parent)}
    done = subprocess.run(command, cwd=PROJECTS / "tokens", env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def dump(scratch_on: Scratch, tmp_path: Path) -> Path:
    source = scratch_on("sqlite", "tokens")
    made = subprocess.run([sys.executable, STORY / "make.py", str(PEOPLE)], capture_output=True, check=True)
    loaddata("tokens", source, made.stdout, env=NO_TOKENS)
    (tmp_path / "dump.json").write_bytes(dumpdata("tokens", source))
    return tmp_path / "dump.json"


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_each_step_is_timed(scratch_on: Scratch, backend: str, dump: Path, tmp_path: Path) -> None:
    target, safe = scratch_on(backend, "tokens"), scratch_on("sqlite", "tokens")
    with pytest.raises(ManageError, match="IntegrityError"):
        loaddata("tokens", target, dump)

    for name in ("scrub.toml", "scrub.key"):
        shutil.copy(STORY / name, tmp_path)
    script = ("bash", str(STORY / "rehearse.sh"), str(dump), "mysite.settings", str(tmp_path))
    lines = [re.fullmatch(r" *\d+\.\d s  (.*)", line) for line in typed(*script, url=target).splitlines()]
    steps = [line[1].replace(str(tmp_path), "").split()[:4] for line in lines if line]
    loads = [step[3] for step in steps if step[2] == "loaddata"]
    assert [step[1] for step in steps if step[0] == "fixtureflow"] == ["scrub", "prepare", "prepare"]
    models = ("auth.user", "sites.site", "articles.article", "articles.comment")
    assert loads == [f"/ready/{number:03}_{model}.json" for number, model in enumerate(models, start=1)]

    # The same site, and nobody of the old one is in it.
    loaddata("tokens", safe, tmp_path / "safe.json", env=NO_TOKENS)
    assert identity_differences("tokens", safe, target, ignore=["authtoken.token"]) == []
    for word in ("@people.example", "House No.", f"{PEOPLE:040x}"):
        assert word in dump.read_text()
        assert word not in dumpdata("tokens", target).decode()
