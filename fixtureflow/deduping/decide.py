"""Which records of a table go, and for the sake of which; or how they are called from now on.

Two looks at the table: the first keeps a number of 64 bits for each record and constraint, which tells whose key
another has, too; the second keeps these records and compares them exactly. Who comes first, by the choice of which to
keep, stays; of the others each goes that has a key of one that stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any

import msgspec

from fixtureflow.checks.forms import Numbering, form_of
from fixtureflow.checks.keysets import repeats
from fixtureflow.checks.logs import NONE, Disk, Log
from fixtureflow.checks.uniques import Constraint
from fixtureflow.deduping.batches import Batches
from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.table import BY_PK, STAYS, Row, Table
from fixtureflow.deduping.wanted import Keep, Rename
from fixtureflow.errors import InputError
from fixtureflow.findings import Finding
from fixtureflow.references.links import NATURAL, Place, field_of, key_form
from fixtureflow.schema.model import Schema

__all__ = ["Decider"]

MOST_TRIES = 10_000
"""Numbers that are tried for a name, one by one."""


class _Suspect(msgspec.Struct, gc=False):
    """A record that shares a key with another."""

    number: int
    rank: tuple[Any, ...]
    row: Row
    keys: list[Hashable | None]
    """By the primary key, then by each constraint."""
    followed: int
    """A bit for each key in which a reference of it has changed."""


class Decider:
    """Looks at tables, each as often as it is asked."""

    def __init__(self, schema: Schema, moves: Moves, keep: Keep, disk: Disk, tell: Callable[[Finding], object]) -> None:
        self._schema = schema
        self._moves = moves
        self._keep = keep
        self._disk = disk
        self._tell = tell
        self.places: dict[str, set[str]] = {}
        """By model, the fields that others refer to it by, besides the primary key."""

    def decide(self, table: Table) -> bool:
        """Does any more record go, or get another value?"""
        active = [
            at
            for at, each in enumerate(table.constraints)
            if at < table.asked or self._followed(table, each) or not table.renames.keys().isdisjoint(each.names)
        ]
        if not table.named and not active and not table.rekeyed(self._moves):
            return False
        if table.rekeyed(self._moves):
            self._rekey(table)
        logs = self._numbered(table, active)
        batches: Batches | None = None
        for log in logs:
            for each in repeats([log]):
                batches = batches or Batches(table.count)
                batches.join(each.record, each.first_record)
        if batches is None:
            return False
        batches.part()
        changed = False
        given: set[tuple[int, Hashable]] = set()
        for batch in range(1, batches.count + 1):
            found = self._suspects(table, active, batches, batch)
            found.sort(key=lambda one: one.number, reverse=self._keep.last)
            found.sort(key=lambda one: one.rank, reverse=True)
            changed = self._choose(table, active, found, logs, given) or changed
        return changed

    def _followed(self, table: Table, constraint: Constraint) -> bool:
        names = constraint.names[: len(constraint.forms)]
        return any(link.field in names and self._moves.touches(link) for link in table.links)

    def _rekey(self, table: Table) -> None:
        """Where a primary key is a reference that has followed, what refers to it has to follow, too."""
        names = table.names()
        for (_, pks, _), (_, olds, _) in zip(
            table.columns(self._moves, names), table.columns(None, names), strict=True
        ):
            for old, new in zip(olds, pks, strict=True):
                if old is not None and old != new:
                    self._moves.put(table.place, old, new)

    def _numbered(self, table: Table, active: list[int]) -> list[Log]:
        """A number for each record by its primary key, and by each constraint."""
        constraints = [table.constraints[at] for at in active]
        names = table.names(*(name for each in constraints for name in each.names))
        logs = [Log(self._disk) for _ in range(len(active) + 1)]
        kind = field_of(self._schema, table.place)
        by_pk = Numbering(kind.type if kind else None).of
        places = list({name: None for each in constraints for name in each.names})
        numbers = [each.numbers([places.index(name) for name in each.names]) for each in constraints]
        for first, pks, found in table.columns(self._moves, names):
            columns = [found[name] for name in places]
            told = [by_pk(pks), *(number(columns) for number in numbers)]
            gone = [at for at in range(len(pks)) if table.kept[first + at] != STAYS] if table.dropped else ()
            for log, keys in zip(logs, told, strict=True):
                for at in gone:
                    keys[at] = NONE
                log.extend(keys)
        return logs

    def _suspects(self, table: Table, active: list[int], batches: Batches, batch: int) -> list[_Suspect]:
        constraints = [table.constraints[at] for at in active]
        lists = [link.field for link in table.links if link.many]
        more = [*self.places.get(table.label, ()), *table.natural_names, *lists, *table.renames]
        newest = [self._keep.newest] if self._keep.newest else []
        names = table.names(*(name for each in constraints for name in each.names), *more, *newest)
        within = partial(batches.reaches, batch)
        parts = zip(table.columns(self._moves, names, within), table.columns(None, names, within), strict=True)
        form = key_form(self._schema, table.place)
        rank = self._rank(table)
        out = []
        for (first, pks, found), (_, old_pks, old) in parts:
            for at, pk in enumerate(pks):
                if not batches.has(batch, first + at):
                    continue
                row = {name: values[at] for name, values in found.items()}
                keys: list[Hashable | None] = [None if pk is None else form(pk)]
                keys += [each.key(tuple(row[name] for name in each.names)) for each in constraints]
                own = pk is None or form(pk) == form(old_pks[at])
                followed = 0 if own else 1
                for number, each in enumerate(constraints, start=1):
                    if any(old[name][at] != row[name] for name in each.names):
                        followed |= 1 << number
                out.append(_Suspect(first + at, (own, *rank(row)), row, keys, followed))
        return out

    def _rank(self, table: Table) -> Callable[[Row], tuple[Any, ...]]:
        """What is greater for a record that is rather to stay."""
        name = self._keep.newest
        if not name:
            return lambda row: ()
        field = table.model.fields.get(name) if table.model else None
        form = form_of(field.type if field else None)

        def rank(row: Row) -> tuple[Any, ...]:
            value = row.get(name)
            if value is None or isinstance(value, list | dict):
                return (0, 0)
            plain = form(value)
            return (1, plain) if isinstance(plain, int | float) else (2, str(plain))

        return rank

    def _choose(
        self,
        table: Table,
        active: list[int],
        found: list[_Suspect],
        logs: list[Log],
        given: set[tuple[int, Hashable]],
    ) -> bool:
        held: list[dict[Hashable, _Suspect]] = [{} for _ in range(len(active) + 1)]
        renamed: list[tuple[_Suspect, _Suspect, Rename]] = []
        changed = False
        for one in found:
            clashes = []
            for at, key in enumerate(one.keys):
                other = held[at].get(key) if key is not None else None
                asked = table.named if not at else active[at - 1] < table.asked
                if other and (asked or (one.followed | other.followed) >> at & 1):
                    clashes.append((at, other))
            how = [self._rename(table, active, at, one) for at, _ in clashes]
            if clashes and None in how:
                at, other = next(each for each, rename in zip(clashes, how, strict=True) if rename is None)
                self._drop(table, one, other, BY_PK if not at else active[at - 1])
                changed = True
                continue
            free = [at for at, _ in clashes]
            if clashes and how[0] is not None:
                renamed.append((one, clashes[0][1], how[0]))
            for at, key in enumerate(one.keys):
                if key is not None and at not in free:
                    held[at].setdefault(key, one)
        if renamed:
            self._name(table, active, renamed, logs, given)
        return changed or bool(renamed)

    def _rename(self, table: Table, active: list[int], at: int, one: _Suspect) -> Rename | None:
        if not at:
            return None
        names = table.constraints[active[at - 1]].names
        rename = next((table.renames[name] for name in names if name in table.renames), None)
        if rename is not None and not isinstance(one.row.get(rename.field), str):
            raise InputError(
                "is to get another name, and is no text",
                advice="name a field that holds text with --rename, or leave it out: then the record goes",
                model=table.label,
                pk=one.row["pk"],
                field=rename.field,
            )
        return rename

    def _drop(self, table: Table, one: _Suspect, other: _Suspect, by: int) -> None:
        table.drop(one.number, other.number, by)
        if by != BY_PK:
            table.pks[other.number] = other.row["pk"]
        mine, theirs = one.row, other.row
        places = [table.place] if by != BY_PK else []
        if by != BY_PK:
            places += [link.to for link in table.by_pk if link.kind == "parent"]
        for place in places:
            self._put(table, place, mine["pk"], theirs["pk"], mine["pk"])
        for field in sorted(self.places.get(table.label, ())):
            self._put(table, Place(table.label, field), mine[field], theirs[field], mine["pk"])
        old, new = table.natural_key(mine), table.natural_key(theirs)
        if old and new:
            self._moves.put(Place(table.label, NATURAL), old, new)
        for link in table.links:
            items = mine.get(link.field) if link.many else None
            if not isinstance(items, list) or not items:
                continue
            if by != BY_PK:
                table.lists.setdefault(other.number, {}).setdefault(link.field, []).extend(items)
            elif items != theirs.get(link.field):
                self._say(table, "list not united", mine["pk"], link.field, items)

    def _put(self, table: Table, place: Place, old: Any, new: Any, pk: Any) -> None:
        if old is None:
            return
        if new is None:
            self._say(table, "what refers to it cannot follow: the record that stays has no such key", pk, place.field)
            return
        self._moves.put(place, old, new)

    def _name(
        self,
        table: Table,
        active: list[int],
        waiting: list[tuple[_Suspect, _Suspect, Rename]],
        logs: list[Log],
        given: set[tuple[int, Hashable]],
    ) -> None:
        """Give each its first free name, one that no record has or had; `given` are those of others."""
        counters: Counter[Hashable] = Counter()
        tries = 0
        while waiting:
            tries += 1
            tried = []
            for one, other, rename in waiting:
                pairs = zip(one.keys, other.keys, strict=True)
                shared = tuple(mine if mine == theirs else None for mine, theirs in pairs)
                counters[shared] += 1
                value = rename.value(one.row[rename.field], counters[shared] + 1, self._longest(table, rename.field))
                row = one.row | {rename.field: value}
                at = [n for n, c in enumerate(active, start=1) if rename.field in table.constraints[c].names]
                keys = {n: self._keys(table.constraints[active[n - 1]], row) for n in at}
                tried.append((one, other, rename, value, keys))
            asked: list[set[int]] = [set() for _ in logs]
            for *_, keys in tried:
                for n, (_, number) in keys.items():
                    asked[n].add(number)
            taken = [_taken(log, numbers) for log, numbers in zip(logs, asked, strict=True)]
            waiting = []
            for one, other, rename, value, keys in tried:
                if tries == MOST_TRIES:
                    raise InputError(
                        f"there is no free name for it like {value!r}",
                        advice="take another pattern for --rename",
                        model=table.label,
                        pk=one.row["pk"],
                        field=rename.field,
                    )
                if any(number in taken[n] or (n, key) in given for n, (key, number) in keys.items()):
                    waiting.append((one, other, rename))
                    continue
                given |= {(n, key) for n, (key, _) in keys.items() if key is not None}
                old = table.natural_key(one.row)
                table.values.setdefault(one.number, {})[rename.field] = value
                new = table.natural_key(one.row | {rename.field: value})
                if old and new and old != table.natural_key(other.row):
                    self._moves.put(Place(table.label, NATURAL), old, new)

    def _keys(self, constraint: Constraint, row: Row) -> tuple[Hashable | None, int]:
        values = tuple(row[name] for name in constraint.names)
        number = constraint.numbers(list(range(len(values))))([[value] for value in values])[0]
        return constraint.key(values), number

    def _longest(self, table: Table, field: str) -> int:
        facts = table.model.fields.get(field) if table.model else None
        return (facts.max_length if facts else None) or 0

    def _say(self, table: Table, problem: str, pk: Any, field: str, value: Any = None) -> None:
        self._tell(Finding(problem=problem, model=table.label, pk=pk, field=field, value=value))


def _taken(log: Log, numbers: Iterable[int]) -> set[int]:
    """Which of these numbers are in the log."""
    wanted = {number for number in numbers if number != NONE}
    found: set[int] = set()
    for chunk in log.chunks() if wanted else ():
        found |= wanted.intersection(chunk)
    return found
