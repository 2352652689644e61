"""The records of a fixture, and of what is looked up beside it, read model by model and numbered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fixtureflow.errors import InputError
from fixtureflow.matching.batch import Batch, batches
from fixtureflow.matching.fates import Fates
from fixtureflow.references.links import NATURAL, Key, Place, key_form, natural_form
from fixtureflow.references.naturals import Naturals
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["Reader"]


class Reader:
    """A record has the same number however often it is read: that of its pk, or of its place among those without."""

    def __init__(
        self, schema: Schema, catalogue: Catalogue, lookups: Sequence[Catalogue], left_out: set[str], fates: Fates
    ) -> None:
        self._schema = schema
        self._catalogues = [(catalogue, False), *((lookup, True) for lookup in lookups)]
        self._left_out = left_out
        self._fates = fates
        self._met = bytearray()
        self._registered: set[str] = set()
        self._naturals = Naturals(schema, catalogue)
        self.labels = list(dict.fromkeys(label for one, _ in self._catalogues for label in one.models))
        self._labels_of: dict[str, list[str]] = {}
        for label in self.labels:
            self._labels_of.setdefault(self._concrete(label), []).append(label)

    def batches(self, label: str, columns: Columns, *, lookups: bool = True, every: bool = False) -> Iterator[Batch]:
        """The records of a model, those of the fixture first; of what is looked up the undecided, or `every` one."""
        fates, concrete, nameless = self._fates, self._concrete(label), 0
        fates.keys(concrete)

        def numbers(pks: Sequence[Any]) -> list[int]:
            nonlocal nameless
            if None not in pks:
                return fates.numbers(concrete, pks)
            out = []
            for pk in pks:
                out.append(fates.nameless(label, nameless) if pk is None else fates.number(concrete, pk))
                nameless += pk is None
            return out

        for catalogue, lookup in self._catalogues if lookups else self._catalogues[:1]:
            for batch in batches(catalogue, label, columns, numbers, hidden=lookup or label in self._left_out):
                if lookup and not every:
                    yield batch.taken([at for at, one in enumerate(batch.numbers) if not fates.fate[one]])
                else:
                    yield batch

    def meet(self, label: str, batch: Batch) -> None:
        """Make sure that no record of the fixture has been met before. Raises InputError: two of one pk are one row."""
        met = self._met
        if batch.hidden:
            return
        if len(met) < len(self._fates.fate):
            met.extend(bytes(len(self._fates.fate) - len(met)))
        for number, pk in zip(batch.numbers, batch.pks, strict=True):
            if met[number]:
                raise InputError(
                    f"two records are {label} pk {pk}: they are one row, and loaddata would keep the last",
                    advice="keep one of them: fixtureflow dedupe",
                )
            met[number] = 1

    def register(self, label: str) -> None:
        """Number all records of a model, so that what refers to them finds them."""
        if label not in self._registered:
            self._registered.add(label)
            for _ in self.batches(label, Columns([])):
                pass

    def highest(self, label: str) -> int:
        """The highest integer among the pks of a concrete model."""
        for one in self._labels_of.get(label, ()):
            self.register(one)
        return self._fates.keys(label).highest()

    def by(self, place: Place) -> dict[Key, tuple[int, Any]]:
        """The number and the pk of each record of a model by a field, or by natural key where its fields are known."""
        out: dict[Key, tuple[int, Any]] = {}
        for label in self._labels_of.get(place.model, ()):
            if place.field != NATURAL:
                form = key_form(self._schema, place)
                for batch in self.batches(label, Columns([place.field]), every=True):
                    for value, number, pk in zip(batch.columns[place.field], batch.numbers, batch.pks, strict=True):
                        if value is not None:
                            out.setdefault(form(value), (number, pk))
            elif self._naturals.known(label):
                for batch in self.batches(
                    label, Columns(list(dict.fromkeys(self._naturals.columns(label)))), every=True
                ):
                    for at, (number, pk) in enumerate(zip(batch.numbers, batch.pks, strict=True)):
                        key = self._naturals.key(label, pk, lambda name, b=batch, at=at: b.value(name, at))  # type: ignore[misc]
                        if key is not None:
                            out.setdefault(key, (number, pk))
            else:
                out = dict(self._by_names_from_the_root(label)) | out
        return out

    def _by_names_from_the_root(self, label: str) -> Iterator[tuple[Key, tuple[int, Any]]]:
        """Of Wagtail's collections, whose `natural_key()` is code: see wagtail/models/media.py."""
        model = self._schema.concrete(label)
        tree = model.tree if model and model.label == "wagtailcore.collection" else None
        path, step = (tree.columns.get("path"), tree.steplen) if tree else (None, None)
        if not path or not step:
            return
        rows: dict[str, tuple[Any, int, Any]] = {}
        for batch in self.batches(label, Columns([path, "name"]), every=True):
            columns = (batch.columns["name"], batch.numbers, batch.pks)
            found = zip(batch.columns[path], zip(*columns, strict=True), strict=True)
            rows |= {place: one for place, one in found if isinstance(place, str)}
        named: dict[Key, list[tuple[int, Any]]] = {}
        for place, (_, number, pk) in rows.items():
            above = [place[:end] for end in range(step, len(place) + 1, step)]
            if all(one in rows for one in above):
                named.setdefault(natural_form([rows[one][0] for one in above]), []).append((number, pk))
        yield from ((key, ones[0]) for key, ones in named.items() if len(ones) == 1)

    def _concrete(self, label: str) -> str:
        model = self._schema.concrete(label)
        return model.label if model else label
