"""Which records of a table go, and for the sake of which; or how they are called from now on.

Two looks at the table: the first keeps a number of 64 bits for each record and constraint, which tells whose key
another has, too; the second keeps these records and compares them exactly. Who comes first, by the choice of which to
keep, stays; of the others each goes that has a key of one that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from fixtureflow.checks.forms import Numbering
from fixtureflow.checks.keysets import repeats
from fixtureflow.checks.logs import NONE, Disk, Log
from fixtureflow.checks.uniques import Constraint
from fixtureflow.deduping.batches import Batches
from fixtureflow.deduping.followers import Followers
from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.naming import Naming
from fixtureflow.deduping.suspects import Suspect, Suspects
from fixtureflow.deduping.table import BY_PK, STAYS, Table
from fixtureflow.deduping.wanted import Keep, Rename
from fixtureflow.findings import Finding
from fixtureflow.references.links import field_of
from fixtureflow.schema.model import Schema

__all__ = ["Decider"]

LOST = "what refers to it cannot follow: the record that stays has no such key"


class Decider:
    """Looks at tables, each as often as it is asked."""

    def __init__(self, schema: Schema, moves: Moves, keep: Keep, disk: Disk, tell: Callable[[Finding], object]) -> None:
        self._schema = schema
        self._moves = moves
        self.suspects = Suspects(schema, moves, keep)
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
        naming = Naming(table, active, logs)
        followers = Followers(self._schema, table, self._moves)
        changed = False
        for batch in range(1, batches.count + 1):
            found = self.suspects.of(table, active, self._named(table), batches, batch)
            changed = self._choose(table, active, found, naming, followers) or changed
        followers.settle()
        return changed

    def _named(self, table: Table) -> list[str]:
        """The fields that are wanted of a record that may go."""
        lists = [link.field for link in table.links if link.many]
        return [*self._fields(table), *table.natural_names, *lists, *table.renames]

    def _fields(self, table: Table) -> list[str]:
        return sorted(self.places.get(table.label, ()))

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

    def _choose(
        self, table: Table, active: list[int], found: list[Suspect], naming: Naming, followers: Followers
    ) -> bool:
        held: list[dict[Hashable, Suspect]] = [{} for _ in range(len(active) + 1)]
        renamed: list[tuple[Suspect, Suspect, Rename]] = []
        changed = False
        for one in found:
            clashes = []
            for at, key in enumerate(one.keys):
                other = held[at].get(key) if key is not None else None
                asked = table.named if not at else active[at - 1] < table.asked
                if other and (asked or (one.followed | other.followed) >> at & 1):
                    clashes.append((at, other))
            how = [naming.rule(at, one) for at, _ in clashes]
            if clashes and None in how:
                at, other = next(each for each, rename in zip(clashes, how, strict=True) if rename is None)
                self._drop(table, one, other, BY_PK if not at else active[at - 1], followers)
                changed = True
                continue
            free = [at for at, _ in clashes]
            if clashes and how[0] is not None:
                renamed.append((one, clashes[0][1], how[0]))
            for at, key in enumerate(one.keys):
                if key is not None and at not in free:
                    held[at].setdefault(key, one)
        if renamed:
            naming.name(renamed)
        for one, *_ in renamed:
            followers.by_natural_key(one.row, one.row | table.values[one.number])
        return changed or bool(renamed)

    def _drop(self, table: Table, one: Suspect, other: Suspect, by: int, followers: Followers) -> None:
        table.drop(one.number, other.number, by)
        mine, theirs = one.row, other.row
        if by != BY_PK:
            table.pks[other.number] = theirs["pk"]
            for place in (table.place, *(link.to for link in table.by_pk if link.kind == "parent")):
                if not followers.by_pk(place, mine["pk"], theirs["pk"]):
                    self._say(table, LOST, mine["pk"], "")
        for field in self._fields(table):
            if not followers.by_field(field, mine[field], theirs[field]):
                self._say(table, LOST, mine["pk"], field)
        followers.by_natural_key(mine, theirs)
        for link in table.links:
            items = mine.get(link.field) if link.many else None
            if not isinstance(items, list) or not items:
                continue
            if by != BY_PK:
                table.lists.setdefault(other.number, {}).setdefault(link.field, []).extend(items)
            elif items != theirs.get(link.field):
                self._say(table, "list not united", mine["pk"], link.field, items)

    def _say(self, table: Table, problem: str, pk: Any, field: str, value: Any = None) -> None:
        self._tell(Finding(problem=problem, model=table.label, pk=pk, field=field, value=value))
