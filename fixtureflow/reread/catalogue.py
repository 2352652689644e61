"""Where the records of each model stand: what one pass over a fixture leaves, to read parts of it again."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence

from fixtureflow.record import Record
from fixtureflow.reread.spool import Spool
from fixtureflow.reread.stretch import Run, Stretch
from fixtureflow.stream import Block

__all__ = ["Catalogue"]


class Catalogue:
    """The runs of a fixture by model; some 25 bytes for each, and a run is as long as a block where models do not mix.

    Reads all records once; then any model's can be read again.
    """

    def __init__(self, records: Iterable[Record], watch: Callable[[Block], None] | None = None) -> None:
        """`watch` is shown each block of the one pass."""
        self.spool = Spool()
        self.models: list[str] = []
        """In the order of their first records."""
        self.records = 0
        self._of: dict[str, array[int]] = {}
        self._starts = array("Q")
        self._sizes = array("I")
        self._counts = array("I")
        self._numbers = array("I")
        self._models = array("H")
        ids: dict[str, int] = {}
        for run in self.spool.runs(records, watch):
            model = run.model
            if model not in ids:
                ids[model] = len(ids)
                self.models.append(model)
                self._of[model] = array("I")
            self._of[model].append(len(self._starts))
            self._starts.append(run.start)
            self._sizes.append(run.end - run.start)
            self._counts.append(run.count)
            self._numbers.append(run.number)
            self._models.append(ids[model])
            self.records += run.count

    def runs(self, *models: str) -> Iterator[Run]:
        """The runs of some models (all, if none is named), in the order of the input."""
        return map(self.run, self.ids(*models))

    def ids(self, *models: str) -> Sequence[int]:
        """The numbers of these runs."""
        if len(models) == 1:
            return self._of.get(models[0], ())
        if not models:
            return range(len(self._starts))
        return array("I", sorted(at for model in models for at in self._of.get(model, ())))

    def run(self, at: int) -> Run:
        start = self._starts[at]
        model = self.models[self._models[at]]
        return Run(model, start, start + self._sizes[at], self._counts[at], self._numbers[at])

    def stretches(self, *models: str) -> Iterator[Stretch]:
        """The records of some models, in the order of the input."""
        return map(self.spool.stretch, self.runs(*models))

    def again(self) -> Iterator[Stretch]:
        """All records once more, in the order of the input and with what parts them.

        Raises `InputError` at the end if a file has changed meanwhile.
        """
        before: Stretch | None = None
        for stretch in self.stretches():
            if gap := stretch.follows(before):
                stretch.lead = self.spool.read(*gap)
            before = stretch
            yield stretch
        self.spool.check()

    def count(self, model: str) -> int:
        """How many records the model has."""
        return sum(self._counts[at] for at in self._of.get(model, ()))
