"""What there is to say of a fixture whose references were turned: what stayed, what was left out, what is missing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from fixtureflow.schema.model import Schema
from fixtureflow.turning.generic import ANY
from fixtureflow.turning.plan import ALWAYS_BY_PK, OBJECT_ID, Stays

__all__ = ["cut_off", "dropped", "kept", "left_behind", "not_made_again", "not_turned_back", "remaining"]

SHOWN = 5
_DEFAULT = ("add", "change", "delete", "view")


def remaining(stays: Iterable[Stays]) -> Iterator[str]:
    """The references that are no natural keys, by the model referred to, what they hold, and the reason."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in stays:
        groups[one.to, one.by or "pk", one.reason].append(f"{one.model}.{one.field}")
    for (to, by, reason), fields in groups.items():
        yield f"still by {by}: {_some(fields)}{f' → {to}' if to else ''} ({reason})"


def not_turned_back(stays: Iterable[Stays], without_pk: Mapping[str, int]) -> Iterator[str]:
    """On the way back: what stays as it is though it may hold natural keys, and records that stay without a pk."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in stays:
        if one.reason not in ALWAYS_BY_PK:
            groups[one.to, one.reason].append(f"{one.model}.{one.field}")
    for (to, reason), fields in groups.items():
        yield f"not turned back: {_some(fields)} → {to} ({reason})"
    for label, count in sorted(without_pk.items()):
        yield f"still without a pk: {count:,} of {label}; loaddata looks them up by their natural key"


def dropped(labels: Iterable[str], stays: Iterable[Stays], generic: Mapping[str, set[str]]) -> Iterator[str]:
    """The models whose pks are left out, though something still refers to them by pk.

    `generic` has for each model the models that its generic keys lead to, as far as that has been looked at.
    """
    for one, to in _led(stays, generic, set(labels)):
        yield f"pks are left out, and {one.model}.{one.field} {to} by pk ({one.reason})"


def cut_off(stays: Iterable[Stays], generic: Mapping[str, set[str]], labels: Iterable[str]) -> Iterator[str]:
    """References by pk to models that are left out: in the target these pks may be of other rows."""
    left = set(labels)
    for one, to in _led((one for one in stays if one.model not in left), generic, left):
        yield f"left out, and {one.model}.{one.field} {to} by pk ({one.reason})"


def _led(stays: Iterable[Stays], generic: Mapping[str, set[str]], left: set[str]) -> Iterator[tuple[Stays, str]]:
    """The references by pk that lead to one of the models `left`, and in words where to."""
    for one in stays if left else ():
        if one.by:
            continue
        led_to = generic.get(one.model, {ANY}) if one.reason == OBJECT_ID else {one.to or ANY}
        if ANY in led_to:
            yield one, "may refer to any model"
        else:
            for label in sorted(led_to & left):
                yield one, f"refers to {label}"


def kept(reasons: Mapping[str, str]) -> Iterator[str]:
    """The models with natural keys that keep their pks."""
    for label, reason in reasons.items():
        yield f"keeps its pk: {label} ({reason})"


def left_behind(schema: Schema, labels: Iterable[str], referred: Mapping[str, set[bytes]]) -> Iterator[str]:
    """Of what is left out and still referred to, what a newly migrated database will not have."""
    known = set(labels)
    for label, keys in referred.items():
        model = schema.concrete(label)
        if not keys:
            continue
        if model is None or not model.filled_by_migrate:
            yield f"left out and still referred to: {len(keys):,} of {label}; the target must have them"
        elif missing := sorted(not_made_again(schema, known, label, keys)):
            yield (
                f"left out and still referred to: {len(missing):,} of {label} "
                f"that migrate may not make again: {_some(missing)}"
            )


def not_made_again(schema: Schema, known: set[str], label: str, keys: Iterable[bytes]) -> Iterator[str]:
    """Content types of models that nothing here knows, and permissions other than the four of such a model."""
    for text in keys:
        *code, app, model = map(str, json.loads(b"[%b]" % text)) if text.count(b",") else ("", "", "")
        there = f"{app}.{model}" in known or schema.model(f"{app}.{model}") is not None
        standard = label == "contenttypes.contenttype" or code in [[f"{action}_{model}"] for action in _DEFAULT]
        if label not in ("contenttypes.contenttype", "auth.permission") or not (there and standard):
            yield text.decode()


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
