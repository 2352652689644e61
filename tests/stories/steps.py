"""What a person does in a story: the commands that fixtureflow names are typed as they stand."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from running import Run, run_here
from support.clients import run_sql
from support.projects import PROJECTS, loaddata, manage
from support.schemas import schema_of

from fixtureflow.schema.file import dump as as_file

__all__ = ["checked", "follow", "prepared", "prepared_and_loaded", "schema_file"]

NEXT = "fixtureflow: next: "


def prepared(dump: Path, target: str, folder: Path, *options: str) -> Run:
    """What `prepare` says of the folder that it makes."""
    return run_here("prepare", dump, "--target", target, "-d", folder, *options)


def follow(project: str, url: str, said: list[str], *, env: Mapping[str, str] | None = None) -> list[list[str]]:
    """Type what the program said comes next; gives the commands of its own that are among it."""
    own = []
    for line in (line.removeprefix(NEXT) for line in said if line.startswith(NEXT)):
        match shlex.split(line):
            case ["python", "manage.py", "loaddata", fixture]:
                loaddata(project, url, Path(fixture), env=env)
            case ["python", "manage.py", "dbshell", "<", sql]:
                run_sql(url, Path(sql))
            case ["python", "manage.py", *words]:
                manage(project, url, *words)
            case ["fixtureflow", *words]:
                own.append(words)
    return own


def prepared_and_loaded(
    project: str, dump: Path, target: str, *options: str, env: Mapping[str, str] | None = None
) -> list[Run]:
    """Prepare the dump, and do all that is said to be next, until nothing is; the runs of `prepare`."""
    folder = dump.parent
    schema = folder / "schema.json"
    schema.write_bytes(schema_file(project))
    waiting = [["prepare", str(dump), "--target", target, "--schema", str(schema), "-d", str(folder / "ready")]]
    waiting[0] += options
    done = []
    while waiting:
        done.append(run_here(*waiting.pop()))
        assert done[-1].code == 0, done[-1].said
        waiting += follow(project, target, done[-1].said, env=env)
    return done


def schema_file(project: str) -> bytes:
    """What `fixtureflow schema --settings` writes."""
    return as_file(schema_of(project))


def checked(dump: Path, project: str = "", target: str = "") -> Run:
    """What `check` finds, by presets alone, by the project's settings, by the target."""
    given = ["--settings", "mysite.settings"] if project else []
    given += ["--target", target] if target else []
    return run_here("check", dump, *given, cwd=PROJECTS / project)
