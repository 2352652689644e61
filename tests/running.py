"""The program as a person starts it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "fixtureflow"]


@dataclass(frozen=True)
class Run:
    """What a run of the program left: its exit code, what it wrote and what it said."""

    code: int
    out: bytes
    said: list[str]

    @property
    def error(self) -> str:
        """The one line that says what went wrong."""
        assert self.said, "nothing was said"
        assert not any("Traceback" in line or "Exception ignored" in line for line in self.said), self.said
        errors = [line for line in self.said if line.startswith("fixtureflow: error: ")]
        assert len(errors) == 1 and self.said[-1] == errors[0], self.said
        return errors[0].removeprefix("fixtureflow: error: ")


def run(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None, **options: Any) -> Run:
    """Run the program to its end; `options` are those of `subprocess.run`."""
    options.setdefault("stdout", subprocess.PIPE)
    done = subprocess.run([*PROGRAM, *map(str, arguments)], input=stdin, stderr=subprocess.PIPE, cwd=cwd, **options)
    return Run(done.returncode, done.stdout or b"", done.stderr.decode().splitlines())


def run_here(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> Run:
    """Run the program within this process, many times faster; an error it does not expect is raised."""
    from typer.testing import CliRunner

    from fixtureflow.cli import program

    with contextlib.chdir(cwd or Path()):
        done = CliRunner().invoke(program(), list(map(str, arguments)), input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Run(done.exit_code, done.stdout_bytes, done.stderr.splitlines())


def limited(resource_name: str, value: int) -> Callable[[], None]:
    """For `preexec_fn`: run under a limit of the operating system."""
    import resource

    def limit() -> None:
        resource.setrlimit(getattr(resource, resource_name), (value, value))

    return limit


def without_privileges() -> None:
    """For `preexec_fn`: permissions count for root, too. A user of another name might not reach the interpreter."""
    if os.geteuid() == 0:
        import ctypes

        drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2  # linux/prctl.h, linux/capability.h
        prctl = ctypes.CDLL(None).prctl
        for capability in (dac_override, dac_read_search):
            prctl(drop_from_bounding_set, capability, 0, 0, 0)
