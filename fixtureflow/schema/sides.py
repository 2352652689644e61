"""The two sides of `schema --diff`: what a person names made a schema; a dump tells as far as it goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from fixtureflow.errors import SchemaError, UsageError
from fixtureflow.schema import presets
from fixtureflow.schema.diff import Difference, compare
from fixtureflow.schema.infer import guessed
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Aspect, Field, Model, Schema
from fixtureflow.schema.sources import from_file, from_settings, from_target
from fixtureflow.schema.survey import survey

__all__ = ["differences"]

_What: TypeAlias = Literal["schema", "dump", "target", "settings"]


class _Side(NamedTuple):
    what: _What
    name: str
    schema: Schema


def differences(
    here: str,
    there: str,
    *,
    at: str | None = None,
    repair: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Difference]:
    """Where two schemas disagree; each is named as a schema file, a dump, a database, or a settings module.

    A dump has no say on models it has no record of. Raises UsageError for a name that is none of these.
    """
    kinds = [_kind(text) for text in (here, there)]
    sides: list[_Side | None] = [None, None]
    # A database finds its tables' models with the help of the other side.
    for place in sorted((0, 1), key=lambda place: kinds[place][0] == "target"):
        what, name = kinds[place]
        other = sides[1 - place]
        if what == "dump":
            sides[place] = _Side(what, f"dump {name}", _of_dump(name, at, repair, progress))
        elif what == "target":
            source = from_target(name, known=other.schema if other else None)
            sides[place] = _Side(what, source.name, source.schema)
        else:
            source = _of_project(name, text=(here, there)[place]) if what == "settings" else from_file(name)
            sides[place] = _Side(what, source.name, source.schema)
    mine, theirs = (side for side in sides if side is not None)
    found = compare(mine.schema, theirs.schema, names=(mine.name, theirs.name))
    return [d for d in found if not _could_be_there(d, mine, theirs)]


def _could_be_there(difference: Difference, mine: _Side, theirs: _Side) -> bool:
    """Is it a model that the side without it would not name: not in a dump without rows, not in a file a preset's?"""
    if difference.kind != "only" or difference.field or difference.fact not in ("model", "table"):
        return False
    lacking = theirs if difference.there is None else mine
    known = any(difference.label in source.schema.models for source in presets.load([difference.label]))
    return lacking.what == "dump" or (lacking.what == "schema" and known)


def _of_project(name: str, *, text: str) -> Source:
    try:
        return from_settings(name)
    except SchemaError as error:
        if text == name and error.problem.startswith("cannot import settings"):  # it may have been meant for a file
            raise SchemaError(f"there is no file {name}; {error.problem}", advice=error.advice) from None
        raise


def _of_dump(name: str, at: str | None, repair: bool, progress: Callable[[int], None] | None) -> Schema:
    """What a dump states: fields, all of them but for the pk, and the types that show. Guesses are not compared."""
    from fixtureflow.reader import read

    seen = survey(read(name, at=at, repair=repair, progress=progress))
    models = {}
    for label, model in guessed(seen).models.items():
        fields = {name: _shown(field) for name, field in model.fields.items()}
        complete: tuple[Aspect, ...] = ("fields",) if seen.models[label].same else ()
        models[label] = Model(label=label, fields=fields, complete=complete)
    return Schema(models=models)


def _shown(field: Field) -> Field:
    """A text may stand for a value of any type, and no null in a dump for a column that may have them."""
    hidden = field.type in ("text", "decimal", "json") or field.relation is not None
    return msgspec.structs.replace(
        field,
        type=None if hidden else field.type,
        type_guessed=None,
        null=None,
        decimals=None,
        column=None,
        relation=None,
    )


_PREFIX = re.compile(r"(schema|dump|target|settings):(?!//)(.+)", re.DOTALL)
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def _kind(text: str) -> tuple[_What, str]:
    """What a person means by `text`: by its prefix, its form, or the first bytes of the file."""
    if match := _PREFIX.fullmatch(text):
        return match[1], match[2]  # type: ignore[return-value]
    if "://" in text:
        return "target", text
    path = Path(text)
    if text == "-" or path.is_file():
        head = b"" if text == "-" else _head(path)
        if head.startswith(b"SQLite format 3\0"):
            return "target", text
        is_schema = path.suffix.lower() == ".toml" or re.match(rb'\s*\{\s*"(about|settings|models)"', head)
        return ("schema" if is_schema else "dump"), text
    if _DOTTED.fullmatch(text) and path.suffix.lower() not in (".json", ".toml", ".jsonl"):
        return "settings", text
    raise UsageError(
        f"{text}: no such file, and no database URL or settings module either",
        advice="name a schema file, a dump, a URL or mysite.settings",
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(200)
