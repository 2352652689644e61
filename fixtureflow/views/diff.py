"""What differs between two dumps, whatever the order of their records: the proof that nothing has changed, or what has.

Of each record 50 bytes are kept, digests of its key and of its values (128 bits each), and where it stands; what does
not fit in memory goes to a temporary file. Records that differ are read again, and compared field by field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from fixtureflow.comparing.comparison import Comparison, Side
from fixtureflow.comparing.difference import Difference, FieldDifference, ModelDifference
from fixtureflow.comparing.doubts import Doubts
from fixtureflow.comparing.identities import Identities
from fixtureflow.comparing.known import Known
from fixtureflow.comparing.shapes import ByIdentity, ByPk
from fixtureflow.errors import UsageError, one_line
from fixtureflow.patterns import FieldPattern, Pattern, any_matches, parse_patterns
from fixtureflow.record import Record
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records
from fixtureflow.views.table import table

__all__ = ["Diff", "diff"]


class Diff:
    """What was found. The inputs must not change as long as `differences` is to be asked for."""

    def __init__(self, comparison: Comparison, unmatched: list[str], doubts: Doubts | None) -> None:
        self._comparison = comparison
        self.doubts = doubts
        """Of a comparison by identity: what rows were known by, and what could not be made certain."""
        self.models: dict[str, ModelDifference] = comparison.models
        """By label, in the order of the first records of A, then of B."""
        self.unmatched = unmatched
        """The patterns that matched nothing."""

    @property
    def equal(self) -> bool:
        """Has every record of each dump its like in the other, for certain?"""
        return not self.doubts and all(model.equal for model in self.models.values())

    def differences(self) -> Iterator[Difference]:
        """Each record that differs, read again: those of A in its order, then what only B has."""
        return self._comparison.differences()

    def total(self) -> ModelDifference:
        """The counts of all models together."""
        found = ModelDifference()
        for model in self.models.values():
            for name in ("a", "b", "same", "changed", "added", "removed", "twice_in_a", "twice_in_b"):
                setattr(found, name, getattr(found, name) + getattr(model, name))
        return found

    def text(self) -> str:
        """For a person: a table of the models, then what differs in each, with examples."""
        rows = [_row(label, model) for label, model in self.models.items()]
        lines = [table(["model", "in A", "in B", *_COUNTS], [*rows, _row("total", self.total())])]
        for label, model in self.models.items():
            lines += map(one_line, _lines(label, model))
        lines += map(one_line, self.doubts.lines() if self.doubts is not None else ())
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """For programs: all but the differences themselves, of which there may be many."""
        models = {label: asdict(model) for label, model in self.models.items()}
        return {"equal": self.equal, **(self.doubts.as_dict() if self.doubts is not None else {}), "models": models}

    def json(self) -> Iterator[str]:
        """The same as JSON text, in pieces, with every difference."""
        yield json.dumps(self.as_dict(), indent=2).removesuffix("\n}")
        yield ',\n  "differences": ['
        separator = "\n    "
        for difference in self.differences():
            yield separator + json.dumps(difference.as_dict())
            separator = ",\n    "
        yield "]\n}\n" if separator == "\n    " else "\n  ]\n}\n"


_COUNTS = ("same", "changed", "added", "removed")


def diff(
    a: Iterable[Record],
    b: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    by_identity: bool = False,
    by_pk: str | Iterable[str] = (),
    lookup_a: Iterable[Record] | None = None,
    lookup_b: Iterable[Record] | None = None,
    trust_guesses: bool = False,
) -> Diff:
    """What differs between the records `a` and `b`: what was added, removed, changed, and in which fields.

    Records are the same row if they have the same primary key; `by_identity`, if they have the same natural key, or
    where the schema has none, the same values in their only unique constraint, else the same primary key. References
    are then the same if they lead to the same row, and ids do not matter; `lookup_a` and `lookup_b` have records that a
    dump refers to and lacks. Models that `by_pk` names are known by primary key all the same. Values are compared as
    JSON values: `1` is not `1.0`. Lists of fields that the `schema` knows as many-to-many are compared as sets; presets
    of the apps that are there fill it up, with `trust_guesses` also what the records let one guess. `include` and
    `exclude` have patterns of models, `ignore` of fields (`"app.model.field"`) that are not compared. All is read at
    once, a stream is copied to disk. Raises `InputError`, `UsageError`.
    """
    given = schema if schema is None or isinstance(schema, Schema) else list(schema)
    included, excluded, numbered = parse_patterns(include), parse_patterns(exclude), parse_patterns(by_pk)
    ignored = [FieldPattern(text) for text in ([ignore] if isinstance(ignore, str) else ignore)]
    if not by_identity and (numbered or lookup_a is not None or lookup_b is not None):
        raise UsageError("`by_pk=`, `lookup_a=` and `lookup_b=` have a meaning only with `by_identity=True`")
    ours, theirs = Catalogue(a), Catalogue(b)
    labels = list(dict.fromkeys([*ours.models, *theirs.models]))

    def both() -> Iterator[Block]:
        for catalogue in (ours, theirs):
            yield from catalogue.stretches()

    infer = None if by_identity or trust_guesses else False
    merged = gather(labels, given=given, records=Records(both), infer=infer).schema
    wanted = [label for label in labels if _wanted(label, included, excluded)]
    unmatched = [pattern.text for pattern in (*included, *excluded) if not pattern.hits]
    unmatched += [one.text for one in numbered if not any(map(one.matches, labels))]
    unmatched += [one.text for one in ignored if not any(one.matches_model(label) for label in labels)]
    if by_identity:
        identities = Identities(merged, trust=trust_guesses, by_pk=numbered)
        of_a = Known(identities, ours, [] if lookup_a is None else [Catalogue(lookup_a)])
        of_b = Known(identities, theirs, [] if lookup_b is None else [Catalogue(lookup_b)])
        by_a, by_b = (
            {label: ByIdentity(identities, label, ignored, each) for label in wanted} for each in (of_a, of_b)
        )
        comparison = Comparison(Side(ours, by_a), Side(theirs, by_b), ordered=False)
        comparison.join()
        doubts = Doubts.of(identities, of_a, of_b, comparison.models)
    else:
        by_pk = {label: ByPk(merged, label, ignored, trust=trust_guesses) for label in wanted}
        comparison = Comparison(Side(ours, by_pk), Side(theirs, by_pk), ordered=True)
        comparison.join()
        doubts = None
    comparison.tally()
    return Diff(comparison, unmatched, doubts)


def _wanted(label: str, include: list[Pattern], exclude: list[Pattern]) -> bool:
    kept, left_out = any_matches(include, label) or not include, any_matches(exclude, label)
    return kept and not left_out


def _row(label: str, model: ModelDifference) -> list[str]:
    return [label, f"{model.a:,}", f"{model.b:,}", *(f"{getattr(model, name):,}" for name in _COUNTS)]


def _lines(label: str, model: ModelDifference) -> Iterator[str]:
    for name, found in model.fields.items():
        yield f"changed: {label}.{name}: {found.changed:,}{_how(found)}"
        yield from _examples(found.examples, found.changed)
    counts = {"added": model.added, "removed": model.removed}
    for kind, count in counts.items():
        if count:
            yield f"{kind}: {label}: {count:,} ({_some(model.examples[kind], count)})"
    for side, count in (("a", model.twice_in_a), ("b", model.twice_in_b)):
        if count:
            yield f"twice in {side.upper()}: {label}: {count:,} ({_some(model.examples[f'twice_in_{side}'], count)})"


def _how(found: FieldDifference) -> str:
    parts = []
    if found.missing_in_a:
        parts.append(f"{found.missing_in_a:,} missing in A")
    if found.missing_in_b:
        parts.append(f"{found.missing_in_b:,} missing in B")
    if found.only_order:
        parts.append(f"{found.only_order:,} only in the order of a list: if it has none, let a schema say it is m2m")
    return f" ({', '.join(parts)})" if parts else ""


def _examples(examples: list[str], count: int) -> Iterator[str]:
    yield from (f"  {example}" for example in examples)
    if count > len(examples):
        yield "  …"


def _some(examples: list[str], count: int) -> str:
    return ", ".join(examples) + (", …" if count > len(examples) else "")
