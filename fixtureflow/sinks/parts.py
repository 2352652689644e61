"""The parts of a split while they are written: records by the part they belong to, each part a draft on disk."""

from __future__ import annotations

import builtins
import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from fixtureflow.layout import Layout, Reformat
from fixtureflow.output import output_faults
from fixtureflow.record import Record
from fixtureflow.stream import Block, blocks_of, layout_of
from fixtureflow.writer import Style, laid_out

__all__ = ["Part", "Parts"]

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


class Parts:
    """Drafts the parts of a stream, in `folder`.

    `keys` tells the part of each model; `max_records` and `max_bytes` bound a part, which then has several files.
    """

    def __init__(
        self, folder: Path, keys: Mapping[str, str], style: Style, max_records: int | None, max_bytes: int | None
    ) -> None:
        self.folder = folder
        self.keys = keys
        self.style = style
        self.max_records = max_records
        self.max_bytes = max_bytes
        self.drafted: list[Part] = []
        self.latest: dict[str, Part] = {}
        """By key, in the order of the first records."""
        self.interleaved: dict[str, None] = {}
        """The keys whose records stood both before and after those of others."""
        self.bounded = max_records is not None or max_bytes is not None
        self.writing: deque[Future[None]] = deque()

    def take(self, records: Iterable[Record]) -> None:
        """Draft all parts; hashing and writing let go of the interpreter's lock, so a thread does them meanwhile."""
        with ThreadPoolExecutor(max_workers=1) as self.thread:
            self._take(records)

    def _take(self, records: Iterable[Record]) -> None:
        layout: Layout | None = None
        lay_out: Reformat | None = None
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
                if self.bounded:
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
        for part in self.drafted:
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
        keys = {self.keys[model] for model in block.labels()}
        if len(keys) == 1:
            return [(keys.pop(), block)]
        runs = groupby(block.records(), key=lambda record: self.keys[record.model])
        return [(key, Block.of(list(run))) for key, run in runs]

    def _part(self, key: str, layout: Layout) -> Part:
        part = self.latest.get(key)
        return part if part is not None else self._new(key, 1, layout)

    def _new(self, key: str, chunk: int, layout: Layout) -> Part:
        part = Part(key, chunk, self.folder / str(len(self.drafted)), layout)
        self.drafted.append(part)
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
    return dict.fromkeys(labels, len(block)) if len(labels) == 1 else Counter(block.models())
