"""What is told of single records: the report, a line for each, and the rejects, a fixture that can be fed again."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from fixtureflow.errors import OutputError
from fixtureflow.matching.lost import Reason
from fixtureflow.output import Writable, opened_output
from fixtureflow.record import Record

__all__ = ["SAMPLED", "Line", "Log", "Sample", "key_text"]

_encoder = msgspec.json.Encoder()


SAMPLED = 1_000
"""Records of one case that are kept at hand."""


class Line(msgspec.Struct, gc=False, omit_defaults=True):
    """What is told of a record that is left out or changed. Keys are their texts."""

    model: str
    pk: msgspec.Raw | None
    case: str
    fields: tuple[str, ...] = ()
    """Those that were rewritten."""
    differs: tuple[str, ...] = ()
    """Those of which the target's row has, and keeps, another value."""
    target_pk: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Sample:
    """Of one case, the lines on the first records of each model: shared evenly among the models, `SAMPLED` in all."""

    def __init__(self) -> None:
        self.total = 0
        self._lines: dict[str, list[tuple[int, bytes]]] = {}
        self._kept = 0
        self._most = 0
        """Lines of the model that has most of them, once there is no more room."""

    @property
    def lines(self) -> list[tuple[int, str, bytes]]:
        """(its place among all lines, from 0; model; text), in the order of these places."""
        return sorted((at, model, line) for model, lines in self._lines.items() for at, line in lines)

    def wants(self, model: str) -> bool:
        """Has a line on a model room, now or in the place of one on a model with more?"""
        return self._kept < SAMPLED or len(self._lines.get(model, ())) + 1 < self._most

    def add(self, model: str, at: int, line: bytes) -> None:
        self._lines.setdefault(model, []).append((at, line))
        self._kept += 1
        if self._kept > SAMPLED:
            max(self._lines.values(), key=len).pop()
            self._kept -= 1
        if self._kept == SAMPLED:
            self._most = max(map(len, self._lines.values()))


class Log:
    """Kept in temporary files until all is known."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        """Does somebody ask for every record?"""
        self.samples: dict[str, Sample] = {}
        """By case, what is told of some records."""
        self._stack = ExitStack()
        self._told = _Lines(self._stack)
        self._rejects = _Lines(self._stack)
        self._count = 0

    def add(self, lines: Sequence[Line]) -> None:
        """Records of one model."""
        if lines and self.wanted:
            self._tell(lines[0].model, [line.case for line in lines], _encoder.encode_lines(lines)[:-1])

    def _tell(self, model: str, cases: Sequence[str], text: bytes) -> None:
        """`text` has a line for each of `cases`, of records of one model."""
        for case, count in Counter(cases).items():
            self.samples.setdefault(case, Sample()).total += count
        if any(self.samples[case].wants(model) for case in set(cases)):
            for at, (case, line) in enumerate(zip(cases, text.split(b"\n"), strict=True), self._count):
                if self.samples[case].wants(model):
                    self.samples[case].add(model, at, line)
        self._told.write(text.replace(b"\n", b",\n"))
        self._count += len(cases)

    def reject(self, record: Record, reason: Reason, value: Any) -> None:
        """`value` is that of the field that the reason names."""
        told: dict[str, Any] = {"model": record.model, "pk": key_text(record.pk_text), "case": "rejected"}
        told |= {"reason": reason.problem, "file": record.source.name, "record": record.number}
        if reason.field:
            told |= {"field": reason.field, "value": value}
        if reason.detail:
            told["detail"] = reason.detail
        if reason.rows or reason.own:
            rows = [{"key": key, "pk": pk} if key else {"pk": pk} for key, pk in reason.rows] or [{"pk": told["pk"]}]
            told["dump_rows" if reason.of_dump else "target_rows"] = rows
        if self.wanted:
            self._tell(record.model, ["rejected"], _encoded(told))
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
    """Lines, or several at once, with commas between them, in a temporary file that goes with the stack."""

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


def key_text(text: bytes) -> msgspec.Raw | None:
    """On one line: a composite pk may have been laid out on several, and within a JSON string no line can end."""
    return msgspec.Raw(text.replace(b"\n", b" ").replace(b"\r", b" ")) if text else None
