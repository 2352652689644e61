"""Leave out records that are not wanted, or that a target has already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, overload

from fixtureflow.errors import UsageError
from fixtureflow.patterns import Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.schema.model import Schema
from fixtureflow.stream import Block, Records, blocks_of

if TYPE_CHECKING:
    from fixtureflow.matching.matched import Dangling, Lists, Matched
    from fixtureflow.schema.merge import Source

__all__ = ["Filtered", "filter"]


@overload
def filter(  # noqa: A001 - the verb's name
    records: Iterable[Record], *, include: str | Iterable[str] = ..., exclude: str | Iterable[str] = ...
) -> Filtered: ...


@overload
def filter(  # noqa: A001 - the verb's name
    records: Iterable[Record],
    *,
    include: str | Iterable[str] = ...,
    exclude: str | Iterable[str] = ...,
    target: str,
    schema: Schema | Iterable[Source] | None = ...,
    lookup: str | Path | Iterable[str | Path] = ...,
    renumber: bool = ...,
    dangling: Dangling = ...,
    m2m: Lists = ...,
    trust_guesses: bool = ...,
    prefer: str | Iterable[str] = ...,
    delete_sql: str | Path | None = ...,
    rejects: str | Path | None = ...,
    report: str | Path | None = ...,
    dry_run: bool = ...,
) -> Matched: ...


def filter(  # noqa: A001
    records: Iterable[Record],
    *,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    target: str | None = None,
    schema: Schema | Iterable[Source] | None = None,
    lookup: str | Path | Iterable[str | Path] = (),
    renumber: bool = False,
    dangling: Dangling = "reject",
    m2m: Lists = "union",
    trust_guesses: bool = False,
    prefer: str | Iterable[str] = (),
    delete_sql: str | Path | None = None,
    rejects: str | Path | None = None,
    report: str | Path | None = None,
    dry_run: bool = False,
) -> Filtered | Matched:
    """Keep the records of models that match a pattern of `include` (all, if there is none) and none of `exclude`.

    With `target`, the URL of a database (`project_database` gives a project's), an SQLite file or another fixture, also
    leave out the records whose rows are there already by their unique keys, and make what refers to them refer to the
    target's rows. `schema` fills up what its tables tell; of a fixture it has to tell all that presets do not. `lookup`
    names what has the rows that the dump lacks: fixtures, or the URL or SQLite file of the old database, of which only
    the rows that are referred to are read. A record whose pk is another row's in the target, that would collide, or
    that refers to nothing is rejected: it goes to the file `rejects`, and without one `InputError` is raised before the
    first record. `renumber` gives a record a free pk instead; `dangling` sets references to nothing to null, or keeps
    them. `m2m` unites the lists of a record that is left out with those of the target's row, leaves these alone
    (`target`), or has the row written again with the fixture's (`fixture`). With `prefer` (`fixture:PATTERN`) the
    fixture's rows of some models take the place of those that the target has: under their pks, or, where a pk is data
    itself, once the statements written to `delete_sql` have been run. `report` is a file of JSON that tells of every
    record not simply passed on; `dry_run` gives out no record. All is read before the first record is given; a stream
    is copied to disk. The target is only read.

    Raises `UsageError` for a pattern that can match nothing, `TargetError`.
    """
    included, excluded = parse_patterns(include), parse_patterns(exclude)
    if target is None:
        return Filtered(records, included, excluded)
    from fixtureflow.matching.matched import Matched  # SQLAlchemy is slow to import

    return Matched(
        records,
        included,
        excluded,
        target,
        schema if schema is None or isinstance(schema, Schema) else list(schema),
        lookup=[str(place) for place in ([lookup] if isinstance(lookup, str | Path) else lookup)],
        renumber=renumber,
        dangling=dangling,
        m2m=m2m,
        trust_guesses=trust_guesses,
        prefer=parse_patterns(_of_the_fixture(prefer)),
        delete_sql=delete_sql,
        rejects=rejects,
        report=report,
        dry_run=dry_run,
    )


def _of_the_fixture(prefer: str | Iterable[str]) -> list[str]:
    given = [prefer] if isinstance(prefer, str) else list(prefer)
    for one in given:
        if not one.startswith("fixture:"):
            raise UsageError(f"--prefer {one}: it is fixture:PATTERN", advice="without it the target's rows stay")
    return [one.removeprefix("fixture:") for one in given]


class Filtered(Records):
    """The records that are kept; `dropped` counts the others by model, for the latest pass."""

    def __init__(self, records: Iterable[Record], include: list[Pattern], exclude: list[Pattern]) -> None:
        super().__init__(lambda: self._blocks(records), records)
        self._include = include
        self._exclude = exclude
        self.dropped: Counter[str] = Counter()
        self.seen: set[str] = set()

    @property
    def unmatched(self) -> list[str]:
        """The patterns that matched no model in the latest pass."""
        return [pattern.text for pattern in (*self._include, *self._exclude) if not pattern.hits]

    def _blocks(self, records: Iterable[Record]) -> Iterator[Block]:
        self.dropped.clear()
        self.seen.clear()
        for pattern in (*self._include, *self._exclude):
            pattern.hits = 0
        kept: dict[str, bool] = {}
        for block in blocks_of(records):
            models = block.labels()
            for model in models - kept.keys():
                kept[model] = self._keeps(model)
            wanted = {model for model in models if kept[model]}
            if wanted == models:
                yield block
                continue
            self.dropped.update(model for model in block.models() if model not in wanted)
            if wanted:
                yield Block.of([record for record in block.records() if record.model in wanted])

    def _keeps(self, model: str) -> bool:
        self.seen.add(model)
        included = any_matches(self._include, model) or not self._include
        excluded = any_matches(self._exclude, model)
        return included and not excluded
