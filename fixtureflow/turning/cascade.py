"""The records that refer to records left out: left out too, and so on, since nothing may dangle without a word."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

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

_Reference: TypeAlias = tuple[str, str, Any, tuple[Place, Key]]


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
    backwards in turn, until a pass finds no more; a chain is followed in a few passes whichever way it runs, and within
    neighbouring records however it runs.
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
            keys = self.gone.keys_of(model, stretch)
            for at in places:
                self.gone.add(keys[at])
            self.changed.add(model.label)

    def _pass(self, label: str, links: list[Link], backwards: bool) -> None:
        names = dict.fromkeys(name for link in links for name in (link.field, link.content_type) if name)
        columns = Columns(list(names))
        runs = self.catalogue.ids(label)
        for run in reversed(runs) if backwards else runs:
            stretch = self._stretch(run)
            rows = list(columns.rows(stretch))
            known = self.rejected.places(run)
            if new := self._found(label, links, columns, stretch, rows, known):
                self.rejected.add(run, new)
                for at in sorted(new):
                    self._tell(label, rows[at][0], self._refers(label, links, columns, rows[at]))

    def _found(
        self, label: str, links: list[Link], columns: Columns, stretch: Stretch, rows: list[Row], known: set[int]
    ) -> set[int]:
        """The places of records that refer to one that is left out, or to one of these, and so on."""
        rest = [at for at in range(len(rows)) if at not in known]
        waiting = [at for at in rest if any(map(self.gone.has, self._keys(label, links, columns, rows[at])))]
        model = self.schema.concrete(label)
        if not waiting or model is None:
            return set()
        referring: dict[tuple[Place, Key], list[int]] = defaultdict(list)
        for at in rest:
            for key in self._keys(label, links, columns, rows[at]):
                referring[key].append(at)
        keys = self.gone.keys_of(model, stretch)
        new: set[int] = set()
        while waiting:
            at = waiting.pop()
            if at not in new:
                new.add(at)
                self.gone.add(keys[at])
                for key in keys[at]:
                    waiting += referring.get(key, ())
        self.changed.add(model.label)
        return new

    def _tell(self, label: str, pk: Any, references: Iterator[_Reference]) -> None:
        for field, to, value, key in references:
            if self.gone.has(key):
                found = Finding(problem=PROBLEM, model=label, pk=pk, field=field, value=value, to=to, done=DONE)
                self.findings.add(found)

    def _keys(self, label: str, links: list[Link], columns: Columns, row: Row) -> Iterator[tuple[Place, Key]]:
        return (key for _, _, _, key in self._refers(label, links, columns, row))

    def _refers(self, label: str, links: list[Link], columns: Columns, row: Row) -> Iterator[_Reference]:
        """What a record refers to: the field, the model, the value, and the key that it is."""
        pk, fields = row
        for link in links:
            value = fields[columns.at[link.field]] if link.field in columns.at else None
            if value is None and link.by_pk:
                value = pk
            to = self._to(label, link, columns, fields).model if value is not None else ""
            if not to:
                continue
            for each in value if link.many and isinstance(value, list) else [value]:
                yield link.field, to, each, self.gone.key(Place(to, link.to.field), each)

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
        self._keys: set[tuple[Place, Key]] = set()
        self._forms: dict[Place, Callable[[Any], Key]] = {}
        self._naturals: dict[str, Table | None] = {}

    def key(self, place: Place, value: Any) -> tuple[Place, Key]:
        """What a reference means. A list is a natural key, unless the primary key is one."""
        model = self._schema.concrete(place.model)
        if isinstance(value, list) and not (model and not place.field and len(model.pk or ()) > 1):
            return Place(place.model, NATURAL), natural_form(value)
        return place, self._form(place)(value)

    def has(self, key: tuple[Place, Key]) -> bool:
        """Is it a key of a record left out?"""
        return key in self._keys

    def add(self, keys: Iterable[tuple[Place, Key]]) -> None:
        self._keys.update(keys)

    def keys_of(self, model: Model, stretch: Stretch) -> list[list[tuple[Place, Key]]]:
        """By what each record of a stretch may be referred to."""
        columns = Columns(self._fields.get(model.label, []))
        found = []
        for pk, fields in columns.rows(stretch):
            values = [("", pk), *zip(columns.names, fields, strict=True)]
            places = ((Place(model.label, name), value) for name, value in values if value is not None)
            found.append([(place, self._form(place)(value)) for place, value in places])
        natural = self._natural(model)
        if natural is not None:
            for keys, text in zip(found, natural.texts_of(stretch), strict=True):
                if text[:1] != b"!":
                    keys.append((Place(model.label, NATURAL), natural_form(decoded([b"[%b]" % text])[0])))
        return found

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
