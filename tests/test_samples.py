"""Each folder in samples/ is a story: its `command`, run in a copy, gives the files in `output/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
STORIES = sorted(path.parent.name for path in SAMPLES.glob("*/command"))
PAGED = "wagtail"
"""The story whose report.html is kept: all pages have the same style and script."""
TIMES = re.compile(r" in \d+\.\d s(?: \([\d,]+ MB/s\))?$", re.MULTILINE)


def run(story: str, folder: Path) -> dict[str, str]:
    """What the story's command makes: its new files, and what it printed."""
    shutil.copytree(SAMPLES / story, folder, ignore=shutil.ignore_patterns("output"))
    before = set(folder.rglob("*"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "command"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    made = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(set(folder.rglob("*")) - before)
        if path.is_file() and (path.name != "report.html" or story == PAGED)
    }
    return made | {"stdout": done.stdout, "stderr": TIMES.sub("", done.stderr)}


@pytest.mark.parametrize("story", STORIES)
def test_a_sample_gives_its_output(story: str, tmp_path: Path) -> None:
    expected = SAMPLES / story / "output"
    found = run(story, tmp_path / story)
    assert found == {
        str(path.relative_to(expected)): path.read_text(encoding="utf-8")
        for path in sorted(expected.rglob("*"))
        if path.is_file()
    }


def test_every_sample_tells_its_story() -> None:
    assert STORIES
    assert all((SAMPLES / story / "README.md").exists() for story in STORIES)


if __name__ == "__main__":  # python tests/test_samples.py: renew the outputs
    import tempfile

    for name in STORIES:
        output = SAMPLES / name / "output"
        shutil.rmtree(output, ignore_errors=True)
        with tempfile.TemporaryDirectory() as scratch:
            for file, text in run(name, Path(scratch, name)).items():
                (output / file).parent.mkdir(parents=True, exist_ok=True)
                (output / file).write_text(text, encoding="utf-8")
