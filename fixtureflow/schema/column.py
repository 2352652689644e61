"""One column of a dump: what kinds of values it has, and which, as far as memory goes.

Values are kept as hashes of 8 bytes. A column with more than `CAP` distinct ones is thinned: only hashes of one residue
are kept from then on, the same in every column, so that what is compared is still compared exactly, on a sample.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

__all__ = ["CAP", "Column", "Keys"]

CAP = 1 << 17
"""Distinct values kept of one column."""
LONGEST_KEY = 255
"""Characters of a text that may be a key."""
MOST_PLACES = 8
"""Of a natural key."""

_MIX = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1
_FORMATS = {
    "datetime": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?"),
    "duration": re.compile(r"-?(\d+ \d\d:\d\d:\d\d(\.\d+)?|P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)"),
    "uuid": re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
    "decimal": re.compile(r"-?\d+\.\d+"),
    "ip": re.compile(r"(\d{1,3}\.){3}\d{1,3}|(?=.*:.*:)[0-9a-f:.]+"),
}
_TIMES = {"datetime", "date", "time"}


class Keys:
    """A set of values as their hashes, thinned as it grows."""

    __slots__ = ("_hashes", "_sorted", "count", "shift", "unique")

    def __init__(self) -> None:
        self._hashes = array("q")
        self._sorted = 0
        self.count = 0
        """How many values were added."""
        self.shift = 0
        """Kept is one value of `1 << shift`."""
        self.unique = True
        """Has no value been seen twice?"""

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, values: list[Any]) -> None:
        self.count += len(values)
        hashes: Iterable[int] = map(hash, values)
        self._hashes.extend(_thinned(hashes, self.shift) if self.shift else hashes)
        if len(self._hashes) > 2 * self._sorted + 4096:
            self.settle()

    def settle(self) -> None:
        """Drop what stands there twice, and keep to the cap."""
        distinct = set(self._hashes)
        self.unique = self.unique and len(distinct) == len(self._hashes)
        self._hashes = array("q", distinct)
        while len(self._hashes) > CAP:
            self.thin()
        self._sorted = len(self._hashes)

    def thin(self) -> None:
        self.shift += 1
        self._hashes = array("q", _thinned(self._hashes, self.shift))
        self._sorted = len(self._hashes)

    def at(self, shift: int) -> set[int]:
        """The distinct hashes that are left at a thinning at least as coarse as one's own."""
        return set(self._hashes) if shift <= self.shift else set(_thinned(self._hashes, shift))


def _thinned(hashes: Iterable[int], shift: int) -> list[int]:
    down = 64 - shift
    return [h for h in hashes if not ((h * _MIX) & _WORD) >> down]


class Column:
    """One field's values, or one place of its lists."""

    __slots__ = ("_formats", "_places", "decimals", "items", "keys", "kinds", "lengths", "long", "null", "present")

    def __init__(self) -> None:
        self.present = 0
        """In how many records it stands, null or not."""
        self.null = 0
        self.kinds: set[str] = set()
        """int, str, float, bool, list (of scalars), lists (of lists), dict, empty (list)."""
        self.keys = Keys()
        """Of scalars and, as tuples, of lists."""
        self.items: Keys | None = None
        """Of the elements of lists, inner lists as tuples."""
        self.lengths: set[int] = set()
        """Of natural keys: of lists, or of the lists in them."""
        self.long = False
        """Has it texts that are too long for a key? Then they are not kept."""
        self.decimals: set[int] = set()
        self._places: list[Column] = []
        self._formats: set[str] | None = None

    @property
    def format(self) -> str:
        """What all texts looked at are: datetime, uuid, …; empty for plain text."""
        return next((name for name in _FORMATS if name in (self._formats or ())), "")

    def place(self, index: int) -> Column | None:
        """The values at one place of the lists, if all have the same length."""
        return self._places[index] if index < len(self._places) and len(self.lengths) == 1 else None

    def add(self, values: list[Any]) -> None:
        self.present += len(values)
        types = set(map(type, values))
        if type(None) in types:
            types.remove(type(None))
            there = [value for value in values if value is not None]
            self.null += len(values) - len(there)
            values = there
        if len(types) == 1:
            self._add(types.pop(), values)
        else:
            for kind in types:
                self._add(kind, [value for value in values if type(value) is kind])

    def _add(self, kind: type, values: list[Any]) -> None:
        if kind is list:
            self._add_lists(values)
            return
        self.kinds.add(kind.__name__)
        if kind is int:
            self.keys.add(values)
        elif kind is str:
            self._add_texts(values)

    def _add_texts(self, texts: list[str]) -> None:
        if self._formats is None:
            self._formats = {name for name, pattern in _FORMATS.items() if pattern.fullmatch(texts[0])}
        if self._formats:
            some = texts[:24]
            self._formats = {name for name in self._formats if all(map(_FORMATS[name].fullmatch, some))}
            if "decimal" in self._formats:
                self.decimals.update(len(text) - text.index(".") - 1 for text in some)
            if not self._formats.isdisjoint(_TIMES):
                return
        if not self.long:
            self.long = max(map(len, texts)) > LONGEST_KEY
            self.keys = Keys() if self.long else self.keys
        if not self.long:
            self.keys.add(texts)

    def _add_lists(self, lists: list[list[Any]]) -> None:
        filled = [item for item in lists if item]
        if len(filled) < len(lists):
            self.kinds.add("empty")
        items = list(chain.from_iterable(filled))
        types = set(map(type, items))
        if types == {list}:
            self.kinds.add("lists")
            keys = list(map(tuple, items))
        elif types and types <= {int, str, type(None)}:
            self.kinds.add("list")
            keys = list(map(tuple, filled))
        elif types:
            self.kinds.add("dict")
            return
        else:
            return
        try:
            self.keys.add(keys)
        except TypeError:  # a list within the inner list
            self.kinds.add("dict")
            return
        if types != {list}:
            self.items = self.items or Keys()
            self.items.add(items)
        self._add_places(keys)

    def _add_places(self, keys: list[tuple[Any, ...]]) -> None:
        self.lengths.update(map(len, keys))
        if len(self.lengths) == 1 and len(keys[0]) <= MOST_PLACES:
            self._places = self._places or [Column() for _ in keys[0]]
            for place, column in zip(zip(*keys, strict=True), self._places, strict=True):
                column.add(list(place))
        else:
            self._places = []

    def parts(self) -> Iterator[Keys]:
        """All that takes memory."""
        yield self.keys
        if self.items:
            yield self.items
        for place in self._places:
            yield from place.parts()
