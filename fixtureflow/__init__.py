"""fixtureflow: make a Django dumpdata fixture load.

A fixture is read as a stream of records, goes through stages (functions from records to records) and ends in a file or
a view. Nothing is read before it is asked for, and an untouched record comes out with the bytes it came in with.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fixtureflow.errors import (
        FixtureflowError,
        InputError,
        OutputError,
        SchemaError,
        TargetError,
        UsageError,
    )
    from fixtureflow.reader import read
    from fixtureflow.record import Record
    from fixtureflow.sinks.split import Split, split
    from fixtureflow.stages.filter import filter  # noqa: A004 - the verb's name
    from fixtureflow.stages.natural import Natural, natural
    from fixtureflow.stages.order import Ordered, order
    from fixtureflow.stream import Records
    from fixtureflow.views.stats import Stats, stats
    from fixtureflow.writer import Written, write

__version__ = "0.1.0"

__all__ = [
    "FixtureflowError",
    "InputError",
    "Natural",
    "Ordered",
    "OutputError",
    "Record",
    "Records",
    "SchemaError",
    "Split",
    "Stats",
    "TargetError",
    "UsageError",
    "Written",
    "filter",
    "natural",
    "order",
    "read",
    "split",
    "stats",
    "write",
]

_HOMES = {
    "reader": ("read",),
    "record": ("Record",),
    "sinks.split": ("Split", "split"),
    "stages.filter": ("filter",),
    "stages.natural": ("Natural", "natural"),
    "stages.order": ("Ordered", "order"),
    "stream": ("Records",),
    "views.stats": ("Stats", "stats"),
    "writer": ("Written", "write"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name where it is first used, so that no verb waits for what another needs (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'fixtureflow' has no attribute {name!r}")
    value = getattr(import_module(f"fixtureflow.{_HOME.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
