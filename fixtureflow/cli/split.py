"""The verb `split`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fixtureflow.cli.options import (
    At,
    Compact,
    Dialect,
    FormatOption,
    Indent,
    Inputs,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
    say_unmatched,
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.sinks.csv.sink import CsvSplit

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    directory: Annotated[
        str, typer.Option("-d", "--directory", metavar="DIR", help="The folder for the parts; made if need be.")
    ] = ...,  # type: ignore[assignment]
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="PATTERN", help="Only models like this get a file; rest.json has the others."),
    ] = None,
    by: Annotated[Literal["model", "app"], typer.Option("--by", help="One file per model, or per app.")] = "model",
    number: Annotated[bool, typer.Option("--number", help="Names begin with their place: 003_auth.user.json.")] = False,
    max_records: Annotated[int | None, typer.Option("--max-records", metavar="N", help="In one file.", min=1)] = None,
    max_bytes: Annotated[int | None, typer.Option("--max-bytes", metavar="N", help="In one file.", min=1)] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    to: Annotated[
        Literal["csv"] | None,
        typer.Option("--to", help="A CSV file per table and load.sql, to load in bulk.", show_default=False),
    ] = None,
    dialect: Dialect = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the parts of an earlier split; other files stay.")
    ] = False,
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Write one file per model, and a manifest of them.

    Records keep their order within each file; manifest.json lists the files in the order to load them, with counts
    and SHA-256. The folder gets all files or none. With a schema, the parts of what order has put in order can be
    loaded one by one, each in a transaction of its own.

    With --to csv there is a file per table, many-to-many tables too, with the columns of --target, and load.sql, with
    which psql, mariadb or sqlite3 loads them all or none into tables that do not hold the rows yet.

    \b
    Examples:
      fixtureflow split data.json -d parts
      fixtureflow split data.json --model authtoken -d parts    # authtoken.token.json and rest.json
      fixtureflow split data.json --to csv --target postgresql://me@localhost/mysite -d parts
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    if to == "csv":
        with session(names, quiet=quiet) as run:
            target = named_target(target, target_settings)
            alone = {
                "--model": model,
                "--by": by != "model",
                "--number": number,
                "--max-records": max_records,
                "--max-bytes": max_bytes,
                "--format": format,
                "--indent": indent is not None,
                "--compact": compact,
            }
            if useless := [option for option, given in alone.items() if given]:
                raise UsageError(f"{', '.join(useless)} and --to csv exclude each other")
            records = ff.read(*names, at=at, repair=repair, progress=run.progress)
            given = sources_from(schema or (), settings=settings)
            tables = ff.split_to_csv(records, directory, given, target=target, dialect=dialect, force=force)
        _say_tables(run, tables, target)
        return
    with session(names, quiet=quiet) as run:
        target = named_target(target, target_settings)
        if dialect:
            raise UsageError("--dialect is for --to csv")
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        done = ff.split(
            records,
            directory,
            by=by,
            model=model or (),
            number=number,
            max_records=max_records,
            max_bytes=max_bytes,
            force=force,
            format=format,
            indent=indent,
            compact=compact,
            schema=sources_from(schema or (), settings=settings, target=target) or None,
        )
    say_unmatched(run, done.unmatched, done.seen)
    for part in done.parts[:20]:
        run.say(f"{done.folder / part.name}: {amount(part.records)}, {part.bytes:,} bytes")
    if len(done.parts) > 20:
        run.say(f"… and {amount(len(done.parts) - 20, 'file')} more: see {done.folder / 'manifest.json'}")
    if done.interleaved:
        more = f" and {len(done.interleaved) - 5} more" if len(done.interleaved) > 5 else ""
        run.say(
            f"order: records of {', '.join(done.interleaved[:5])}{more} stood both before and after those of others: "
            "--target, --settings or --schema tells which of them to load first"
        )
    for group in done.circular:
        run.say(
            f"order: {', '.join(group)} refer to each other; load them in one go: manage.py loaddata with all of them"
        )
    run.summary(f"{amount(records.count)} in, {done.records:,} out, in {amount(len(done.parts), 'file')}")


def _say_tables(run: Session, done: CsvSplit, target: str | None) -> None:
    for file in done.files[:20]:
        run.say(f"{done.folder / file.name}: {amount(file.rows, 'row')}, {file.bytes:,} bytes")
    if len(done.files) > 20:
        run.say(f"… and {amount(len(done.files) - 20, 'file')} more: see {done.folder / 'manifest.json'}")
    if done.computed:
        run.say(f"left out, since the database computes it: {', '.join(done.computed)}")
    if done.naive:
        run.say(f"no time zone in {', '.join(done.naive)}: load.sql takes UTC; change SET TIME ZONE there if it is not")
    if done.occupied:
        more = f" and {len(done.occupied) - 5} more" if len(done.occupied) > 5 else ""
        run.say(f"tables with rows already, none of which may come again: {', '.join(done.occupied[:5])}{more}")
    run.say(f"load them: cd {shlex.quote(str(done.folder))} && {_client(done, target)}")
    run.summary(f"{amount(done.records)} in, {amount(done.rows, 'row')} out, in {amount(len(done.files), 'file')}")


def _client(done: CsvSplit, target: str | None) -> str:
    """What to type there; without a password, which the client asks for."""
    from fixtureflow.connection import shown

    place = shlex.quote(shown(target).replace(":***@", "@")) if target else ""
    if done.backend == "postgresql":
        return f"psql -X -f load.sql {place or 'postgresql://USER@HOST/NAME'}"
    if done.backend == "mysql":
        return "mariadb --local-infile=1 -h HOST -u USER -p NAME < load.sql"
    path = Path(target.removeprefix("sqlite:///")).resolve() if target else None
    return f"sqlite3 {shlex.quote(str(path)) if path else 'DATABASE'} < load.sql"
