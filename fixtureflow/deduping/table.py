"""The records of one table, as they will be once their references mean what stayed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

from fixtureflow.checks.uniques import Constraint
from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.wanted import Rename
from fixtureflow.references.links import Link, Place
from fixtureflow.references.naturals import natural_paths
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Relation, Schema

__all__ = ["BY_PK", "STAYS", "Row", "Table"]

STAYS = -1
BY_PK = -1
"""In the place of a constraint: the primary key."""

Row = dict[str, Any]
"""Values by field; `pk` among them."""


class Table:
    """One concrete model. Its records have numbers from 0, in the order of the input; four bytes are kept for each."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        label: str,
        links: list[Link],
        constraints: list[Constraint],
        renames: list[Rename],
        *,
        asked: int,
        named: bool,
    ) -> None:
        self.label = label
        self.place = Place(label, "")
        self.links = links
        self.constraints = constraints
        self.renames = {rename.field: rename for rename in reversed(renames)}
        self.asked = asked
        """So many of the constraints are to hold; of the others, what has become the same since references follow."""
        self.named = named
        """Is the primary key to be unique anyway?"""
        self.labels = [one for one in catalogue.models if _concrete(schema, one) == label]
        self.count = sum(map(catalogue.count, self.labels))
        self.kept = array("i", [STAYS]) * self.count
        """Of each record the number of the one that stays instead."""
        self.by = array("h", [BY_PK]) * self.count
        """By which constraint a record goes."""
        self.dropped = False
        """Does any record go?"""
        self.pks: dict[int, Any] = {}
        """The primary keys of the records that stay for the sake of which another goes."""
        self.values: dict[int, Row] = {}
        """Records that get another value: their fields."""
        self.lists: dict[int, dict[str, list[Any]]] = {}
        """What records that go had in their lists, by the record that stays."""
        self.model = schema.concrete(label)
        self.pk_fields = (self.model.pk if self.model else None) or ()
        self._schema = schema
        self._catalogue = catalogue
        self._by_field = {link.field: link for link in links if not link.many}
        self._natural = natural_paths(schema, label)
        self._readers: dict[tuple[str, ...], Columns] = {}

    @property
    def by_pk(self) -> list[Link]:
        """The references that are the primary key itself."""
        return [link for link in self.links if link.by_pk]

    def rekeyed(self, moves: Moves) -> bool:
        """May the primary key of a record have become another?"""
        parts = self.pk_fields if len(self.pk_fields) > 1 else ()
        led = (link for link in self.links if link.by_pk or link.field in parts)
        return moves.moved(self.place) or any(map(moves.touches, led))

    def drop(self, number: int, other: int, by: int) -> None:
        """A record goes for the sake of another."""
        self.kept[number], self.by[number], self.dropped = other, by, True

    def names(self, *more: str) -> list[str]:
        """The fields to be read for some constraints' fields: these, and what their references need."""
        needed = dict.fromkeys(more)
        for name in [*needed, *(self.pk_fields if len(self.pk_fields) > 1 else ())]:
            needed[name] = None
            link = self._by_field.get(name)
            if link and link.content_type:
                needed[link.content_type] = None
        for link in self.by_pk:
            needed[link.field] = None
        needed.pop("pk", None)
        return list(needed)

    def columns(
        self, moves: Moves | None, names: list[str], within: Callable[[int, int], bool] = lambda first, count: True
    ) -> Iterator[tuple[int, list[Any], dict[str, list[Any]]]]:
        """Some neighbours at a time: the first's number, the pks, and the values of each of `names`.

        Without `moves` references are as they were. `within` says of a number and a count whether they are wanted.
        """
        number = 0
        for run in self._catalogue.runs(*self.labels) if self.labels else ():
            if within(number, run.count):
                yield self.columns_of(moves, names, self._catalogue.spool.stretch(run), number)
            number += run.count

    def columns_of(
        self, moves: Moves | None, names: list[str], stretch: Stretch, number: int
    ) -> tuple[int, list[Any], dict[str, list[Any]]]:
        """The same of one stretch, of which the first record has that number."""
        reader = self._readers.get(tuple(names))
        if reader is None:
            reader = self._readers[tuple(names)] = Columns(names)
        links = [self._by_field[name] for name in names if name in self._by_field and not self._by_field[name].by_pk]
        links = [link for link in links if moves and moves.touches(link)]
        rows = list(reader.rows(stretch))
        pks = [pk for pk, _ in rows]
        found = {name: [fields[at] for _, fields in rows] for at, name in enumerate(names)}
        were = dict(found)
        for link in links:
            assert moves is not None  # noqa: S101
            types = were.get(link.content_type, pks)
            found[link.field] = [
                moves.reference(link, value, kind) for value, kind in zip(were[link.field], types, strict=True)
            ]
        for at in range(len(rows)) if self.values else ():
            for name, value in self.values.get(number + at, {}).items():
                if name in found:
                    found[name][at] = value
        if moves:
            pks = self._followed(moves, pks, found)
        for name in self.pk_fields if len(self.pk_fields) == 1 else ():
            if name in found:
                found[name] = [pk if value is None else value for value, pk in zip(found[name], pks, strict=True)]
        found["pk"] = pks
        return number, pks, found

    def _followed(self, moves: Moves, pks: list[Any], found: dict[str, list[Any]]) -> list[Any]:
        """The primary keys as they are from now on."""
        for link in self.by_pk:
            if moves.touches(link):
                pks = [None if pk is None else moves.reference(link, pk) for pk in pks]
                own = found.get(link.field)
                if own is not None:
                    found[link.field] = [moves.reference(link, value) for value in own]
        if len(self.pk_fields) > 1 and any(name in self._by_field for name in self.pk_fields):
            parts = zip(*(found[name] for name in self.pk_fields), strict=True)
            pks = [
                [old if part is None or isinstance(part, list) else part for old, part in zip(pk, row, strict=True)]
                if isinstance(pk, list) and len(pk) == len(row)
                else pk
                for pk, row in zip(pks, parts, strict=True)
            ]
        return [moves.follow(self.place, pk) for pk in pks] if moves.moved(self.place) else pks

    def natural_key(self, row: Row) -> list[Any] | None:
        """The natural key of a record, as far as it tells it itself."""
        key: list[Any] = []
        for path in self._natural:
            name, _, rest = path.partition("__")
            value = row.get(name)
            if rest:
                owner = self._schema.owner(self.label, name)
                relation = owner.fields[name].relation if owner and name in owner.fields else None
                theirs = natural_paths(self._schema, relation.to) if isinstance(relation, Relation) else ()
                if not isinstance(value, list) or rest not in theirs or len(theirs) != len(value):
                    return None
                value = value[theirs.index(rest)]
            key.append(value)
        return key if key and any(part is not None for part in key) else None

    @property
    def natural_names(self) -> list[str]:
        """The fields that the natural key begins with."""
        return list(dict.fromkeys(path.partition("__")[0] for path in self._natural))

    def stays(self, moves: Moves, number: int, pk: Any) -> Any:
        """The primary key of the record that stays instead of one, whose own was `pk`."""
        while self.kept[number] != STAYS:
            number = self.kept[number]
            pk = self.pks.get(number, pk)
        for link in self.by_pk:
            pk = moves.reference(link, pk)
        return moves.follow(self.place, pk)

    def root(self, number: int) -> int:
        """The record that stays instead of one, at the end."""
        while self.kept[number] != STAYS:
            number = self.kept[number]
        return number


def _concrete(schema: Schema, label: str) -> str:
    model = schema.concrete(label)
    return model.label if model else label
