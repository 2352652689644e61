"""The verb `schema`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Annotated

import typer

from fixtureflow.cli.options import (
    At,
    InputFiles,
    OutputFile,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
)
from fixtureflow.console import Session, amount, session

__all__ = ["command"]


def command(
    inputs: InputFiles = None,
    infer: Annotated[bool, typer.Option("--infer", help="Guess from INPUT also what other sources know.")] = False,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    schema: SchemaFiles = None,
    explain: Annotated[
        list[str] | None,
        typer.Option("--explain", metavar="PATTERN", help="Show each fact of models like this, and its source."),
    ] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--diff", metavar="A B", help="Show where two disagree; exit code 1 if they do.", show_default=False
        ),
    ] = None,
    unapplied: Annotated[
        bool,
        typer.Option(
            "--unapplied",
            help="Show the migrations of --settings that its database lacks; exit code 1 if any. "
            "This alone connects to the project's database.",
        ),
    ] = False,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="ALIAS", help="Which of DATABASES --unapplied asks, if not the default."),
    ] = None,
    output: OutputFile = "-",
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Write down what the bytes of a fixture do not say: tables, relations, unique and natural keys.

    Facts come from a Django project, a database, schema files, presets of well-known apps, and from INPUT itself, as
    guesses with their evidence. The file written can be read, mended, committed, and given to any verb with --schema,
    FIXTUREFLOW_SCHEMA, or [tool.fixtureflow] schema = ["schema.json"] in pyproject.toml.

    A and B of --diff are each a schema file, a dump, a database URL, an SQLite file, or a settings module; a prefix
    says which where that is not plain: schema: dump: target: settings:

    --settings imports the project and connects to no database; only --unapplied asks the one that DATABASES names,
    and it only reads.

    \b
    Examples:
      fixtureflow schema --settings mysite.settings -o schema.json
      fixtureflow schema --infer data.json -o guesses.json
      fixtureflow schema data.json --explain auth.permission
      fixtureflow schema --diff mysite.settings postgresql://me@localhost/mysite
      fixtureflow schema --diff data.json schema.json
      fixtureflow schema --settings mysite.settings --unapplied
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.file import dump
    from fixtureflow.schema.remarks import remarks
    from fixtureflow.schema.sources import gather, own, schema_files, sources_from

    names = inputs or []
    with session(names, quiet=quiet) as run:
        target = named_target(target, target_settings)
        if diff:
            if names or infer or settings or target or schema or explain or unapplied:
                raise UsageError("--diff takes its two schemas alone", advice="write fixtureflow schema --diff A B")
            _differ(run, *diff, at=at, repair=repair)
            return
        if unapplied or database:
            if not settings or not unapplied or names or infer or target or schema or explain:
                advice = "write fixtureflow schema --settings mysite.settings --unapplied"
                raise UsageError("--unapplied goes with --settings (and --database) alone", advice=advice)
            _unapplied(run, settings, database or "default")
            return
        if infer and not names:
            raise UsageError("nothing to infer from", advice="name a dump: fixtureflow schema --infer data.json")
        if not (names or settings or target or schema or explain or schema_files()):
            raise UsageError("no source", advice="give INPUT, --settings, --target or --schema; see --help")
        records = ff.read(*names, at=at, repair=repair, progress=run.progress) if names else None
        merged = gather(
            records=records, given=sources_from(schema or (), settings=settings, target=target), infer=infer or None
        )
        if explain:
            _explain(merged.schema.models, explain, merged.explain)
            return
        written = own(merged)
        with opened_output(output) as file:
            file.write(dump(written))
    for line in remarks(written) if settings else ():
        run.say(line)
    relations = sum(len(list(model.relations())) for model in written.models.values())
    run.say(
        f"{amount(len(written.models), 'model')}, {amount(relations, 'relation')}; what presets know is not repeated"
    )


def _unapplied(run: Session, settings: str, database: str) -> None:
    from fixtureflow.schema.django import unapplied_migrations

    missing = unapplied_migrations(settings, database=database)
    for name in missing:
        print(name)
    where = f"database {database!r} of {settings}"
    if not missing:
        run.say(f"{where} has all migrations")
        return
    alias = "" if database == "default" else f" --database {database}"
    run.say(f"{where} lacks {amount(len(missing), 'migration')}; apply them: python manage.py migrate{alias}")
    sys.exit(1)


def _explain(labels: Iterable[str], patterns: list[str], explain: Callable[[str], list[str]]) -> None:
    from fixtureflow.errors import SchemaError, one_line
    from fixtureflow.patterns import any_matches, parse_patterns

    wanted = parse_patterns(patterns)
    found = [label for label in sorted(labels) if any_matches(wanted, label)]
    for pattern in wanted:
        if not pattern.hits:
            near = get_close_matches(pattern.text, labels, n=1)
            advice = (
                f"did you mean {near[0]}?" if near else "give the source that knows it: INPUT, --settings, --target"
            )
            raise SchemaError(f"no source knows a model like {pattern.text!r}", advice=advice)
    for label in found:
        print("\n".join(map(one_line, explain(label))))


def _differ(run: Session, here: str, there: str, *, at: str | None, repair: bool) -> None:
    from fixtureflow.schema.sides import differences

    found = differences(here, there, at=at, repair=repair, progress=run.progress)
    for difference in found:
        print(difference)
    run.say(f"{amount(len(found), 'difference')}" if found else "no difference in what both sides know")
    if found:
        sys.exit(1)
