"""The verb `graph`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

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
from fixtureflow.console import amount, session

__all__ = ["command"]

READABLE = 40
"""Models in a Mermaid graph whose arrows one can still tell apart."""
FORMS: Final[dict[str, Literal["mermaid", "dot", "svg", "png"]]] = {
    ".svg": "svg",
    ".png": "png",
    ".dot": "dot",
    ".gv": "dot",
    **dict.fromkeys(("", ".mmd", ".mermaid", ".md", ".txt"), "mermaid"),
}
COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".zip")


def command(
    inputs: InputFiles = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    format: Annotated[  # noqa: A002
        Literal["mermaid", "dot", "svg", "png"] | None,
        typer.Option("--format", help="As the name of the output file ends, else mermaid.", show_default=False),
    ] = None,
    app: Annotated[
        list[str] | None,
        typer.Option("--app", metavar="PATTERN", help="Only models like this and what they point at; repeatable."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="LABEL", help="Only this model and those near; repeatable.")
    ] = None,
    neighbours: Annotated[
        int | None, typer.Option("--neighbours", metavar="N", help="How many edges away from --model, if not 1.", min=0)
    ] = None,
    output: OutputFile = "-",
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Draw the models and what their fields point at, in the order of loading.

    A model stands right of all that it points at. Cycles are red, nullable fields dashed, guesses marked with "?".
    With INPUT only its models are drawn, the larger the more records they have.

    \b
    Examples:
      fixtureflow graph data.json -o models.svg
      fixtureflow graph --settings mysite.settings --app shop -o shop.png
      fixtureflow graph data.json --schema schema.json --model shop.order --neighbours 2 > order.mmd
    """
    import fixtureflow as ff
    from fixtureflow.errors import UsageError
    from fixtureflow.output import opened_output
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import gather, schema_files, sources_from
    from fixtureflow.schema.survey import survey
    from fixtureflow.views.drawing import drawn
    from fixtureflow.views.graph import model_graph, narrowed

    names = inputs or []
    with session(names, quiet=quiet) as run:
        target = named_target(target, target_settings)
        if not (names or settings or target or schema or schema_files()):
            raise UsageError("nothing to draw", advice="give INPUT, --settings, --target or --schema; see --help")
        if neighbours is not None and not model:
            raise UsageError("--neighbours says how far from --model", advice="name a model with --model")
        form = format or _by_suffix(output)
        seen = survey(ff.read(*names, at=at, repair=repair, progress=run.progress)) if names else None
        counts = {label: model.rows for label, model in seen.models.items()} if seen else None
        merged = gather(records=seen, given=sources_from(schema or (), settings=settings, target=target))
        near = 1 if neighbours is None else neighbours
        found = narrowed(model_graph(merged.schema, counts), apps=app or (), models=model or (), neighbours=near)
        with opened_output(output) as file:
            file.write(drawn(found, form))
    cyclic = sum(node.cycle for node in found.nodes.values())
    run.say(
        f"{amount(len(found.nodes), 'model')}, {amount(len(found.edges), 'relation')}"
        + (f", {amount(cyclic, 'model')} in cycles" if cyclic else "")
    )
    if form == "mermaid" and len(found.nodes) > READABLE:
        run.say("Mermaid does not draw so many well: narrow them with --app or --model, or take -o FILE.svg")


def _by_suffix(output: str) -> Literal["mermaid", "dot", "svg", "png"]:
    """The form that the name of a file tells; one within a compressed file, too."""
    from fixtureflow.errors import UsageError

    suffixes = [suffix.lower() for suffix in Path(output).suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    form = FORMS.get(suffixes[-1] if suffixes else "")
    if form is None:
        raise UsageError(
            f"{output}: nothing is drawn as {suffixes[-1]}",
            advice="name it .svg, .png, .dot or .mmd, or choose with --format",
        )
    return form
