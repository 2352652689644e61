"""The verb `filter`."""

from __future__ import annotations

from typing import Annotated

import typer

from fixtureflow.cli.matched import besides, say_matched
from fixtureflow.cli.options import (
    At,
    Compact,
    Dangling,
    Exclude,
    FormatOption,
    Include,
    Indent,
    Inputs,
    Lists,
    Lookup,
    OutputFile,
    Prefer,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    TargetSettings,
    TrustGuesses,
    say_unmatched,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    include: Include = None,
    exclude: Exclude = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="URL|FILE",
            help="Leave out what this database (or another fixture) has already, and refer to its rows: "
            "postgresql://user@host/name, an SQLite file, django:default, other.json.",
        ),
    ] = None,
    target_settings: TargetSettings = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    lookup: Lookup = None,
    renumber: Annotated[
        bool, typer.Option("--renumber", help="A record whose pk is another row's in the target gets a free one.")
    ] = False,
    dangling: Dangling = "reject",
    m2m: Lists = "union",
    prefer: Prefer = None,
    delete_sql: Annotated[
        str | None,
        typer.Option("--delete-sql", metavar="FILE", help="Write here what has to be deleted first, to be looked at."),
    ] = None,
    rejects: Annotated[
        str | None, typer.Option("--rejects", metavar="FILE", help="Write rejected records here, as a fixture.")
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write what became of each record here, as JSON.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; write no records.")] = False,
    trust_guesses: TrustGuesses = False,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Leave out records that are not wanted, or that a target has already.

    A pattern is an app (auth), a model (auth.user) or a glob (cms.*, *.token), in any case.

    With --target every record is looked up in that database by its unique keys. One that is there is left out, and all
    that refers to it refers to the target's row; one whose pk is another row's there, or that would collide, is
    rejected. If any is and no --rejects is given, nothing is written. The database is only read.

    The target may be a fixture, too: the dump of another site, beside which the records that are left can be loaded.

    \b
    Examples:
      fixtureflow filter --exclude authtoken --exclude sessions < data.json > rest.json
      fixtureflow filter --include auth --exclude auth.permission data.json -o users.json
      fixtureflow filter all.json --target postgresql://user@host/new --renumber --rejects rejects.json > safe.json
      fixtureflow filter one.json --target other.json --settings mysite.settings --renumber > beside_other.json
      fixtureflow filter all.json --target new.sqlite3 --prefer fixture:authtoken --delete-sql old.sql > safe.json
    """
    import fixtureflow as ff
    from fixtureflow.errors import FixtureflowError, UsageError
    from fixtureflow.schema.django.databases import named_target

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        if not include and not exclude and not target:
            raise UsageError("nothing to filter by", advice="name models with --include or --exclude, or a --target")
        asked = [
            rejects,
            report,
            renumber,
            dry_run,
            lookup,
            prefer,
            delete_sql,
            dangling != "reject",
            m2m != "union",
            schema,
            settings,
        ]
        if any(asked) and not target:
            raise UsageError("of these options some have a meaning only with --target", advice="--help tells which")
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        if target is None:
            kept = ff.filter(records, include=include or (), exclude=exclude or ())
            written = ff.write(kept, output, format=format, indent=indent, compact=compact)
            say_unmatched(run, kept.unmatched, kept.seen)
            if kept.dropped:
                models = ", ".join(f"{model} {count:,}" for model, count in kept.dropped.most_common(10))
                more = len(kept.dropped) - 10
                run.say(f"dropped: {models}" + (f" and {amount(more, 'model')} more" if more > 0 else ""))
            run.summary(f"{amount(records.count)} in, {written.records:,} out, {kept.dropped.total():,} dropped")
            return
        from fixtureflow.schema.sources import sources_from

        matched = ff.filter(
            records,
            include=include or (),
            exclude=exclude or (),
            target=target,
            schema=sources_from(schema or (), settings=settings),
            lookup=lookup or (),
            renumber=renumber,
            dangling=dangling,
            m2m=m2m,
            trust_guesses=trust_guesses,
            prefer=prefer or (),
            delete_sql=delete_sql,
            rejects=rejects,
            report=report,
            dry_run=dry_run,
        )
        try:
            if dry_run:
                for _ in matched.blocks():
                    pass
            else:
                ff.write(matched, output, format=format, indent=indent, compact=compact)
        except FixtureflowError:
            say_matched(run, matched)
            raise
        say_matched(run, matched)
        total = {case: sum(counts[case] for counts in matched.counts.values()) for case in ("out", "changed")}
        changed = f" ({total['changed']:,} changed)" if total["changed"] else ""
        run.summary(f"{amount(records.count)} in, {total['out']:,} out{changed}, {besides(matched)}")
