"""What is in a fixture: per model how much, how large, what kind of primary keys, how recent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import accumulate, groupby
from operator import sub
from typing import Any, NamedTuple

from fixtureflow.record import Record, Source
from fixtureflow.stream import Block, blocks_of
from fixtureflow.views.newest import newer_date
from fixtureflow.views.table import table

__all__ = ["ModelStats", "Stats", "stats"]


@dataclass(slots=True)
class ModelStats:
    """One model's records. `bytes` are of the records alone, without what parts them."""

    records: int = 0
    bytes: int = 0
    share: float = 0.0
    """Of the bytes of all records, 0 to 1."""
    largest: int = 0
    largest_pk: Any = None
    pk_kinds: list[str] = field(default_factory=list)
    """integer, string, uuid, composite, none (natural primary key), other."""
    newest: str = ""
    """The latest date or datetime of the years 1900 to 2099 among the values, as it is written there."""
    newest_field: str = ""


@dataclass(slots=True)
class Stats:
    """Models in the order of their first record."""

    models: dict[str, ModelStats]

    @property
    def records(self) -> int:
        return sum(model.records for model in self.models.values())

    @property
    def bytes(self) -> int:
        return sum(model.bytes for model in self.models.values())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        models = {label: asdict(model) for label, model in self.models.items()}
        return {"records": self.records, "bytes": self.bytes, "models": models}

    def table(self) -> str:
        """For a person."""
        rows = [
            [
                label,
                f"{model.records:,}",
                f"{model.bytes:,}",
                f"{model.share:.1%}",
                f"{model.largest:,}",
                ", ".join(model.pk_kinds),
                f"{model.newest} ({model.newest_field})" if model.newest else "",
            ]
            for label, model in self.models.items()
        ]
        rows.append(["total", f"{self.records:,}", f"{self.bytes:,}", "", "", "", ""])
        return table(["model", "records", "bytes", "share", "largest", "pk", "newest"], rows)


_UUID = re.compile(rb'"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"')
_TO_PK = re.compile(rb'\{\s*"model"\s*:\s*"[^"\\]*"\s*,\s*"pk"\s*:\s*(?=\S)')
_NUMBER_BEGINS = set(b"-0123456789")


def stats(records: Iterable[Record]) -> Stats:
    """Count records by model. Reads all records; keeps a few numbers a model."""
    models: dict[str, ModelStats] = {}
    measure = _Measure()
    for block in blocks_of(records):
        labels = block.labels()
        if len(labels) == 1:
            (label,) = labels
            _count(models.setdefault(label, ModelStats()), block, measure(block, label))
            continue
        for label, run in groupby(block.records(), key=lambda record: record.model):
            part = Block.of(list(run))
            _count(models.setdefault(label, ModelStats()), part, _Measured.plain(map(len, part.raws())))
    whole = sum(model.bytes for model in models.values())
    for model in models.values():
        model.share = round(model.bytes / whole, 4)
    return Stats(models)


class _Measured(NamedTuple):
    """The records of a block: the bytes of each, and the first byte of each pk, as far as it was looked at."""

    sizes: list[int]
    over: int
    """By this much each of `sizes` is too large."""
    whole: int
    """The bytes of all."""
    pk_bytes: set[int]

    @classmethod
    def plain(cls, sizes: Iterable[int]) -> _Measured:
        known = list(sizes)
        return cls(known, 0, sum(known), set())


class _Measure:
    """Measures the records in a block of one model's, as far as can be without splitting the block.

    A program writes the same bytes round every record's pk and fields, and between two records. Where they are known,
    each record's size follows from what its head holds, if these bytes do stand where they then have to.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Source, str], tuple[int, int, bytes]] = {}

    def __call__(self, block: Block, label: str) -> _Measured:
        array = block.array()
        around, gap, seam = self.known.get((block.source, label), (0, 0, b""))
        begins = seam[gap + 1 :]  # a record, up to its pk
        if begins and block.whole and array.startswith(begins, 1):
            steps = block.inner_sizes(around + gap)
            _, *ends, last = accumulate(steps, initial=-gap)
            long = len(seam) + 1
            seams = {array[end : end + long] for end in ends}
            if last == len(array) - 2 and all(found.startswith(seam) for found in seams):
                whole = len(array) - 2 - gap * len(ends)
                return _Measured(steps, gap, whole, {array[1 + len(begins)], *(found[-1] for found in seams)})
        sizes = list(map(len, block.views()))
        differences = set(map(sub, sizes, block.inner_sizes()))
        if len(differences) == 1 and len(sizes) > 1:
            end = sizes[0]
            second = array.index(b"{", end + 1)
            if to_pk := _TO_PK.match(array, second):
                self.known[block.source, label] = differences.pop(), second - end - 1, array[end : to_pk.end()]
        return _Measured.plain(sizes)


def _count(model: ModelStats, block: Block, measured: _Measured) -> None:
    """Take in a block of this model's records alone."""
    sizes, over, whole, pk_bytes = measured
    model.records += len(sizes)
    model.bytes += whole
    largest = max(sizes)
    if largest - over > model.largest:
        model.largest = largest - over
        model.largest_pk = _value(block.pks()[sizes.index(largest)])
    kinds = {"integer"} if pk_bytes and pk_bytes <= _NUMBER_BEGINS else _kinds(block.pks())
    model.pk_kinds = sorted({*model.pk_kinds, *kinds})
    if found := newer_date(block.array(), model.newest):
        model.newest, model.newest_field = found


def _value(pk: bytes) -> Any:
    """What the JSON text says; its beginning if nobody would want more, and Python's json might not read it."""
    if len(pk) > 1000:
        return pk[:40].decode("utf-8", "replace") + "…"
    return json.loads(pk) if pk else None


def _kinds(pks: list[bytes]) -> Iterator[str]:
    for begins in {pk[:1] for pk in pks}:
        if begins == b'"':
            texts = [pk for pk in pks if pk[:1] == b'"']
            uuids = [pk for pk in texts if len(pk) == 38 and _UUID.fullmatch(pk)]
            if uuids:
                yield "uuid"
            if len(uuids) < len(texts):
                yield "string"
        elif begins in b"-0123456789" and begins:
            yield "integer"
        else:
            yield {b"": "none", b"n": "none", b"[": "composite"}.get(begins, "other")
