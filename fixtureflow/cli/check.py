"""The verb `check`."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from fixtureflow.cli.options import At, Inputs, Quiet, Repair, SchemaFiles, Settings, TargetSettings
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="URL", help="The database it is for: its tables, its limits; only read."),
    ] = None,
    target_settings: TargetSettings = None,
    backend: Annotated[
        Literal["sqlite", "postgresql", "mysql"] | None,
        typer.Option("--backend", help="What database it is for, without one to look at.", show_default=False),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="KIND", help="Look for this kind of fault only; repeatable.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="KIND", help="Not for this kind; repeatable.")
    ] = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="Show the kinds of faults, and what mends them.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Find every fault that a database or loaddata would trip over, before it does.

    Values are held against their columns, references against the records, keys against each other; what is found is
    shown by kind, model and field. Errors would stop loaddata, or make a row that is wrong; the exit code is then 1.
    Warnings are what it passes over in silence, what only some databases refuse, and what is only guessed.

    \b
    Examples:
      fixtureflow check --schema schema.json data.json
      fixtureflow check --settings mysite.settings --target postgresql://me@localhost/mysite data.json
      fixtureflow check --skip dangling --json data.json | jq '.findings[].model'
      fixtureflow check --kinds
    """
    import fixtureflow as ff
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = [] if kinds else inputs or ["-"]
    with session(names, quiet=quiet) as run:
        if kinds:
            from fixtureflow.views.check import kinds_table

            with opened_output("-") as out:
                out.write(f"{kinds_table()}\n".encode())
            return
        target = named_target(target, target_settings)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        given = sources_from(schema or (), settings=settings, target=target)
        found = ff.check(records, given, target=target, backend=backend, only=only or (), skip=skip or ())
        text = found.json() if json else found.text()
        with opened_output("-") as out:
            out.write(f"{text}\n".encode() if text else b"")
    counts = f"{amount(found.errors, 'error')}, {amount(found.warnings, 'warning')}"
    run.summary(f"{amount(found.records)} of {amount(found.models, 'model')}: {counts}")
    if not found.ok:
        sys.exit(1)
