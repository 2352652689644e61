"""fixtureflow: make a Django dumpdata fixture load.

A fixture is read as a stream of records, goes through stages (functions from records to records) and ends in a file or
a view. Nothing is read before it is asked for, and an untouched record comes out with the bytes it came in with.
"""

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
from fixtureflow.stream import Records
from fixtureflow.views.stats import Stats, stats
from fixtureflow.writer import Written, write

__version__ = "0.1.0"

__all__ = [
    "FixtureflowError",
    "InputError",
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
    "read",
    "split",
    "stats",
    "write",
]
