"""Where the records of each model stand: the n-th of a model found again."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate

from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch

__all__ = ["Places"]


class Places:
    """Records by their model's label and number, counted from 0 in the order of the input."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._begins: dict[str, array[int]] = {}
        self._latest: tuple[tuple[str, int], Stretch] | None = None

    def record(self, label: str, number: int) -> Record:
        """That record, read again."""
        run, within = self._run(label, number)
        if self._latest is None or self._latest[0] != (label, run):
            stretch = self._catalogue.spool.stretch(self._catalogue.run(self._catalogue.ids(label)[run]))
            self._latest = ((label, run), stretch)
        return self._latest[1].records()[within]

    def before(self, label: str, number: int, other: str, other_number: int) -> bool:
        """Does the one record stand before the other?"""
        if label == other:
            return number < other_number
        return self._start(label, number) < self._start(other, other_number)

    def last_before_first(self, label: str, other: str) -> bool:
        """Do all records of the one model stand before all of the other?"""
        ids, others = self._catalogue.ids(label), self._catalogue.ids(other)
        return not ids or not others or ids[-1] < others[0]

    def _start(self, label: str, number: int) -> int:
        """Runs are parted by models, so those of two models never overlap."""
        return self._catalogue.ids(label)[self._run(label, number)[0]]

    def _run(self, label: str, number: int) -> tuple[int, int]:
        begins = self._begins.get(label)
        if begins is None:
            counts = (run.count for run in self._catalogue.runs(label))
            begins = self._begins[label] = array("Q", accumulate(counts, initial=0))
        run = bisect_right(begins, number) - 1
        return run, number - begins[run]
