"""What is in a fixture: per model how much, how large, what kind of primary keys, how recent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import msgspec

from fixtureflow.record import Record
from fixtureflow.stream import blocks_of
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


class _Pk(msgspec.Struct, gc=False):
    pk: int | str | float | list[Any] | dict[str, Any] | bool | None = None


_pks = msgspec.json.Decoder(list[_Pk]).decode
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_CLOCK = rb"\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?\""
# Two patterns with a fixed beginning are searched for many times faster than one for any century.
_DATES = [re.compile(b'"' + century + rb"\d\d-" + _CLOCK) for century in (b"20", b"19")]
_KEY_BEFORE = re.compile(rb'"([^"\\]+)"\s*:\s*\Z')


def stats(records: Iterable[Record]) -> Stats:
    """Count records by model. Reads all records; keeps a few numbers a model."""
    models: dict[str, ModelStats] = {}
    for block in blocks_of(records):
        for label, run in groupby(block.records(), key=lambda record: record.model):
            _count(models.setdefault(label, ModelStats()), list(run))
    whole = sum(model.bytes for model in models.values())
    for model in models.values():
        model.share = round(model.bytes / whole, 4)
        model.pk_kinds.sort()
    return Stats(models)


def _count(model: ModelStats, records: list[Record]) -> None:
    raws = [record.raw for record in records]
    sizes = list(map(len, raws))
    model.records += len(raws)
    model.bytes += sum(sizes)
    if max(sizes) > model.largest:
        model.largest = max(sizes)
        model.largest_pk = records[sizes.index(model.largest)].pk
    text = b"[%b]" % b",".join(raws)
    try:
        pks = [head.pk for head in _pks(text)]
    except msgspec.DecodeError:  # NaN and the like
        pks = [record.pk for record in records]
    for kind in _kinds(pks):
        if kind not in model.pk_kinds:
            model.pk_kinds.append(kind)
    _date(model, text)


def _kinds(pks: list[Any]) -> set[str]:
    kinds = set()
    for kind in set(map(type, pks)):
        if kind is str:
            texts = [pk for pk in pks if type(pk) is str]
            uuids = sum(_UUID.fullmatch(text) is not None for text in texts)
            kinds |= ({"uuid"} if uuids else set()) | ({"string"} if uuids < len(texts) else set())
        else:
            kinds.add({int: "integer", list: "composite", type(None): "none"}.get(kind, "other"))
    return kinds


def _date(model: ModelStats, text: bytes) -> None:
    for pattern in _DATES:
        if found := pattern.findall(text):
            newest = max(found)
            date = newest[1:-1].decode()
            if date > model.newest:
                model.newest = date
                at = text.index(newest)
                key = _KEY_BEFORE.search(text[max(0, at - 200) : at])
                model.newest_field = key.group(1).decode() if key else ""
            return
