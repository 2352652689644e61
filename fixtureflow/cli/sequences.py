"""The verb `sequences`."""

from __future__ import annotations

from fixtureflow.cli.options import (
    At,
    Dialect,
    InputFiles,
    OutputFile,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: InputFiles = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    dialect: Dialect = None,
    output: OutputFile = "-",
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Print the SQL that sets sequences past the highest primary keys of INPUT and of the target's tables.

    It is what sqlsequencereset prints, for all apps and without Django; for MariaDB and SQLite, where loading moves the
    counters, only where one is behind. The target is only read. The SQL may be run at any time and again: it looks
    when it is run, and never lowers a sequence. Run that for MariaDB after COMMIT: it commits by itself.

    \b
    Examples:
      fixtureflow sequences all.json --target postgresql://me@localhost/mysite > sequences.sql
      fixtureflow sequences --settings mysite.settings --dialect postgresql | psql mysite
    """
    import fixtureflow as ff
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or []
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress) if names else None
        given = sources_from(schema or (), settings=settings)
        found = ff.sequences(records, given, target=target, dialect=dialect)
        with opened_output(output) as out:
            out.write(found.sql().encode())
    if found.unknown:
        more = f" and {len(found.unknown) - 10} more" if len(found.unknown) > 10 else ""
        run.say(f"no table of the target is known to be that of {', '.join(found.unknown[:10])}{more}")
    ahead = f", {found.ahead:,} of the target's not behind and left out" if found.ahead else ""
    run.summary(f"{amount(len(found.resets), 'sequence')}{ahead}")
