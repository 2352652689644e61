"""The verb `diff`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fixtureflow.cli.options import (
    At,
    Exclude,
    Include,
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
    from fixtureflow.views.diff import Diff

__all__ = ["command"]


def command(
    a: Annotated[str, typer.Argument(metavar="A", help="The one fixture, the old; - is stdin.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one, the new.")],
    include: Include = None,
    exclude: Exclude = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="MODEL.FIELD", help="Do not compare fields like this; repeatable."),
    ] = None,
    by_identity: Annotated[
        bool,
        typer.Option("--by-identity", help="Know rows by natural or unique key, not by ids, which may differ."),
    ] = False,
    by_pk: Annotated[
        list[str] | None,
        typer.Option("--by-pk", metavar="PATTERN", help="With --by-identity: but these models by pk; repeatable."),
    ] = None,
    lookup_a: Annotated[
        str | None, typer.Option("--lookup-a", metavar="FIXTURE", help="Records that A refers to and lacks.")
    ] = None,
    lookup_b: Annotated[
        str | None, typer.Option("--lookup-b", metavar="FIXTURE", help="Records that B refers to and lacks.")
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    trust_guesses: Annotated[
        bool, typer.Option("--trust-guesses", help="Believe also what the schema has only guessed.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs, with every difference.")] = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Tell what differs between two dumps, or that nothing does, whatever the order of their records.

    Records with the same model and primary key are the same row. Values are compared as JSON values (1 is not 1.0),
    lists of fields that are known to be many-to-many as sets. The exit code is 1 if anything differs, else 0.

    With --by-identity rows are known by their natural key, or their only unique constraint, and references are the
    same if they lead to the same row: for dumps of two databases that number content types or users differently. The
    exit code is 1 also where that cannot be told for certain; each reason is named. Where what rows are known by has
    itself changed, as scrub changes usernames, --by-pk auth.user.

    \b
    Examples:
      fixtureflow diff before.json after.json
      fixtureflow diff --by-identity --settings mysite.settings old.json new.json
      fixtureflow diff before.json after.json --exclude sessions --ignore auth.user.last_login
      fixtureflow diff before.json after.json --json | jq '.differences[].model'
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    with session([a, b], quiet=quiet) as run:
        if a == b == "-":
            raise UsageError("both are stdin", advice="name a file for one of them")
        target = named_target(target, target_settings)
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
            by_pk=by_pk or (),
            lookup_a=ff.read(lookup_a) if lookup_a else None,
            lookup_b=ff.read(lookup_b) if lookup_b else None,
            trust_guesses=trust_guesses,
        )
        with opened_output("-") as out:
            for text in found.json() if json else [f"{found.text()}\n"]:
                out.write(text.encode())
        _say(run, found)
        say_unmatched(run, found.unmatched, set(found.models))
        _sum(run, found)
    if not found.equal:
        sys.exit(1)


def _say(run: Session, found: Diff) -> None:
    """By what the rows of each model were known, if it was not the primary key."""
    known_by: dict[str, list[str]] = {}
    for label, key in found.doubts.known_by.items() if found.doubts is not None else ():
        kind = key if key in ("natural key", "pk") else "unique fields"
        known_by.setdefault(kind, []).append(f"{label} ({key})" if kind == "unique fields" else label)
    for kind, labels in known_by.items():
        more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
        run.say(f"known by {kind}: {', '.join(labels[:10])}{more}")


def _sum(run: Session, found: Diff) -> None:
    total = found.total()
    differences = f"{total.changed:,} changed, {total.added:,} added, {total.removed:,} removed"
    if found.equal:
        run.summary(f"no difference: {amount(total.a)}")
    elif total.equal:
        run.summary(f"no difference found, but that is not certain: {amount(total.a)}")
    else:
        run.summary(f"{amount(total.a)} and {total.b:,}: {differences}")
