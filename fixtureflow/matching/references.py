"""Where a reference of a record leads in the target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

from fixtureflow.matching.fates import DROPPED, Fate, Fates
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import NATURAL, Key, Link, Place, key_form, natural_form
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.target.rows import Target
from fixtureflow.target.search import Search
from fixtureflow.values.dumped import as_dumped

__all__ = ["Led", "References", "State"]


class State(IntEnum):
    """What a reference leads to."""

    THERE = 0
    """A row that the target has."""
    NEW = 1
    """A record that is kept."""
    LATER = 2
    """A record of which nothing is decided yet."""
    LOST = 3
    """Nothing that will be in the target."""


class Led(NamedTuple):
    """A reference followed."""

    state: State
    pk: Any = None
    """The value that the target's column has for it."""
    number: int = -1
    """Of the record led to, if it is in the fixture."""
    reason: str = ""


REMEMBERED = 200_000
"""Values of one field."""

_STATES: dict[int, State] = {
    Fate.UNSEEN: State.LATER,
    Fate.NEW: State.NEW,
    Fate.SAME: State.THERE,
    Fate.REMAPPED: State.THERE,
    Fate.RENUMBERED: State.NEW,
    Fate.UPDATED: State.THERE,
    Fate.REJECTED: State.LOST,
    Fate.ABSENT: State.LOST,
}


class References:
    """Follows references, first in the fixture, then in the target; asks the target for many at once."""

    def __init__(
        self,
        schema: Schema,
        target: Target,
        fates: Fates,
        types: ContentTypes,
        by: Callable[[Place], dict[Key, tuple[int, Any]]],
    ) -> None:
        """`by` gives numbers and pks of records by a field other than the pk, or by natural key."""
        self._schema = schema
        self._target = target
        self._fates = fates
        self.types = types
        self._by = cache(by)
        self._there: dict[Place, dict[Key, Any]] = {}
        self._memo: dict[tuple[str, str, Place], dict[Any, Led | None]] = {}
        self._forms: dict[Place, Callable[[Any], Key]] = {}
        self._searches: dict[Place, Search | None] = {}
        self.unread: set[str] = set()
        """Models whose natural keys are computed: references by them are left to loaddata."""
        self.assumed: dict[tuple[str, str], set[Key]] = {}
        """(model and field, model led to): keys that are not in the fixture, and were taken to mean the target's."""

    def place(self, link: Link, kind: Any) -> Place | None:
        """What the plain values of a reference are keys of; None where that is not known.

        `kind` is the content type beside a generic one.
        """
        if link.kind != "generic":
            return link.to
        label = self.types.model(kind)
        return Place(label, "") if label else None

    def column(self, link: Link, values: Sequence[Any], kinds: Sequence[Any] = ()) -> list[Led | None]:
        """Where each of the values of a field leads; None for null, and where it is not known what it is a key of."""
        if link.kind != "generic":
            return self._column(link, link.to, values)
        of: dict[Place | None, list[int]] = {}
        for at, (value, kind) in enumerate(zip(values, kinds, strict=True)):
            if value is not None:
                of.setdefault(self.place(link, kind), []).append(at)
        out: list[Led | None] = [None] * len(values)
        for place, places in of.items():
            if place is not None:
                for at, led in zip(places, self._column(link, place, [values[at] for at in places]), strict=True):
                    out[at] = led
        return out

    def _column(self, link: Link, place: Place, values: Sequence[Any]) -> list[Led | None]:
        memo = self._memo.setdefault((link.model, link.field, place), {None: None})
        if len(memo) > REMEMBERED:
            memo.clear()
            memo[None] = None
        of: dict[Any, Any] = {}
        try:
            of = dict.fromkeys(values)
        except TypeError:
            of = {_hashable(value): value for value in values}
            values = list(map(_hashable, values))
        else:
            of = {value: value for value in of}
        new = {key: value for key, value in of.items() if key not in memo}
        numbers = self._numbers(place, new.values())
        self._ask(place, [value for value, number in zip(new.values(), numbers, strict=True) if number < 0])
        later: dict[Any, Led] = {}
        fate, unmoved = self._fates.fate, place.model not in self._fates.changed
        for (key, value), number in zip(new.items(), numbers, strict=True):
            if unmoved and number >= 0 and fate[number] == Fate.NEW:
                memo[key] = Led(State.NEW, value, number)
                continue
            led = self._followed(link, place, value, number)
            if led.state is State.LATER:
                later[key] = led
            else:
                memo[key] = led
        if later:
            return [later.get(value) or memo[value] for value in values]
        return [memo[value] for value in values]

    def unchanged(self, link: Link, values: Iterable[Any]) -> bool:
        """Do all values lead to records of the fixture of which every one is kept as it is?"""
        model = link.to.model
        if link.kind == "generic" or link.to.field or model in self._fates.odd or model in self._fates.changed:
            return False
        return -1 not in self._numbers(link.to, (value for value in values if value is not None))

    def forget(self) -> None:
        """What was decided may have been decided anew."""
        self._memo.clear()

    def _ask(self, place: Place, values: Iterable[Any]) -> None:
        """Ask the target for what the fixture does not have."""
        known = self._there.setdefault(place, {})
        form = self._form(place)
        plain = (value for value in values if value is not None and not isinstance(value, list | dict))
        asked = {key: value for value in plain if (key := form(value)) not in known}
        if not asked:
            return
        search = self._search(place)
        model = self._schema.concrete(place.model)
        table = self._target.table(model) if model and model.table else None
        if search is None or table is None:
            known.update(dict.fromkeys(asked))
            return
        field = place.field or table.pk[0]
        rows, keys = [], []
        for key, value in asked.items():
            known[key] = None
            try:
                rows.append(table.form(field)(value))
                keys.append((key, value))
            except ValueError:
                continue
        for at, *_ in search.find(rows):
            key, value = keys[at]
            known[key] = value

    def _followed(self, link: Link, place: Place, value: Any, number: int) -> Led:
        if number < 0:
            if isinstance(value, list) and not self._composite(place):
                return self._natural(place.model, value)
            return self._outside(link, place, value)
        fates = self._fates
        fate = fates.fate[number]
        moved = value if place.field else fates.moved(number, value)
        if place.field and fate in DROPPED:
            moved = self._theirs(place, value)
            if moved is None:
                return Led(State.LOST, value, number, "has nothing in the target by which it could be referred to")
        if moved is not value:
            moved = _as(value, moved)
        return Led(_STATES[fate], moved, number, _LOST.get(fate, ""))

    def _theirs(self, place: Place, value: Any) -> Any:
        """What the target's row, which a record is, has in the field by which it is referred to."""
        number, pk = self._by(place)[self._form(place)(value)]
        model = self._schema.concrete(place.model)
        table = self._target.table(model) if model else None
        if table is None or place.field not in table.fields:
            return value
        _, asked = table.asked([self._fates.moved(number, pk)])
        found = [row[1] for row in table.by_pk([place.field]).find(asked)]
        return as_dumped(found[0], table.field(place.field)) if found else None

    def _outside(self, link: Link, place: Place, value: Any) -> Led:
        if isinstance(value, list | dict):
            return Led(State.THERE, value)
        there = self._there.get(place, {}).get(self._form(place)(value))
        if link.kind == "generic":
            if there is not None and self._fates.has(place.model):
                return Led(State.LOST, reason="is not in the dump, and in the target that number is another row's")
            if there is not None:
                self.assumed.setdefault((f"{link.model}.{link.field}", place.model), set()).add(value)
            return Led(State.THERE, value)
        model = self._schema.concrete(place.model)
        if model and model.filled_by_migrate:
            return Led(State.LOST, reason="is not in the dump, and migrate numbers such rows anew (--lookup)")
        if there is None:
            return Led(State.LOST, reason="is neither in the dump nor in the target")
        self.assumed.setdefault((f"{link.model}.{link.field}", place.model), set()).add(value)
        return Led(State.THERE, value)

    def _natural(self, label: str, value: list[Any]) -> Led:
        number, pk = self._by(Place(label, NATURAL)).get(natural_form(value), (-1, None))
        if number >= 0:
            fate = self._fates.fate[number]
            return Led(_STATES[fate], self._fates.moved(number, pk), number, _LOST.get(fate, ""))
        model = self._schema.concrete(label)
        paths = model.natural_key.fields if model and model.natural_key else ()
        if not paths or model is None:
            self.unread.add(label)
            return Led(State.THERE)
        pk = self.natural_pk(model, paths, value)
        if pk is None:
            return Led(State.LOST, reason="is neither in the dump nor in the target")
        return Led(State.THERE, pk)

    def natural_pk(self, model: Model, paths: tuple[str, ...], value: list[Any]) -> Any:
        """The pk of the target's row of which the lookups `paths` give `value`; None if no row has it."""
        known = self._there.setdefault(Place(model.label, NATURAL), {})
        key = natural_form(value)
        if key not in known:
            known[key] = self._walked(model, paths, value) if len(paths) == len(value) else None
        return known[key]

    def _walked(self, model: Model, paths: tuple[str, ...], value: list[Any]) -> Any:
        """The pk of the row of which the lookups `paths` give `value`."""
        table = self._target.table(model)
        if table is None:
            return None
        own: dict[str, Any] = {}
        inner: dict[str, list[tuple[str, Any]]] = {}
        for path, part in zip(paths, value, strict=True):
            name, _, rest = path.partition("__")
            if rest:
                inner.setdefault(name, []).append((rest, part))
            else:
                own[name] = part
        for name, parts in inner.items():
            relation = table.field(name).relation
            to = self._schema.concrete(relation.to) if isinstance(relation, Relation) else None
            pk = self._walked(to, tuple(p for p, _ in parts), [v for _, v in parts]) if to else None
            if pk is None:
                return None
            own[name] = pk
        if not own.keys() <= set(table.fields):
            return None
        search = Search(
            self._target.connection,
            table.name,
            [table.part(name) for name in own],
            [(table.column(name), table.type(name)) for name in table.pk],
        )
        try:
            row = tuple(part for name, one in own.items() for part in table.form(name)(one))
        except ValueError:
            return None
        found = [pk for _, pk, *_ in search.find([row])]
        return found[0] if len(found) == 1 else None

    def _numbers(self, place: Place, values: Iterable[Any]) -> list[int]:
        """Those of the records that values are keys of; -1 for what the fixture does not have, and natural keys."""
        if not place.field:
            if not self._fates.has(place.model):
                return [-1 for _ in values]
            return self._fates.keys(place.model).find_all(values)
        form, known = self._form(place), self._by(place)
        return [known.get(form(value), (-1, None))[0] for value in values]

    def _form(self, place: Place) -> Callable[[Any], Key]:
        found = self._forms.get(place)
        if found is None:
            found = self._forms[place] = key_form(self._schema, place)
        return found

    def _composite(self, place: Place) -> bool:
        model = self._schema.concrete(place.model)
        return bool(model and model.pk and len(model.pk) > 1 and not place.field)

    def _search(self, place: Place) -> Search | None:
        if place not in self._searches:
            model = self._schema.concrete(place.model)
            table = self._target.table(model) if model and model.table else None
            name = place.field or (table.pk[0] if table else "")
            usable = table is not None and len(table.pk) == 1 and name in table.fields
            self._searches[place] = table.by(name) if table and usable else None
        return self._searches[place]


_LOST: dict[int, str] = {
    Fate.REJECTED: "was rejected",
    Fate.ABSENT: "is left out, and the target has no such row",
}


def _hashable(value: Any) -> Any:
    return ("", repr(value)) if isinstance(value, list | dict) else value


def _as(value: Any, moved: Any) -> Any:
    """The new key in the kind of value that the old one was: an `object_id` may be text."""
    return str(moved) if isinstance(value, str) and isinstance(moved, int) else moved
