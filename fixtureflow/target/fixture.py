"""A fixture as a target: its records in an SQLite database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from fixtureflow.errors import InputError, OutputError
from fixtureflow.record import Record
from fixtureflow.references.links import Place, field_of
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Field, Model, Relation, Schema
from fixtureflow.target.standing import columns_of, indexes, table_of, through_labels
from fixtureflow.target.wording import quoted
from fixtureflow.values.stored import storer

__all__ = ["ByNaturalKeyError", "fill"]

_LARGEST = 1 << 63


class ByNaturalKeyError(Exception):
    """A record refers to another by natural key."""

    def __init__(self, record: Record, field: str) -> None:
        super().__init__(field)
        self.record = record
        self.field = field


def fill(file: Path, schema: Schema, labels: Iterable[str], catalogue: Catalogue, *, trust: bool) -> None:
    """Make `file` an SQLite database with the tables of the models `labels`, and in them the records of `catalogue`.

    `schema` tells of tables and columns what `with_tables` adds. Raises ByNaturalKeyError (guessed references do not
    count without `trust`), InputError for a record without a pk, OutputError.
    """
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN"):
                database.execute(statement)
            _Filling(schema, catalogue, database, trust=trust).run(labels)
            database.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise OutputError(
            f"the target's records have no place in a temporary database: {error}",
            advice="make room, or set TMPDIR to a folder that has",
        ) from None


class _Filling:
    """Makes the tables of one database, and puts records into them."""

    def __init__(self, schema: Schema, catalogue: Catalogue, database: sqlite3.Connection, *, trust: bool) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._database = database
        self._trust = trust
        self._through = through_labels(schema)
        self._made: set[str] = set()

    def run(self, labels: Iterable[str]) -> None:
        models = [model for label in labels if (model := self._schema.concrete(label)) and model.table]
        for model in models:
            self._make(model.table or "", [table_of(model)])
            for relation in self._lists(model).values():
                one, other = relation.through_columns or ("", "")
                table = relation.through_table or ""
                self._make(table, [f"CREATE TABLE {quoted(table)} ({quoted(one)}, {quoted(other)})"])
        for label in self._catalogue.models:
            through = self._through.get(label)
            if through:
                self._fill_link(label, *through)
            elif model := self._schema.concrete(label):
                self._fill(label, model)
        for at, model in enumerate({model.label: model for model in models}.values()):
            for statement in indexes(model, f"unique_{at}"):
                self._database.execute(statement)
            for name, relation in self._lists(model).items():
                table, (one, _) = relation.through_table or "", relation.through_columns or ("", "")
                index = quoted(f"link_{at}_{name}")
                self._database.execute(f"CREATE INDEX {index} ON {quoted(table)} ({quoted(one)})")

    def _make(self, table: str, statements: list[str]) -> None:
        if table not in self._made:
            self._made.add(table)
            for statement in statements:
                self._database.execute(statement)

    def _lists(self, model: Model) -> dict[str, Relation]:
        """The many-to-many fields that stand in records."""
        return {
            name: relation
            for name, relation in model.relations()
            if relation.kind == "m2m"
            and relation.auto_through is not False
            and relation.through_columns
            and (self._trust or not relation.guess)
        }

    def _fill(self, label: str, model: Model) -> None:
        lists = self._lists(model)
        plain = dict(columns_of(model))
        pk = model.pk or ("id",)
        in_fields = [name for name in plain if name not in pk or len(pk) > 1]
        columns = Columns([*in_fields, *lists])
        names = [*pk, *in_fields] if len(pk) == 1 else in_fields
        stored = [self._storer(plain[name], model, name) for name in names]
        insert = _insert(model.table or "", [plain[name].column or name for name in names])
        links = [self._link(model, name, relation) for name, relation in lists.items()]
        for stretch in self._catalogue.stretches(label):
            rows: list[Any] = []
            pairs: list[list[Any]] = [[] for _ in links]
            for at, (key, fields) in enumerate(columns.rows(stretch)):
                if key is None:
                    raise _without_pk(stretch, at)
                values = fields[: len(in_fields)]
                values = (key, *values) if len(pk) == 1 else values
                try:
                    rows.append([_put(put, value) for put, value in zip(stored, values, strict=True)])
                    for (_, mine, theirs), items, found in zip(links, fields[len(in_fields) :], pairs, strict=True):
                        owner = _put(mine, key)
                        found += [(owner, _put(theirs, item)) for item in _items(items)]
                except _ListFoundError as error:
                    raise ByNaturalKeyError(stretch.records()[at], error.field) from None
            self._insert(insert, rows)
            for (statement, _, _), found in zip(links, pairs, strict=True):
                self._insert(statement, found)

    def _link(self, model: Model, name: str, relation: Relation) -> tuple[str, _Put, _Put]:
        """The statement that puts in a pair, and what makes of two pks such a pair."""
        statement = _insert(relation.through_table or "", relation.through_columns or ())
        mine = self._of_pk(model.label, name)
        return statement, mine, self._of_pk(relation.to, name)

    def _fill_link(self, label: str, model: Model, relation: Relation) -> None:
        """Records of a many-to-many table itself."""
        if not relation.through_columns or relation.through_table not in self._made:
            return
        names = [column.removesuffix("_id") for column in relation.through_columns]
        statement = _insert(relation.through_table, relation.through_columns)
        puts = [self._of_pk(model.label, names[0]), self._of_pk(relation.to, names[1])]
        for stretch in self._catalogue.stretches(label):
            rows = [
                [_put(put, value) for put, value in zip(puts, fields, strict=True)]
                for _, fields in Columns(names).rows(stretch)
            ]
            self._insert(statement, rows)

    def _of_pk(self, label: str, name: str) -> _Put:
        field = field_of(self._schema, Place(label, "")) or Field()
        return _refusing_lists(storer(field, "sqlite"), name)

    def _storer(self, field: Field, model: Model, name: str) -> _Put:
        stored = storer(field, "sqlite")
        relation = field.relation
        follows = isinstance(relation, Relation) and (self._trust or not relation.guess)
        return _refusing_lists(stored, name) if follows else stored

    def _insert(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        try:
            self._database.executemany(statement, rows)
        except UnicodeEncodeError:  # a lone surrogate, which has no UTF-8
            self._database.executemany(statement, [list(map(_encodable, row)) for row in rows])


_Put = Callable[[Any], Any]


class _ListFoundError(Exception):
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refusing_lists(stored: _Put, name: str) -> _Put:
    """For references, of which a list is one by natural key."""

    def put(value: Any) -> Any:
        if isinstance(value, list):
            raise _ListFoundError(name)
        return stored(value)

    return put


def _put(stored: _Put, value: Any) -> Any:
    """A value as SQLite takes it; what is no value of its field goes in as it is."""
    if value is None:
        return None
    try:
        found = stored(value)
    except ValueError:
        found = value if isinstance(value, str | int | float) else json.dumps(value)
    return str(found) if type(found) is int and not -_LARGEST <= found < _LARGEST else found


def _insert(table: str, columns: Iterable[str]) -> str:
    """Of two records with the same pk the last one counts, as for loaddata."""
    names = [quoted(column) for column in columns]
    return f"INSERT OR REPLACE INTO {quoted(table)} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _without_pk(stretch: Stretch, at: int) -> InputError:
    return stretch.records()[at].fault(
        "has no pk, so nobody knows which it will have in the target",
        advice="load the fixture and give the database, or dump it without --natural-primary",
    )
