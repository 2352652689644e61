"""Records → a folder of fixtures, one a model, an app or a pattern, with a manifest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fixtureflow.errors import UsageError
from fixtureflow.patterns import Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.sinks.files import MANIFEST, PARTS, Folder, filling
from fixtureflow.sinks.parts import Part, Parts
from fixtureflow.writer import Format, Style

if TYPE_CHECKING:
    from fixtureflow.ordering.loadorder import LoadOrder
    from fixtureflow.schema.merge import Source
    from fixtureflow.schema.model import Schema

__all__ = ["Part", "Split", "split"]

REST = "rest"


@dataclass(slots=True)
class Split:
    """What a split has written: the parts in load order."""

    folder: Path
    parts: list[Part]
    interleaved: list[str]
    """Parts whose records stood both before and after those of others, so that no order of the parts keeps theirs."""
    unmatched: list[str]
    """Patterns that no model matched."""
    seen: set[str]
    circular: list[list[str]] = field(default_factory=list)
    """Groups of parts that refer to each other, where a schema tells: they have to be loaded in one go."""

    @property
    def records(self) -> int:
        return sum(part.records for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def split(
    records: Iterable[Record],
    folder: str | Path,
    *,
    by: Literal["model", "app"] = "model",
    model: str | Iterable[str] = (),
    number: bool = False,
    max_records: int | None = None,
    max_bytes: int | None = None,
    force: bool = False,
    format: Format | None = None,  # noqa: A002 - the word dumpdata has for it
    indent: int | None = None,
    compact: bool = False,
    schema: Schema | Iterable[Source] | None = None,
) -> Split:
    """Write records to a folder: a file for each model or app, in the order they came, and `manifest.json`.

    With patterns in `model`, each matching model (or, `by="app"`, app) has its own file and `rest.json` the others.
    `number` puts the place in load order before each name. `max_records` and `max_bytes` bound a file; a record is
    never cut, so a larger one stands alone.
    Where parts of an earlier split are, or a file named like one of the new ones, it is refused; with `force` the new
    parts take their places. All other files of the folder stay.
    With a `schema` the parts of an ordered fixture can be loaded one after the other, each in its own transaction:
    they stand in that order, and models that form a cycle share one, unless `by` or `model` parts them.
    The folder gets all files or none. Raises `OutputError`, `UsageError`, and what the records raise.
    """
    if by not in ("model", "app"):
        raise UsageError(f"`by=` is model or app, not {by}")
    for option, bound in (("max_records", max_records), ("max_bytes", max_bytes)):
        if bound is not None and bound < 1:
            raise UsageError(f"`{option}=` is a number from 1 up")
    load_order: LoadOrder | None = None
    if schema is not None:
        from fixtureflow.ordering.loadorder import LoadOrder

        load_order = LoadOrder(records, schema)
        records = load_order.records
    keys = _Keys(parse_patterns(model), by_app=by == "app", together=load_order.together if load_order else {})
    with filling(Path(folder), suffixes=PARTS, force=force) as place:
        parts = Parts(place.drafts, keys, Style(format, indent, compact), max_records, max_bytes)
        parts.take(records)
        return _finished(parts, keys, place, load_order, number=number)


class _Keys(dict[str, str]):
    """Model → the part it belongs to; each is looked at once."""

    def __init__(self, patterns: list[Pattern], *, by_app: bool, together: Mapping[str, str]) -> None:
        super().__init__()
        self.patterns = patterns
        self.by_app = by_app
        self.together = together if not patterns and not by_app else {}

    def __missing__(self, model: str) -> str:
        key = model.partition(".")[0] if self.by_app else self.together.get(model, model)
        if self.patterns and not any_matches(self.patterns, model):
            key = f" {REST}"  # no model or app is named so
        self[model] = key.lower()
        return self[model]


def _finished(parts: Parts, keys: _Keys, place: Folder, load_order: LoadOrder | None, *, number: bool) -> Split:
    """Names the parts, puts them in their places and writes the manifest."""
    named = list(parts.latest)
    circular: list[list[str]] = []
    interleaved = list(parts.interleaved)
    if load_order:
        named, circular = load_order.arranged(keys)
        interleaved = []
    order = {key: position for position, key in enumerate(named)}
    files = sorted(parts.drafted, key=lambda part: (order[part.key], part.chunk))
    label = _labels(order)
    width = max(3, len(str(len(files))))
    for position, part in enumerate(files, start=1):
        suffix = ".jsonl" if part.layout.format == "jsonl" else ".json"
        chunk = f"-{part.chunk:04d}" if parts.bounded else ""
        part.name = (f"{position:0{width}d}_" if number else "") + label(part.key) + chunk + suffix
    circular = [[label(key) for key in group] for group in circular]
    interleaved = [label(key) for key in interleaved]
    manifest = {
        "files": [part.described() for part in files],
        "records": sum(part.records for part in files),
        "interleaved": interleaved,
        **({"circular": circular} if circular else {}),
    }
    place.place({part.name: part.draft for part in files}, manifest)
    unmatched = [pattern.text for pattern in keys.patterns if not pattern.hits]
    return Split(place.path, files, interleaved, unmatched, set(keys), circular)


def _labels(keys: Collection[str]) -> Callable[[str], str]:
    """What each part is called; an app that is named like a file of ours gets a mark, which no other app has."""
    marked = {}
    for taken in (REST, MANIFEST.removesuffix(".json")):
        mark = "_"
        while taken + mark in keys:
            mark += "_"
        marked[taken] = taken + mark
    return lambda key: marked.get(key, key.strip())
