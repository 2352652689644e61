"""The verb `split`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from fixtureflow.cli.options import (
    At,
    Compact,
    FormatOption,
    Indent,
    Inputs,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    say_unmatched,
)
from fixtureflow.console import amount, session

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
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
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

    \b
    Examples:
      fixtureflow split data.json -d parts
      fixtureflow split data.json --model authtoken -d parts    # authtoken.token.json and rest.json
    """
    import fixtureflow as ff
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, quiet=quiet) as run:
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
            f"order: records of {', '.join(done.interleaved[:5])}{more} stood both before and after those of others; "
            "no order of files keeps that"
        )
    for group in done.circular:
        run.say(
            f"order: {', '.join(group)} refer to each other; load them in one go: manage.py loaddata with all of them"
        )
    run.summary(f"{amount(records.count)} in, {done.records:,} out, in {amount(len(done.parts), 'file')}")
