"""What is in a fixture: per model how much, how large, what kind of primary keys, how recent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, groupby, repeat
from operator import sub
from typing import Any, NamedTuple

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
# Two patterns with a fixed beginning are searched for many times faster than one for any century.
_MAYBE_DATES = [re.compile(b'"' + century + rb'\d\d-[01]\d-[0-3]\d(?:"|T[^"]*")(?!\s*:)') for century in (b"20", b"19")]
_DATE = re.compile(rb'"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?"')
_TO_PK = re.compile(rb'\{\s*"model"\s*:\s*"[^"\\]*"\s*,\s*"pk"\s*:\s*(?=\S)')
_NUMBER_BEGINS = set(b"-0123456789")
_KEY_BEFORE = re.compile(rb'"([^"\\]+)"\s*:\s*\Z')


def stats(records: Iterable[Record]) -> Stats:
    """Count records by model. Reads all records; keeps a few numbers a model."""
    models: dict[str, ModelStats] = {}
    measure = _Measure()
    for block in blocks_of(records):
        labels = block.labels()
        if len(labels) == 1:
            (label,) = labels
            text = block.text(b",")
            _count(models.setdefault(label, ModelStats()), block, measure(block, label, text), text)
            continue
        for label, run in groupby(block.records(), key=lambda record: record.model):
            part = Block.of(list(run))
            sizes = _Measured(list(map(len, part.raws())), 0, None)
            _count(models.setdefault(label, ModelStats()), part, sizes, part.text(b","))
    whole = sum(model.bytes for model in models.values())
    for model in models.values():
        model.share = round(model.bytes / whole, 4)
    return Stats(models)


class _Measured(NamedTuple):
    """The records of a block: the bytes of each, and the first byte of each pk, as far as it was looked at."""

    inner: list[int]
    around: int
    """To be added to each of `inner`."""
    pk_bytes: set[int] | None


class _Measure:
    """Measures the records in a block of one model's, as far as can be without splitting the block.

    A program writes the same bytes round every record's pk and fields, and between two records. Where they are known,
    each record's size follows from what its head holds, if these bytes do stand where they then have to.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Source, str], tuple[int, int, bytes]] = {}

    def __call__(self, block: Block, label: str, text: bytes) -> _Measured:
        inner = block.inner_sizes()
        around, gap, seam = self.known.get((block.source, label), (0, 0, b""))
        begins = seam[gap + 1 :]  # a record, up to its pk
        if inner and seam and text.startswith(begins):
            steps = [size + around + gap for size in inner]
            starts = list(accumulate(steps, initial=0))
            seams = (start - gap - 1 for start in starts[1:-1])
            if starts.pop() - gap == len(text) and all(map(text.startswith, repeat(seam), seams)):
                return _Measured(inner, around, {text[start + len(begins)] for start in starts})
        raws = block.raws()
        sizes = list(map(len, raws))
        differences = set(map(sub, sizes, inner))
        if len(differences) == 1 and len(raws) > 1 and (to_pk := _TO_PK.match(raws[1])):
            second = text.index(b"{", sizes[0])
            seam = text[sizes[0] - 1 : second + to_pk.end()]
            self.known[block.source, label] = differences.pop(), second - sizes[0], seam
        return _Measured(sizes, 0, None)


def _count(model: ModelStats, block: Block, measured: _Measured, text: bytes) -> None:
    """Take in a block of this model's records alone."""
    inner, around, pk_bytes = measured
    model.records += len(inner)
    model.bytes += sum(inner) + around * len(inner)
    largest = max(inner)
    if largest + around > model.largest:
        model.largest = largest + around
        model.largest_pk = _value(block.pks()[inner.index(largest)])
    kinds = {"integer"} if pk_bytes and pk_bytes <= _NUMBER_BEGINS else _kinds(block.pks())
    model.pk_kinds = sorted({*model.pk_kinds, *kinds})
    _date(model, text)


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
        while found:
            # Time zones reach 14 hours: what is written more than a day before the last is not later.
            last = max(found)
            if model.newest and last < _day_before(b'"%b"' % model.newest.encode()):
                return
            limit = _day_before(last)
            newest = max((day for day in found if day >= limit), key=_moment)
            if _moment(newest) != _NEVER:
                _take_newest(model, newest, text)
                return
            found = [day for day in found if day < limit]


def _take_newest(model: ModelStats, newest: bytes, text: bytes) -> None:
    if model.newest and _moment(newest) <= _moment(b'"%b"' % model.newest.encode()):
        return
    model.newest = newest.strip(b'"').decode()
    at = text.index(newest)
    key = _KEY_BEFORE.search(text[max(0, at - 200) : at])
    model.newest_field = key.group(1).decode() if key else ""


def _moment(text: bytes) -> datetime:
    """When that is; `_NEVER` for what only begins like a date."""
    try:
        moment = datetime.fromisoformat(text[1:-1].decode()) if _DATE.fullmatch(text) else _NEVER
    except ValueError:  # the 31st of a short month
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day_before(text: bytes) -> bytes:
    try:
        day = date.fromisoformat(text[1:11].decode()) - timedelta(days=1)
    except ValueError:
        return text[:11]
    return b'"' + day.isoformat().encode()


_NEVER = datetime(1800, 1, 1, tzinfo=UTC)
