"""Where a reference of a record leads in the target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, NamedTuple

from fixtureflow.matching.fates import Fate, Fates
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import NATURAL, Key, Link, Place, key_form, natural_form
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.target.rows import Target
from fixtureflow.target.search import Search

__all__ = ["NOWHERE", "Led", "References", "State"]


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


NOWHERE = Led(State.THERE)

_STATES = {
    Fate.UNSEEN: State.LATER,
    Fate.NEW: State.NEW,
    Fate.SAME: State.THERE,
    Fate.REMAPPED: State.THERE,
    Fate.RENUMBERED: State.NEW,
    Fate.REJECTED: State.LOST,
    Fate.ABSENT: State.LOST,
}


class References:
    """Follows references, first in the fixture, then in the target; asks the target for many at once."""

    def __init__(self, schema: Schema, target: Target, fates: Fates, types: ContentTypes) -> None:
        self._schema = schema
        self._target = target
        self._fates = fates
        self.types = types
        self.provided: dict[Place, dict[Key, tuple[int, Any]]] = {}
        """Numbers and pks of records by a field other than the pk, or by natural key, as far as somebody refers so."""
        self._there: dict[Place, dict[Key, Any]] = {}
        self._searches: dict[Place, Search | None] = {}
        self.unread: set[str] = set()
        """Models whose natural keys are computed: references by them are left to loaddata."""
        self.assumed: dict[tuple[str, str], set[Key]] = {}
        """(model and field, model led to): keys that are not in the fixture, and were taken to mean the target's."""

    def place(self, link: Link, row: Callable[[str], Any]) -> Place | None:
        """What the plain values of a reference are keys of; None where that is not known."""
        if link.kind != "generic":
            return link.to
        label = self.types.model(row(link.content_type))
        return Place(label, "") if label else None

    def prefetch(self, place: Place, values: Iterable[Any]) -> None:
        """Ask the target for what the fixture does not have."""
        known = self._there.setdefault(place, {})
        form = key_form(self._schema, place)
        asked = {}
        for value in values:
            if value is None or isinstance(value, list | dict) or self._number(place, value) >= 0:
                continue
            key = form(value)
            if key not in known:
                asked[key] = value
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

    def follow(self, link: Link, place: Place, value: Any) -> Led:
        """Where one value leads."""
        if isinstance(value, list) and not self._composite(place):
            return self._natural(place.model, value)
        number = self._number(place, value)
        if number >= 0:
            fate = Fate(self._fates.fate[number])
            moved = value if place.field else self._fates.moved(number, value)
            return Led(_STATES[fate], _as(value, moved), number, _LOST.get(fate, ""))
        return self._outside(link, place, value)

    def _outside(self, link: Link, place: Place, value: Any) -> Led:
        if isinstance(value, list | dict):
            return Led(State.THERE, value)
        there = self._there.get(place, {}).get(key_form(self._schema, place)(value))
        if link.kind == "generic":
            if there is not None and self._fates.has(place.model):
                return Led(State.LOST, reason="is not in the dump, and in the target that number is another row's")
            return Led(State.THERE, value)
        model = self._schema.concrete(place.model)
        if model and model.filled_by_migrate:
            return Led(State.LOST, reason="is not in the dump, and migrate numbers such rows anew (--lookup)")
        if there is None:
            return Led(State.LOST, reason="is neither in the dump nor in the target")
        self.assumed.setdefault((f"{link.model}.{link.field}", place.model), set()).add(value)
        return Led(State.THERE, value)

    def _natural(self, label: str, value: list[Any]) -> Led:
        number, pk = self.provided.get(Place(label, NATURAL), {}).get(natural_form(value), (-1, None))
        if number >= 0:
            fate = Fate(self._fates.fate[number])
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

    def _number(self, place: Place, value: Any) -> int:
        if not place.field:
            return self._fates.find(place.model, value)
        form = key_form(self._schema, place)
        return self.provided.get(place, {}).get(form(value), (-1, None))[0]

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


_LOST = {
    Fate.REJECTED: "was rejected",
    Fate.ABSENT: "is left out, and the target has no such row",
}


def _as(value: Any, moved: Any) -> Any:
    """The new key in the kind of value that the old one was: an `object_id` may be text."""
    return str(moved) if isinstance(value, str) and isinstance(moved, int) else moved
