"""The columns of records as the JSON texts they stand in a fixture as, decoded no further."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from fixtureflow.edit import children
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.structs import plain_names, refused

__all__ = ["Texts"]


class Texts:
    """Reads the texts of the pk and of some fields: empty where a record has none.

    Of a key that stands twice the last one counts, as for loaddata.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._decode: Callable[[bytes], Any] = refused
        self._columns: list[attrgetter[Any]] = []
        if not plain_names(self.names):
            return
        none = msgspec.Raw()
        inner = [(f"f{at}", msgspec.Raw, none) for at in range(len(self.names))]
        rename = {f"f{at}": name for at, name in enumerate(self.names)}
        fields = msgspec.defstruct("Fields", inner, rename=rename, gc=False, frozen=True)
        head = [("pk", msgspec.Raw, none), ("fields", fields, fields())]
        self._decode = msgspec.json.Decoder(list[msgspec.defstruct("Row", head, gc=False)]).decode  # type: ignore[misc]
        self._columns = [attrgetter(f"fields.f{at}") for at in range(len(self.names))]

    def columns(self, stretch: Stretch) -> list[list[bytes]]:
        """The pks of the records, then the values of each field."""
        pks, columns = self.apart(stretch, stretch.array())
        return [pks(), *columns]

    def apart(self, stretch: Stretch, array: bytes) -> tuple[Callable[[], list[bytes]], list[list[bytes]]]:
        """What gives the pks, when they are wanted, and the values of each field; `array` is that of the stretch."""
        try:
            rows: Any = self._decode(array)
        except (msgspec.MsgspecError, RecursionError):  # NaN and the like, or `fields` that are no object
            pks, *columns = (list(column) for column in zip(*map(self._exact, stretch.raws()), strict=True))
            return lambda: pks, columns
        return lambda: [bytes(row.pk) for row in rows], self._fields(rows)

    def again(self, text: bytes) -> dict[str, list[bytes]]:
        """Of records parted by commas the values of each field by its name, and their pks by the empty one.

        Raises what msgspec does of what it refuses.
        """
        rows = self._decode(b"[%b]" % text)
        return {"": [bytes(row.pk) for row in rows], **dict(zip(self.names, self._fields(rows), strict=True))}

    def _fields(self, rows: Any) -> list[list[bytes]]:
        return [list(map(bytes, map(column, rows))) for column in self._columns]

    def _exact(self, raw: bytes) -> list[bytes]:
        head = {key: raw[start:end] for key, start, end in children(raw)}
        fields = head.get("fields", b"")
        found = {key: fields[start:end] for key, start, end in children(fields)} if fields[:1] == b"{" else {}
        return [head.get("pk", b""), *(found.get(name, b"") for name in self.names)]
