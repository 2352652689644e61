"""The texts of keys: those that the target has, for those that the fixture has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from fixtureflow.edit import items
from fixtureflow.matching.references import Led, State
from fixtureflow.matching.resolve import Resolver
from fixtureflow.references.links import Link, Place
from fixtureflow.turning.rewrite import Style, listed

__all__ = ["KeyTexts", "encoded", "value", "values"]

REMEMBERED = 100_000
"""Texts of keys of one place."""

_ON_ONE_LINE = Style()


class KeyTexts:
    """Gives new texts of references."""

    def __init__(self, resolver: Resolver) -> None:
        self._references = resolver.references
        self._differs = resolver.decider.differs
        self._null = resolver.dangling == "null"
        self._memos: dict[tuple[Place, bool, bool, bool, bool, bool], dict[Any, bytes]] = {}
        """New texts by old ones, of what is a key of one place by one kind of link."""

    def column(
        self,
        link: Link,
        old: Sequence[bytes],
        kinds: Sequence[bytes],
        style: Style = _ON_ONE_LINE,
        *,
        null: bool | None = None,
    ) -> list[bytes]:
        """The new texts of a field's values, lists in a style; `kinds` are the content types beside generic keys.

        `null` says whether what leads to nothing becomes null, where that is not as for all.
        """
        if null is None:
            null = self._null
        kind = (link.to, link.kind == "generic", link.many, link.unwatched, link.by_pk, null)
        memo = self._memos.setdefault(kind, {})
        if len(memo) > REMEMBERED:
            memo.clear()
        if link.kind != "generic" and not link.many:
            return self._plain(link, old, memo, null=null)
        keys: Sequence[Any] = [(text, style) for text in old] if link.many else list(zip(old, kinds, strict=True))
        new = [key for key in dict.fromkeys(keys) if key not in memo]
        if link.many:
            for key in new:
                memo[key] = self._list(link, key[0], style, null=null)
        else:
            given, types = values([text for text, _ in new]), values([kind for _, kind in new])
            for key, one, led in zip(new, given, self._references.column(link, given, types), strict=True):
                memo[key] = self._one(key[0], one, led, null=null)
        return [memo[key] for key in keys]

    def _plain(self, link: Link, old: Sequence[bytes], memo: dict[Any, bytes], *, null: bool) -> list[bytes]:
        given, out = values(old), list(old)
        places = self._references.moving(link.to, given)
        new = {old[at]: given[at] for at in places if old[at] not in memo}
        for text, led in zip(new, self._references.column(link, list(new.values())), strict=True):
            memo[text] = self._one(text, new[text], led, null=null)
        for at in places:
            out[at] = memo[old[at]]
        return out

    def _list(self, link: Link, text: bytes, style: Style, *, null: bool) -> bytes:
        if text[:1] != b"[":
            return text
        old = items(text)
        given = values(old)
        ends = self._references.column(link, given)
        kept = [self._one(item, one, led, null=null) for item, one, led in zip(old, given, ends, strict=True)]
        new = [one for item, one in zip(old, kept, strict=True) if one != b"null" or item == b"null"]
        return text if new == old else listed(b", ".join(new), style, style.line)

    def _one(self, text: bytes, old: Any, led: Led | None, *, null: bool) -> bytes:
        if led is None or not text:
            return text
        if led.state is State.LOST:
            return b"null" if null else text
        if led.pk == old or led.pk is None:
            return text
        if isinstance(old, list) and not isinstance(led.pk, list):
            # A reference by natural key finds its row by itself, unless it is a row that has another one.
            other = led.state is State.THERE and led.number in self._differs
            return encoded(led.pk) if other else text
        return encoded(led.pk)


def encoded(pk: Any) -> bytes:
    """The JSON text of a key; nothing for None."""
    return b"" if pk is None else str(pk).encode() if type(pk) is int else json.dumps(pk, ensure_ascii=False).encode()


def values(texts: Sequence[bytes]) -> list[Any]:
    """What texts are; None for an empty one."""
    filled = [text or b"null" for text in texts]
    try:
        found: list[Any] = msgspec.json.decode(b"[%b]" % b",".join(filled))
    except msgspec.DecodeError:
        return [json.loads(text) for text in filled]
    return found


def value(text: bytes) -> Any:
    """The same of one."""
    return int(text) if text.isdigit() else json.loads(text or b"null")
