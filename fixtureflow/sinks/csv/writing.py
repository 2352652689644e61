"""Records as rows, in the files of their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from itertools import chain, compress, islice
from operator import not_
from typing import Any

import msgspec
from msgspec import UNSET

from fixtureflow.errors import InputError
from fixtureflow.record import Record
from fixtureflow.schema.catalogue import Table
from fixtureflow.sinks.csv.cells import NATURAL, NULL
from fixtureflow.sinks.csv.drafts import Drafts
from fixtureflow.sinks.csv.plan import Column, Link, Plan
from fixtureflow.sinks.csv.postgresql import ends_early, escaped
from fixtureflow.sinks.csv.rows import Rows, StrangeFields
from fixtureflow.stream import blocks_of
from fixtureflow.values.stored import Backend

__all__ = ["Writing"]

_Records = Callable[[], Sequence[Record]]


class Writing:
    """One pass over records. What no table takes is told at the end, all of it."""

    def __init__(self, planned: Callable[[str], Plan | None], backend: Backend, drafts: Drafts) -> None:
        """`planned` gives the plan for a model's records, by the label that they have."""
        self.records = 0
        self.plans: dict[str, Plan] = {}
        """By the label that records have."""
        self.naive: dict[str, None] = {}
        """PostgreSQL: fields with moments that do not say their time zone."""
        self._planned = planned
        self._backend = backend
        self._drafts = drafts
        self._rows: dict[str, Rows] = {}
        self._strange: dict[str, tuple[Record, dict[str, None]]] = {}

    def take(self, records: Iterable[Record]) -> None:
        """Write all records. Raises `InputError`, `SchemaError`, `OutputError`."""
        for block in blocks_of(records):
            labels = block.labels()
            if len(labels) == 1:
                (label,) = labels
                self._take(label, b"[%b]" % block.text(b","), block.records)
            else:
                apart: dict[str, list[Record]] = {}
                for record in block.records():
                    apart.setdefault(record.model, []).append(record)
                for label, some in apart.items():
                    self._take(label, b"[%b]" % b",".join(record.raw for record in some), partial(list, some))
            self.records += len(block)
        self._drafts.write_all()
        self._tell_strange()

    def _take(self, label: str, array: bytes, records: _Records) -> None:
        """Records of one model; `array` is their JSON."""
        if label not in self._rows and label not in self._strange:
            plan = self._planned(label)
            if plan is None:
                self._strange[label] = (records()[0], {})
            else:
                self.plans[label] = plan
                self._rows[label] = Rows(plan)
        rows = self._rows.get(label)
        values = self._values(rows, array, records) if rows else None
        if rows is None or values is None:
            return
        try:
            self._write(rows.plan, values)
        except ValueError:
            _explain(rows.plan, values, records(), self._backend)
            raise

    def _values(self, rows: Rows, array: bytes, records: _Records) -> list[list[Any]] | None:
        """The values by column; None if there are fields that the table has not."""
        try:
            values = rows.columns(array)
            if not any(value is UNSET or value is None for column in values[: len(rows.plan.pk)] for value in column):
                return values
        except (msgspec.MsgspecError, RecursionError):  # NaN and the like, fields that the table has not, no fields
            pass
        exact: list[list[Any]] | None = []
        for record in records():
            try:
                value = rows.exact(record)
                if exact is not None:
                    exact.append(value)
            except StrangeFields as error:
                self._strange.setdefault(record.model, (record, {}))[1].update(dict.fromkeys(error.names))
                exact = None
        return exact and [list(column) for column in zip(*exact, strict=True)]

    def _write(self, plan: Plan, values: list[list[Any]]) -> None:
        """Raises ValueError if a value has no cell."""
        for columns, rows in _shapes(plan.columns, values):
            self._write_rows(plan, columns, [column.cells(some) for column, some in zip(columns, rows, strict=True)])
        for link, lists in zip(plan.links, values[len(plan.columns) :], strict=True):
            self._add(link.table, link.columns, list(_linked(link, values[0], lists, self._backend)))

    def _write_rows(self, plan: Plan, columns: tuple[Column, ...], cells: list[list[str]]) -> None:
        lines = list(map(",".join, zip(*cells, strict=True)))
        if self._backend == "postgresql":
            self._look_for_naive(plan, columns, cells)
            early = list(map(ends_early, lines))
            if any(early):
                special = [",".join(map(escaped, row)) for row in compress(zip(*cells, strict=True), early)]
                self._add(plan.table, columns, special, is_escaped=True)
                lines = list(compress(lines, map(not_, early)))
        self._add(plan.table, columns, lines)

    def _add(self, table: Table, columns: tuple[Column, ...], lines: list[str], *, is_escaped: bool = False) -> None:
        if lines:
            text = _encoded("\n".join(lines) + "\n", self._backend)
            self._drafts.add(table, columns, text, len(lines), escaped=is_escaped)

    def _look_for_naive(self, plan: Plan, columns: tuple[Column, ...], cells: list[list[str]]) -> None:
        for column, some in zip(columns, cells, strict=True):
            if column.kind == "datetime" and any(cell and cell[-7] not in "+-" for cell in some):
                self.naive[f"{plan.label}.{column.field}"] = None

    def _tell_strange(self) -> None:
        if not self._strange:
            return
        words = []
        for label, (_, fields) in self._strange.items():
            plan = self.plans.get(label)
            words += [_strange_field(label, name, plan) for name in fields] if plan else [f"{label} (no table)"]
        record, _ = next(iter(self._strange.values()))
        more = f" and {len(words) - 20:,} more" if len(words) > 20 else ""
        raise InputError(
            f"nothing is known of a table or column for {', '.join(words[:20])}{more}",
            advice="rename or drop it, or say where it goes with --target, --settings or --schema",
            file=record.source.name,
            number=record.number,
            offset=record.offset,
        )


def _strange_field(label: str, name: str, plan: Plan) -> str:
    near = get_close_matches(name, [column.field for column in plan.columns], n=1)
    return f"{label}.{name}" + (f" ({near[0]}?)" if near else "")


def _shapes(
    columns: tuple[Column, ...], values: list[list[Any]]
) -> Iterator[tuple[tuple[Column, ...], list[list[Any]]]]:
    """The rows by the columns that they have: where a record leaves one out, the database's default is to fill it."""
    filled = [_filled(column, some) for column, some in zip(columns, values, strict=False)]
    gaps = [at for at, some in enumerate(filled) if UNSET in some]
    if not gaps:
        yield columns, filled
        return
    rows: dict[tuple[bool, ...], list[int]] = {}
    for number, left_out in enumerate(zip(*([value is UNSET for value in filled[at]] for at in gaps), strict=True)):
        rows.setdefault(left_out, []).append(number)
    for left_out, numbers in rows.items():
        without = {at for at, out in zip(gaps, left_out, strict=True) if out}
        kept = [at for at in range(len(columns)) if at not in without]
        yield tuple(columns[at] for at in kept), [[filled[at][number] for number in numbers] for at in kept]


def _filled(column: Column, values: list[Any]) -> list[Any]:
    if UNSET not in values or column.omitted == "default":
        return values
    if column.omitted == "fault":
        raise ValueError(_LEFT_OUT)
    return [None if value is UNSET else value for value in values]


_LEFT_OUT = "is left out, and neither the database nor what is known here has a value for it"


def _linked(link: Link, keys: list[Any], lists: list[Any], backend: Backend) -> Iterator[str]:
    """The rows of a many-to-many table; what a list holds twice is one row, as for loaddata."""
    if not all(type(items) is list or items is UNSET for items in lists):
        raise ValueError("not a list")
    own, other = link.columns
    filled = [(key, items) for key, items in zip(keys, lists, strict=True) if items]
    ends = iter(other.cells(list(chain.from_iterable(items for _, items in filled))))
    for key, (_, items) in zip(own.cells([key for key, _ in filled]), filled, strict=True):
        for end in dict.fromkeys(islice(ends, len(items))):
            if end == NULL[backend]:
                raise ValueError("a list with null in it")
            yield f"{key},{end}"


def _encoded(text: str, backend: Backend) -> bytes:
    if "\0" in text and backend != "mysql":
        raise ValueError("a text with a NUL character, which cannot be loaded")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text with half a surrogate pair, which is no character") from None


def _explain(plan: Plan, values: list[list[Any]], records: Sequence[Record], backend: Backend) -> None:
    """Raises `InputError` for the first value that has no cell."""
    for number, record in enumerate(records):
        ways: tuple[Column | Link, ...] = (*plan.columns, *plan.links)
        for at, column in enumerate(ways):
            value = values[at][number]
            try:
                if isinstance(column, Link):
                    _encoded("".join(_linked(column, [values[0][number]], [value], backend)), backend)
                else:
                    _encoded("".join(column.cells(_filled(column, [value]))), backend)
            except ValueError as error:
                raise _fault(record, column, value, str(error)) from None


def _fault(record: Record, column: Column | Link, value: Any, problem: str) -> InputError:
    if value is UNSET:
        return record.fault(problem, advice="give it one, or load this model with loaddata", field=column.field)
    advice = "mend the record, or leave it out with filter"
    if problem == NATURAL:
        problem, advice = "a natural key, and rows loaded in bulk need pks", "turn it with fixtureflow natural --to-pk"
    elif isinstance(column, Column) and column.kind == "integer" and isinstance(value, str):
        advice = "if the column holds durations, say so with --settings or --schema; else mend the record"
    shown = json.dumps(value)
    return record.fault(f"{shown[:60]}{'…' if len(shown) > 60 else ''} is {problem}", advice=advice, field=column.field)
