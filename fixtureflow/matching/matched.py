"""The stage: a fixture without what the target has already."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from fixtureflow.connection import shown
from fixtureflow.errors import InputError, UsageError
from fixtureflow.findings import Findings
from fixtureflow.matching.deletion import write_deletion
from fixtureflow.matching.emit import Emission, Lists
from fixtureflow.matching.fates import KEPT
from fixtureflow.matching.lacking import lookups_in
from fixtureflow.matching.links import added_links, replaced_lists, within_models
from fixtureflow.matching.log import Log, Sample
from fixtureflow.matching.named import ids_inside
from fixtureflow.matching.notes import Assumption, assumptions, notes
from fixtureflow.matching.opened import opened
from fixtureflow.matching.resolve import Resolver
from fixtureflow.ordering.waiting import waiting
from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.record import LinkSource, Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.database import from_database
from fixtureflow.schema.merge import Merged, Source, merge
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.target.rows import Target

__all__ = ["Dangling", "Lists", "Matched"]

Dangling = Literal["reject", "null", "keep"]


class Matched(Records):
    """The records that the target lacks, rewritten to refer to its rows. The attributes are of the latest pass."""

    def __init__(
        self,
        records: Iterable[Record],
        include: list[Pattern],
        exclude: list[Pattern],
        target: str,
        schema: Schema | list[Source] | None,
        *,
        lookup: list[str],
        renumber: bool,
        dangling: Dangling,
        m2m: Lists,
        trust_guesses: bool,
        prefer: list[Pattern],
        delete_sql: str | Path | None,
        rejects: str | Path | None,
        report: str | Path | None,
        dry_run: bool,
    ) -> None:
        super().__init__(self._blocks, records)
        if dangling not in get_args(Dangling):
            raise UsageError(f"--dangling is reject, null or keep, not {dangling}")
        if m2m not in get_args(Lists):
            raise UsageError(f"--m2m is union, target or fixture, not {m2m}")
        self._records = records
        self._include = include
        self._exclude = exclude
        self._url = target
        self._given = schema
        self._lookup = lookup
        self._renumber = renumber
        self._dangling: Dangling = dangling
        self._m2m = m2m
        self._trust = trust_guesses
        self._prefer = prefer
        self._delete_sql = delete_sql
        self._rejects = rejects
        self._report = report
        self._dry = dry_run
        self._catalogue: Catalogue | None = None
        self._notes: Sequence[str] = ()
        self._inside: Sequence[str] = ()
        self.merged: Merged | None = None
        """The schema that was used, with its sources."""
        self.counts: dict[str, Counter[str]] = {}
        """By model: in, new, same, remapped, renumbered, updated, rejected, left out, changed, out, put off."""
        self.findings = Findings()
        """The rejected records, by reason."""
        self.added = 0
        """Records added for lists that were united."""
        self.relisted = 0
        """Rows of the target that are written again, with other lists."""
        self.seen: set[str] = set()
        self.resolver: Resolver | None = None
        self.arrange: Callable[[Resolver, Emission], Iterator[Block]] = _as_they_came
        """Decides on the records, and gives what is kept, in an order.

        Without a file for rejects, nothing may be given before all is decided on.
        """
        self.in_steps = False
        """Are some records put off until the others are loaded? The target's rows that they replace stay until then."""
        self.samples: dict[str, Sample] = {}
        """By case, what the report tells of some records; nothing without a report."""
        self.late: set[str] = set()
        """The models that are put off, and the many-to-many tables that are with them."""

    @property
    def unmatched(self) -> list[str]:
        """The patterns that matched no model in the latest pass."""
        return [pattern.text for pattern in (*self._include, *self._exclude, *self._prefer) if not pattern.hits]

    @property
    def rejected(self) -> int:
        return sum(counts["rejected"] for counts in self.counts.values())

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        catalogue = self._catalogue
        self.seen = set(catalogue.models)
        left_out = {label for label in catalogue.models if not self._keeps(label)}
        with opened(self._url, self._given, catalogue, trust=self._trust) as (connection, merged, notes):
            target = Target(connection)
            self.merged, self._notes = merged, notes
            if merged and self._delete_sql is not None:
                raise UsageError("--delete-sql is for a database, and the target is a fixture", advice="leave it out")
            schema = merged.schema if merged else self._schema(catalogue, target)
            lookups = lookups_in(self._lookup, schema, catalogue, target)
            resolver = self.resolver = Resolver(
                schema,
                catalogue,
                lookups,
                target,
                left_out=left_out,
                renumber=self._renumber,
                dangling=self._dangling,
                trust=self._trust,
                prefer=self._prefer,
                deletes=self._delete_sql is not None,
            )
            log = Log(wanted=self._report is not None)
            self.samples = log.samples
            try:
                emission = Emission(resolver, left_out, log, self._m2m)
                self.counts, self.findings, self.added, self.relisted = emission.counts, emission.findings, 0, 0
                for block in self._emitted(emission, resolver, target):
                    if not self._dry and not self._refused(resolver):
                        yield block
                self._inside = list(ids_inside(resolver, self.counts, emission.inside))
                if self.in_steps:
                    self._put_off(resolver)
                if self._delete_sql is not None and not self._dry:
                    write_deletion(self._delete_sql, schema, target, self.deleted())
                if self._report is not None:
                    log.write_report(self._report, **self._told())
                if self._rejects is not None and not self._dry:
                    log.write_rejects(self._rejects)
            finally:
                log.close()
        if self._refused(resolver):
            first = next(iter(self.findings))
            raise InputError(
                f"{self.rejected:,} records have no place in the target, the first: {first}",
                advice="take --rejects FILE to have them written there and the others here",
            )

    def _refused(self, resolver: Resolver) -> bool:
        return bool(resolver.reasons) and self._rejects is None and not self._dry

    def _emitted(self, emission: Emission, resolver: Resolver, target: Target) -> Iterator[Block]:
        yield from self.arrange(resolver, emission)
        source = LinkSource()
        if self._m2m == "fixture":
            for block in replaced_lists(resolver.schema, target, emission.lists, source):
                self.relisted += len(block)
                yield block
        if self._m2m == "union":
            own, others = within_models(resolver.schema, emission.lists)
            for block in replaced_lists(resolver.schema, target, own, source, unite=True):
                self.relisted += len(block)
                yield block
            for block in added_links(resolver.schema, target, others, source):
                self.added += len(block)
                yield block

    def _put_off(self, resolver: Resolver) -> None:
        """The records that are put off are no longer among those that come out."""
        loaded = [label for label, counts in self.counts.items() if counts["out"]]
        self.late = waiting(resolver.schema, loaded, resolver.generic.__getitem__)
        for label in self.late & set(loaded):
            self.counts[label]["put off"] = self.counts[label].pop("out")

    def _schema(self, catalogue: Catalogue, target: Target) -> Schema:
        given = [Source("file", "the schema given", self._given)] if isinstance(self._given, Schema) else self._given
        sources = [one for one in given or () if one.kind != "database"]
        known = merge(sources).schema if sources else None
        found = from_database(target.connection, known=known)
        sources.append(Source("database", f"database {shown(self._url)}", found))
        labels = [*catalogue.models, "contenttypes.contenttype"]
        self.merged = gather(labels, given=sources, records=Records(catalogue.stretches), infer=False, quiet=True)
        return _with_keys_of(self.merged.schema, found)

    def _keeps(self, label: str) -> bool:
        included = any_matches(self._include, label) or not self._include
        return not any_matches(self._exclude, label) and included

    def deleted(self, *, late: bool = False) -> dict[str, list[Any]]:
        """By model, the pks of rows of the target that have to go before the fixture can be loaded.

        `late`: those that have to go before what is put off can be.
        """
        out: dict[str, list[Any]] = {}
        resolver = self.resolver
        if resolver is None:
            return out
        put_off = {resolver.plans[label].label for label in self.late & resolver.plans.keys()}
        for label, number, pk in resolver.decider.deleted:
            if resolver.fates.fate[number] in KEPT and (label in put_off) is late:
                out.setdefault(label, []).append(pk)
        return out

    @property
    def assumed(self) -> list[Assumption]:
        """Where fields lead as far as nobody has stated it, of the latest pass."""
        return list(assumptions(self.resolver)) if self.resolver else []

    def messages(self, *, assumed: bool = True, values: bool = True) -> list[str]:
        """What there is to say of the latest pass, a line each; counts and findings not among them.

        Without `values` no value of the data is in it, without `assumed` nothing of what was.
        """
        resolver = self.resolver
        if resolver is None:
            return []
        # The name alone: `prepare` drafts the file elsewhere.
        file = Path(self._delete_sql or "").name
        now, later = self.deleted(), self.deleted(late=True)
        said = notes(resolver, self.counts, now, later, file, assumed=assumed, values=values)
        return [*self._notes, *said, *self._inside]

    def _told(self) -> dict[str, object]:
        return {
            "models": {label: {"in": 0, "out": 0, **counts} for label, counts in self.counts.items()},
            "added": self.added,
            "relisted": self.relisted,
            "assumed": [one._asdict() for one in self.assumed],
            "notes": self.messages(),
            "findings": [msgspec.to_builtins(group) for group in self.findings],
        }


def _as_they_came(resolver: Resolver, emission: Emission) -> Iterator[Block]:
    deque(resolver.decide(), 0)
    yield from emission.blocks()


def _with_keys_of(schema: Schema, database: Schema) -> Schema:
    """`schema` with the unique keys as the database words them, since it is the database that is asked for them."""
    models = []
    for model in schema.models.values():
        theirs = database.models.get(model.label)
        if theirs is not None:
            names = {field.column or name: name for name, field in model.fields.items() if field.column != ""}
            columns = {name: field.column or name for name, field in theirs.fields.items()}
            uniques = tuple(
                msgspec.structs.replace(
                    unique, fields=tuple(names.get(columns[name], columns[name]) for name in unique.fields)
                )
                for unique in theirs.uniques or ()
            )
            model = msgspec.structs.replace(model, uniques=uniques, sequence=theirs.sequence)
        models.append(model)
    return msgspec.structs.replace(schema, models={model.label: model for model in models})
