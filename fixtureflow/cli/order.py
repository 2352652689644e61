"""The verb `order`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.order import Ordered

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    cycles: Annotated[
        Literal["keep", "break", "error"],
        typer.Option("--cycles", help="Records in a loop: together, in two halves (null first), or an error."),
    ] = "keep",
    dangling: Annotated[
        Literal["report", "error"] | None,
        typer.Option("--dangling", help="Look for references to records that are not there.", show_default=False),
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write loops and findings here, as JSON.")
    ] = None,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Put records in an order in which every one comes after all that it refers to.

    What the references leave free keeps its place. Only the order changes, but for --cycles break. What refers to what
    is told by schema files, and by what is known of widely used apps.

    \b
    Examples:
      fixtureflow order < all.json > ordered.json
      fixtureflow order --schema schema.json all.json | fixtureflow split --number --schema schema.json -d parts
    """
    import fixtureflow as ff
    from fixtureflow.errors import FixtureflowError
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, quiet=quiet) as run:
        target = named_target(target, target_settings)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        ordered = ff.order(
            records, sources_from(schema or (), settings=settings, target=target), cycles=cycles, dangling=dangling
        )
        try:
            written = ff.write(ordered, output, format=format, indent=indent, compact=compact)
        except FixtureflowError:
            _say_findings(run, ordered, report)
            raise
    _say_findings(run, ordered, report)
    again = f", {written.records - records.count:,} of them again" if written.records > records.count else ""
    run.summary(f"{amount(records.count)} in, {written.records:,} out{again}")


def _say_findings(run: Session, ordered: Ordered, report: str | None) -> None:
    _say_some(run, "nothing is known of what they refer to", ordered.unknown)
    for cycle in ordered.cycles[:10]:
        run.say(f"loop: {cycle}")
    if ordered.loops:
        more = f"{amount(ordered.loops, 'group')} of records in loops"
        run.say(f"{more}; each stands together and needs one transaction" if not ordered.halved else more)
    for link in sorted(ordered.unread):
        run.say(f"{link.model}.{link.field}: natural keys of {link.to.model} are not known, so not followed")
    for group in ordered.findings:
        run.say(str(group))
    if report is not None:
        ordered.write_report(report)


def _say_some(run: Session, problem: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        run.say(f"{problem}: {', '.join(names[:10])}{more}")
