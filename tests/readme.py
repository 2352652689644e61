"""The README's console blocks are what the program prints: `python tests/readme.py` renews them, `--check` compares.

A block marked `console` is a shell session in the repository's root: lines that begin with `$ ` are run, in order and
in one copy of the samples for the whole README; what they print, on stdout and stderr, follows them.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
SCRIPT = re.compile(r"(?<=^```python\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
TIMES = re.compile(r"in \d+\.\d s(?: \([\d,]+ MB/s\))?$")


def main() -> int:
    before = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "samples", Path(folder, "samples"))
        after = BLOCK.sub(lambda match: session(match.group(), folder), before)
        run_scripts(before)
    if "--check" not in sys.argv:
        README.write_text(after, encoding="utf-8")
        return 0
    changes = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "README.md", "printed", lineterm=""))
    print("\n".join(changes) or "the README's console blocks are what the program prints")
    return bool(changes)


def run_scripts(text: str) -> None:
    """The README's Python blocks, on a sample; raises if one does not run."""
    for script in SCRIPT.findall(text):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(ROOT / "samples" / "tokens" / "dump.json", Path(folder, "data.json"))
            subprocess.run([sys.executable, "-c", script], cwd=folder, stdout=subprocess.DEVNULL, check=True)


def session(block: str, folder: str) -> str:
    """The block with its commands run anew."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    lines = []
    for command in (line[2:] for line in block.splitlines() if line.startswith("$ ")):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": path, "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines += [f"$ {command}", *done.stdout.splitlines()]
    return "".join(TIMES.sub("in 0.0 s", line).rstrip() + "\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
