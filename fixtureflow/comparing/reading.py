"""The records of a dump read again to be compared: neighbours in one go, whatever models they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fixtureflow.comparing.entries import Entries
from fixtureflow.comparing.shapes import Shape, digests
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import NEAR, Run, Stretch

__all__ = ["entries_of"]

PIECE = 128 * 1024
"""Bytes read in one go, but for a run that is longer."""


def entries_of(catalogue: Catalogue, shapes: Mapping[str, Shape], models: Sequence[str]) -> Entries:
    """What is kept of the records whose model has a shape; `models` says the number of each.

    Raises `InputError` if a file has changed meanwhile.
    """
    found = Entries()
    number_of = {label: number for number, label in enumerate(models)}
    for stretch, labels in _together(catalogue, list(shapes)):
        places, sizes = stretch.spans(stretch.run.start)
        pairs = digests([shapes[label] for label in labels], stretch)
        found.extend(pairs, places, sizes, stretch.run.number, [number_of[label] for label in labels])
    catalogue.spool.check()
    return found


def _together(catalogue: Catalogue, labels: list[str]) -> Iterator[tuple[Stretch, list[str]]]:
    """The records of some models in large pieces, and the label of each record."""
    waiting: list[Run] = []
    for run in catalogue.runs(*labels) if labels else ():
        if waiting and not (_follows(run, waiting[-1]) and run.end - waiting[0].start <= PIECE):
            yield _read(catalogue, waiting)
            waiting = []
        waiting.append(run)
    if waiting:
        yield _read(catalogue, waiting)


def _follows(run: Run, other: Run) -> bool:
    return 0 < run.start - other.end <= NEAR and run.number == other.number + other.count


def _read(catalogue: Catalogue, runs: list[Run]) -> tuple[Stretch, list[str]]:
    first, last = runs[0], runs[-1]
    whole = Run(first.model, first.start, last.end, sum(run.count for run in runs), first.number)
    return catalogue.spool.stretch(whole), [label for run in runs for label in [run.model] * run.count]
