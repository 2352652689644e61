"""The records of a fixture with what is scrubbed in them, some neighbours of one model at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from operator import ne

from fixtureflow.references.generic import ContentTypes
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.scrubbing.plan import Plan, generic_turn
from fixtureflow.scrubbing.watch import is_personal
from fixtureflow.stream import Block
from fixtureflow.turning.rewrite import Turned, replaced, style_of

__all__ = ["Turning"]


class Turning:
    """Scrubs the records of some neighbours of one model at a time."""

    def __init__(self, plan: Plan, types: ContentTypes | None) -> None:
        """`types` where generic keys may lead to a scrubbed primary key."""
        self._plan = plan
        self._types = types
        self._readers: dict[tuple[str, ...], Texts] = {}
        self.scrubbed: Counter[tuple[str, str]] = Counter()
        """Values that changed, by model and field."""
        self.followed: Counter[tuple[str, str]] = Counter()
        """References that changed, by model and field."""
        self.personal: Counter[tuple[str, str]] = Counter()
        """Records with a value in a field that no rule names, and whose name sounds personal."""

    def block(self, stretch: Stretch, names: list[str]) -> Block:
        label, plan = stretch.run.model, self._plan
        generic = [link for link in plan.generic(label) if link.field in names] if self._types else []
        turns = {name: turn for name in names if (turn := plan.turn(label, name))}
        personal = [name for name in names if is_personal(name) and not plan.is_covered(label, name)]
        pk = plan.pk(label)
        if not turns and not generic and not personal and not pk:
            return stretch
        wanted = dict.fromkeys([*turns, *personal, *(each for k in generic for each in (k.field, k.content_type))])
        reader = self._reader(tuple(wanted))
        pks, *columns = reader.columns(stretch)
        fields = dict(zip(reader.names, columns, strict=True))
        for name in personal:
            held = sum(len(text) > 2 and text[:1] in (b'"', b"[", b"{") for text in fields[name])
            self.personal[label, name] += held
        changes = {}
        for name, turn in turns.items():
            old = fields[name]
            changes[name] = (old, [turn(text) if text else text for text in old])
        for link in generic if self._types else ():
            kinds, old = fields[link.content_type], fields[link.field]
            turned = partial(generic_turn, plan, self._types.model)  # type: ignore[union-attr]
            changes[link.field] = (old, [turned(k, o) if k and o else o for k, o in zip(kinds, old, strict=True)])
        changes = {name: (old, new) for name, (old, new) in changes.items() if old != new}
        self._count(label, changes)
        if pk and (others := [pk(old) if old else old for old in pks]) != pks:
            self._tally(label, plan.at_pk(label), sum(map(ne, pks, others)))
            changes[""] = (pks, others)
        if not changes:
            return stretch
        array = stretch.array()
        block = Turned(replaced(array[1:-1], style_of(array), changes, reader.again), stretch)
        block.lead = stretch.lead
        return block

    def _reader(self, names: tuple[str, ...]) -> Texts:
        if names not in self._readers:
            self._readers[names] = Texts(names)
        return self._readers[names]

    def _count(self, label: str, changes: Mapping[str, tuple[list[bytes], list[bytes]]]) -> None:
        for name, (old, new) in changes.items():
            self._tally(label, name, sum(map(ne, old, new)))

    def _tally(self, label: str, name: str, count: int) -> None:
        own = self._plan.scrubber(label, name)
        (self.scrubbed if own else self.followed)[label, name] += count
        if own:
            own.rule.hits += count
