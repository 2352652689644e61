"""Two databases of a project compared, by their rows and by what the rows say; no code is shared with fixtureflow.

assert row_differences("tokens", before, after) == []
assert identity_differences("tokens", source, target, subset=True) == []
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .projects import run_python

Snapshot = dict[str, dict[str, dict[str, Any]]]
"""Label of a model → key of a row → column → value. Relations in a snapshot by identity are lists."""


def row_differences(
    project: str, url: str, other: str, *, ignore: Iterable[str] = (), subset: bool = False
) -> list[str]:
    """What differs between the two, table by table, at dumpdata's precision of milliseconds; a line for each row.

    `ignore` names models and columns to leave out: `sessions.session`, `authtoken.token.created`. With `subset` the
    other database may hold more rows.
    """
    ours, theirs = (rows(project, each, ignore=ignore) for each in (url, other))
    return differences(ours, theirs, subset=subset)


def identity_differences(
    project: str, url: str, other: str, *, ignore: Iterable[str] = (), subset: bool = False
) -> list[str]:
    """As `row_differences`, but ids may differ: a row is known by its unique keys, relations are followed."""
    ours, theirs = (identities(project, each, ignore=ignore) for each in (url, other))
    return differences(ours, theirs, subset=subset)


def rows(project: str, url: str, *, ignore: Iterable[str] = ()) -> Snapshot:
    """All rows by primary key, those of automatic many-to-many tables by the pair."""
    return _snapshot(project, url, "rows", ignore)


def identities(project: str, url: str, *, ignore: Iterable[str] = ()) -> Snapshot:
    """All rows by identity, relations too: see snapshot.py for what the identity of a row is."""
    return _snapshot(project, url, "identities", ignore)


def relations(snapshot: Snapshot) -> Snapshot:
    """A snapshot by identity with the columns that are relations only."""
    return {
        label: {
            key: {name: value for name, value in row.items() if isinstance(value, list)} for key, row in rows.items()
        }
        for label, rows in snapshot.items()
    }


def differences(snapshot: Snapshot, other: Snapshot, *, subset: bool = False) -> list[str]:
    """A line for each row that is missing, is too much (not with `subset`) or differs, with the columns that do."""
    found = []
    for label in sorted(snapshot.keys() | other.keys()):
        ours, theirs = snapshot.get(label, {}), other.get(label, {})
        found += [f"{label} {key}: missing" for key in ours if key not in theirs]
        if not subset:
            found += [f"{label} {key}: too much" for key in theirs if key not in ours]
        for key in ours.keys() & theirs.keys():
            for column in sorted(ours[key].keys() | theirs[key].keys()):
                was, became = ours[key].get(column), theirs[key].get(column)
                if was != became:
                    found.append(f"{label} {key}: {column} was {was!r}, became {became!r}")
    return found


def _snapshot(project: str, url: str, kind: str, ignore: Iterable[str]) -> Snapshot:
    snapshot: Snapshot = json.loads(run_python(project, url, "-m", "support.snapshot", kind, *ignore))
    return snapshot
