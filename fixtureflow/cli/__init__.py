"""The command line: options ↔ keyword arguments, files ↔ streams. No logic of its own.

Modules are imported where they are used: `--help` and `--version` have to answer at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fixtureflow import __version__
from fixtureflow.cli import drawing, naturals, schemas
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
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.order import Ordered

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """The entry point of the `fixtureflow` command."""
    try:
        app(prog_name="fixtureflow")
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fixtureflow {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Make a Django dumpdata fixture load: a streaming processor of dumpdata JSON.

    Records go to stdout, or to -o FILE; all that is said to a person goes to stderr. Nothing is changed that was not
    asked for: an untouched record comes out with the bytes it came in with.

    \b
    Example, in a shell with "set -o pipefail":
      fixtureflow filter --exclude authtoken < all.json | python manage.py loaddata --format=json -
    """


@app.command()
def pretty(
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


@app.command("filter")
def filter_(
    inputs: Inputs = None,
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="PATTERN", help="Keep only models like this; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="Leave out models like this; repeatable.")
    ] = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Leave out records that are not wanted.

    A pattern is an app (auth), a model (auth.user) or a glob (cms.*, *.token), in any case.

    \b
    Examples:
      fixtureflow filter --exclude authtoken --exclude sessions < data.json > rest.json
      fixtureflow filter --include auth --exclude auth.permission data.json -o users.json
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        if not include and not exclude:
            raise UsageError("nothing to filter by", advice="name models with --include or --exclude")
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        kept = ff.filter(records, include=include or (), exclude=exclude or ())
        written = ff.write(kept, output, format=format, indent=indent, compact=compact)
    _say_unmatched(run, kept.unmatched, kept.seen)
    if kept.dropped:
        models = ", ".join(f"{model} {count:,}" for model, count in kept.dropped.most_common(10))
        more = len(kept.dropped) - 10
        run.say(f"dropped: {models}" + (f" and {amount(more, 'model')} more" if more > 0 else ""))
    run.summary(f"{amount(records.count)} in, {written.records:,} out, {kept.dropped.total():,} dropped")


@app.command()
def order(
    inputs: Inputs = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    cycles: Annotated[
        Literal["keep", "break", "error"],
        typer.Option("--cycles", help="Records in a loop: together, in two halves (null first), or an error."),
    ] = "keep",
    dangling: Annotated[
        Literal["report", "error"] | None,
        typer.Option("--dangling", help="Look for references to records that are not there.", show_default=False),
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write loops and findings here, as JSON.")
    ] = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Put records in an order in which every one comes after all that it refers to.

    What the references leave free keeps its place. Only the order changes, but for --cycles break. What refers to what
    is told by schema files, and by what is known of widely used apps.

    \b
    Examples:
      fixtureflow order < all.json > ordered.json
      fixtureflow order --schema schema.json all.json | fixtureflow split --number --schema schema.json -d parts
    """
    import fixtureflow as ff
    from fixtureflow.errors import FixtureflowError
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, quiet=quiet) as run:
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        ordered = ff.order(
            records, sources_from(schema or (), settings=settings, target=target), cycles=cycles, dangling=dangling
        )
        try:
            written = ff.write(ordered, output, format=format, indent=indent, compact=compact)
        except FixtureflowError:
            _say_findings(run, ordered, report)
            raise
    _say_findings(run, ordered, report)
    again = f", {written.records - records.count:,} of them again" if written.records > records.count else ""
    run.summary(f"{amount(records.count)} in, {written.records:,} out{again}")


@app.command()
def split(
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
    _say_unmatched(run, done.unmatched, done.seen)
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


@app.command()
def stats(
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


app.command("natural")(naturals.natural)
app.command("schema")(schemas.schema)
app.command("graph")(drawing.graph)


def _say_unmatched(run: Session, patterns: list[str], models: set[str]) -> None:
    import difflib

    for pattern in patterns:
        near = difflib.get_close_matches(pattern, [*models, *{model.partition(".")[0] for model in models}], n=1)
        run.say(f"pattern {pattern!r} matched no model" + (f"; did you mean {near[0]!r}?" if near else ""))


def _say_findings(run: Session, ordered: Ordered, report: str | None) -> None:
    _say_some(run, "nothing is known of what they refer to", ordered.unknown)
    for cycle in ordered.cycles[:10]:
        run.say(f"loop: {cycle}")
    if ordered.loops:
        more = f"{amount(ordered.loops, 'group')} of records in loops"
        run.say(f"{more}; each stands together and needs one transaction" if not ordered.halved else more)
    for link in sorted(ordered.unread):
        run.say(f"{link.model}.{link.field}: natural keys of {link.to.model} are not known, so not followed")
    for group in ordered.findings:
        run.say(str(group))
    if report is not None:
        ordered.write_report(report)


def _say_some(run: Session, problem: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        run.say(f"{problem}: {', '.join(names[:10])}{more}")
