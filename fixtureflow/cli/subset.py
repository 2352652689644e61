"""The verb `subset`."""

from __future__ import annotations

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
    say_unmatched,
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.subset import Subset

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="MODEL[:PK,…]", help="Begin with these records, or all of models like this; repeatable."
        ),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option("--sample", metavar="SHARE", help="Begin with 1% of them (without --from: of all)."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another one makes another sample.")] = 0,
    follow_reverse: Annotated[
        list[str] | None,
        typer.Option(
            "--follow-reverse",
            metavar="PATTERN",
            help="Take along what refers to those: '*', or some models; repeatable.",
        ),
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Take some records and all they need: a small fixture out of production that loads.

    All that a record refers to comes along: by foreign keys, lists, generic and natural keys, and multi-table parents
    and children. --follow-reverse brings what refers to the records begun with, too (a user's posts, their comments),
    but not to what only others need. The same --seed takes the same sample from any dump of the same rows.

    \b
    Examples:
      fixtureflow subset --from blog.post:1,2,3 --settings mysite.settings all.json -o small.json
      fixtureflow subset --from auth.user --sample 1% --follow-reverse blog --schema schema.json < all.json
    """
    import fixtureflow as ff
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        given = sources_from(schema or (), settings=settings, target=target)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        taken = ff.subset(
            records, given, start=start or (), sample=sample, seed=seed, follow_reverse=follow_reverse or ()
        )
        written = ff.write(taken, output, format=format, indent=indent, compact=compact)
    say_unmatched(run, taken.unmatched, set(taken.counts))
    _say(run, taken)
    run.summary(f"{amount(records.count)} in, {written.records:,} out, {records.count - written.records:,} left out")


def _say(run: Session, taken: Subset) -> None:
    for label, (kept, count) in taken.counts.items():
        if kept:
            run.say(f"{label}: {kept:,} of {count:,}")
    none = [f"{label} {count:,}" for label, (kept, count) in taken.counts.items() if not kept]
    if none:
        more = f" and {len(none) - 10} more" if len(none) > 10 else ""
        run.say(f"none of {', '.join(none[:10])}{more}")
    if taken.unknown:
        more = f" and {len(taken.unknown) - 10} more" if len(taken.unknown) > 10 else ""
        run.say(f"nothing is known of what they refer to: {', '.join(taken.unknown[:10])}{more}")
    for link, number in taken.missing.items():
        run.say(f"not in the input: {link.model}.{link.field} → {link.to.model or 'a generic key'}: {number:,}")
    if taken.absent:
        models = {link.to.model: f"{link.to.model} ({link.model}.{link.field})" for link in reversed(taken.absent)}
        run.say(f"not a record in the input of what they may refer to: {', '.join(sorted(models.values()))}")
    for link in sorted(taken.unread):
        run.say(f"{link.model}.{link.field}: natural keys of {link.to.model} are not known, so all of it is taken")
    for label in taken.cut_trees:
        run.say(f"{label}: numchild counts children that are left out; fix_tree() sets it right")
