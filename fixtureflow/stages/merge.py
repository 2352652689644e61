"""Several fixtures as one: the same records once, those that are in each other's way told of.

Of each record 50 bytes are kept, beyond a bound on disk; the records themselves are read again where they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from fixtureflow.comparing.joining import Conflict, Joining, Prefer, Why
from fixtureflow.comparing.shapes import fields_that_differ
from fixtureflow.errors import InputError, UsageError
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.writer import write

__all__ = ["Joined", "merge"]


def merge(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    prefer: Prefer | None = None,
    rejects: str | Path | None = None,
) -> Joined:
    """The records of several fixtures, read one after the other (`ff.read("a.json", "b.json")`), as one fixture.

    A record that has the model, primary key and values of an earlier one is left out. Two with the same primary key and
    other values conflict, and so do two with other primary keys and the same values in fields that the `schema`, or a
    preset, knows as unique. `prefer` says which is kept, the first or the last; `rejects` is a file that takes those
    that are not, and without `prefer` all that conflict. With neither, `InputError` is raised before the first record
    is given; `findings` has all conflicts. The order is that of the input. All is read first, a stream copied to disk.
    """
    if prefer not in (None, *get_args(Prefer)):
        raise UsageError(f"`prefer=` is first or last, not {prefer}")
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    return Joined(records, sources, prefer, rejects)


class Joined(Records):
    """The records of all. The other attributes are known once the first record has been given, or refused."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        prefer: Prefer | None,
        rejects: str | Path | None,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._prefer = prefer
        self._rejects = rejects
        self._catalogue: Catalogue | None = None
        self._joining: Joining | None = None
        self.repeated: Counter[str] = Counter()
        """By model: records that stand there already, with the same values."""
        self.left_out: Counter[str] = Counter()
        """By model: records that conflict with one that is kept, or if none is, with each other."""
        self.findings = Findings()
        """The conflicts, by what they are about."""
        self.by_unique: list[str] = []
        """Models of which a record was left out whose primary key is no other's: what referred to it leads nowhere."""

    def conflicts(self) -> Iterator[Conflict]:
        """Each conflict, its records read again; known once the first record has been given, or refused."""
        return iter(()) if self._joining is None else self._joining.conflicts()

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        if self._joining is None:
            self._joining = self._planned(self._catalogue)
        if self.left_out and self._prefer is None and self._rejects is None:
            first = next(iter(self.findings))
            raise InputError(
                f"{self.left_out.total():,} records conflict, the first of {first.where} ({first.problem})",
                advice='keep the first or the last with `prefer="first"`, or put those apart with `rejects=FILE`',
            )
        if self._rejects is not None:
            write(self._apart(self._joining), self._rejects)
        before: Stretch | None = None
        for run, left_out in self._joining.runs():
            if len(left_out) == run.count:
                before = None
                continue
            if left_out:
                kept = [record for record, why in self._joining.records(run, left_out) if why is None]
                before = None
                if kept:
                    yield Block.of(kept)
                continue
            stretch = self._catalogue.spool.stretch(run)
            if gap := stretch.follows(before):
                stretch.lead = self._catalogue.spool.read(*gap)
            before = stretch
            yield stretch
        self._catalogue.spool.check()

    def _planned(self, catalogue: Catalogue) -> Joining:
        records = Records(catalogue.stretches)
        schema = gather(catalogue.models, given=self._given, records=records, infer=False).schema
        joining = Joining(schema, catalogue, self._prefer)
        for run, left_out in joining.runs():
            for why in left_out.values():
                (self.repeated if why is Why.REPEATED else self.left_out)[run.model] += 1
        done = f"the {self._prefer} one is kept" if self._prefer else ""
        for conflict in joining.conflicts():
            self.findings.add(_finding(conflict, done))
            if conflict.why is Why.UNIQUE and conflict.record.model not in self.by_unique:
                self.by_unique.append(conflict.record.model)
        return joining

    def _apart(self, joining: Joining) -> Iterator[Record]:
        """The records that conflict and are not kept."""
        for run, left_out in joining.runs():
            if left_out:
                yield from (r for r, why in joining.records(run, left_out) if why in (Why.PK, Why.UNIQUE))


def _finding(conflict: Conflict, done: str) -> Finding:
    record, other = conflict.record, conflict.other
    if conflict.why is Why.PK:
        problem, names = "same pk, other values", fields_that_differ(record, other)
    else:
        problem, names = "other pk, same unique values", list(conflict.fields)
    value = f"{', '.join(names)}; see {other.source.name}, record {other.number:,}"
    return Finding(
        problem=problem,
        model=record.model,
        pk=record.pk,
        value=value,
        done=done,
        more={"fields": names, "file": record.source.name, "record": record.number, "byte": record.offset},
    )
