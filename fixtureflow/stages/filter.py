"""Leave out records that are not wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fixtureflow.patterns import Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.stream import Block, Records, blocks_of

__all__ = ["Filtered", "filter"]


def filter(  # noqa: A001 - the verb's name
    records: Iterable[Record], *, include: str | Iterable[str] = (), exclude: str | Iterable[str] = ()
) -> Filtered:
    """Keep the records of models that match a pattern of `include` (all, if there is none) and none of `exclude`.

    Raises `UsageError` for a pattern that can match nothing.
    """
    return Filtered(records, parse_patterns(include), parse_patterns(exclude))


class Filtered(Records):
    """The records that are kept; `dropped` counts the others by model, for the latest pass."""

    def __init__(self, records: Iterable[Record], include: list[Pattern], exclude: list[Pattern]) -> None:
        super().__init__(lambda: self._blocks(records), records)
        self._include = include
        self._exclude = exclude
        self.dropped: Counter[str] = Counter()
        self.seen: set[str] = set()

    @property
    def unmatched(self) -> list[str]:
        """The patterns that matched no model in the latest pass."""
        return [pattern.text for pattern in (*self._include, *self._exclude) if not pattern.hits]

    def _blocks(self, records: Iterable[Record]) -> Iterator[Block]:
        self.dropped.clear()
        self.seen.clear()
        for pattern in (*self._include, *self._exclude):
            pattern.hits = 0
        kept: dict[str, bool] = {}
        for block in blocks_of(records):
            models = block.labels()
            for model in models - kept.keys():
                kept[model] = self._keeps(model)
            wanted = {model for model in models if kept[model]}
            if wanted == models:
                yield block
                continue
            self.dropped.update(model for model in block.models() if model not in wanted)
            if wanted:
                yield Block.of([record for record in block.records() if record.model in wanted])

    def _keeps(self, model: str) -> bool:
        self.seen.add(model)
        included = any_matches(self._include, model) or not self._include
        excluded = any_matches(self._exclude, model)
        return included and not excluded
