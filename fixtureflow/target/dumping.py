"""Rows of a database's tables as records, the way dumpdata writes them, but without the lists of many-to-many fields.

What dumpdata cuts to milliseconds is whole here, so that a row written back loses nothing. Arrays, ranges and
geometries are in the words of the database, and generated columns are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sql

from fixtureflow.record import Record, Source
from fixtureflow.schema.model import Model
from fixtureflow.target.rows import Table, Target
from fixtureflow.target.search import PLAIN, Search
from fixtureflow.values.dumped import as_dumped

__all__ = ["dumped_rows", "rows_as_records"]

BATCH = 2_000
_SEPARATOR = 2
"""Bytes between two records that stand together as dumpdata writes them."""


def rows_as_records(
    target: Target,
    model: Model,
    pks: Iterable[Any] | None = None,
    fields: Sequence[str] | None = None,
    *,
    by: str = "",
    use_tz: bool | None = None,
    source: Source | None = None,
) -> Iterator[list[Record]]:
    """The rows of a model, some at a time; none if the database has no such table.

    All rows by their pk, or those of which `pks` are given, in that order: JSON values, lists for composite keys. With
    `by` these are values of that field instead. `fields` names the fields wanted, all by default. `use_tz` is the
    project's setting: without it moments are naive. `source` is what the records are said to come from.
    """
    table = target.table(model)
    if table is None:
        return
    names = [name for name in table.fields if name not in table.pk or len(table.pk) > 1]
    if fields is not None:
        names = [name for name in names if name in set(fields)]
    source = source or Source("(database)")
    number = offset = 0
    for rows in dumped_rows(table, [*table.pk, *names], pks, by=by, use_tz=use_tz):
        records = []
        for row in rows:
            pk = row[0] if len(table.pk) == 1 else list(row[: len(table.pk)])
            value = {"model": model.label, "pk": pk, "fields": dict(zip(names, row[len(table.pk) :], strict=True))}
            # A lone surrogate, which SQLite may hold, has no UTF-8.
            raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
            number += 1
            records.append(Record(raw, model.label, source, number, offset))
            offset += len(raw) + _SEPARATOR
        yield records


def dumped_rows(
    table: Table,
    names: Sequence[str],
    pks: Iterable[Any] | None = None,
    *,
    by: str = "",
    use_tz: bool | None = None,
    milliseconds: bool = False,
) -> Iterator[list[tuple[Any, ...]]]:
    """The values of some fields as JSON values, some rows at a time; never an empty list."""
    forms = [table.field(name) for name in names]
    for rows in _all(table, names) if pks is None else _some(table, names, pks, by):
        if rows:
            yield [
                tuple(
                    as_dumped(value, field, use_tz=use_tz, milliseconds=milliseconds)
                    for value, field in zip(row, forms, strict=True)
                )
                for row in rows
            ]


def _all(table: Table, names: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
    columns = [_selected(table, name) for name in names]
    keys: list[Any] = [sql.column(table.column(name)) for name in table.pk]
    query = sql.select(*columns).select_from(sql.table(table.name)).order_by(*keys)
    # The rows are not all fetched at once.
    options = {"stream_results": True, "yield_per": BATCH}
    with table.target.connection.execute(query, execution_options=options) as found:
        yield from map(list, found.partitions(BATCH))


def _selected(table: Table, name: str) -> Any:
    """A column; as text if a driver would make something else of it, as in a search."""
    column: Any = sql.column(table.column(name))
    plain = table.target.backend != "postgresql" or table.type(name).name in PLAIN
    return column if plain else sql.cast(column, sql.Text)


def _some(table: Table, names: Sequence[str], pks: Iterable[Any], by: str) -> Iterator[list[Sequence[Any]]]:
    asked_by = (by,) if by else table.pk
    wanted = [(table.column(name), table.type(name)) for name in names]
    search = Search(table.target.connection, table.name, [table.part(name) for name in asked_by], wanted)
    forms = [table.form(name) for name in asked_by]
    asked = []
    for pk in pks:
        values = pk if len(forms) > 1 else [pk]
        try:
            asked.append(tuple(one for form, value in zip(forms, values, strict=True) for one in form(value)))
        except (ValueError, TypeError):
            continue  # no row has such a key
    for start in range(0, len(asked), BATCH):
        found = sorted(search.find(asked[start : start + BATCH]), key=lambda row: row[0])
        yield [row[1:] for row in found]
