"""Ids inside text and JSON follow the rows that they mean, where a schema knows how they stand there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

from fixtureflow.matching.plan import Plan
from fixtureflow.matching.walk import Id, is_child
from fixtureflow.matching.within import Within
from fixtureflow.references.links import Link

__all__ = ["Inside"]


class Column(Protocol):
    """Gives the new texts of keys that a link holds; with `null`, that of a key that leads to nothing is null."""

    def __call__(
        self, link: Link, old: Sequence[bytes], kinds: Sequence[bytes], *, null: bool | None = None
    ) -> list[bytes]: ...


class Inside:
    """Rewrites them."""

    def __init__(self, within: Within, column: Column) -> None:
        self._within = within
        self._column = column
        self.ids: Counter[tuple[str, str]] = Counter()
        """By model and field, how many ids were rewritten."""
        self.unread: Counter[tuple[str, str]] = Counter()
        """Texts that are not of the form that was expected, or of which some part is not known."""

    def fields(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """The fields to look into, and the field beside each that tells of which model it holds a row, if any."""
        return self._within.fields(plan.model)

    def texts(self, plan: Plan, name: str, texts: Sequence[bytes], kinds: Sequence[bytes]) -> list[bytes]:
        """The new texts of a field; `kinds` are the content types beside it, or empty."""
        rows = list(zip(texts, kinds or [b""] * len(texts), strict=True))
        found = [self._ids(plan, name, text, kind) for text, kind in rows]
        new: dict[Link, dict[tuple[bytes, bytes], bytes]] = {}
        for one in chain.from_iterable(found):
            new.setdefault(one.link, {})[one.raw, one.kind] = one.raw
        for link, keys in new.items():
            olds, beside = [old for old, _ in keys], [kind for _, kind in keys]
            # A reference that leads to nothing is what it was then, and tells of what was there.
            turned = self._column(link, olds, beside if link.content_type else (), null=is_child(link))
            keys.update(zip(keys, turned, strict=True))
        return [
            self._replaced(plan, name, text, [(one, new[one.link][one.raw, one.kind]) for one in ids])
            for text, ids in zip(texts, found, strict=True)
        ]

    def _ids(self, plan: Plan, name: str, text: bytes, kind: bytes) -> list[Id]:
        try:
            ids, whole = self._within.ids(plan.model, name, text, kind)
        except (ValueError, RecursionError):
            ids, whole = [], False
        self.unread[plan.label, name] += not whole
        return ids

    def _replaced(self, plan: Plan, name: str, text: bytes, ids: Sequence[tuple[Id, bytes]]) -> bytes:
        changed = sorted(one.replaced(new) for one, new in ids if new != one.raw)
        out: list[bytes] = []
        done = 0
        for start, end, new in changed:
            out += text[done:start], new
            done = end
        self.ids[plan.label, name] += len(changed)
        return b"".join(out) + text[done:]
