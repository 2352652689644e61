"""The command line: options ↔ keyword arguments, files ↔ streams. No logic of its own; a verb is a module.

Modules are imported where they are used, and of the verbs only the one that is called: `--help` and `--version` have to
answer at once, and a verb has to begin at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from fixtureflow import __version__
from fixtureflow.console import INTERRUPTED

__all__ = ["VERBS", "main", "program"]

VERBS = (
    "prepare",
    "pretty",
    "filter",
    "split",
    "stats",
    "check",
    "diff",
    "merge",
    "order",
    "natural",
    "rename",
    "subset",
    "dedupe",
    "scrub",
    "sequences",
    "schema",
    "graph",
)
"""In the order of the help."""


def main() -> None:
    """Run the verb that the command line names."""
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    alone = called in VERBS and "_FIXTUREFLOW_COMPLETE" not in os.environ
    try:
        run = program([called] if alone and called else VERBS)
        gc.freeze()  # what is imported stays
        gc.set_threshold(50_000, 20)  # verbs make many small objects that live, and hardly a cycle
        gc.enable()
        run(prog_name="fixtureflow")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def program(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The program with some of its verbs; each costs time before any can begin."""
    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_program)
    for verb in verbs:
        app.command(verb)(import_module(f"fixtureflow.cli.{verb}").command)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fixtureflow {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Make a Django dumpdata fixture load: a streaming processor of dumpdata JSON.

    Records go to stdout, or to -o FILE; all that is said to a person goes to stderr. Nothing is changed that was not
    asked for: an untouched record comes out with the bytes it came in with.

    \b
    Example, in a shell with "set -o pipefail":
      fixtureflow filter --exclude authtoken < all.json | python manage.py loaddata --format=json -
    """
