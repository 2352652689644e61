"""Ids inside text and JSON follow the rows that they mean, where a schema knows how they stand there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from fixtureflow.matching.plan import Plan
from fixtureflow.matching.walk import Turn, is_child
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
        wanted: dict[Link, dict[tuple[bytes, bytes], bytes]] = {}

        def collect(link: Link, text: bytes, kind: bytes) -> bytes:
            wanted.setdefault(link, {})[text, kind] = text
            return text

        def turn(link: Link, text: bytes, kind: bytes) -> bytes:
            new = wanted[link][text, kind]
            self.ids[plan.label, name] += new != text
            return new

        rows = list(zip(texts, kinds or [b""] * len(texts), strict=True))
        unread = {at for at, (text, kind) in enumerate(rows) if not self._can(plan, name, text, kind, collect)}
        for link, found in wanted.items():
            olds, beside = [old for old, _ in found], [kind for _, kind in found]
            # A reference that leads to nothing is what it was then, and tells of what was there.
            new = self._column(link, olds, beside if link.content_type else (), null=is_child(link))
            found.update(zip(found, new, strict=True))
        if all(old == new for found in wanted.values() for (old, _), new in found.items()):
            return list(texts)
        return [
            text if at in unread else self._within.turned(plan.model, name, text, kind, turn)[0]
            for at, (text, kind) in enumerate(rows)
        ]

    def _can(self, plan: Plan, name: str, text: bytes, kind: bytes, collect: Turn) -> bool:
        try:
            _, whole = self._within.turned(plan.model, name, text, kind, collect)
        except (ValueError, RecursionError):
            self.unread[plan.label, name] += 1
            return False
        self.unread[plan.label, name] += not whole
        return True
