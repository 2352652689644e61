"""The verb `stats`."""

from __future__ import annotations

from typing import Annotated

import typer

from fixtureflow.cli.options import (
    At,
    Inputs,
    Quiet,
    Repair,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Show what is in a fixture, model by model.

    Records, bytes, the largest record, the kinds of primary keys, and the newest date, by which an old or wrong
    dump is recognised.

    \b
    Examples:
      fixtureflow stats data.json
      fixtureflow stats --json data.json.gz | jq .records
    """
    from json import dumps

    import fixtureflow as ff
    from fixtureflow.output import opened_output

    names = inputs or ["-"]
    with session(names, quiet=quiet) as run:
        found = ff.stats(ff.read(*names, at=at, repair=repair, progress=run.progress))
        text = dumps(found.as_dict(), indent=2) if json else found.table()
        with opened_output("-") as out:
            out.write(f"{text}\n".encode())
    run.summary(f"{amount(found.records)} of {amount(len(found.models), 'model')}")
