"""New values for records that are the same as others by a constraint, and are to stay all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from fixtureflow.checks.logs import NONE, Log
from fixtureflow.checks.uniques import Constraint
from fixtureflow.deduping.suspects import Suspect
from fixtureflow.deduping.table import Row, Table
from fixtureflow.deduping.wanted import Rename
from fixtureflow.errors import InputError

__all__ = ["Naming"]

MOST_TRIES = 10_000
"""Numbers that are tried for a name, one by one."""


class Naming:
    """Gives the records of a table names that no record has or had."""

    def __init__(self, table: Table, active: list[int], logs: list[Log]) -> None:
        """`logs` has the numbers of all records by the primary key, then by each of the `active` constraints."""
        self._table = table
        self._active = active
        self._logs = logs
        self._given: set[tuple[int, Hashable]] = set()

    def rule(self, at: int, one: Suspect) -> Rename | None:
        """What gives a record another value where its key, the one at `at`, is another's."""
        table = self._table
        names = table.constraints[self._active[at - 1]].names if at else ()
        rename = next((table.renames[name] for name in names if name in table.renames), None)
        if rename is not None and not isinstance(one.row.get(rename.field), str):
            advice = "name a field that holds text with --rename, or leave it out: then the record goes"
            raise self._fault(one, rename, "is to get another name, and is no text", advice)
        return rename

    def name(self, waiting: list[tuple[Suspect, Suspect, Rename]]) -> None:
        """Give each a free name; the second of each is the record that has its key."""
        counters: Counter[Hashable] = Counter()
        for _ in range(MOST_TRIES):
            tried = []
            for one, other, rename in waiting:
                pairs = zip(one.keys, other.keys, strict=True)
                shared = tuple(mine if mine == theirs else None for mine, theirs in pairs)
                counters[shared] += 1
                value = rename.value(one.row[rename.field], counters[shared] + 1, self._longest(rename.field))
                tried.append((one, other, rename, value, self._keys(one, rename.field, value)))
            taken = self._taken(keys for *_, keys in tried)
            waiting = []
            for one, other, rename, value, keys in tried:
                if any(number in taken[at] or (at, key) in self._given for at, (key, number) in keys.items()):
                    waiting.append((one, other, rename))
                    continue
                self._given |= {(at, key) for at, (key, _) in keys.items() if key is not None}
                self._table.values.setdefault(one.number, {})[rename.field] = value
            if not waiting:
                return
        one, _, rename = waiting[0]
        raise self._fault(one, rename, "there is no free name for it", "take another pattern for --rename")

    def _keys(self, one: Suspect, field: str, value: str) -> dict[int, tuple[Hashable | None, int]]:
        """The keys that a record would have in the constraints with the field, and the numbers of these."""
        row = one.row | {field: value}
        constraints = [(at, self._table.constraints[each]) for at, each in enumerate(self._active, start=1)]
        return {at: _key(each, row) for at, each in constraints if field in each.names}

    def _taken(self, tried: Iterable[dict[int, tuple[Hashable | None, int]]]) -> list[set[int]]:
        """Which of the numbers are in the logs."""
        asked: list[set[int]] = [set() for _ in self._logs]
        for keys in tried:
            for at, (_, number) in keys.items():
                if number != NONE:
                    asked[at].add(number)
        found: list[set[int]] = [set() for _ in self._logs]
        for log, wanted, there in zip(self._logs, asked, found, strict=True):
            for chunk in log.chunks() if wanted else ():
                there |= wanted.intersection(chunk)
        return found

    def _longest(self, field: str) -> int:
        facts = self._table.model.fields.get(field) if self._table.model else None
        return (facts.max_length if facts else None) or 0

    def _fault(self, one: Suspect, rename: Rename, problem: str, advice: str) -> InputError:
        return InputError(problem, advice=advice, model=self._table.label, pk=one.row["pk"], field=rename.field)


def _key(constraint: Constraint, row: Row) -> tuple[Hashable | None, int]:
    values = tuple(row[name] for name in constraint.names)
    number = constraint.numbers(list(range(len(values))))([[value] for value in values])[0]
    return constraint.key(values), number
