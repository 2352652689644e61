"""Records → a folder of fixtures, one a model, an app or a pattern, with a manifest."""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fixtureflow.errors import OutputError, UsageError
from fixtureflow.layout import Layout, Reformat
from fixtureflow.output import output_faults
from fixtureflow.patterns import Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.stream import Block, blocks_of, layout_of
from fixtureflow.writer import Format, Style, laid_out

if TYPE_CHECKING:
    from fixtureflow.ordering.loadorder import LoadOrder
    from fixtureflow.schema.merge import Source
    from fixtureflow.schema.model import Schema

__all__ = ["Part", "Split", "split"]

MANIFEST = "manifest.json"
REST = "rest"
HELD_BYTES = 256 * 1024
"""What a part keeps before it is written; a part's file is open only while it is written."""
HELD_BYTES_IN_ALL = 16 * 1024 * 1024
WRITES_WAITING = 8


@dataclass(slots=True)
class Part:
    """One file of a split; `name` is final once the split is done."""

    key: str
    chunk: int
    draft: Path
    layout: Layout
    name: str = ""
    models: Counter[str] = field(default_factory=Counter)
    records: int = 0
    bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    held: list[builtins.bytes] = field(default_factory=list)
    held_bytes: int = 0

    def described(self) -> dict[str, object]:
        """The part as the manifest has it."""
        return {
            "name": self.name,
            "models": dict(self.models),
            "records": self.records,
            "bytes": self.bytes,
            "sha256": self.digest.hexdigest(),
        }

    def add(self, text: builtins.bytes, models: Mapping[str, int], count: int) -> None:
        self.hold(self.layout.separator if self.records else self.layout.head)
        self.hold(text)
        self.models.update(models)
        self.records += count

    def hold(self, text: builtins.bytes) -> None:
        self.held.append(text)
        self.held_bytes += len(text)
        self.bytes += len(text)

    def take_held(self) -> list[builtins.bytes]:
        """What is held, to be written."""
        held, self.held, self.held_bytes = self.held, [], 0
        return held

    def write(self, texts: list[builtins.bytes]) -> None:
        """Append to the draft."""
        with self.draft.open("ab", buffering=0 if len(texts) < 8 else -1) as file:
            for text in texts:
                self.digest.update(text)
                file.write(text)


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
    never cut, so a larger one stands alone. Files that are there stay unless `force`.
    With a `schema` the parts of an ordered fixture can be loaded one after the other, each in its own transaction:
    they stand in that order, and models that form a cycle share one, unless `by` or `model` parts them.
    The folder gets all files or none. Raises `OutputError`, `UsageError`, and what the records raise.
    """
    if by not in ("model", "app"):
        raise UsageError(f"--by is model or app, not {by}")
    for option, bound in (("--max-records", max_records), ("--max-bytes", max_bytes)):
        if bound is not None and bound < 1:
            raise UsageError(f"{option} is a number from 1 up")
    drafting = _Drafting(
        patterns=parse_patterns(model),
        by_app=by == "app",
        style=Style(format, indent, compact),
        max_records=max_records,
        max_bytes=max_bytes,
    )
    if schema is not None:
        from fixtureflow.ordering.loadorder import LoadOrder

        drafting.load_order = LoadOrder(records, schema)
        records = drafting.load_order.records
    folder = Path(folder)
    with output_faults(str(folder)):
        made = _made(folder)
    try:
        with output_faults(str(folder)):
            before = _before(folder, force=force)
            drafting.folder = folder / f".split-{os.urandom(4).hex()}"
            drafting.folder.mkdir()
        try:
            with ThreadPoolExecutor(max_workers=1) as thread:
                drafting.take(records, thread)
            return _finished(drafting, folder, number=number, force=force, before=before)
        finally:
            shutil.rmtree(drafting.folder, ignore_errors=True)
    except BaseException:
        for path in made:
            if not any(path.iterdir()):
                path.rmdir()
        raise


def _made(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _before(folder: Path, *, force: bool) -> list[str]:
    """The parts an earlier split has left here."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return []
    if not force:
        advice = "choose another folder, or replace them with --force"
        raise OutputError(f"{folder} holds the parts of an earlier split", advice=advice)
    try:
        names = [entry["name"] for entry in json.loads(manifest.read_bytes())["files"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    # Whatever a manifest says, only files of this folder that are named like parts are taken away.
    there = {path.name for path in folder.iterdir() if path.is_file() and path.suffix in (".json", ".jsonl")}
    return [name for name in names if isinstance(name, str) and name in there - {MANIFEST}]


class _Drafting:
    """The parts while they are written, under names of their own in a folder beside their places."""

    def __init__(
        self,
        patterns: list[Pattern],
        *,
        by_app: bool,
        style: Style,
        max_records: int | None,
        max_bytes: int | None,
    ) -> None:
        self.folder = Path()
        self.patterns = patterns
        self.by_app = by_app
        self.style = style
        self.max_records = max_records
        self.max_bytes = max_bytes
        self.parts: list[Part] = []
        self.latest: dict[str, Part] = {}
        self.interleaved: dict[str, None] = {}
        self.keys: dict[str, str] = {}
        self.load_order: LoadOrder | None = None
        self.writing: deque[Future[None]] = deque()

    def take(self, records: Iterable[Record], thread: Executor) -> None:
        """Draft all parts; hashing and writing let go of the interpreter's lock, so the thread does them meanwhile."""
        self.thread = thread
        layout: Layout | None = None
        lay_out: Reformat | None = None
        bounded = self.max_records is not None or self.max_bytes is not None
        last = ""
        held = 0
        for block in blocks_of(records):
            if layout is None:
                layout, lay_out = self.style.layout(layout_of(records) or block.source.layout)
            for key, run in self._runs(block):
                part = self._part(key, layout)
                if key != last:
                    if part.records:
                        self.interleaved[key] = None
                    last = key
                if bounded:
                    for record in run.records():
                        text = lay_out([record.raw])[0] if lay_out else record.raw
                        part = self._with_room(part, len(text))
                        part.add(text, {record.model: 1}, 1)
                        if part.held_bytes >= HELD_BYTES:
                            self._write(part)
                else:
                    part.add(laid_out(run, layout, lay_out), _counted(run), len(run))
                if part.held_bytes >= HELD_BYTES:
                    self._write(part)
                held = self._bounded(held + 1)
        for part in self.parts:
            part.hold(part.layout.tail)
            self._write(part)
        self._await_writes(0)

    def _write(self, part: Part) -> None:
        self.writing.append(self.thread.submit(part.write, part.take_held()))
        self._await_writes(WRITES_WAITING)

    def _await_writes(self, waiting: int) -> None:
        """Until only so many are under way."""
        with output_faults(str(self.folder.parent)):
            while len(self.writing) > waiting:
                self.writing.popleft().result()

    def _bounded(self, held: int) -> int:
        """Write out all that is held once it may have become much: runs are counted, which is cheaper than bytes."""
        if held * HELD_BYTES < HELD_BYTES_IN_ALL:
            return held
        if sum(part.held_bytes for part in self.latest.values()) > HELD_BYTES_IN_ALL:
            for part in self.latest.values():
                self._write(part)
        return 0

    def _runs(self, block: Block) -> list[tuple[str, Block]]:
        keys = {self._key(model) for model in block.labels()}
        if len(keys) == 1:
            return [(keys.pop(), block)]
        runs = groupby(block.records(), key=lambda record: self.keys[record.model])
        return [(key, Block.of(list(run))) for key, run in runs]

    def _key(self, model: str) -> str:
        key = self.keys.get(model)
        if key is None:
            key = (model.partition(".")[0] if self.by_app else model).lower()
            if self.load_order and not self.patterns and not self.by_app:
                key = self.load_order.together.get(model, key).lower()
            if self.patterns and not any_matches(self.patterns, model):
                key = f" {REST}"  # no model or app is named so
            self.keys[model] = key
        return key

    def _part(self, key: str, layout: Layout) -> Part:
        part = self.latest.get(key)
        return part if part is not None else self._new(key, 1, layout)

    def _new(self, key: str, chunk: int, layout: Layout) -> Part:
        part = Part(key, chunk, self.folder / str(len(self.parts)), layout)
        self.parts.append(part)
        self.latest[key] = part
        return part

    def _with_room(self, part: Part, size: int) -> Part:
        full = self.max_records is not None and part.records >= self.max_records
        more = len(part.layout.separator) + size + len(part.layout.tail)
        large = self.max_bytes is not None and part.bytes + more > self.max_bytes
        if not part.records or not (full or large):
            return part
        self._write(part)
        return self._new(part.key, part.chunk + 1, part.layout)


def _counted(block: Block) -> Mapping[str, int]:
    labels = block.labels()
    return {labels.pop(): len(block)} if len(labels) == 1 else Counter(block.models())


def _finished(drafting: _Drafting, folder: Path, *, number: bool, force: bool, before: list[str]) -> Split:
    """Names the parts, puts them in their places and writes the manifest."""
    keys: list[str] = list(drafting.latest)
    circular: list[list[str]] = []
    if drafting.load_order:
        keys, circular = drafting.load_order.arranged(drafting.keys)
        drafting.interleaved.clear()
    order = {key: place for place, key in enumerate(keys)}
    parts = sorted(drafting.parts, key=lambda part: (order[part.key], part.chunk))
    chunked = drafting.max_records is not None or drafting.max_bytes is not None
    label = _labels(order)
    width = max(3, len(str(len(parts))))
    for place, part in enumerate(parts, start=1):
        suffix = ".jsonl" if part.layout.format == "jsonl" else ".json"
        chunk = f"-{part.chunk:04d}" if chunked else ""
        part.name = (f"{place:0{width}d}_" if number else "") + label(part.key) + chunk + suffix
    with output_faults(str(folder)):
        _make_sure(folder, [*(part.name for part in parts), MANIFEST], force=force)
    circular = [[label(key) for key in group] for group in circular]
    interleaved = [label(key) for key in drafting.interleaved]
    manifest = {
        "files": [part.described() for part in parts],
        "records": sum(part.records for part in parts),
        "interleaved": interleaved,
        **({"circular": circular} if circular else {}),
    }
    draft = drafting.folder / MANIFEST
    draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    drafts = {part.name: part.draft for part in parts} | {MANIFEST: draft}
    with output_faults(str(folder)):
        _placed(folder, drafts, aside=drafting.folder, stale=set(before) - drafts.keys())
    unmatched = [pattern.text for pattern in drafting.patterns if not pattern.hits]
    return Split(folder, parts, interleaved, unmatched, set(drafting.keys), circular)


def _make_sure(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """That these files can be put in the folder."""
    for name in names:
        if (folder / name).is_dir():
            raise OutputError(f"{folder / name} is a folder", advice="choose another folder for the parts")
        if (folder / name).exists() and not force:
            advice = "choose another folder, or replace it with --force"
            raise OutputError(f"{folder / name} is there already", advice=advice)


def _placed(folder: Path, drafts: Mapping[str, Path], *, aside: Path, stale: Iterable[str]) -> None:
    """Put each draft in its place, and old files aside; whatever goes wrong, the folder is then as it was."""
    moves: list[tuple[Path, Path]] = []

    def move(path: Path, to: Path) -> None:
        path.rename(to)
        moves.append((path, to))

    try:
        for number, name in enumerate((*stale, *drafts)):
            if (folder / name).exists():
                move(folder / name, aside / f"old-{number}")
        for name, draft in drafts.items():
            move(draft, folder / name)
    except BaseException:
        for path, to in reversed(moves):
            to.rename(path)
        raise


def _labels(keys: Collection[str]) -> Callable[[str], str]:
    """What each part is called; an app that is named like a file of ours gets a mark, which no other app has."""
    marked = {}
    for taken in (REST, MANIFEST.removesuffix(".json")):
        mark = "_"
        while taken + mark in keys:
            mark += "_"
        marked[taken] = taken + mark
    return lambda key: marked.get(key, key.strip())
