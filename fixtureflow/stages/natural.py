"""Turn primary-key references into natural keys, as `dumpdata --natural-foreign` would have written them; and back.

Two looks at the fixture: one finds where the records of each model stand, then the natural keys of the models that are
referred to are kept by pk, compactly; the second puts the keys in the references' places. Nothing else of a record
changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

from fixtureflow.errors import InputError, UsageError
from fixtureflow.findings import Findings
from fixtureflow.patterns import Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.merge import Merged, Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.turning.cascade import Rejected, follow
from fixtureflow.turning.lookup import FixtureRows, looked_up_in
from fixtureflow.turning.plan import Plan, Primary
from fixtureflow.turning.primary import Primaries
from fixtureflow.turning.report import cut_off, dropped, kept, left_behind, not_turned_back, remaining
from fixtureflow.turning.store import Disk
from fixtureflow.turning.tables import Table, Tables
from fixtureflow.turning.turn import Turning

__all__ = ["Natural", "Unresolved", "natural"]

Unresolved = Literal["error", "keep", "reject"]


def natural(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    to_model: str | Iterable[str] = (),
    natural_primary: Primary | None = None,
    lookup: str | Path | Iterable[str | Path] = (),
    drop: str | Iterable[str] = (),
    unresolved: Unresolved = "error",
    to_pk: bool = False,
    trust_guesses: bool = False,
    memory: int = 400,
) -> Natural:
    """Turn references by primary key into natural keys, as dumpdata --natural-foreign would have written them.

    `schema` says what refers to what and which natural keys there are; presets of the apps that are there fill it up.
    `to_model` limits the models referred to. `natural_primary` leaves out pks: `"django"` as `dumpdata
    --natural-primary`, `"safe"` only where nothing breaks. Rows that the dump lacks are looked up in the fixtures,
    SQLite files and database URLs of `lookup`. Records of models like `drop` are left out once they have served.
    What cannot be turned raises `InputError` before the first record is given (`"error"`), stays (`"keep"`), or its
    record is left out, and so is every record that refers to one left out (`"reject"`). `to_pk` is the way back, for
    references and for records without a pk. Natural keys beyond `memory` MB go to a temporary file. A stream is copied
    to disk, since it is read more than once.
    """
    if natural_primary not in (None, *get_args(Primary)):
        raise UsageError(f"`natural_primary=` is django or safe, not {natural_primary}")
    if unresolved not in get_args(Unresolved):
        raise UsageError(f"`unresolved=` is error, keep or reject, not {unresolved}")
    if to_pk and natural_primary not in (None, "keep"):
        raise UsageError("`to_pk=` and `natural_primary=` exclude each other")
    return Natural(
        records,
        schema if schema is None or isinstance(schema, Schema) else list(schema),
        parse_patterns(to_model),
        natural_primary or "keep",
        [str(place) for place in ([lookup] if isinstance(lookup, str | Path) else lookup)],
        parse_patterns(drop),
        unresolved,
        back=to_pk,
        trust_guesses=trust_guesses,
        memory=memory * 1_000_000,
    )


class Natural(Records):
    """The records with their references turned. The other attributes are of the latest pass, once it has ended."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        to_model: list[Pattern],
        primary: Primary,
        lookup: list[str],
        drop: list[Pattern],
        unresolved: Unresolved,
        *,
        back: bool,
        trust_guesses: bool,
        memory: int,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._to_model = to_model
        self._primary: Primary = primary
        self._lookup = lookup
        self._drop = drop
        self._unresolved = unresolved
        self._back = back
        self._trust = trust_guesses
        self._memory = memory
        self._catalogue: Catalogue | None = None
        self.merged: Merged | None = None
        """The schema that was used, with its sources."""
        self.plan: Plan | None = None
        self.primaries: Primaries | None = None
        """Which models' pks are left out, and which are not and why."""
        self.findings = Findings()
        self.left_out: Counter[str] = Counter()
        """Records left out by `drop`, by model."""
        self.referred: dict[str, set[bytes]] = {}
        """The natural keys of models left out that are still referred to."""
        self.rejected = 0
        """Records left out since something in them could not be turned, or they refer to one left out."""
        self._disk: Disk | None = None

    @property
    def spilled(self) -> bool:
        """Did natural keys go to a temporary file?"""
        return self._disk is not None and self._disk.used

    @property
    def unmatched(self) -> list[str]:
        """The patterns that matched no model in the latest pass, once the models are known."""
        if self.primaries is None:
            return []
        return [pattern.text for pattern in (*self._to_model, *self._drop) if not pattern.hits]

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        catalogue = self._catalogue
        turning, tables = self._prepare(catalogue)
        keep = self._unresolved == "keep"
        rejected = None if keep else self._checked(catalogue, turning, tables)
        before: Stretch | None = None
        for at, run in enumerate(catalogue.runs()):
            if run.model in self.left_out:
                self.left_out[run.model] += run.count
                continue
            stretch = catalogue.spool.stretch(run)
            block = turning.turned(stretch, tell=keep)
            if rejected and (places := rejected.places(at)):
                if len(places) < run.count:
                    yield Block.of([record for n, record in enumerate(block.records()) if n not in places])
                continue
            if gap := stretch.follows(before):
                block.lead = catalogue.spool.read(*gap)
            before = stretch
            yield block
        catalogue.spool.check()

    def _checked(self, catalogue: Catalogue, turning: Turning, tables: Tables) -> Rejected:
        """The records to leave out, with all that refers to them; or `InputError` for what cannot be turned."""
        rejected = Rejected(catalogue)
        for at, run in enumerate(catalogue.runs()):
            if run.model not in self.left_out:
                rejected.add(at, turning.check(catalogue.spool.stretch(run)))
        if self._unresolved == "error" and self.findings.any:
            count, first = len(self.findings), next(iter(self.findings))
            raise InputError(
                f"{count:,} key{'' if count == 1 else 's'} cannot be turned, the first {first}",
                advice="mend them, give the rows that are missing with `lookup=`, or take `unresolved=` keep or reject",
            )
        self.rejected = len(rejected)
        if self.rejected and self.merged:
            labels = [label for label in catalogue.models if label not in self.left_out]
            follow(self.merged.schema, catalogue, tables, labels, rejected, self.findings)
            self.rejected = len(rejected)
        return rejected

    def messages(self) -> list[str]:
        """What there is to say of the latest pass, a line each; the findings not among them."""
        if self.merged is None or self.plan is None or self.primaries is None:
            return []
        said = []
        if self.plan.unknown:
            names = ", ".join(self.plan.unknown[:10]) + (" …" if len(self.plan.unknown) > 10 else "")
            said.append(f"nothing is known of what they refer to: {names}; --settings or --schema FILE would tell")
        said += [
            f"{label} has no get_by_natural_key: loaddata cannot find its rows"
            for label in sorted(self.plan.unloadable)
        ]
        stays = [one for one in self.plan.stays if one.model not in self.left_out]
        said += not_turned_back(stays, self.primaries.without_pk) if self._back else remaining(stays)
        said += kept(self.primaries.kept)
        said += dropped(self.primaries.dropped, self.plan.stays, self.primaries.generic)
        said += cut_off(self.plan.stays, self.primaries.generic, self.left_out)
        said += left_behind(self.merged.schema, self.plan.labels, self.referred)
        return said

    def write_report(self, path: str | Path) -> None:
        """All of it as JSON: the findings, what stays and why, what was left out."""
        plan, primaries = self.plan, self.primaries
        self.findings.write(
            path,
            stays=[one._asdict() for one in plan.stays] if plan else [],
            unknown=plan.unknown if plan else [],
            keeps_pk=primaries.kept if primaries else {},
            left_out=dict(self.left_out),
            still_referred_to={label: sorted(key.decode() for key in keys) for label, keys in self.referred.items()},
            rejected=self.rejected,
        )

    def _prepare(self, catalogue: Catalogue) -> tuple[Turning, Tables]:
        # Guesses turn nothing unless they are trusted, so they need not be made.
        labels = [*catalogue.models, "contenttypes.contenttype"]
        seen = Records(catalogue.stretches)
        self.merged = gather(labels, given=self._given, records=seen, infer=None if self._trust else False)
        schema = self.merged.schema
        self.findings = Findings()
        self.rejected = 0
        self.plan = plan = Plan(schema, catalogue.models, self._to_model, trust_guesses=self._trust, back=self._back)
        left = [label for label in catalogue.models if any_matches(self._drop, label)]
        self.left_out = Counter(dict.fromkeys(left, 0))
        self.referred = {label: set() for label in left}
        rows = [FixtureRows(schema, catalogue, "the dump"), *(looked_up_in(schema, place) for place in self._lookup)]
        disk = Disk(self._memory)
        tables = Tables(schema, list(rows), disk, self.findings, trust_guesses=self._trust)
        made: dict[tuple[str, str], Table] = {}
        for label in catalogue.models:
            for turn in list(plan.turns[label]) if label not in self.left_out else ():
                try:
                    made[label, turn.name] = tables.table(turn.place, turn.to, turn.paths, back=self._back)
                except LookupError:
                    plan.give_up(label, turn, "its natural key cannot be followed")
        self.primaries = Primaries(plan, tables, self._primary, left)
        self._disk = disk
        done = "record left out" if self._unresolved == "reject" else ""
        turning = Turning(plan, made, self.primaries, self.findings, self.referred, done=done, back=self._back)
        return turning, tables
