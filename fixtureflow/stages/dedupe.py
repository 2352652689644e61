"""One record where a unique constraint allows only one; references to the others follow to the one that stays.

The fixture is read once for where its records stand; then each model that has something unique once for its keys, after
the models that it refers to, and once more where keys repeat. In memory are some 16 bytes for each record of such a
model, and what is known of the records that go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from fixtureflow.checks.judge import Dialect
from fixtureflow.checks.logs import Disk
from fixtureflow.deduping.decide import Decider
from fixtureflow.deduping.emit import Emission
from fixtureflow.deduping.moves import Moves
from fixtureflow.deduping.plan import Plan
from fixtureflow.deduping.wanted import Keep, Rename, keep_of, parse_renames, parse_uniques
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.references.generic import ContentTypes
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.turning.store import Disk as KeyDisk

__all__ = ["Deduped", "dedupe"]

MEMORY = 160_000_000
"""Bytes of keys, and again of keys that have another meaning, that are kept in memory."""


def dedupe(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    unique: str | Iterable[str] = (),
    keep: str = "first",
    rename: Mapping[str, str] | str | Iterable[str] = (),
    target: str | None = None,
    trust_guesses: bool = False,
    tell: Callable[[Finding], object] | None = None,
) -> Deduped:
    """Keep one record where a unique constraint allows only one, and make references to the others mean that one.

    `unique` names fields that are to be unique together: `"lists.item:list,text"`. Without it all unique constraints
    of the schema hold, and primary keys that stand there twice. `keep` is `"first"`, `"last"`, or `"newest:FIELD"`.
    `rename` gives a field another value instead: `{"text": "{} ({n})"}`. `target` is the URL of the database that the
    fixture is for, which says where case does not matter. What becomes the same since references follow is treated
    alike, model after model in the order of foreign keys. Each record that goes or gets another value is given to
    `tell`. References that the schema has only guessed are left as they are without `trust_guesses`.
    All is read before the first record is given; a stream is copied to disk. Raises `UsageError`, `InputError`.
    """
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    dialect = Dialect()
    if target is not None:
        from fixtureflow.checks.target import dialect_of
        from fixtureflow.connection import connected

        with connected(target) as connection:
            dialect = dialect_of(connection)
    return Deduped(
        records,
        sources,
        parse_uniques(unique),
        keep_of(keep),
        parse_renames(rename),
        dialect,
        tell,
        trust_guesses=trust_guesses,
    )


class Deduped(Records):
    """The records that stay. The other attributes are of the latest pass, once it has ended."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        uniques: dict[str, list[tuple[str, ...]]],
        keep: Keep,
        renames: list[Rename],
        dialect: Dialect,
        tell: Callable[[Finding], object] | None,
        *,
        trust_guesses: bool,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._uniques = uniques
        self._keep = keep
        self._renames = renames
        self._dialect = dialect
        self._tell_each = tell
        self._trust = trust_guesses
        self._catalogue: Catalogue | None = None
        self._plan: Plan | None = None
        self._moves: Moves | None = None
        self._decided: list[Finding] = []
        self.findings = Findings()
        """Records that went or got another value, and what could not be done."""
        self.dropped: Counter[tuple[str, str]] = Counter()
        """Records that went, by model and what had to be unique."""
        self.renamed: Counter[tuple[str, str]] = Counter()
        """Records that got another value, by model and field."""
        self.followed: Counter[tuple[str, str]] = Counter()
        """Records whose reference means another record now, by model and field."""
        self.united: Counter[tuple[str, str]] = Counter()
        """Records whose list took up what the list of one that went held, by model and field."""

    @property
    def unmatched(self) -> list[str]:
        """What was asked for and has met no record."""
        return self._plan.unmatched if self._plan else []

    def messages(self) -> list[str]:
        """What has to be said besides, a line each: what was not looked at, and what has not followed."""
        # Of records with the same primary key it does not matter to others which one stays.
        gone = {label for label, unique in self.dropped if unique != "pk"}
        return self._plan.messages(gone) if self._plan else []

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        if self._plan is None or self._moves is None:
            self._decide(self._catalogue)
        assert self._plan is not None and self._moves is not None  # noqa: S101
        self.findings = Findings()
        emission = Emission(self._plan.schema, self._catalogue, self._plan.by_label, self._moves, self._tell)
        self.dropped, self.renamed = emission.dropped, emission.renamed
        self.followed, self.united = emission.followed, emission.united
        for finding in self._decided:
            self._tell(finding)
        yield from emission.blocks()

    def _decide(self, catalogue: Catalogue) -> None:
        labels = [*catalogue.models, "contenttypes.contenttype"]
        seen = Records(catalogue.stretches)
        infer = None if self._trust else False
        schema = gather(labels, given=self._given, records=seen, infer=infer, quiet=True).schema
        types = ContentTypes(schema, catalogue)
        plan = Plan(
            schema,
            catalogue,
            types,
            self._uniques,
            self._renames,
            self._dialect,
            trust_guesses=self._trust,
        )
        moves = Moves(schema, types, KeyDisk(MEMORY))
        self._decided = []
        decider = Decider(schema, moves, self._keep, Disk(MEMORY), self._decided.append)
        decider.places = plan.places
        for tables, cyclic in plan.units():
            while any(decider.decide(table) for table in tables) and cyclic:
                pass
        if not decider.suspects.found_newest and any(table.dropped for table in plan.tables.values()):
            plan.unmatched.append(f"--keep newest:{self._keep.newest}")
        self._plan, self._moves = plan, moves

    def _tell(self, finding: Finding) -> None:
        self.findings.add(finding)
        if self._tell_each:
            self._tell_each(finding)
