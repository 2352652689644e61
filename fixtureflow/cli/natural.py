"""The verb `natural`."""

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
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.natural import Natural

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    to_model: Annotated[
        list[str] | None,
        typer.Option("--to-model", metavar="PATTERN", help="Only references to models like this; repeatable."),
    ] = None,
    natural_primary: Annotated[
        Literal["django", "safe"] | None,
        typer.Option(
            "--natural-primary", help="Leave out pks: as dumpdata does, or where nothing breaks.", show_default=False
        ),
    ] = None,
    lookup: Annotated[
        list[str] | None,
        typer.Option(
            "--lookup",
            metavar="FIXTURE|URL",
            help="The old site's rows that the dump lacks: a fixture, an SQLite file, a database; repeatable.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            "--drop", metavar="PATTERN", help="Leave out such records once what refers to them is turned; repeatable."
        ),
    ] = None,
    unresolved: Annotated[
        Literal["error", "keep", "reject"],
        typer.Option("--unresolved", help="What cannot be turned: fail, keep it, or leave out its record."),
    ] = "error",
    to_pk: Annotated[bool, typer.Option("--to-pk", help="The way back: natural keys become pks.")] = False,
    trust_guesses: Annotated[
        bool, typer.Option("--trust-guesses", help="Turn also what the schema has only guessed.")
    ] = False,
    memory: Annotated[
        int, typer.Option("--memory", metavar="MB", help="For natural keys; more go to a temporary file.", min=1)
    ] = 400,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write all findings here, as JSON.")
    ] = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Turn references by primary key into natural keys, as dumpdata --natural-foreign writes them.

    No database is needed: the keys are those of the records in the dump. Only the references change. Which there are
    is told by schema files, by the project (--settings), and by what is known of widely used apps. All that cannot be
    turned is listed at once, with --unresolved error before anything is written; with reject also what refers to a
    record that is left out is left out, and listed.

    \b
    Examples:
      fixtureflow natural --schema schema.json all.json > natural.json
      fixtureflow natural all.json --schema schema.json --lookup contenttypes.json -o natural.json
      fixtureflow natural --drop contenttypes --drop auth.permission --natural-primary safe < all.json > natural.json
    """
    import fixtureflow as ff
    from fixtureflow.errors import FixtureflowError
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        given = sources_from(schema or (), settings=settings)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        turned = ff.natural(
            records,
            given,
            to_model=to_model or (),
            natural_primary=natural_primary,
            lookup=lookup or (),
            drop=drop or (),
            unresolved=unresolved,
            to_pk=to_pk,
            trust_guesses=trust_guesses,
            memory=memory,
        )
        try:
            written = ff.write(turned, output, format=format, indent=indent, compact=compact)
        except FixtureflowError:
            _say(run, turned, report)
            raise
    _say(run, turned, report)
    rejected = f", {turned.rejected:,} rejected" if turned.rejected else ""
    left = f", {turned.left_out.total():,} dropped" if turned.left_out else ""
    run.summary(f"{amount(records.count)} in, {written.records:,} out{left}{rejected}")


def _say(run: Session, turned: Natural, report: str | None) -> None:
    for pattern in turned.unmatched:
        run.say(f"pattern {pattern!r} matched no model")
    for line in turned.messages():
        run.say(line)
    for group in turned.findings:
        run.say(str(group))
    if report is not None:
        turned.write_report(report)
