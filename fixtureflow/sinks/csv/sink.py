"""Records → a folder of CSV files, and the script that has the database's own client load them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

from fixtureflow.counters.counter import Counter, counter_at
from fixtureflow.counters.ground import Ground, grounded
from fixtureflow.counters.statements import advance
from fixtureflow.ordering.graph import units
from fixtureflow.output import output_faults
from fixtureflow.record import Record
from fixtureflow.schema import catalogue
from fixtureflow.schema.catalogue import Table
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.sinks.csv import mysql, postgresql, sqlite
from fixtureflow.sinks.csv.drafts import CsvFile, Drafts
from fixtureflow.sinks.csv.plan import Plan, Planner
from fixtureflow.sinks.csv.writing import Writing
from fixtureflow.sinks.files import PARTS, filling
from fixtureflow.values.stored import Backend

__all__ = ["SCRIPT", "CsvSplit", "split_to_csv"]

SCRIPT = "load.sql"


@dataclass(frozen=True, slots=True)
class CsvSplit:
    """What was written: the files in the order to load them."""

    folder: Path
    backend: Backend
    files: list[CsvFile]
    records: int
    computed: list[str]
    """Fields left out because the database computes them: `shop.line.total`."""
    naive: list[str]
    """PostgreSQL: fields with moments that do not say their time zone; the script takes them to be in UTC."""
    occupied: list[str]
    """Tables among those written that hold rows already in the target: filled by `migrate`, or in use."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


def split_to_csv(
    records: Iterable[Record],
    folder: str | Path,
    schema: Schema | Iterable[Source] | None = None,
    *,
    target: str | None = None,
    dialect: Backend | None = None,
    force: bool = False,
) -> CsvSplit:
    """Write records to a folder as a CSV file for each table, and `load.sql`, which loads them with the client.

    Tables and columns are those of the `target` (a database URL; it is only read), or without one, for a `dialect`,
    those that `schema` names. Auto many-to-many lists are rows of their table, numbered by the database; of symmetrical
    ones both sides have to be there, as dumpdata writes them. Values have the form in which Django stores them there.
    A column that a record leaves out gets the database's default, else NULL if it may have it. What the database
    computes is left out. `load.sql` loads all or nothing, in the order of the foreign keys, into tables that do not
    hold the rows, and sets the sequences.

    The folder gets all files or none. Raises InputError for a value that has no place or no form there, for a
    reference by natural key, and at the end for all fields and models without a column or table; SchemaError,
    TargetError, OutputError, UsageError.
    """
    with grounded(schema, target=target, dialect=dialect) as ground:
        tables = catalogue.tables(ground.connection) if ground.connection is not None else None
        filled = ground.filled()
    with filling(Path(folder), suffixes=PARTS, force=force) as parts:
        drafts = Drafts(parts.drafts)
        writing = Writing(_planned(ground, tables), ground.backend, drafts)
        writing.take(records)
        plans = list({plan.label: plan for plan in writing.plans.values()}.values())
        files, unordered = _in_order(drafts)
        for number, file in enumerate(files, start=1):
            file.name = f"{number:0{max(3, len(str(len(files))))}d}_{_plain(file.table.name)}.csv"
        counters = [one for plan in plans for one in _counters(plan, ground)]
        script = parts.drafts / SCRIPT
        text = _script(files, ground, counters, unordered)
        with output_faults(str(parts.path)):
            script.write_bytes(text.encode())
        described = [*(file.described() for file in files), {"name": SCRIPT}]
        manifest = {"database": ground.backend, "records": writing.records, "files": described}
        parts.place({**{file.name: file.draft for file in files}, SCRIPT: script}, manifest)
    computed = [f"{plan.label}.{name}" for plan in plans for name in plan.computed]
    occupied = [name for name in dict.fromkeys(file.table.name for file in files) if name in filled]
    return CsvSplit(parts.path, ground.backend, files, writing.records, computed, list(writing.naive), occupied)


def _planned(ground: Ground, tables: Mapping[str, Table] | None) -> Callable[[str], Plan | None]:
    """Plans by what the sources say, and by the presets of all apps that have come up."""
    labels: set[str] = set()
    # Of sources that disagree one has to hear; of presets only later is known which there are.
    known = gather(labels, given=ground.sources, infer=False, quiet=not ground.sources).schema
    planner = Planner(known, ground.backend, tables)

    def planned(label: str) -> Plan | None:
        nonlocal planner
        labels.add(label)
        if planner.schema.concrete(label) is None:
            known = gather(labels, given=ground.sources, infer=False, quiet=True).schema
            planner = Planner(known, ground.backend, tables)
        return planner.plan(label)

    return planned


def _in_order(files: Iterable[CsvFile]) -> tuple[list[CsvFile], set[str]]:
    """Each file after those of the tables that its table refers to; and the tables of which no order does that."""
    tables = {file.table.name: file.table for file in files}
    graph = nx.DiGraph()
    graph.add_nodes_from(tables)
    for table in tables.values():
        graph.add_edges_from((table.name, to.table) for to in table.references.values() if to.table in tables)
    found = units(graph)
    place = {table: at for at, table in enumerate(table for unit in found for table in unit.models)}
    unordered = {table for unit in found if unit.cyclic for table in unit.models}
    return sorted(files, key=lambda file: place[file.table.name]), unordered


def _counters(plan: Plan, ground: Ground) -> Iterator[Counter]:
    """What numbers the rows of a model, whose numbers the files bring along."""
    written = {column.name for column in plan.columns}
    if ground.tables is not None:
        yield from (one for one in ground.tables[plan.table.name].counters if one.column in written)
    else:
        for name, column in plan.table.columns.items():
            if column.auto and name in written:
                yield counter_at(plan.table.name, name)


def _script(files: list[CsvFile], ground: Ground, counters: Iterable[Counter], unordered: set[str]) -> str:
    statements = [statement for counter in counters for statement in advance(counter, ground.backend)]
    if ground.backend == "postgresql":
        schemas = {name: table.schema for name, table in (ground.tables or {}).items()}
        return postgresql.script(files, schemas, statements)
    if ground.backend == "mysql":
        return mysql.script(files, statements, unordered)
    return sqlite.script(files, statements)


def _plain(table: str) -> str:
    """A file's name, whatever the table is called."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", table)[:80]
