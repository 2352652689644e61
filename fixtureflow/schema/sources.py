"""The one schema that a verb works with, of all that the person gave and all that can be known without asking.

Schema files are named by `[tool.fixtureflow] schema` in the current folder's pyproject.toml, by `FIXTUREFLOW_SCHEMA`
(several parted as in `PATH`) and by `--schema`; where they disagree, the later of these wins.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from fixtureflow.errors import SchemaError
from fixtureflow.record import Record
from fixtureflow.schema import presets
from fixtureflow.schema.file import read
from fixtureflow.schema.infer import guessed as guessed_from
from fixtureflow.schema.merge import Merged, Source, merge
from fixtureflow.schema.model import Guess, Relation, Schema
from fixtureflow.schema.survey import Survey, survey

__all__ = ["from_file", "from_settings", "from_target", "gather", "guesses", "own", "schema_files", "sources_from"]

VARIABLE = "FIXTUREFLOW_SCHEMA"

_log = logging.getLogger("fixtureflow")


def gather(
    labels: Iterable[str] | None = None,
    *,
    given: Schema | Sequence[Source] | None = None,
    records: Iterable[Record] | Survey | None = None,
    infer: bool | None = None,
    quiet: bool = False,
) -> Merged:
    """The merged schema for a fixture with models `labels`, and where each fact is from.

    `given` are sources as `sources_from` names them; presets of the apps that are there fill them up. Relations of a
    model that no source states, nor a preset knows in full, are guessed from `records`, in one pass over them, or from
    the `Survey` that such a pass has made; `infer` decides that either way. Without `labels` the records tell them.
    What is assumed is logged, unless `quiet`.
    """
    if isinstance(given, Schema):
        given = [Source("file", "the schema given", given)]
    given = given or ()
    seen = (
        records if isinstance(records, Survey) else survey(records) if records is not None and labels is None else None
    )
    present = None if labels is None else set(labels)
    if present is None and seen is not None:
        present = set(seen.models)
    guess = infer if infer is not None else bool(_unknown(present or set(), given))
    guessed = []
    if guess and records is not None:
        seen = seen or survey(cast(Iterable[Record], records))
        guessed = [Source("inferred", "the dump", guessed_from(seen))]
    merged = merge([*given, *_presets(present, given), *guessed])
    if not quiet:
        _say(merged, present, told=bool(given))
    return merged


def sources_from(
    schema: Iterable[str | Path] = (), *, settings: str | None = None, target: str | None = None
) -> list[Source]:
    """The sources that a person names: schema files, beside those that the environment names, a project, a database.

    `settings` is a Django settings module, `target` a database URL. Raises SchemaError, or TargetError.
    """
    given = [from_file(path) for path in [*schema_files(), *schema]]
    if settings:
        given.append(from_settings(settings))
    if target:
        given.append(from_target(target, known=merge(given).schema if given else None))
    return given


def from_file(path: str | Path) -> Source:
    """A schema file as a source."""
    return Source("file", f"file {path}", read(path))


def from_settings(settings: str) -> Source:
    """A Django project as a source, by the name of its settings module."""
    from fixtureflow.schema.django import from_project

    return Source("project", f"project {settings}", from_project(settings))


def from_target(url: str, *, known: Schema | None = None) -> Source:
    """A database as a source; its name is the URL without the password."""
    from fixtureflow.connection import connected, shown
    from fixtureflow.schema.database import from_database

    with connected(url) as connection:
        return Source("database", f"database {shown(url)}", from_database(connection, known=known))


def schema_files() -> list[Path]:
    """The schema files that the current folder's pyproject.toml and the environment name."""
    named = [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    return [*_in_pyproject(Path("pyproject.toml")), *(_there(name, VARIABLE) for name in named)]


def _there(name: str, where: str) -> Path:
    if not Path(name).exists():
        raise SchemaError(f"{name}: no such file, but {where} names it as a schema", advice="mend it there")
    return Path(name)


def _in_pyproject(path: Path) -> list[Path]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return []
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{path}: not TOML: {error}", advice="mend it there") from None
    table: Any = document.get("tool", {}).get("fixtureflow", {})
    named = table.get("schema", []) if isinstance(table, dict) else None
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SchemaError(f"{path}: [tool.fixtureflow] schema names no files", advice='write schema = ["schema.json"]')
    return [_there(name, f"{path} [tool.fixtureflow]") for name in names]


def own(merged: Merged) -> Schema:
    """What to write to a file: all but presets, which every verb brings in itself, and a file would win over."""
    presets_know = {label for s in merged.sources if s.kind == "preset" for label in s.schema.models}
    sources = [s for s in merged.sources if s.kind != "preset"]
    for at, source in enumerate(sources):
        if source.kind == "inferred":
            models = {label: m for label, m in source.schema.models.items() if label not in presets_know}
            sources[at] = Source(source.kind, source.name, msgspec.structs.replace(source.schema, models=models))
    return merge(sources).schema


def guesses(schema: Schema) -> list[tuple[str, str, Relation, Guess]]:
    """The relations that are guesses: label, field, where it points, why; the least certain first."""
    found = [
        (model.label, name, relation, relation.guess)
        for model in schema.models.values()
        for name, relation in model.relations()
        if relation.guess
    ]
    return sorted(found, key=lambda one: one[3].confidence)


def _unknown(labels: set[str], given: Sequence[Source]) -> set[str]:
    """Of `labels` those that nobody stated anything of, but perhaps a preset a part."""
    stated = {label for source in given for label in source.schema.models}
    complete = {
        label
        for source in _presets(labels, given)
        for label, model in source.schema.models.items()
        if "relations" in model.complete
    }
    return labels - stated - complete


def _presets(labels: set[str] | None, given: Sequence[Source]) -> list[Source]:
    """The presets of the apps that are there, and of those that their relations lead to."""
    wanted = set(labels or ()) | {label for source in given for label in source.schema.models}
    if labels is None and not wanted:
        return presets.load()
    found = presets.load(wanted)
    while len(more := presets.load(wanted := wanted | _pointed_at(found))) > len(found):
        found = more
    return found


def _pointed_at(sources: Iterable[Source]) -> set[str]:
    models = [model for source in sources for model in source.schema.models.values()]
    return {relation.to for model in models for _, relation in model.relations()}


def _say(merged: Merged, labels: set[str] | None, *, told: bool) -> None:
    """What was assumed, and how to make it certain."""
    schema = merged.schema
    guessed = [one for one in guesses(schema) if labels is None or one[0] in labels]
    apps = sorted({s.name.removeprefix("preset ") for s in merged.sources if s.kind == "preset"})
    drift = merged.drift()
    if drift:
        more = f" (and {len(drift) - 1} more: fixtureflow schema --diff)" if len(drift) > 1 else ""
        _log.warning("schema: the sources disagree: %s%s", drift[0], more)
    if labels is None:  # no fixture, so nothing is assumed of one
        return
    known = f"presets know {', '.join(apps) or 'nothing'}" if not told else ""
    if guessed:
        least = [
            f"{label}.{name} → {to.to} ({why.confidence:.0%}: {why.evidence})" for label, name, to, why in guessed[:2]
        ]
        count = "1 relation is a guess" if len(guessed) == 1 else f"{len(guessed)} relations are guesses"
        _log.info("schema: %s%s from the dump; least certain: %s", known and known + "; ", count, "; ".join(least))
        if "AUTH_USER_MODEL" in schema.settings and not told:
            _log.info("schema: the user model is taken to be %s", schema.settings["AUTH_USER_MODEL"])
    elif known:
        _log.info("schema: %s", known)
    if not told:
        _log.info(
            "schema: to be certain, give --settings mysite.settings, --target URL, or --schema FILE "
            "(fixtureflow schema --infer DUMP -o FILE, then mend it)"
        )
