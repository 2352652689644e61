"""Statements for a person to review and run: they delete the target's rows whose place the fixture's are to take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtureflow import sql
from fixtureflow.output import opened_output
from fixtureflow.schema.model import Model, Schema
from fixtureflow.target.rows import Target
from fixtureflow.target.search import Part, Search
from fixtureflow.target.types import ColumnType
from fixtureflow.wording import amount

__all__ = ["write_deletion"]

ROWS = 500
"""Of one statement."""


def write_deletion(path: str | Path, schema: Schema, target: Target, deleted: Mapping[str, Sequence[Any]]) -> None:
    """Write them to `path`; `deleted` has pks by the label of a concrete model.

    Before each comes what else refers to these rows: a database refuses to delete them while that is there.
    """
    with opened_output(path) as file:
        for line in _lines(schema, target, deleted):
            file.write(line.encode() + b"\n")


def _lines(schema: Schema, target: Target, deleted: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    yield "-- Rows that stand where the fixture's are to go. Look at each statement before you run it."
    if target.backend == "sqlite":
        yield "PRAGMA foreign_keys = ON; -- its shell would leave what refers to them referring to nothing"
    yield "BEGIN;"
    above: set[str] = set()
    for label in reversed(list(deleted)):  # what refers to others before these
        model, pks = schema.models[label], deleted[label]
        yield f"-- {label}: {amount(len(pks), 'row')}"
        for table, column, count in _referring(schema, target, label, pks):
            verb = "refers" if count == 1 else "refer"
            rows = f"{amount(count, 'row')} of {_line(table)} {verb}"
            besides = " that are not deleted above" if table in above else ""
            yield f"-- {rows} to them by {_line(column)}: delete or change those{besides} first"
        yield from _statements(model, target, pks)
        above.add(model.table or "")
    yield "COMMIT;"


def _statements(model: Model, target: Target, pks: Sequence[Any]) -> Iterator[str]:
    table = target.table(model)
    if table is None:
        return
    name, column = sql.name(target.backend, table.name), sql.name(target.backend, table.column(table.pk[0]))
    form = table.form(table.pk[0])
    for start in range(0, len(pks), ROWS):
        values = [form(pk)[0] for pk in pks[start : start + ROWS]]
        shown = ", ".join(str(one) if type(one) is int else sql.literal(target.backend, str(one)) for one in values)
        yield f"DELETE FROM {name} WHERE {column} IN ({shown});"  # noqa: S608 - quoted, and not run here


def _referring(schema: Schema, target: Target, label: str, pks: Sequence[Any]) -> Iterator[tuple[str, str, int]]:
    """Tables, their columns, and how many of their rows refer to the rows with these pks."""
    for table, column in dict.fromkeys(_columns(schema, label)):
        if table in target.tables and column in target.tables[table].columns:
            kind = target.types.get(table, {}).get(column, ColumnType(""))
            search = Search(target.connection, table, [Part(column, kind)], [(column, kind)])
            if count := sum(1 for _ in search.find([(pk,) for pk in pks])):
                yield table, column, count


def _columns(schema: Schema, label: str) -> Iterator[tuple[str, str]]:
    """The tables and columns that hold keys of a model."""
    for model in schema.models.values():
        for name, relation in model.relations():
            to = schema.concrete(relation.to)
            leads_there = to is not None and to.label == label
            if relation.kind != "m2m":
                if leads_there:
                    yield model.table or "", model.fields[name].column or name
            elif relation.through_table and relation.through_columns:
                if model.label == label:
                    yield relation.through_table, relation.through_columns[0]
                if leads_there:
                    yield relation.through_table, relation.through_columns[1]


def _line(text: str) -> str:
    """A name within a comment: a line break in it would end the comment."""
    return json.dumps(text, ensure_ascii=True)[1:-1]
