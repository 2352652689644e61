"""What referred to a record that goes, and by which key: from now on it refers to the one that stays."""

from __future__ import annotations

from typing import Any

from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.table import STAYS, Row, Table
from fixtureflow.references.links import NATURAL, Key, Place, key_form
from fixtureflow.schema.model import Schema

__all__ = ["Followers"]


class Followers:
    """Gathers the keys of a table's records. One that another record still has keeps its meaning."""

    def __init__(self, schema: Schema, table: Table, moves: Moves) -> None:
        self._schema = schema
        self._table = table
        self._moves = moves
        self._waiting: dict[Place, dict[Key, tuple[Any, Any]]] = {}

    def by_pk(self, place: Place, old: Any, new: Any) -> bool:
        """False if there is no key to follow to."""
        if old is not None and new is not None:
            self._moves.put(place, old, new)
        return old is None or new is not None

    def by_field(self, field: str, old: Any, new: Any) -> bool:
        """False if there is no key to follow to."""
        if old is not None and new is not None:
            self._wait(Place(self._table.label, field), old, new)
        return old is None or new is not None

    def by_natural_key(self, old: Row, new: Row) -> None:
        before, after = self._table.natural_key(old), self._table.natural_key(new)
        if before and after:
            self._wait(Place(self._table.label, NATURAL), before, after)

    def settle(self) -> None:
        """Once all of the table is decided on: let follow what does."""
        if not self._waiting:
            return
        table = self._table
        fields = [place.field for place in self._waiting if place.field != NATURAL]
        forms = {place: key_form(self._schema, place) for place in self._waiting}
        for first, pks, found in table.columns(self._moves, table.names(*fields, *table.natural_names)):
            for at in range(len(pks)):
                if table.kept[first + at] != STAYS:
                    continue
                row = {name: values[at] for name, values in found.items()}
                for place, waiting in self._waiting.items():
                    key = table.natural_key(row) if place.field == NATURAL else row[place.field]
                    if key is not None:
                        waiting.pop(forms[place](key), None)
        for place, waiting in self._waiting.items():
            for old, new in waiting.values():
                self._moves.put(place, old, new)

    def _wait(self, place: Place, old: Any, new: Any) -> None:
        form = key_form(self._schema, place)
        if form(old) != form(new):
            self._waiting.setdefault(place, {})[form(old)] = (old, new)
