"""What a person has to know of a matching beyond the counts and the rejected records, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fixtureflow.matching.fates import KEPT
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.resolve import Resolver
from fixtureflow.schema.generic import CONTENT_TYPE
from fixtureflow.schema.model import Model
from fixtureflow.values.keys import is_data
from fixtureflow.wording import amount

__all__ = ["Assumption", "assumptions", "notes"]

Counts = Mapping[str, Mapping[str, int]]

SHOWN = 10


class Assumption(NamedTuple):
    """Where a field leads, as far as nobody has stated it."""

    field: str
    to: str
    """A model; none for a parent in a tree."""
    how: str
    keys: int = 0
    """How many keys that is about, if it is not about all."""


def assumptions(resolver: Resolver) -> Iterator[Assumption]:
    """Keys that were taken for the target's, and references that are guesses."""
    theirs = "not in the dump, taken to be the target's rows"
    for (field, to), keys in resolver.references.assumed.items():
        yield Assumption(field, to, theirs, len(keys))
    for label, paths in resolver.trees.assumed.items():
        yield Assumption(f"{label} in its tree", "", theirs, len(paths))
    guesses = {
        (f"{link.model}.{link.field}", link.to.model): how
        for plan in resolver.plans.values()
        for how, links in (("only a guess, followed", plan.links), ("only a guess, left as they are", plan.guessed))
        for link in links
        if link.guess
    }
    for (field, to), how in guesses.items():
        yield Assumption(field, to, how)
    for label, plan in resolver.plans.items():
        for key in plan.model.generic_keys or ():
            if key.guess:
                how = f"taken for a generic key with {key.content_type}, by their names"
                yield Assumption(f"{label}.{key.object_id}", "", how)


def notes(
    resolver: Resolver,
    counts: Counts,
    deleted: Mapping[str, Sequence[Any]],
    later: Mapping[str, Sequence[Any]],
    delete_sql: str,
    *,
    assumed: bool = True,
    values: bool = True,
) -> Iterator[str]:
    """`counts` are those of records by model and case; `deleted` has the pks of rows that `delete_sql` is to delete.

    `later` has those of rows that go when what is put off is prepared. Without `values` no pk that is data is in it,
    without `assumed` none of the `assumptions`.
    """
    yield from _replaced(resolver, values=values)
    for field, to, how, keys in assumptions(resolver) if assumed else ():
        if keys:
            where, noun = (f"{field} → {to}", "key") if to else (field, "parent")
            yield f"assumed: {where}: {amount(keys, noun)} {how}"
    yield from _differing(resolver)
    for label in resolver.grown:
        yield resolver.trees.message(resolver.schema.models[label])
    for label, pks in deleted.items():
        rows = amount(len(pks), "row")
        yield f"to be deleted: {rows} of {label}: look at {delete_sql}, run it, then load the fixture"
    for label, pks in later.items():
        rows = amount(len(pks), "row")
        yield f"to be deleted once what is put off is prepared, not before: {rows} of {label}"
    yield from _not_known(resolver, counts)
    total = sum(one.get("in", 0) for one in counts.values())
    if resolver.decider.identical > 0.95 * total and total > 20:
        yield "nearly all records are in the target as they are: is this the database they were dumped from?"


def _replaced(resolver: Resolver, *, values: bool) -> Iterator[str]:
    fate = resolver.fates.fate
    kept = [(label, pk) for label, number, pk in resolver.decider.replaced if fate[number] in KEPT]
    for label, pk in kept[:SHOWN]:
        which = f"{label} pk {pk}" if values or not is_data(pk) else f"a record of {label}"
        yield f"replaced: {which} takes the place of the row that migrate makes"


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
        if not counts.get(label, {}).get("in"):
            continue
        if names := _unknown_fields(resolver, label, plan.model):
            some = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
            yield f"left as they are: {some} of {label}, of which nothing is known (--settings, --schema)"
        if resolver.fates.changed and (types := _lone_content_types(plan)):
            where = ", ".join(types)
            yield f"left as they are: what {where} of {label} tells the content type of (--settings, --schema)"
    for label in sorted(resolver.references.unread):
        yield f"left to loaddata: references to {label} by natural key, whose fields are not known"


def _lone_content_types(plan: Plan) -> list[str]:
    """The content types of a model that nobody knows the partners of: those may be generic keys."""
    if "relations" in plan.model.complete:
        return []
    paired = {key.content_type for key in plan.model.generic_keys or ()}
    links = (link for link in plan.links if link.kind == "fk" and link.to.model == CONTENT_TYPE)
    return [link.field for link in links if link.field not in paired]


def _unknown_fields(resolver: Resolver, label: str, model: Model) -> list[str]:
    """Fields of a model's first record that hold what may be keys, and that the schema does not have."""
    stretch = next(resolver.catalogue.stretches(label), None)
    fields = stretch.records()[0].value().get("fields") if stretch else None
    if not isinstance(fields, dict):
        return []
    may_refer = (name for name, value in fields.items() if isinstance(value, int | str | list) and value is not True)
    return [name for name in may_refer if name not in model.fields]
