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
        RulesError,
        SchemaError,
        TargetError,
        UsageError,
    )
    from fixtureflow.pipeline import Prepared, prepare
    from fixtureflow.reader import Reading, read
    from fixtureflow.record import Record
    from fixtureflow.schema.django.databases import project_database
    from fixtureflow.schema.infer import infer
    from fixtureflow.schema.model import Schema
    from fixtureflow.schema.sources import gather, sources_from
    from fixtureflow.sinks.csv.sink import CsvSplit, split_to_csv
    from fixtureflow.sinks.split import Split, split
    from fixtureflow.stages.dedupe import Deduped, dedupe
    from fixtureflow.stages.filter import Filtered, filter  # noqa: A004 - the verb's name
    from fixtureflow.stages.merge import Joined, merge
    from fixtureflow.stages.natural import Natural, natural
    from fixtureflow.stages.order import Ordered, order
    from fixtureflow.stages.rename import Renamed, rename
    from fixtureflow.stages.scrub import Scrubbed, scrub
    from fixtureflow.stages.subset import Subset, subset
    from fixtureflow.stream import Records
    from fixtureflow.views.check import Checked, check
    from fixtureflow.views.diff import Diff, diff
    from fixtureflow.views.sequences import Sequences, sequences
    from fixtureflow.views.stats import Stats, stats
    from fixtureflow.writer import Written, write

__version__ = "0.1.0"

__all__ = [
    "Checked",
    "CsvSplit",
    "Deduped",
    "Diff",
    "Filtered",
    "FixtureflowError",
    "InputError",
    "Joined",
    "Natural",
    "Ordered",
    "OutputError",
    "Prepared",
    "Reading",
    "Record",
    "Records",
    "Renamed",
    "RulesError",
    "Schema",
    "SchemaError",
    "Scrubbed",
    "Sequences",
    "Split",
    "Stats",
    "Subset",
    "TargetError",
    "UsageError",
    "Written",
    "check",
    "dedupe",
    "diff",
    "filter",
    "gather",
    "infer",
    "merge",
    "natural",
    "order",
    "prepare",
    "project_database",
    "read",
    "rename",
    "scrub",
    "sequences",
    "sources_from",
    "split",
    "split_to_csv",
    "stats",
    "subset",
    "write",
]

_HOMES = {
    "reader": ("Reading", "read"),
    "record": ("Record",),
    "sinks.csv.sink": ("CsvSplit", "split_to_csv"),
    "sinks.split": ("Split", "split"),
    "schema.django.databases": ("project_database",),
    "pipeline": ("Prepared", "prepare"),
    "schema.infer": ("infer",),
    "schema.model": ("Schema",),
    "schema.sources": ("gather", "sources_from"),
    "stages.dedupe": ("Deduped", "dedupe"),
    "stages.filter": ("Filtered", "filter"),
    "stages.merge": ("Joined", "merge"),
    "stages.natural": ("Natural", "natural"),
    "stages.order": ("Ordered", "order"),
    "stages.rename": ("Renamed", "rename"),
    "stages.scrub": ("Scrubbed", "scrub"),
    "stages.subset": ("Subset", "subset"),
    "stream": ("Records",),
    "views.sequences": ("Sequences", "sequences"),
    "views.check": ("Checked", "check"),
    "views.diff": ("Diff", "diff"),
    "views.stats": ("Stats", "stats"),
    "writer": ("Written", "write"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a checker that saw it would believe in any name

    def __getattr__(name: str) -> Any:
        """Import a name where it is first used, so that no verb waits for what another needs (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module 'fixtureflow' has no attribute {name!r}")
        value = getattr(import_module(f"fixtureflow.{_HOME.get(name, 'errors')}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
