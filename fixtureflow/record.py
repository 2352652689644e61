"""A record of a fixture, kept as the bytes it came in."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fixtureflow.errors import InputError
from fixtureflow.layout import COMPACT, Layout

__all__ = ["Head", "LinkSource", "Record", "Source", "model_label"]

LONGEST_NAME = 100
"""Of an app label or a model name: `django_content_type` has 100 characters for each."""


class Source:
    """One input: its name, for messages, and the layout its reader finds in it."""

    __slots__ = ("layout", "name")

    def __init__(self, name: str, layout: Layout = COMPACT) -> None:
        self.name = name
        self.layout = layout


class LinkSource(Source):
    """Where records come from that stand in no input: rows for the lists of others."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("(links)")


class Head(msgspec.Struct, gc=False):
    """The parts of a record as JSON texts, empty where it has none; `model` is decoded, as it is spelled."""

    model: str
    pk: msgspec.Raw = msgspec.Raw()
    fields: msgspec.Raw = msgspec.Raw()


class Record(msgspec.Struct, gc=False, eq=False):
    """One row of a fixture.

    `raw` is the record's JSON object, byte for byte as it was read, always valid UTF-8 (`NaN` and the like may
    stand in it, as Django writes them). `model` is the label as Django looks it up: the model name in lower case.
    `number` counts from 1 and `offset` from 0, both within `source`; bytes are those of the decompressed UTF-8 text.
    """

    raw: bytes
    model: str
    source: Source
    number: int
    offset: int

    @property
    def pk(self) -> Any:
        """The primary key as JSON has it; None where the record has none (`dumpdata --natural-primary`)."""
        return self.value().get("pk")

    @property
    def pk_text(self) -> bytes:
        """The JSON text of the primary key; empty where the record has none."""
        try:
            return bytes(_head(self.raw).pk)
        except (msgspec.DecodeError, RecursionError):  # NaN and the like, somewhere in the record
            return json.dumps(self.pk).encode() if "pk" in self.value() else b""

    def _unreadable(self, problem: str) -> InputError:
        return InputError(
            f"{problem}: Python's json cannot read it, so loaddata cannot either",
            advice="leave it out with filter, or mend it",
            file=self.source.name,
            number=self.number,
            offset=self.offset,
            model=self.model,
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The record's `fields`, decoded. Of a key that stands twice the last one counts, as for loaddata."""
        fields = self.value().get("fields")
        if not isinstance(fields, dict):
            raise self.fault(
                "`fields` is missing or not an object", advice="dumpdata always writes it; mend the record"
            )
        return fields

    def value(self) -> dict[str, Any]:
        """The whole record, decoded exactly: integers of any size, `NaN` as a float."""
        try:
            value: dict[str, Any] = json.loads(self.raw)
        except RecursionError:
            raise self._unreadable("nested too deep") from None
        except ValueError:  # the reader has let it pass, so it is JSON
            raise self._unreadable("an integer in it has too many digits") from None
        return value

    def fault(self, problem: str, *, advice: str = "", field: str | None = None) -> InputError:
        """An error that says where this record stands."""
        return InputError(
            problem,
            advice=advice,
            file=self.source.name,
            number=self.number,
            offset=self.offset,
            model=self.model,
            pk=self._pk_if_readable(),
            field=field,
        )

    def _pk_if_readable(self) -> Any:
        try:
            return self.pk
        except InputError:
            return None


_head = msgspec.json.Decoder(Head).decode


def model_label(text: str) -> str | None:
    """`text` as the model label it is, the model name in lower case (as `apps.get_model` takes it), or None."""
    app, dot, name = text.partition(".")
    if dot and app.isidentifier() and name.isidentifier() and len(app) <= LONGEST_NAME and len(name) <= LONGEST_NAME:
        return f"{app}.{name.lower()}"
    return None
