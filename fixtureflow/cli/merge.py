"""The verb `merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fixtureflow.cli.options import (
    At,
    Compact,
    FormatOption,
    Indent,
    Inputs,
    OutputFile,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.merge import Joined

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    prefer: Annotated[
        Literal["first", "last"] | None,
        typer.Option("--prefer", help="Of records that conflict keep this one.", show_default=False),
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(
            "--rejects", metavar="FILE", help="Write records that conflict and are not kept here, as a fixture."
        ),
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Make one fixture of several, with each record once.

    Records that are the same are written once, in the order they were read. Two with the same primary key and other
    values conflict, and so do two with other primary keys and the same unique values, as far as a schema tells what is
    unique. All conflicts are told, and nothing is written, unless --prefer says which to keep or --rejects takes them.

    Dumps of two sites, where the same id means other rows, are no case for this: there
    "fixtureflow filter b.json --target a.json --renumber" gives the second one's rows other ids.

    \b
    Examples:
      fixtureflow merge users.json posts.json -o all.json
      fixtureflow merge --prefer last --rejects old.json monday.json tuesday.json > all.json
    """
    import fixtureflow as ff
    from fixtureflow.errors import FixtureflowError
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        given = sources_from(schema or (), settings=settings, target=target)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        merged = ff.merge(records, given, prefer=prefer, rejects=rejects)
        try:
            written = ff.write(merged, output, format=format, indent=indent, compact=compact)
        except FixtureflowError:
            _say(run, merged)
            raise
    _say(run, merged)
    if merged.by_unique:
        models = ", ".join(merged.by_unique)
        run.say(f"what refers to records of {models} that are left out leads nowhere now: fixtureflow check finds it")
    left = f", {merged.left_out.total():,} left out that conflict" if merged.left_out else ""
    repeated = f"{merged.repeated.total():,} that were there already"
    run.summary(f"{amount(records.count)} in, {written.records:,} out, {repeated}{left}")


def _say(run: Session, merged: Joined) -> None:
    for group in merged.findings:
        run.say(str(group))
