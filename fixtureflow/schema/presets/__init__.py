"""What is known of widely used Django apps without asking: one schema file per app label, shipped beside this module.

Each is taken from the installed package, whose version its `about` tells, and holds what is the same in every project:
labels, tables, keys, relations, unique constraints, natural and generic keys. Added by hand are the facts that no
package states: which models `migrate` fills, rows that only hold a place, and text that has pks inside.
A model of another app may stand in a preset where the app fills it: Wagtail's groups in `auth.group`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from fixtureflow.errors import SchemaError
from fixtureflow.schema.file import parse
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import canonical

__all__ = ["load", "names", "preset"]


@cache
def names() -> tuple[str, ...]:
    """The app labels there is a preset for, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


@cache
def preset(app: str) -> Source:
    """The preset of one app label; SchemaError if there is none."""
    if app not in names():
        raise SchemaError(f"there is no preset {app!r}", advice=f"there are {', '.join(names())}")
    return Source(
        "preset", f"preset {app}", parse((files(__name__) / f"{app}.json").read_bytes(), name=f"preset {app}")
    )


def load(labels: Iterable[str] | None = None) -> list[Source]:
    """The presets of the apps that any of `labels` is a model of, ready to merge; all presets for None.

    An app that only shares its label with a known one (a project's own `account`) brings in no preset: one of its
    models has to be known.
    """
    if labels is None:
        return [preset(app) for app in names()]
    wanted: dict[str, set[str]] = {}
    for label in labels:
        wanted.setdefault(label.partition(".")[0], set()).add(canonical(label))
    found = (preset(app) for app in names() if app in wanted)
    return [
        source for source in found if not wanted[source.name.removeprefix("preset ")].isdisjoint(source.schema.models)
    ]
