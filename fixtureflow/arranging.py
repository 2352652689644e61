"""What comes model by model, arranged and written: the half of `prepare` that can be done beside the other.

A process of its own may do it, which begins by importing this: nothing here needs a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, groupby, takewhile
from pathlib import Path
from typing import NamedTuple

from fixtureflow.record import LinkSource
from fixtureflow.schema.model import Schema
from fixtureflow.stages.order import order
from fixtureflow.stream import Block, Records, blocks_of
from fixtureflow.writer import write

__all__ = ["Turn", "TurnEnd", "arranged_and_written"]

AHEAD = 32 * 1024 * 1024
"""Bytes of records that are held in their order while others, which come first, are waited for."""


class Turn(NamedTuple):
    """When the records of a model come."""

    at: int
    cyclic: bool
    """Do they refer to each other, or to those of others with the same turn?"""


class TurnEnd(Block):
    """No record: says that all of some models have come, where others may be long in coming."""

    __slots__ = ("_models",)

    def __init__(self, models: Iterable[str]) -> None:
        super().__init__(b"[]", [], {}, LinkSource(), 0, 0)
        self._models = frozenset(models)

    def labels(self) -> frozenset[str]:
        return self._models

    def __reduce__(self) -> tuple[type[TurnEnd], tuple[frozenset[str]]]:
        return TurnEnd, (self._models,)


def arranged_and_written(
    records: Records, schema: Schema | None, turns: Mapping[str, Turn], path: Path
) -> tuple[int, list[str]]:
    """Write records in load order, as one array; how many they are, and their models in that order.

    They come turn by turn: first those in cycles, then the others, each in load order. Rows that stand in no input are
    last.
    """
    models: dict[str, None] = {}

    def watched() -> Iterator[Block]:
        for block in _in_load_order(records, schema, turns):
            labels = block.labels()
            models.update(dict.fromkeys(labels if len(labels) == 1 else block.models()))
            yield block

    return write(Records(watched, records), path, format="json").records, list(models)


def _in_load_order(records: Records, schema: Schema | None, turns: Mapping[str, Turn]) -> Iterator[Block]:
    """Models in their turns; the order of the records in a cycle is sought as soon as these are there."""
    last = Turn(len(turns), cyclic=False)

    def turn_of(block: Block) -> Turn:
        added = isinstance(block.source, LinkSource) and not isinstance(block, TurnEnd)
        return last if added else turns.get(min(block.labels()), last)

    waiting: dict[int, Iterator[Block]] = {}
    room = AHEAD
    for turn, run in groupby(blocks_of(records), key=turn_of):
        if turn.cyclic:
            ordered = order(Records(partial(_until_end, run)), schema).blocks()
            begun, size = _begun(ordered, room)
            room -= size
            waiting[turn.at] = chain(begun, ordered)
            continue
        for earlier in sorted(at for at in waiting if at < turn.at):
            yield from waiting.pop(earlier)
        yield from run
    for _, blocks in sorted(waiting.items()):
        yield from blocks


def _until_end(blocks: Iterator[Block]) -> Iterator[Block]:
    return takewhile(lambda block: not isinstance(block, TurnEnd), blocks)


def _begun(blocks: Iterator[Block], room: int) -> tuple[list[Block], int]:
    """As many blocks as there is room for, but the first one always, so that the order is found now; and their size."""
    begun: list[Block] = []
    size = 0
    for block in blocks:
        begun.append(block)
        size += len(block.together()) or sum(map(len, block.raws()))
        if size >= room:
            break
    return begun, size
