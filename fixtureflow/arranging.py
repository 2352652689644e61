"""What comes model by model, arranged and written: the half of `prepare` that can be done beside the other.

A process of its own may do it, which begins by importing this: nothing here needs a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

from fixtureflow.record import LinkSource
from fixtureflow.schema.model import Schema
from fixtureflow.stages.order import order
from fixtureflow.stream import Block, Records, blocks_of
from fixtureflow.writer import write

__all__ = ["Turn", "arranged_and_written"]


class Turn(NamedTuple):
    """When the records of a model come."""

    at: int
    cyclic: bool
    """Do they refer to each other, or to those of others with the same turn?"""


def arranged_and_written(
    records: Records, schema: Schema | None, turns: Mapping[str, Turn], path: Path
) -> tuple[int, list[str]]:
    """Write records in load order; how many they are, and their models in that order.

    They come turn by turn: first those in cycles, then the others, each in load order. Rows that stand in no input are
    last.
    """
    models: dict[str, None] = {}

    def watched() -> Iterator[Block]:
        for block in _in_load_order(records, schema, turns):
            labels = block.labels()
            models.update(dict.fromkeys(labels if len(labels) == 1 else block.models()))
            yield block

    return write(Records(watched, records), path).records, list(models)


def _in_load_order(records: Records, schema: Schema | None, turns: Mapping[str, Turn]) -> Iterator[Block]:
    """Models in their turns; the order of the records in a cycle is sought as soon as these are there."""
    last = Turn(len(turns), cyclic=False)

    def turn_of(block: Block) -> Turn:
        return last if isinstance(block.source, LinkSource) else turns.get(min(block.labels()), last)

    waiting: dict[int, Iterator[Block]] = {}
    for turn, run in groupby(blocks_of(records), key=turn_of):
        if turn.cyclic:
            ordered = order(Records(partial(iter, run)), schema).blocks()
            waiting[turn.at] = chain([next(ordered)], ordered)
            continue
        for earlier in sorted(at for at in waiting if at < turn.at):
            yield from waiting.pop(earlier)
        yield from run
    for _, blocks in sorted(waiting.items()):
        yield from blocks
