"""What a person does with the dump of an old site and a new database: prepare, and type what the last lines say."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from running import Run, run_here
from support.clients import run_sql
from support.projects import PROJECTS, loaddata, manage

from fixtureflow.schema.django import from_project
from fixtureflow.schema.file import dump as as_file


def prepared_and_loaded(
    project: str, dump: Path, target: str, *options: str, env: Mapping[str, str] | None = None
) -> list[Run]:
    """Prepare the dump, and do all that is said to be next, until nothing is; the runs of `prepare`."""
    folder = dump.parent
    schema = folder / "schema.json"
    schema.write_bytes(schema_of(project))
    waiting = [["prepare", str(dump), "--target", target, "--schema", str(schema), "-d", str(folder / "ready")]]
    waiting[0] += options
    done = []
    while waiting:
        done.append(run_here(*waiting.pop()))
        assert done[-1].code == 0, done[-1].said
        for line in (line.partition("next: ")[2] for line in done[-1].said):
            match shlex.split(line):
                case ["python", "manage.py", "loaddata", fixture]:
                    loaddata(project, target, Path(fixture), env=env)
                case ["python", "manage.py", "dbshell", "<", sql]:
                    run_sql(target, Path(sql))
                case ["python", "manage.py", "shell", "-c", code]:
                    manage(project, target, "shell", "-c", code)
                case ["fixtureflow", *arguments]:
                    waiting.append(arguments)
    return done


@cache
def schema_of(project: str) -> bytes:
    """What `fixtureflow schema --settings` writes."""
    return as_file(from_project("mysite.settings", path=PROJECTS / project))
