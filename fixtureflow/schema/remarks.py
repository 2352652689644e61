"""What a project's code does that a person should know before the first loaddata: receivers, computed natural keys."""

from __future__ import annotations

from collections.abc import Iterator

from fixtureflow.schema.model import Receiver, Schema

__all__ = ["on_receivers", "remarks"]

SHOWN = 5


def remarks(schema: Schema) -> list[str]:
    """Which receivers make rows while a fixture is loaded, which natural keys are code; each with what to do."""
    return [*on_receivers(schema), *_on_natural_keys(schema)]


def on_receivers(schema: Schema) -> Iterator[str]:
    """Which receivers make rows while a fixture is loaded."""
    senders: dict[Receiver, list[str]] = {}
    for label, model in schema.models.items():
        for receiver in model.receivers or ():
            senders.setdefault(receiver, []).append(label)
    firing = [receiver for receiver in senders if not receiver.checks_raw]
    for receiver in firing[:SHOWN]:
        why = "it does not look at `raw`" if receiver.checks_raw is False else "its code cannot be read"
        what = f"makes rows of {', '.join(receiver.makes)}" if receiver.makes else "may make rows"
        yield f"saving {_some(senders[receiver])} {what}, in loaddata too: {receiver.path} ({why})"
    if len(firing) > SHOWN:
        yield f"and {len(firing) - SHOWN} receivers more do so: see `receivers` in the schema"
    if firing:
        made = dict.fromkeys(label for receiver in firing for label in receiver.makes)
        how = f" (fixtureflow filter {' '.join(f'--exclude {label}' for label in made)})" if 0 < len(made) < 4 else ""
        yield (
            f"such rows collide with the fixture's own: leave these out{how}, "
            'or let the receiver begin with: if kwargs.get("raw"): return'
        )
    if careful := [receiver.path for receiver in senders if receiver.checks_raw]:
        yield f"receivers that make rows, but look at `raw`, and so may leave loaddata alone: {_some(careful)}"


def _on_natural_keys(schema: Schema) -> Iterator[str]:
    found = {label: model.natural_key for label, model in schema.models.items()}
    computed = [f"{label} ({key.reason})" for label, key in found.items() if key and key.status == "computed"]
    if computed:
        yield f"natural keys that are code, and so cannot be made offline: {_some(computed)}"
        yield "`natural` leaves references to these as pks; dumpdata --natural-foreign writes them where the site runs"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
