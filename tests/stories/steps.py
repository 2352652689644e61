"""What a person does in a story: the commands that fixtureflow names are typed as they stand."""

from __future__ import annotations

import shlex
from pathlib import Path

from running import Run, run_here
from support.clients import run_sql
from support.projects import PROJECTS, manage

__all__ = ["checked", "follow", "prepared"]

NEXT = "fixtureflow: next: python manage.py "
AFTERWARDS = "; after loaddata: python manage.py "


def prepared(dump: Path, target: str, folder: Path, *options: str) -> Run:
    """What `prepare` says of the folder that it makes."""
    return run_here("prepare", dump, "--target", target, "-d", folder, *options)


def follow(project: str, url: str, said: list[str]) -> None:
    """Type what the program said comes next, and what it said is to be done after that."""
    for line in said:
        if line.startswith(NEXT):
            command, *words = shlex.split(line.removeprefix(NEXT))
            if command == "dbshell":
                run_sql(url, Path(words[-1]))
            else:
                manage(project, url, command, *words)
    for line in said:
        if AFTERWARDS in line:
            manage(project, url, *shlex.split(line.partition(AFTERWARDS)[2]), "-v0")


def checked(dump: Path, project: str = "", target: str = "") -> Run:
    """What `check` finds, by presets alone, by the project's settings, by the target."""
    given = ["--settings", "mysite.settings"] if project else []
    given += ["--target", target] if target else []
    return run_here("check", dump, *given, cwd=PROJECTS / project)
