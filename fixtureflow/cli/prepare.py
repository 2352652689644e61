"""The verb `prepare`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from fixtureflow.cli.options import (
    At,
    Dangling,
    Exclude,
    Include,
    Inputs,
    Lists,
    Lookup,
    Prefer,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    TargetSettings,
    TrustGuesses,
)
from fixtureflow.console import amount, session

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    directory: Annotated[str, typer.Option("-d", "--directory", metavar="DIR", help="The folder to fill.")] = "ready",
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="URL",
            help="The database to load into: postgresql://user@host/name, an SQLite file, django:ALIAS.",
        ),
    ] = None,
    target_settings: TargetSettings = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    include: Include = None,
    exclude: Exclude = None,
    lookup: Lookup = None,
    no_renumber: Annotated[
        bool, typer.Option("--no-renumber", help="Reject a record whose pk is another row's; no free one is taken.")
    ] = False,
    dangling: Dangling = "reject",
    m2m: Lists = "union",
    prefer: Prefer = None,
    parts: Annotated[bool, typer.Option("--parts", help="A numbered file for each model, to load one by one.")] = False,
    trust_guesses: TrustGuesses = False,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values", help="Let values of the data stand in report.html: keys that are text, and such."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier run has put there.")] = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Make a folder that loads out of a dump and the database it is to go to.

    What the database has is left out, what collides gets another primary key, references follow, and every record
    stands after all that it refers to. The last lines say what to type next. The database is only read: run this again
    if it has changed. What a project's receivers make rows of while the others are loaded (a token for each user) is
    put off: it is in second.json, to be prepared after that. Exit code 1 if a record has no place there: it is in
    rejects.json, its reason in report.json.

    report.html shows all of it in a browser: what became of each model's records, the models in load order, each
    rejected record and why. It needs no network, and holds no value of the data, keys that are numbers or UUIDs aside,
    unless --show-values.

    \b
    Examples:
      fixtureflow prepare all.json --target postgresql://user@host/new -d ready
      fixtureflow prepare all.json --target django:default --target-settings mysite.settings --parts
    """
    import fixtureflow as ff
    from fixtureflow.cli.matched import besides, say_matched
    from fixtureflow.connection import shown
    from fixtureflow.errors import UsageError
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, quiet=quiet) as run:
        url = named_target(target, target_settings)
        if not url:
            raise UsageError("no --target", advice="name the database that is to be loaded into; it is only read")
        prepared = ff.prepare(
            ff.read(*names, at=at, repair=repair, progress=run.progress),
            directory,
            target=url,
            schema=sources_from(schema or (), settings=settings),
            include=include or (),
            exclude=exclude or (),
            lookup=[url if one == target else one for one in lookup or ()],
            renumber=not no_renumber,
            dangling=dangling,
            m2m=m2m,
            prefer=prefer or (),
            trust_guesses=trust_guesses,
            parts=parts,
            show_values=show_values,
            force=force,
        )
        say_matched(run, prepared.matched)
        for line in prepared.warnings:
            run.say(line)
        for step in prepared.steps:
            run.say(f"{step.name}: {step.records:,} in {step.seconds:.1f} s")
        if prepared.rejected:
            run.say(
                f"{amount(prepared.rejected)} rejected: see {directory}/rejects.json, and report.json for the reasons; "
                "mend and prepare them again once the others are loaded"
            )
        late = ", ".join(f"{label} {count:,}" for label, count in prepared.waiting.items())
        if late:
            run.say(
                f"put off: {late}: receivers make such rows while the others are loaded; prepare them after that "
                "(--prefer fixture:MODEL has them in the place of those), "
                f"or leave them out: {' '.join(f'--exclude {label}' for label in prepared.waiting)}"
            )
        run.say(f"to look at: {prepared.page}")
        for command_line in prepared.commands():
            run.say(f"next: {command_line}")
        if late:
            place = shown(target or "")
            again: dict[str, object] = {"--target": place, "--target-settings": target_settings, "--lookup": place}
            again |= {"--schema": schema, "--settings": settings, "--prefer": prefer, "--no-renumber": no_renumber}
            again |= {"--dangling": dangling, "--m2m": m2m, "--trust-guesses": trust_guesses, "--parts": parts}
            again |= {"--show-values": show_values}
            run.say(f"next: {_line(prepared.second, again | {'--force': force, '-d': _after(directory)})}")
        counted = prepared.matched.counts.values()
        said = f", {prepared.put_off:,} put off" if prepared.put_off else ""
        run.summary(
            f"{amount(sum(one['in'] for one in counted))} in, {prepared.records:,} ready in {directory}{said}, "
            f"{besides(prepared.matched)}"
        )
    if prepared.rejected:
        raise typer.Exit(1)


def _line(file: Path, options: Mapping[str, object]) -> str:
    """The call of this verb, without the options that say nothing or what is said anyway."""
    words = ["fixtureflow", "prepare", str(file)]
    for name, given in options.items():
        for one in given if isinstance(given, list) else [given]:
            if one not in (None, False, "reject", "union"):
                words += [name] if one is True else [name, str(one)]
    return shlex.join(words)


def _after(directory: str) -> str:
    """`ready` → `ready2` → `ready3`."""
    path = Path(directory)
    name = path.name.rstrip("0123456789")
    return str(path.parent / f"{name}{int(path.name[len(name) :] or 1) + 1}")
