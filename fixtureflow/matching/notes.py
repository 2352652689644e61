"""What a person has to know of a matching beyond the counts and the rejected records, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fixtureflow.matching.fates import KEPT
from fixtureflow.matching.resolve import Resolver
from fixtureflow.schema.model import Model

__all__ = ["notes"]

Counts = Mapping[str, Mapping[str, int]]

SHOWN = 10


def notes(resolver: Resolver, counts: Counts, deleted: Mapping[str, Sequence[Any]], delete_sql: str) -> Iterator[str]:
    """`counts` are those of records by model and case; `deleted` has the pks of rows that `delete_sql` is to delete."""
    yield from _replaced(resolver)
    for (field, to), keys in resolver.references.assumed.items():
        count = f"{len(keys):,} key{'s' if len(keys) > 1 else ''}"
        yield f"assumed: {field} → {to}: {count} not in the dump, taken to be the target's rows"
    for label, paths in resolver.trees.assumed.items():
        count = f"{len(paths):,} parent{'s' if len(paths) > 1 else ''}"
        yield f"assumed: {label} in its tree: {count} not in the dump, taken to be the target's rows"
    yield from _differing(resolver)
    for label in resolver.trees.grown:
        yield resolver.trees.message(resolver.schema.models[label])
    for label, pks in deleted.items():
        many = f"{len(pks):,} row{'s' if len(pks) > 1 else ''}"
        yield f"to be deleted: {many} of {label}: look at {delete_sql}, run it, then load the fixture"
    yield from _not_known(resolver, counts)
    total = sum(one.get("in", 0) for one in counts.values())
    if resolver.decider.identical > 0.95 * total and total > 20:
        yield "nearly all records are in the target as they are: is this the database they were dumped from?"


def _replaced(resolver: Resolver) -> Iterator[str]:
    fate = resolver.fates.fate
    kept = [(label, pk) for label, number, pk in resolver.decider.replaced if fate[number] in KEPT]
    for label, pk in kept[:SHOWN]:
        yield f"replaced: {label} pk {pk} takes the place of the row that migrate makes"


def _differing(resolver: Resolver) -> Iterator[str]:
    differing: dict[str, list[str]] = {}
    for (label, name), rows in resolver.decider.differences.most_common():
        differing.setdefault(label, []).append(f"{name} {rows:,}")
    for label, fields in differing.items():
        more = " …" if len(fields) > 8 else ""
        yield f"differs: {label}: {', '.join(fields[:8])}{more}: the target's values stay"


def _not_known(resolver: Resolver, counts: Counts) -> Iterator[str]:
    """Where references may stand that were not followed, and constraints that were not looked at."""
    for label, plan in resolver.plans.items():
        for unique in plan.not_checked:
            yield f"not checked: unique constraint {unique.name} of {label}, which the database cannot be asked for"
        for link in plan.guessed:
            if link.to.model in resolver.fates.changed or (link.many and plan.label in resolver.fates.odd):
                where = f"{link.model}.{link.field} → {link.to.model}"
                yield f"left as they are: {where} is only a guess (--trust-guesses)"
        if counts.get(label, {}).get("in") and (names := _unknown_fields(resolver, label, plan.model)):
            some = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
            yield f"left as they are: {some} of {label}, of which nothing is known (--settings, --schema)"
    for label in sorted(resolver.references.unread):
        yield f"left to loaddata: references to {label} by natural key, whose fields are not known"


def _unknown_fields(resolver: Resolver, label: str, model: Model) -> list[str]:
    """Fields of a model's first record that hold what may be keys, and that the schema does not have."""
    stretch = next(resolver.catalogue.stretches(label), None)
    fields = stretch.records()[0].value().get("fields") if stretch else None
    if not isinstance(fields, dict):
        return []
    may_refer = (name for name, value in fields.items() if isinstance(value, int | str | list) and value is not True)
    return [name for name in may_refer if name not in model.fields]
