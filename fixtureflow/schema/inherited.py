"""Models whose rows share their pk with another model's: multi-table children, and one-to-one primary keys.

The link is in no record, so only the keys speak; and as integers fit every table, they have to be few among many.
"""

from __future__ import annotations

from collections.abc import Mapping

from fixtureflow.schema.evidence import match
from fixtureflow.schema.model import Guess, Relation
from fixtureflow.schema.survey import Seen

__all__ = ["parent_link"]


def parent_link(
    seen: Seen, models: Mapping[str, Seen], relations: Mapping[str, Mapping[str, Relation | None]], user: str
) -> tuple[str, Relation] | None:
    """The name and the guess of the link to the model whose pks these are, if there is one model to be that.

    `user` is the label of the user model: where two have the very same pks, a profile belongs to a user.
    """
    stated = ((name, r) for name, r in relations.get(seen.label, {}).items() if r and r.parent_link)
    if (link := next(stated, None)) is not None:
        return link
    if seen.pk.kinds not in ({"int"}, {"str"}) or not len(seen.pk.keys) or seen.pk.format in ("date", "datetime"):
        return None
    points_at = {r.to for r in relations.get(seen.label, {}).values() if r}
    found = []
    for other in models.values():
        points_here = any(r and r.to == seen.label for r in relations.get(other.label, {}).values())
        if other is seen or other.pk.kinds != seen.pk.kinds or other.label in points_at or points_here:
            continue
        if sure := _sure(seen, other, user):
            found.append((-sure, len(other.pk.keys), other.label))
    if not found:
        return None
    minus, _, label = min(found)
    best = [one for one in found if one[0] == minus and one[1] == min(f[1] for f in found if f[0] == minus)]
    if len(best) > 1:
        return None
    rows = f"{seen.pk.keys.count:,} pk" + ("" if seen.pk.keys.count == 1 else "s")
    guess = Guess(
        confidence=-minus, evidence=f"its {rows} are all pks of {label} too", values=seen.pk.keys.count, coverage=1.0
    )
    name = label.partition(".")[2] + "_ptr"
    return name, Relation(kind="o2o", to=label, to_field="", parent_link=True, guess=guess)


def _sure(seen: Seen, other: Seen, user: str) -> float:
    """How likely the other is the parent, 0 for no."""
    app, _, name = seen.label.partition(".")
    other_app, _, other_name = other.label.partition(".")
    same_app = app == other_app
    named = name != other_name and (name.endswith(other_name) or name.startswith(other_name))
    mine, theirs = len(seen.pk.keys), len(other.pk.keys)
    same_pks = theirs == mine and not named and other.label != user
    if seen.pk.keys.shift == other.pk.keys.shift and (theirs < mine or same_pks):
        return 0
    integers = seen.pk.kinds == {"int"}
    few = not seen.fields.keys() & other.fields.keys()
    if integers and not named and not (same_app and few):
        return 0
    found = match(seen.pk.keys, other.pk.keys, integers=integers)
    if found.coverage < 1:
        return 0
    if not integers:
        return 0.85 if named or same_app else 0.7
    keys = seen.pk.keys.at(0)
    sparse = len(keys) / max(1, max(keys)) < 0.7 and not seen.pk.keys.shift
    if named and (sparse or found.telling):
        return 0.7
    return 0.5 if sparse and same_app and few and len(keys) >= 2 else 0
