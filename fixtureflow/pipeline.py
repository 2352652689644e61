"""Stages put together: from a dump and a target to a folder that loads."""

from __future__ import annotations

import json
import shlex
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fixtureflow.arranging import Turn, TurnEnd, arranged_and_written
from fixtureflow.beside import beside
from fixtureflow.connection import shown
from fixtureflow.counters.highest import Highest
from fixtureflow.database import is_fixture
from fixtureflow.errors import UsageError
from fixtureflow.matching.emit import Emission, Lists
from fixtureflow.matching.highest import highest_kept
from fixtureflow.matching.links import with_links
from fixtureflow.matching.matched import Dangling, Matched
from fixtureflow.matching.resolve import Resolver
from fixtureflow.output import opened_output
from fixtureflow.reader import Input, Reading, read
from fixtureflow.record import Record
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.remarks import remarks_on_loading
from fixtureflow.sinks.files import MANIFEST, filling
from fixtureflow.sinks.split import split
from fixtureflow.stages.filter import filter as filtered
from fixtureflow.stream import Block
from fixtureflow.views.drift import drift
from fixtureflow.views.page import write_page
from fixtureflow.views.sequences import past
from fixtureflow.writer import write

__all__ = ["Prepared", "Step", "prepare"]

FIXTURE, SECOND, REJECTS, REPORT, PAGE, DELETE, SEQUENCES = (
    "fixture.json",
    "second.json",
    "rejects.json",
    "report.json",
    "report.html",
    "delete-first.sql",
    "sequences.sql",
)

LARGE = 64 * 1024 * 1024
"""Bytes of files from which on a second process pays."""


@dataclass
class Step:
    """One thing that was done, so that it is known beforehand how long it takes."""

    name: str
    records: int = 0
    seconds: float = 0.0


@dataclass
class Prepared:
    """A folder that is ready to be loaded."""

    folder: Path
    matched: Matched
    """What became of each record."""
    models: list[str] = field(default_factory=list)
    """Those of the records that came out, in load order."""
    files: list[str] = field(default_factory=list)
    """The names of the fixtures, in the order in which they are loaded."""
    steps: list[Step] = field(default_factory=list)
    records: int = 0
    """How many there are in them."""
    put_off: int = 0
    """And how many in `second`, the rows of many-to-many tables included."""
    delete: bool = False
    """Are there rows of the target to be deleted first?"""
    counters: int = 0
    """What numbers new rows and is to be moved."""
    warnings: list[str] = field(default_factory=list)
    """What a project's receivers do while a fixture is loaded."""
    waiting: dict[str, int] = field(default_factory=dict)
    """By model, the records in `second`: receivers make such rows meanwhile, or they refer to some."""

    @property
    def second(self) -> Path:
        """The fixture of what is `waiting`, if anything is, to be prepared once the others are loaded.

        What its records refer to is in the target then, which so is the `lookup`, too.
        """
        return self.folder / SECOND

    @property
    def page(self) -> Path:
        """What a person looks at first."""
        return self.folder / PAGE

    @property
    def rejected(self) -> int:
        return self.matched.rejected

    def commands(self) -> list[str]:
        """What to type, in this order, where `manage.py` is."""
        shell = "python manage.py dbshell < "
        out = [shell + self._path(DELETE)] if self.delete else []
        out += [f"python manage.py loaddata {self._path(name)}" for name in self.files]
        out += [shell + self._path(SEQUENCES)] if self.counters else []
        if resolver := self.matched.resolver:
            out += [resolver.trees.rebuilding(resolver.schema.models[label]) for label in resolver.grown]
        return out

    def _path(self, name: str) -> str:
        return shlex.quote(str(self.folder / name))


def prepare(
    records: Iterable[Record],
    folder: str | Path,
    *,
    target: str,
    schema: Schema | Iterable[Source] | None = None,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    lookup: str | Path | Iterable[str | Path] = (),
    renumber: bool = True,
    dangling: Dangling = "reject",
    m2m: Lists = "union",
    prefer: str | Iterable[str] = (),
    trust_guesses: bool = False,
    parts: bool = False,
    show_values: bool = False,
    force: bool = False,
) -> Prepared:
    """Make a folder out of a dump that loads into `target`, a database, as it is now.

    It has the fixture, matched with the target and in the order of its references: `fixture.json`, or with `parts` a
    file for each model, numbered; `sequences.sql` for afterwards; `report.json`, which tells of each record that is not
    simply passed on; `report.html`, a page of that for a browser, in which no value of the data stands (keys that are
    numbers or UUIDs aside) unless `show_values`; `rejects.json`, a fixture of those that have no place there, if any;
    `delete-first.sql`, if `prefer` wants rows of the target to go. What could collide with rows that a project's
    receivers make while the fixture is loaded is put off: it is in `second.json`, and rows that it is to replace stay
    until that is prepared. The other options are those of `filter`. The folder gets all files or none; `force` replaces
    those of an earlier run. The records of large files are ordered and written in a process of its own, and pass
    through a file in the folder. Raises what `filter`, `order`, `sequences` and `split` do.
    """
    if is_fixture(target):
        raise UsageError("a folder is prepared for a database", advice="with a fixture as target, take `filter`")
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    steps: list[Step] = []
    with filling(Path(folder), suffixes=(".json", ".sql", ".html"), force=force) as place:
        drafts = place.drafts
        with _timed(steps, "matched and ordered") as step:
            matched = filtered(
                records,
                target=target,
                schema=sources,
                include=include,
                exclude=exclude,
                lookup=lookup,
                renumber=renumber,
                dangling=dangling,
                m2m=m2m,
                prefer=prefer,
                trust_guesses=trust_guesses,
                rejects=drafts / REJECTS,
                report=drafts / REPORT,
                delete_sql=drafts / DELETE if prefer else None,
            )
            matched.in_steps, matched.arrange = True, _by_units
            given = partial(_task, matched, drafts / FIXTURE)
            with beside(matched, arranged_and_written, given, folder=drafts if _is_large(records) else None) as written:
                known = with_links(matched.resolver.schema) if matched.resolver else None
                renamed = _renamed(matched)
                with _timed(steps, "sequences") as counting:
                    resets = past(_highest(matched), known, target=target)
                    with opened_output(drafts / SEQUENCES) as file:
                        file.write(resets.sql().encode())
                    counting.records = len(resets.resets)
                step.records, models = written()
        found = Prepared(Path(folder), matched, models, steps=steps)
        found.waiting = {label: counts["put off"] for label, counts in matched.counts.items() if counts["put off"]}
        names = _files(found, drafts, known, step.records, parts=parts)
        found.files = [name for name, count in names.items() if count]
        found.records = sum(names.values())
        found.counters = counting.records
        found.delete = bool(matched.deleted())
        loaded = [label for label, counts in matched.counts.items() if counts["out"]]
        found.warnings = [*renamed, *(remarks_on_loading(known, loaded) if known else ())]
        write_page(
            drafts / PAGE,
            matched,
            target=shown(target),
            order=found.models,
            waiting=found.waiting,
            commands=found.commands(),
            warnings=found.warnings,
            values=show_values,
        )
        more = {SECOND: matched.late, REJECTS: found.rejected, DELETE: found.delete}
        others = [REPORT, PAGE, SEQUENCES, *(name for name, there in more.items() if there)]
        place.place({name: drafts / name for name in (*names, *others)}, _manifest(names, others))
    return found


def _renamed(matched: Matched) -> list[str]:
    if matched.resolver is None or matched.merged is None:
        return []
    labels = [label for label, counts in matched.counts.items() if counts["out"] or counts["put off"]]
    return drift(matched.resolver.catalogue, matched.merged.sources, labels)


def _by_units(resolver: Resolver, emission: Emission) -> Iterator[Block]:
    """What is kept, one model after the other in load order; but first those that refer to each other, together.

    These come as soon as they are decided on, if they can.
    """
    early = []
    for unit in resolver.decide(cyclic_first=True):
        if unit.cyclic and resolver.is_settled(unit):
            early.append(unit)
            yield from emission.blocks(*unit.models)
            yield TurnEnd(unit.models)
    found = {label for unit in resolver.units for label in unit.models}
    for label in resolver.catalogue.models:
        if label not in found:  # it is left out, and so only counted
            yield from emission.blocks(label)
    for unit in sorted(resolver.units, key=lambda unit: not unit.cyclic):
        if unit not in early:
            yield from emission.blocks(*unit.models)


def _highest(matched: Matched) -> dict[str, Highest]:
    """The highest keys of what is loaded now."""
    labels = [label for label, counts in matched.counts.items() if counts["out"]]
    return highest_kept(matched.resolver, labels) if matched.resolver else {}


def _task(matched: Matched, path: Path) -> tuple[Schema | None, dict[str, Turn], Path]:
    """What `arranged_and_written` takes besides the records."""
    resolver = matched.resolver
    if resolver is None:
        return None, {}, path
    turns = {label: Turn(at, unit.cyclic) for at, unit in enumerate(resolver.units) for label in unit.models}
    return resolver.schema, turns, path


def _is_large(records: Iterable[Record]) -> bool:
    """Is it known to be worth a process more?"""
    return isinstance(records, Reading) and sum(map(_size, records.inputs)) >= LARGE


def _size(item: Input) -> int:
    """Of a plain file; 0 for what is none."""
    try:
        found = Path(item).stat() if isinstance(item, str | Path) else None
    except OSError:  # reading says it better
        return 0
    return found.st_size if found and stat.S_ISREG(found.st_mode) else 0


def _files(found: Prepared, drafts: Path, schema: Schema | None, count: int, *, parts: bool) -> dict[str, int]:
    """Part the fixture, of `count` records, as far as is wanted; the names of its files with their records."""
    names = {FIXTURE: count}
    if late := found.matched.late:
        with _timed(found.steps, "set aside") as step:
            found.put_off = step.records = _set_aside(drafts, late)
            names[FIXTURE] -= found.put_off
    if parts:
        with _timed(found.steps, "parted") as step:
            names = _parted(drafts, schema)
            step.records = sum(names.values())
    return names


def _set_aside(drafts: Path, late: set[str]) -> int:
    """Part what is to be loaded second from the fixture; how many records that is."""
    whole = drafts / "whole.json"
    (drafts / FIXTURE).rename(whole)
    write(filtered(read(whole), exclude=late), drafts / FIXTURE)
    return write(filtered(read(whole), include=late), drafts / SECOND).records


def _parted(drafts: Path, schema: Schema | None) -> dict[str, int]:
    """Part the fixture by models; the names of its files with their records, in load order."""
    made = drafts / "parts"
    split(read(drafts / FIXTURE), made, number=True, schema=schema)
    files = json.loads((made / MANIFEST).read_bytes())["files"]
    for one in files:
        (made / one["name"]).rename(drafts / one["name"])
    return {one["name"]: one["records"] for one in files}


def _manifest(names: Mapping[str, int], others: Iterable[str]) -> dict[str, Any]:
    fixtures = [{"name": name, "records": records} for name, records in names.items()]
    return {"files": [*fixtures, *({"name": name} for name in others)]}


@contextmanager
def _timed(steps: list[Step], name: str) -> Iterator[Step]:
    step = Step(name)
    steps.append(step)
    started = time.monotonic()
    yield step
    step.seconds = time.monotonic() - started
