"""The verb `rename`."""

from __future__ import annotations

import contextlib
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
    from fixtureflow.stages.rename import Renamed

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    rules: Annotated[
        str | None, typer.Option("--rules", metavar="FILE", help="Rules in TOML, named as the options here.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="OLD=NEW", help="A model: blog.post=journal.entry; repeatable."),
    ] = None,
    app: Annotated[
        list[str] | None,
        typer.Option("--app", metavar="OLD=NEW", help="All models of an app: blog=journal; repeatable."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="OLD=NEW", help="A field: blog.post.title=heading; repeatable."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="FIELD", help="Fields to leave out: blog.post.legacy; repeatable."),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            metavar="FIELD=JSON",
            help="For records without the field: blog.post.status='\"new\"'; repeatable.",
        ),
    ] = None,
    fill: Annotated[
        list[str] | None,
        typer.Option(
            "--fill", metavar="FIELD=JSON", help="For records where it is null: blog.post.views=0; repeatable."
        ),
    ] = None,
    null_nan: Annotated[
        list[str] | None,
        typer.Option("--null-nan", metavar="PATTERN", help="NaN and infinities become null; repeatable."),
    ] = None,
    strip_nul: Annotated[
        list[str] | None,
        typer.Option("--strip-nul", metavar="PATTERN", help="NUL characters go; repeatable."),
    ] = None,
    cut: Annotated[
        list[str] | None,
        typer.Option(
            "--cut", metavar="PATTERN[=N]", help="Cut texts to N characters, or what the schema says; repeatable."
        ),
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    trust_guesses: TrustGuesses = False,
    changes: Annotated[
        str | None,
        typer.Option("--changes", metavar="FILE", help="Write each value that was lost or set here, as JSONL."),
    ] = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Change names of models, apps and fields, and values that would be refused, by rule.

    Only what a rule names changes. Content types, permissions (add_post) and natural keys that name a renamed model
    follow. A FIELD is app.model.field, as it is called in the input, a PATTERN also app or app.model, with globs.
    Values go first (--null-nan before --fill), then --drop, --field, and --default.

    \b
    Examples:
      fixtureflow rename --model blog.post=journal.entry --field blog.post.title=heading all.json > renamed.json
      fixtureflow rename --strip-nul '*' --null-nan '*' --cut shop --target postgresql://me@localhost/new < all.json
      fixtureflow rename --rules rules.toml --changes changes.jsonl all.json -o mended.json
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
            log = stack.enter_context(opened_output(changes)) if changes is not None else None
            renamed = ff.rename(
                records,
                given,
                rules=rules,
                model=model or (),
                app=app or (),
                field=field or (),
                drop=drop or (),
                default=default or (),
                fill=fill or (),
                null_nan=null_nan or (),
                strip_nul=strip_nul or (),
                cut=cut or (),
                trust_guesses=trust_guesses,
                tell=None if log is None else lambda finding: log.write(msgspec.json.encode(finding) + b"\n"),
            )
            written = ff.write(renamed, output, format=format, indent=indent, compact=compact)
    _say(run, renamed)
    run.summary(f"{amount(records.count)} in, {written.records:,} out")


def _say(run: Session, renamed: Renamed) -> None:
    for (old, new), count in renamed.models.items():
        run.say(f"renamed: {old} → {new}: {amount(count)}")
    if renamed.followed:
        run.say(f"followed: {', '.join(amount(count, what) for what, count in renamed.followed.items())}")
    for group in renamed.findings:
        run.say(str(group))
    for rule in renamed.unmatched:
        run.say(f"{rule} changed nothing")
