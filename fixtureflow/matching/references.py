"""Where a reference of a record leads in the target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cache, partial
from typing import Any, NamedTuple

from fixtureflow.matching.fates import DROPPED, Fate, Fates
from fixtureflow.matching.outside import Outside
from fixtureflow.matching.plan import is_numbered
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import NATURAL, Key, Link, Place, key_form, natural_form
from fixtureflow.schema.model import Schema
from fixtureflow.target.rows import Target
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


_Kind = tuple[Place, bool, bool, bool]
"""What makes a difference to where a value leads: its place, and three facts of the link."""

REMEMBERED = 300_000
"""Values of which it is remembered where they lead."""

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
        self._fates = fates
        self.types = types
        self._by = cache(by)
        self._form = cache(partial(key_form, schema))
        self._outside = Outside(schema, target)
        self._memos: dict[_Kind, dict[Any, Led | None]] = {}
        self._remembered = 0
        self._assumable: dict[_Kind, set[Key]] = {}
        """Remembered keys that are taken to mean rows of the target."""
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
        of: dict[Any, list[int]] = {}
        for at, (value, kind) in enumerate(zip(values, kinds, strict=True)):
            if value is not None:
                of.setdefault(kind if type(kind) is int else repr(kind), []).append(at)
        out: list[Led | None] = [None] * len(values)
        for places in of.values():
            place = self.place(link, kinds[places[0]])
            if place is not None:
                for at, led in zip(places, self._column(link, place, [values[at] for at in places]), strict=True):
                    out[at] = led
        return out

    def lost(self, link: Link, values: Sequence[Any], kinds: Sequence[Any] = ()) -> Sequence[Led | None]:
        """Where the values lead, if one of them leads to nothing that will be in the target; else nothing at all."""
        if link.kind != "generic" and not link.to.field and link.to.model not in self._fates.lost:
            given = [value for value in values if value is not None]
            numbers = self._numbers(link.to, given)
            if -1 not in numbers:
                return ()
            foreign = [value for value, number in zip(given, numbers, strict=True) if number < 0]
            if not _any_lost(self._column(link, link.to, foreign)):
                return ()
        ends = self.column(link, values, kinds)
        return ends if _any_lost(ends) else ()

    def moving(self, place: Place, values: Sequence[Any]) -> Sequence[int]:
        """The places of values that have to be followed: others are null, or pks of what is there under the same pk."""
        places = [at for at, value in enumerate(values) if value is not None] if None in values else range(len(values))
        if place.field or place.model in self._fates.lost:
            return places
        given = values if len(places) == len(values) else [values[at] for at in places]
        return [places[at] for at in self._fates.moving(self._numbers(place, given))]

    def forget(self, models: Container[str]) -> None:
        """What was decided of records of some models may have been decided anew."""
        for key in self._memos:
            if key[0].model in models:
                self._memos[key] = {None: None}

    def _column(self, link: Link, place: Place, values: Sequence[Any]) -> list[Led | None]:
        if self._remembered > REMEMBERED:
            self._memos.clear()
            self._assumable.clear()
            self._remembered = 0
        kind = _kind(link, place)
        memo = self._memos.setdefault(kind, {None: None})
        try:
            new = {value: value for value in dict.fromkeys(values) if value not in memo}
        except TypeError:
            forms = list(map(_hashable, values))
            new = {form: value for form, value in zip(forms, values, strict=True) if form not in memo}
            values = forms
        later = self._follow(link, place, new, memo) if new else {}
        if assumed := self._assumable.get(kind, set()).intersection(values):
            self.assumed.setdefault((f"{link.model}.{link.field}", place.model), set()).update(assumed)
        if later:
            return [later.get(value) or memo[value] for value in values]
        return [memo[value] for value in values]

    def _follow(
        self, link: Link, place: Place, new: Mapping[Any, Any], memo: dict[Any, Led | None]
    ) -> Mapping[Any, Led]:
        """Follow values, by their keys in `memo`, and remember them there; those of which nothing is decided yet."""
        self._remembered += len(new)
        later: dict[Any, Led] = {}
        foreign: dict[Any, Any] = {}
        fate, unmoved = self._fates.fate, place.model not in self._fates.changed
        for (key, value), number in zip(new.items(), self._numbers(place, new.values()), strict=True):
            if number < 0:
                foreign[key] = value
            elif unmoved and fate[number] == Fate.NEW:
                memo[key] = Led(State.NEW, value, number)
            else:
                led = self._inside(place, value, number)
                (later if led.state is State.LATER else memo)[key] = led
        if foreign:
            for key, led in zip(foreign, self._beyond(link, place, list(foreign.values())), strict=True):
                (later if led.state is State.LATER else memo)[key] = led
        return later

    def _inside(self, place: Place, value: Any, number: int) -> Led:
        """Of a record of the fixture."""
        fates = self._fates
        fate = fates.fate[number]
        moved = value if place.field else fates.moved(number, value)
        if place.field and fate in DROPPED:
            own, pk = self._by(place)[self._form(place)(value)]
            moved = self._theirs(place, fates.moved(own, pk), value)
            if moved is None:
                return Led(State.LOST, value, number, _NAMELESS)
        if moved is not value:
            moved = _as(value, moved)
        return Led(_STATES[fate], moved, number, _LOST.get(fate, ""))

    def _theirs(self, place: Place, pk: Any, value: Any) -> Any:
        """What the target's row of a pk has in the field by which it is referred to; `value` if that is not known."""
        table = self._outside.table(place.model)
        if table is None or place.field not in table.fields:
            return value
        _, asked = table.asked([pk])
        found = [row[1] for row in table.by_pk([place.field]).find(asked)]
        return as_dumped(found[0], table.field(place.field), use_tz=self._schema.use_tz) if found else None

    def _beyond(self, link: Link, place: Place, values: Sequence[Any]) -> Iterator[Led]:
        """Of keys of which the fixture has no record."""
        composite = self._composite(place)
        plain = [value for value in values if not isinstance(value, list | dict)]
        there = iter(self._outside.has(place, plain))
        model = self._schema.concrete(place.model)
        unnamed = not place.field and model and is_numbered(model) and self._fates.has_unnamed(place.model)
        assumable = self._assumable.setdefault(_kind(link, place), set())
        for value in values:
            if isinstance(value, list | dict):
                if isinstance(value, list) and not composite:
                    yield self._by_field(place, self._natural(place.model, value))
                else:
                    yield Led(State.THERE, value)
                continue
            found = next(there)
            if unnamed:
                yield _UNNAMED
                continue
            if link.kind == "generic":
                if found and (link.by_pk or self._fates.has(place.model)):
                    yield _NUMBER_TAKEN
                    continue
            elif link.unwatched and not found:
                pass  # it leads nowhere there, too
            elif model and model.filled_by_migrate:
                yield _NUMBERED_ANEW
                continue
            elif not found:
                yield _NOWHERE
                continue
            if found:
                assumable.add(value)
            yield Led(State.THERE, value)

    def _by_field(self, place: Place, led: Led) -> Led:
        """What a natural key leads to, with the value of the field that the column refers to in the place of the pk.

        Of a record that is kept it is not told: loaddata finds that by the natural key.
        """
        if not place.field or led.pk is None or led.state is State.LOST:
            return led
        value = self._theirs(place, led.pk, None) if led.state is State.THERE else None
        if value is None and led.state is State.THERE:
            return Led(State.LOST, None, led.number, _NAMELESS)
        return led._replace(pk=value)

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
        pk = self._outside.natural_pk(model, paths, value)
        return _NOWHERE if pk is None else Led(State.THERE, pk)

    def _numbers(self, place: Place, values: Collection[Any]) -> list[int]:
        """Those of the records that values are keys of; -1 for what the fixture does not have, and natural keys."""
        if not place.field:
            if not self._fates.has(place.model):
                return [-1 for _ in values]
            return self._fates.keys(place.model).find_all(values)
        form, known = self._form(place), self._by(place)
        return [known.get(form(value), (-1, None))[0] for value in values]

    def _composite(self, place: Place) -> bool:
        model = self._schema.concrete(place.model)
        return bool(model and model.pk and len(model.pk) > 1 and not place.field)


_LOST: dict[int, str] = {
    Fate.REJECTED: "was rejected",
    Fate.ABSENT: "is left out, and the target has no such row",
}
_NAMELESS = "has nothing in the target by which it could be referred to"
_NOWHERE = Led(State.LOST, reason="is neither in the dump nor in the target")
_NUMBERED_ANEW = Led(State.LOST, reason="is not in the dump, and migrate numbers such rows anew (--lookup)")
_UNNAMED = Led(State.LOST, reason="may be one of the dump without primary key (--lookup)")
_NUMBER_TAKEN = Led(State.LOST, reason="is not in the dump, and in the target that number is another row's")


def _kind(link: Link, place: Place) -> _Kind:
    return place, link.kind == "generic", link.unwatched, link.by_pk


def _any_lost(ends: Iterable[Led | None]) -> bool:
    return any(one is not None and one.state is State.LOST for one in ends)


def _hashable(value: Any) -> Any:
    return ("", repr(value)) if isinstance(value, list | dict) else value


def _as(value: Any, moved: Any) -> Any:
    """The new key in the kind of value that the old one was: an `object_id` may be text."""
    return str(moved) if isinstance(value, str) and isinstance(moved, int) else moved
