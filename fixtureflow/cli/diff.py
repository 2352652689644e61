"""The verb `diff`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fixtureflow.cli.options import At, Quiet, Repair, SchemaFiles, Settings, Target, say_unmatched
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.views.diff import Diff

__all__ = ["command"]


def command(
    a: Annotated[str, typer.Argument(metavar="A", help="The one fixture, the old; - is stdin.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one, the new.")],
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="PATTERN", help="Only models like this; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="No models like this; repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="MODEL.FIELD", help="Do not compare fields like this; repeatable."),
    ] = None,
    by_identity: Annotated[
        bool,
        typer.Option("--by-identity", help="Know rows by natural or unique key, not by ids, which may differ."),
    ] = False,
    lookup_a: Annotated[
        str | None, typer.Option("--lookup-a", metavar="FIXTURE", help="Records that A refers to and lacks.")
    ] = None,
    lookup_b: Annotated[
        str | None, typer.Option("--lookup-b", metavar="FIXTURE", help="Records that B refers to and lacks.")
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    trust_guesses: Annotated[
        bool, typer.Option("--trust-guesses", help="Believe also what the schema has only guessed.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs, with every difference.")] = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Tell what differs between two dumps, or that nothing does, whatever the order of their records.

    Records with the same model and primary key are the same row. Values are compared as JSON values, lists of fields
    that are known to be many-to-many as sets. The exit code is 1 if anything differs, 0 if nothing does.

    \b
    Examples:
      fixtureflow diff before.json after.json
      fixtureflow diff before.json after.json --exclude sessions --ignore auth.user.last_login
      fixtureflow diff before.json after.json --json | jq '.differences[].model'
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError
    from fixtureflow.output import opened_output
    from fixtureflow.schema.sources import sources_from

    with session([a, b], quiet=quiet) as run:
        if a == b == "-":
            raise UsageError("both are stdin", advice="name a file for one of them")
        given = sources_from(schema or (), settings=settings, target=target)
        ours, theirs = (ff.read(name, at=at, repair=repair, progress=run.progress) for name in (a, b))
        found = ff.diff(
            ours,
            theirs,
            given,
            include=include or (),
            exclude=exclude or (),
            ignore=ignore or (),
            by_identity=by_identity,
            lookup_a=ff.read(lookup_a) if lookup_a else None,
            lookup_b=ff.read(lookup_b) if lookup_b else None,
            trust_guesses=trust_guesses,
        )
        with opened_output("-") as out:
            for text in found.json() if json else [f"{found.text()}\n"]:
                out.write(text.encode())
        say_unmatched(run, found.unmatched, set(found.models))
        _sum(run, found)
    if not found.equal:
        sys.exit(1)


def _sum(run: Session, found: Diff) -> None:
    total = found.total()
    if found.equal:
        run.summary(f"no difference: {amount(total.a)}")
    else:
        differences = f"{total.changed:,} changed, {total.added:,} added, {total.removed:,} removed"
        run.summary(f"{amount(total.a)} and {total.b:,}: {differences}")
