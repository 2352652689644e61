"""The records that refer to records left out: left out too, and so on, since nothing may dangle without a word."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fixtureflow.findings import Finding, Findings
from fixtureflow.references.links import NATURAL, Key, Link, Place, key_form, links_of, natural_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns, Row
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Model, Schema
from fixtureflow.turning.generic import GenericKeys
from fixtureflow.turning.tables import Table, Tables, decoded, paths_of

__all__ = ["Rejected", "follow"]

PROBLEM = "refers to a record that is left out"
DONE = "record left out"


class Rejected:
    """Which records of a fixture are left out: a byte for each record that there is."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._flags = bytearray(catalogue.records)
        self._before = array("Q", [0])
        for run in catalogue.runs():
            self._before.append(self._before[-1] + run.count)

    def __len__(self) -> int:
        return self._flags.count(1)

    def add(self, run: int, places: set[int]) -> None:
        """Leave out the records at these places of a run."""
        for place in places:
            self._flags[self._before[run] + place] = 1

    def places(self, run: int) -> set[int]:
        """The places in a run whose records are left out."""
        flags = self._flags[self._before[run] : self._before[run + 1]]
        return {at for at, flag in enumerate(flags) if flag} if 1 in flags else set()


def follow(
    schema: Schema, catalogue: Catalogue, tables: Tables, labels: Sequence[str], rejected: Rejected, findings: Findings
) -> None:
    """Add to `rejected` the records of models `labels` that refer to one of them, by whatever field, until none does.

    Kept are the keys of the records left out. The models that may refer to one are read again, forwards and
    backwards in turn, until a pass finds no more; a chain is followed in a few passes whichever way it runs.
    """
    _Cascade(schema, catalogue, tables, labels, rejected, findings).run()


class _Cascade:
    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        tables: Tables,
        labels: Sequence[str],
        rejected: Rejected,
        findings: Findings,
    ) -> None:
        self.schema = schema
        self.catalogue = catalogue
        self.rejected = rejected
        self.findings = findings
        self.generic = GenericKeys(schema, tables)
        self.links = {label: list(links_of(schema, label)) for label in labels}
        self.gone = _Gone(schema, tables, {link.to for links in self.links.values() for link in links})
        self.changed: set[str] = set()
        """Concrete labels of models of which more has been left out since the latest pass."""

    def run(self) -> None:
        for label in self.links:
            for run in self.catalogue.ids(label):
                if places := self.rejected.places(run):
                    self._add(self._stretch(run), places)
        backwards = False
        while self.changed:
            changed, self.changed = self.changed, set()
            for label in sorted(self.links, reverse=backwards):
                links = [link for link in self.links[label] if link.kind == "generic" or link.to.model in changed]
                if links:
                    self._pass(label, links, backwards)
            backwards = not backwards

    def _stretch(self, run: int) -> Stretch:
        return self.catalogue.spool.stretch(self.catalogue.run(run))

    def _add(self, stretch: Stretch, places: set[int]) -> None:
        model = self.schema.concrete(stretch.run.model)
        if model is not None:
            self.gone.add(model, stretch, places)
            self.changed.add(model.label)

    def _pass(self, label: str, links: list[Link], backwards: bool) -> None:
        names = dict.fromkeys(name for link in links for name in (link.field, link.content_type) if name)
        columns = Columns(list(names))
        runs = self.catalogue.ids(label)
        for run in reversed(runs) if backwards else runs:
            stretch = self._stretch(run)
            rows = list(enumerate(columns.rows(stretch)))
            known = self.rejected.places(run)
            # Within a stretch until nothing more is found: the records of a chain often stand together.
            while new := set(self._found(label, links, columns, rows, known)):
                known |= new
                self.rejected.add(run, new)
                self._add(stretch, new)

    def _found(
        self, label: str, links: list[Link], columns: Columns, rows: list[tuple[int, Row]], known: set[int]
    ) -> Iterator[int]:
        """The places of records that refer to one that is left out."""
        for at, (pk, fields) in rows:
            if at not in known and self._refers(label, links, columns, pk, fields):
                yield at

    def _refers(self, label: str, links: list[Link], columns: Columns, pk: Any, fields: tuple[Any, ...]) -> bool:
        found = False
        for link in links:
            value = fields[columns.at[link.field]] if link.field in columns.at else None
            if value is None and link.by_pk:
                value = pk
            to = self._to(label, link, columns, fields).model if value is not None else ""
            if not to:
                continue
            for each in value if link.many and isinstance(value, list) else [value]:
                if self.gone.has(Place(to, link.to.field), each):
                    found = True
                    self.findings.add(
                        Finding(problem=PROBLEM, model=label, pk=pk, field=link.field, value=each, to=to, done=DONE)
                    )
        return found

    def _to(self, label: str, link: Link, columns: Columns, fields: tuple[Any, ...]) -> Place:
        if link.kind != "generic":
            return link.to
        kind, model = fields[columns.at[link.content_type]], self.schema.concrete(label)
        to = self.generic.label(model, link.content_type, kind) if model and kind is not None else ""
        concrete = self.schema.concrete(to)
        return Place(concrete.label if concrete else to, "")


class _Gone:
    """The keys of records left out, of each kind that something refers to them by."""

    def __init__(self, schema: Schema, tables: Tables, wanted: set[Place]) -> None:
        self._schema = schema
        self._tables = tables
        self._fields: dict[str, list[str]] = {}
        for place in sorted(wanted):
            if place.field:
                self._fields.setdefault(place.model, []).append(place.field)
        self._keys: dict[Place, set[Key]] = {}
        self._forms: dict[Place, Callable[[Any], Key]] = {}
        self._naturals: dict[str, Table | None] = {}

    def has(self, place: Place, value: Any) -> bool:
        """Is it a key of a record left out? A list is a natural key, unless the primary key is one."""
        model = self._schema.concrete(place.model)
        if isinstance(value, list) and not (model and not place.field and len(model.pk or ()) > 1):
            return natural_form(value) in self._keys.get(Place(place.model, NATURAL), ())
        keys = self._keys.get(place)
        return keys is not None and self._form(place)(value) in keys

    def add(self, model: Model, stretch: Stretch, places: set[int]) -> None:
        columns = Columns(self._fields.get(model.label, []))
        for at, (pk, fields) in enumerate(columns.rows(stretch)):
            if at in places:
                self._put(Place(model.label, ""), pk)
                for name, value in zip(columns.names, fields, strict=True):
                    self._put(Place(model.label, name), value)
        natural = self._natural(model)
        if natural is not None:
            texts = list(natural.texts_of(stretch))
            keys = self._keys.setdefault(Place(model.label, NATURAL), set())
            keys.update(
                map(natural_form, (decoded([b"[%b]" % texts[at]])[0] for at in places if texts[at][:1] != b"!"))
            )

    def _put(self, place: Place, value: Any) -> None:
        if value is not None:
            self._keys.setdefault(place, set()).add(self._form(place)(value))

    def _form(self, place: Place) -> Callable[[Any], Key]:
        if place not in self._forms:
            self._forms[place] = key_form(self._schema, place)
        return self._forms[place]

    def _natural(self, model: Model) -> Table | None:
        """The table that has the natural keys of a model, if it has some."""
        if model.label not in self._naturals:
            paths = paths_of(self._schema, model.label)
            try:
                found = self._tables.table(Place(model.label, ""), model.label, paths) if paths else None
            except LookupError:
                found = None
            self._naturals[model.label] = found
        return self._naturals[model.label]
