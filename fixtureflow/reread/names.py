"""The names of the fields that records have."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from fixtureflow.edit import children
from fixtureflow.reread.stretch import Stretch

__all__ = ["Row", "names_in", "names_of"]


class Row(msgspec.Struct, gc=False):
    """A record's fields, decoded no further than to their texts."""

    fields: dict[str, msgspec.Raw] = {}


_rows = msgspec.json.Decoder(list[Row]).decode


def names_in(stretch: Stretch) -> list[Collection[str]]:
    """Those of each record, in their order."""
    try:
        return [row.fields.keys() for row in _rows(stretch.array())]
    except (msgspec.MsgspecError, RecursionError):  # NaN and the like, or `fields` that are no object
        return [_names(raw) for raw in stretch.raws()]


def names_of(stretch: Stretch) -> list[str]:
    """The fields that any of the records has, in the order in which they first stand."""
    each = names_in(stretch)
    if all(names == each[0] for names in each):
        return list(each[0])
    return list(dict.fromkeys(name for names in each for name in names))


def _names(raw: bytes) -> Collection[str]:
    fields = next((raw[start:end] for key, start, end in children(raw) if key == "fields"), b"")
    return dict.fromkeys(key for key, _, _ in children(fields)).keys() if fields[:1] == b"{" else ()
