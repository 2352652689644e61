"""What is told of single records: the report, a line for each, and the rejects, a fixture that can be fed again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.errors import OutputError
from fixtureflow.matching.lost import Reason
from fixtureflow.output import Writable, opened_output
from fixtureflow.record import Record

__all__ = ["Log"]


class Log:
    """Kept in temporary files until all is known."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        """Does somebody ask for every record?"""
        self._stack = ExitStack()
        self._told = _Lines(self._stack)
        self._rejects = _Lines(self._stack)
        self.rejected = 0

    def add(
        self,
        model: str,
        pk: bytes,
        case: str,
        *,
        fields: Sequence[str] = (),
        differs: Sequence[str] = (),
        target_pk: bytes = b"",
    ) -> None:
        """A record that is left out or changed; `pk` is the text of its key, `target_pk` of that it has in the target.

        `fields` are those that were rewritten, `differs` those of which the target's row has, and keeps, another value.
        """
        if self.wanted:
            told: dict[str, Any] = {"model": model, "pk": _raw(pk), "case": case}
            if fields:
                told["fields"] = list(fields)
            if differs:
                told["differs"] = list(differs)
            if target_pk:
                told["target_pk"] = msgspec.Raw(target_pk)
            self._told.write(_encoded(told))

    def reject(self, record: Record, reason: Reason, value: Any) -> None:
        """`value` is that of the field that the reason names."""
        self.rejected += 1
        told: dict[str, Any] = {"model": record.model, "pk": _raw(record.pk_text), "case": "rejected"}
        told |= {"reason": reason.problem, "file": record.source.name, "record": record.number}
        if reason.field:
            told |= {"field": reason.field, "value": value}
        if reason.detail:
            told["detail"] = reason.detail
        if reason.rows or reason.own:
            rows = [{"key": key, "pk": pk} if key else {"pk": pk} for key, pk in reason.rows] or [{"pk": told["pk"]}]
            told["dump_rows" if reason.of_dump else "target_rows"] = rows
        if self.wanted:
            self._told.write(_encoded(told))
        self._rejects.write(record.raw)

    def write_report(self, path: str | Path, **more: Any) -> None:
        """JSON: `more`, then `records`, one a line."""
        head = _encoded(more)
        with opened_output(path) as file:
            file.write(head[:-1] + (b"," if more else b"") + b'"records": [\n')
            self._told.copy(file)
            file.write(b"\n]}\n")

    def write_rejects(self, path: str | Path) -> None:
        """A fixture of the rejected records."""
        with opened_output(path) as file:
            file.write(b"[\n")
            self._rejects.copy(file)
            file.write(b"\n]\n")

    def close(self) -> None:
        self._stack.close()


class _Lines:
    """Lines with commas between them, in a temporary file that goes with the stack."""

    def __init__(self, stack: ExitStack) -> None:
        self._file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the stack
        self._before = b""

    def write(self, line: bytes) -> None:
        with _room():
            self._file.write(self._before + line)
        self._before = b",\n"

    def copy(self, file: Writable) -> None:
        with _room():
            self._file.flush()
        self._file.seek(0)
        while piece := self._file.read(1 << 20):
            file.write(piece)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"what is told of records has no room in a temporary file: {error.strerror}",
            advice="make room, or set TMPDIR to a folder that has",
        ) from None


def _encoded(told: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(told)
    except UnicodeEncodeError:  # half a surrogate pair, which has to be written as an escape
        return json.dumps(told, default=lambda raw: json.loads(bytes(raw))).encode()


def _raw(text: bytes) -> Any:
    """On one line: a composite pk may have been laid out on several, and within a JSON string no line can end."""
    return msgspec.Raw(text.replace(b"\n", b" ").replace(b"\r", b" ")) if text else None
