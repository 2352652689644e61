"""The verb `filter`."""

from __future__ import annotations

from typing import Annotated

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
    say_unmatched,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
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
    say_unmatched(run, kept.unmatched, kept.seen)
    if kept.dropped:
        models = ", ".join(f"{model} {count:,}" for model, count in kept.dropped.most_common(10))
        more = len(kept.dropped) - 10
        run.say(f"dropped: {models}" + (f" and {amount(more, 'model')} more" if more > 0 else ""))
    run.summary(f"{amount(records.count)} in, {written.records:,} out, {kept.dropped.total():,} dropped")
