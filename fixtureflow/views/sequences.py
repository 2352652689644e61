"""What numbers new rows, set past the numbers in use: the SQL that `sqlsequencereset` prints, and more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, column, func, select, table
from sqlalchemy.sql import quoted_name

from fixtureflow.counters.counter import Counter, counter_at, counter_of
from fixtureflow.counters.ground import Ground, grounded
from fixtureflow.counters.highest import LARGEST, Highest, highest_pks
from fixtureflow.counters.statements import advance, preamble
from fixtureflow.errors import SchemaError, UsageError
from fixtureflow.record import Record
from fixtureflow.references.links import ignored_through
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Model, Schema
from fixtureflow.schema.sources import gather
from fixtureflow.values.stored import Backend

__all__ = ["Sequences", "past", "sequences"]


@dataclass(frozen=True, slots=True)
class Sequences:
    """The counters that are to be moved, each with its statements."""

    backend: Backend
    resets: list[tuple[Counter, list[str]]]
    """Counters by table, each with its statements, without semicolons."""
    ahead: int
    """MariaDB and SQLite: how many counters of the target are left out, being past all that is there."""
    unknown: list[str]
    """Models with records that no table of the target is known to hold: their highest keys are not counted."""

    @property
    def statements(self) -> list[str]:
        """All of them, for a driver to run one by one once the rows are committed."""
        if not self.resets:
            return []
        return [*preamble(self.backend), *(one for _, statements in self.resets for one in statements)]

    def sql(self) -> str:
        """All of them, for psql, mariadb or sqlite3; empty where there is nothing to do."""
        return "".join(f"{statement};\n" for statement in self.statements)


def sequences(
    records: Iterable[Record] | None = None,
    schema: Schema | Iterable[Source] | None = None,
    *,
    target: str | None = None,
    dialect: Backend | None = None,
) -> Sequences:
    """Write the statements that set what numbers new rows past the highest number in use, as `sqlsequencereset` does.

    With a `target` (a database URL; it is only read) they are those of all its tables; on MariaDB and SQLite, where
    loading moves the counters, only of those that are behind the table or `records`. Without one, for a `dialect`, they
    are those of the models that have records, or of all that `schema` names. Auto many-to-many tables are tables, too.
    The highest primary key in `records` counts even before they are loaded.

    The statements may be run at any time and again: they look at table and counter when they are run, and move a
    counter only ahead. Those of MariaDB commit what is open. Raises SchemaError for a model whose table is not known,
    InputError for a key that its counted column cannot hold, TargetError, UsageError.
    """
    return past(None if records is None else highest_pks(records), schema, target=target, dialect=dialect)


def past(
    found: Mapping[str, Highest] | None,
    schema: Schema | Iterable[Source] | None = None,
    *,
    target: str | None = None,
    dialect: Backend | None = None,
) -> Sequences:
    """The same, where the highest keys of the records have been `found`; None where there are no records."""
    highest = found or {}
    with grounded(schema, target=target, dialect=dialect) as ground:
        labels = [label for s in ground.sources for label in s.schema.models] if found is None else list(highest)
        known = gather(None if found is None else set(labels), given=ground.sources, infer=False).schema
        models = dict(_models(known, dict.fromkeys(labels), ground))
        unknown = [label for label in highest if label not in models]
        if ground.tables is None:
            counters = dict(_in_schema(known, models, labels))
        else:
            counters = {name: found.counters for name, found in sorted(ground.tables.items()) if found.counters}
        least = _least(models, highest, counters)
        every = [one for several in counters.values() for one in several]
        behind = [one for one in every if _is_behind(one, least.get(one, 0), ground.connection)]
    resets = [(one, advance(one, ground.backend, least=least.get(one, 0))) for one in behind]
    return Sequences(ground.backend, resets, len(every) - len(behind), unknown)


def _models(known: Schema, labels: Iterable[str], ground: Ground) -> Iterator[tuple[str, Model]]:
    """The models whose table is known (and there), by the label that records have."""
    for label in labels:
        model = known.concrete(label)
        if model and model.table and (ground.tables is None or model.table in ground.tables):
            yield label, model


def _in_schema(
    known: Schema, models: Mapping[str, Model], labels: Iterable[str]
) -> Iterator[tuple[str, tuple[Counter, ...]]]:
    """The counters of the models' tables, and of those between them."""
    strange = [label for label in labels if label not in models]
    for model in {model.label: model for model in models.values()}.values():
        if counter := counter_of(model):
            yield model.table or "", (counter,)
        for name, relation in model.relations():
            if relation.kind == "m2m" and not ignored_through(relation):
                if relation.through_table:
                    yield relation.through_table, (counter_at(relation.through_table, "id"),)
                else:
                    strange.append(f"{model.label}.{name}")
    if strange:
        more = f" and {len(strange) - 5:,} more" if len(strange) > 5 else ""
        raise SchemaError(
            f"no table is known of {', '.join(strange[:5])}{more}",
            advice="give --target URL, --settings MODULE, or a --schema that tells; or leave them out with filter",
        )
    if not models:
        raise UsageError("nothing is known of any table", advice="give --target URL, INPUT, --settings or --schema")


def _least(
    models: Mapping[str, Model], highest: Mapping[str, Highest], counters: Mapping[str, tuple[Counter, ...]]
) -> dict[Counter, int]:
    """The highest key in the records, for each counter that counts such keys."""
    found: dict[Counter, int] = {}
    for label, top in highest.items():
        model = models.get(label)
        field = model.fields.get(model.pk[0]) if model and model.pk and len(model.pk) == 1 else None
        for counter in counters.get(model.table or "", ()) if model else ():
            if field is not None and field.column == counter.column:
                top.refuse(LARGEST if field.maximum is None else field.maximum)
                found[counter] = max(top.pk, found.get(counter, 0))
    return found


def _is_behind(counter: Counter, least: int, connection: Connection | None) -> bool:
    """Will the counter come to a number in use? Of PostgreSQL's, only their own statement can say."""
    if counter.last is None or connection is None:
        return True
    number: ColumnElement[int] = column(quoted_name(counter.column, True))
    top = connection.execute(select(func.max(number)).select_from(table(quoted_name(counter.table, True)))).scalar()
    return counter.last < max(least, top or 0)
