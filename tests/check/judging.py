"""What the tests of `check` share: schemas of the projects, and what is found in a fixture."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

from support.projects import run_python
from support.schemas import schema_of

import fixtureflow as ff
from fixtureflow.findings import Group
from fixtureflow.schema.file import parse
from fixtureflow.schema.merge import Source

Records = list[dict[str, Any]]


@cache
def project(name: str) -> Source:
    """A test project as a source of schema."""
    return Source("project", f"project {name}", schema_of(name))


def checked(fixture: str | bytes | Records, schema: Any = None, **options: Any) -> ff.Checked:
    """What `check` says of a fixture; a dict is a schema as in a file."""
    text = fixture if isinstance(fixture, str | bytes) else json.dumps(fixture)
    data = text if isinstance(text, bytes) else text.encode()
    given = parse(json.dumps(schema).encode()) if isinstance(schema, dict) else schema
    return ff.check(ff.read(io.BytesIO(data)), given, **options)


def errors(found: ff.Checked) -> list[Group]:
    return [group for group in found.groups() if group.level == "error"]


def told(found: ff.Checked) -> list[tuple[str, str, str, int]]:
    """(level, kind, where, count) of each group."""
    return [(group.level, group.problem, group.where, group.count) for group in found.groups()]


def loaded_each(name: str, url: str, fixtures: list[str], **env: str) -> list[str | None]:
    """What loaddata says of each fixture, loaded into the project's tables at `url`; None where it loads."""
    stdin = json.dumps(fixtures).encode()
    said: list[str | None] = json.loads(run_python(name, url, "-m", "check.load_each", stdin=stdin, env=env))
    return said
