"""What is in a fixture: per model how much, how large, what kind of primary keys, how recent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import sub
from typing import Any

from fixtureflow.record import Record, Source
from fixtureflow.stream import Block, blocks_of
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
    """The latest date or datetime among the values, as it is written there."""
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
# Two patterns with a fixed beginning are searched for many times faster than one for any century.
_MAYBE_DATES = [re.compile(b'"' + century + rb'\d\d-[01]\d-[0-3]\d(?:"|T[^"]*)') for century in (b"20", b"19")]
_DATE = re.compile(rb'"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|")')
_KEY_BEFORE = re.compile(rb'"([^"\\]+)"\s*:\s*\Z')


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
            _count(models.setdefault(label, ModelStats()), part, list(map(len, part.raws())))
    whole = sum(model.bytes for model in models.values())
    for model in models.values():
        model.share = round(model.bytes / whole, 4)
    return Stats(models)


class _Measure:
    """The size of each record in a block of one model's, as far as can be without splitting the block.

    A program writes the same bytes round every record's pk and fields: once they are known, and if with them all adds
    up to the size of the block, each record's size follows from what its head holds.
    """

    def __init__(self) -> None:
        self.around: dict[tuple[Source, str], tuple[int, int]] = {}

    def __call__(self, block: Block, label: str) -> list[int]:
        inner = block.inner_sizes()
        text = len(block.text(b""))
        around, between = self.around.get((block.source, label), (0, 0))
        if inner and sum(inner) + around * len(inner) + between * (len(inner) - 1) == text:
            return [size + around for size in inner]
        sizes = list(map(len, block.raws()))
        differences = set(map(sub, sizes, inner))
        if len(differences) == 1 and len(sizes) > 1:
            self.around[block.source, label] = differences.pop(), (text - sum(sizes)) // (len(sizes) - 1)
        return sizes


def _count(model: ModelStats, block: Block, sizes: list[int]) -> None:
    """Take in a block of this model's records alone."""
    pks = block.pks()
    model.records += len(sizes)
    model.bytes += sum(sizes)
    largest = max(sizes)
    if largest > model.largest:
        model.largest = largest
        model.largest_pk = _value(pks[sizes.index(largest)])
    model.pk_kinds = sorted({*model.pk_kinds, *_kinds(pks)})
    _date(model, block.text(b","))


def _value(pk: bytes) -> Any:
    """What the JSON text says; its beginning if nobody would want more, and Python's json might not read it."""
    if len(pk) > 1000:
        return pk[:40].decode("utf-8", "replace") + "…"
    return json.loads(pk) if pk else None


def _kinds(pks: list[bytes]) -> Iterator[str]:
    for begins in {pk[:1] for pk in pks}:
        if begins == b'"':
            texts = [pk for pk in pks if pk[:1] == b'"']
            uuids = sum(map(_is_uuid, texts))
            if uuids:
                yield "uuid"
            if uuids < len(texts):
                yield "string"
        elif begins in b"-0123456789" and begins:
            yield "integer"
        else:
            yield {b"": "none", b"n": "none", b"[": "composite"}.get(begins, "other")


def _is_uuid(text: bytes) -> bool:
    return len(text) == 38 and _UUID.fullmatch(text) is not None


def _date(model: ModelStats, text: bytes) -> None:
    for pattern in _MAYBE_DATES:
        found = pattern.findall(text)
        newest = max(found, default=b"")
        if newest and not _DATE.fullmatch(newest):  # a text that begins with a date
            newest = max(filter(_DATE.fullmatch, found), default=b"")
        if newest:
            date = newest.strip(b'"').decode()
            if date > model.newest:
                model.newest = date
                at = text.index(newest)
                key = _KEY_BEFORE.search(text[max(0, at - 200) : at])
                model.newest_field = key.group(1).decode() if key else ""
            return
