"""What several verbs share: options, so that each means the same everywhere, and words."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from fixtureflow.console import Session

__all__ = [
    "At",
    "Compact",
    "Dangling",
    "Dialect",
    "Exclude",
    "FormatOption",
    "Include",
    "Indent",
    "InputFiles",
    "Inputs",
    "Lists",
    "Lookup",
    "OutputFile",
    "Prefer",
    "Quiet",
    "Repair",
    "SchemaFiles",
    "Settings",
    "Target",
    "TargetSettings",
    "TrustGuesses",
    "say_unmatched",
]

Inputs = Annotated[
    list[str] | None,
    typer.Argument(metavar="INPUT", help="Fixtures: JSON or JSONL, compressed or not; - is stdin.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="PATH", help="Where the records are in a document that is no list: data.objects."),
]
Repair = Annotated[
    bool, typer.Option("--repair", help="Leave out text round the records, and the cut record of a cut file.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
OutputFile = Annotated[
    str, typer.Option("-o", "--output", metavar="FILE", help="Write here, whole or not at all; may be the input.")
]
FormatOption = Annotated[
    Literal["json", "jsonl"] | None, typer.Option("--format", help="Write this format, not the input's.")
]
Indent = Annotated[
    int | None, typer.Option("--indent", metavar="N", help="Lay out as dumpdata --indent N.", min=0, max=32)
]
Compact = Annotated[bool, typer.Option("--compact", help="Lay out as dumpdata does without --indent.")]
SchemaFiles = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="FILE", help="A schema file, JSON or TOML; repeatable, the later wins."),
]
Settings = Annotated[
    str | None,
    typer.Option("--settings", metavar="MODULE", help="Take the schema of the Django project: mysite.settings."),
]
Target = Annotated[
    str | None,
    typer.Option("--target", metavar="URL", help="Take the schema of the tables: postgresql://user@host/name."),
]
TargetSettings = Annotated[
    str | None,
    typer.Option(
        "--target-settings",
        metavar="MODULE",
        help="For --target django:ALIAS: the settings module with that database, mysite.settings.",
        show_default=False,
    ),
]
Dialect = Annotated[
    Literal["postgresql", "mysql", "sqlite"] | None,
    typer.Option("--dialect", help="Without --target: which database the SQL is for.", show_default=False),
]
TrustGuesses = Annotated[
    bool, typer.Option("--trust-guesses", help="Follow also references that the schema has only guessed.")
]
Include = Annotated[
    list[str] | None, typer.Option("--include", metavar="PATTERN", help="Keep only models like this; repeatable.")
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="Leave out models like this; repeatable.")
]
Lookup = Annotated[
    list[str] | None,
    typer.Option(
        "--lookup",
        metavar="FIXTURE|URL",
        help="Rows that the dump lacks (-e contenttypes): a fixture, an SQLite file, the old database; repeatable.",
    ),
]
Dangling = Annotated[
    Literal["reject", "null", "keep"],
    typer.Option("--dangling", help="References to nothing: reject the record, set them to null, or keep them."),
]
Lists = Annotated[
    Literal["union", "target", "fixture"],
    typer.Option("--m2m", help="Lists of records left out: unite with those of the target's rows, or one side's."),
]
Prefer = Annotated[
    list[str] | None,
    typer.Option(
        "--prefer",
        metavar="fixture:PATTERN",
        help="Rows of models like this take the place of those that the target has; repeatable.",
    ),
]
InputFiles = Annotated[
    list[str] | None,
    typer.Argument(metavar="INPUT", help="Fixtures to look at; - is stdin.", show_default=False),
]


def say_unmatched(run: Session, patterns: list[str], models: set[str]) -> None:
    """Name the patterns that matched no model, each with what may have been meant."""
    import difflib

    for pattern in patterns:
        near = difflib.get_close_matches(pattern, [*models, *{model.partition(".")[0] for model in models}], n=1)
        run.say(f"pattern {pattern!r} matched no model" + (f"; did you mean {near[0]!r}?" if near else ""))
