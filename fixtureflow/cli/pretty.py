"""The verb `pretty`."""

from __future__ import annotations

from typing import Annotated

import typer

from fixtureflow.cli.options import (
    At,
    Compact,
    FormatOption,
    Inputs,
    OutputFile,
    Quiet,
    Repair,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    output: OutputFile = "-",
    indent: Annotated[
        int | None,
        typer.Option("--indent", metavar="N", help="As dumpdata --indent N; 2 if not given.", min=0, max=32),
    ] = None,
    compact: Compact = False,
    sort_keys: Annotated[bool, typer.Option("--sort-keys", help="Sort the keys of every object.")] = False,
    format: FormatOption = None,  # noqa: A002
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Lay out a fixture for reading, or on one line again.

    Only white space changes: what dumpdata wrote becomes what dumpdata --indent 2 would have written.

    \b
    Examples:
      fixtureflow pretty data.json | less
      fixtureflow pretty --compact edited.json -o data.json
    """
    import fixtureflow as ff

    names = inputs or ["-"]
    if indent is None and not compact and format != "jsonl":
        indent = 2
    with session(names, output, quiet=quiet) as run:
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        written = ff.write(records, output, format=format, indent=indent, compact=compact, sort_keys=sort_keys)
    run.summary(amount(written.records))
