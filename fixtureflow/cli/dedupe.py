"""The verb `dedupe`."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Annotated

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
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
    TrustGuesses,
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.dedupe import Deduped

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    unique: Annotated[
        list[str] | None,
        typer.Option(
            "--unique",
            metavar="MODEL:FIELD,…",
            help="What is to be unique together: lists.item:list,text; repeatable. Without: all that the schema says.",
        ),
    ] = None,
    keep: Annotated[
        str, typer.Option("--keep", metavar="WHICH", help="Which record stays: first, last, or newest:FIELD.")
    ] = "first",
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="FIELD=PATTERN",
            help="Keep all, and give the others another value: 'text={} ({n})'; repeatable.",
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option("--report", metavar="FILE", help="Write each record that goes or is renamed here, as JSONL."),
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    trust_guesses: TrustGuesses = False,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Keep one record where a unique constraint allows only one; what referred to the others refers to that one.

    For a fixture that a new unique constraint refuses, and for dumps put together in which a primary key stands twice
    (loaddata itself lets the last of these win: --keep last).
    Lists of records that go are united with those of the one that stays. What becomes the same since references follow
    is treated alike, in the order of foreign keys. Nulls are never the same, unless the constraint says so.

    \b
    Examples:
      fixtureflow dedupe --settings mysite.settings --report gone.jsonl all.json -o unique.json
      fixtureflow dedupe --unique lists.item:list,text --keep newest:changed_at < all.json > unique.json
      fixtureflow dedupe --unique lists.item:list,text --rename 'text={} ({n})' --schema schema.json < all.json
    """
    import msgspec

    import fixtureflow as ff
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        given = sources_from(schema or (), settings=settings, target=target)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(opened_output(report)) if report is not None else None
            kept = ff.dedupe(
                records,
                given,
                unique=unique or (),
                keep=keep,
                rename=rename or (),
                target=target,
                trust_guesses=trust_guesses,
                tell=None if log is None else lambda finding: log.write(msgspec.json.encode(finding) + b"\n"),
            )
            written = ff.write(kept, output, format=format, indent=indent, compact=compact)
    _say(run, kept)
    run.summary(f"{amount(records.count)} in, {written.records:,} out, {records.count - written.records:,} dropped")


def _say(run: Session, kept: Deduped) -> None:
    for (model, unique), count in kept.dropped.items():
        run.say(f"dropped: {model}: {amount(count)} with the same {unique} as another")
    for (model, field), count in kept.renamed.items():
        run.say(f"renamed: {model}.{field}: {amount(count)}")
    for what, counts in (("followed", kept.followed), ("lists united", kept.united)):
        if counts:
            run.say(f"{what}: {_counted(counts)}")
    for group in kept.findings:
        if not group.done:
            run.say(str(group))
    for message in kept.messages():
        run.say(message)
    for option in kept.unmatched:
        run.say(f"{option} matched nothing")


def _counted(counts: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{model}.{field} {count:,}" for (model, field), count in counts.items())
