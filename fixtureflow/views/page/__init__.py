"""One page that tells what `prepare` has made of a dump: it needs nothing but itself, and runs no script but its own.

The page is a function of what was matched and of the report's lines, and its size does not grow with the dump's. Its
template, style sheet and script lie beside this module.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from fixtureflow.matching.matched import Matched
from fixtureflow.output import opened_output
from fixtureflow.schema.model import Schema
from fixtureflow.views.page.drawing import drawing
from fixtureflow.views.page.markup import Markup, many, tag, text
from fixtureflow.views.page.tables import assumed_table, contents, legend, models_table, record_tables, styles
from fixtureflow.views.page.told import told
from fixtureflow.views.page.words import besides, outcome, totals

__all__ = ["write_page"]

NOTES = 100
"""Lines on what a person has to know."""

_WITH = Markup("Values of the data stand on this page, as <code>--show-values</code> asks.")
_WITHOUT = Markup(
    "No value of the data stands on this page but keys that are numbers or UUIDs; where another would be, it says "
    "<i>hidden</i>. The line of report.json that is named has it; <code>fixtureflow prepare --show-values</code> puts "
    "it here."
)


def write_page(
    path: Path,
    matched: Matched,
    *,
    target: str,
    order: Sequence[str],
    waiting: Mapping[str, int],
    commands: Iterable[str],
    warnings: Iterable[str] = (),
    values: bool = False,
) -> None:
    """Write the page on `matched`.

    `target` names the database, `order` the models in load order, `waiting` has the records of some that are put off,
    `commands` are what to type next. Without `values` no value of the data is in it but keys that are numbers or UUIDs.
    Raises `OutputError`.
    """
    counts, lines = matched.counts, told(matched.samples, values=values)
    count = totals(counts)
    order = [label for label in order if label not in waiting]
    schema = matched.resolver.schema if matched.resolver else Schema()
    picture, drawn, models = drawing(schema, counts, order)
    style = f"{_file('page.css')}\n{styles(counts)}"
    script = _file("page.js")
    said = [*matched.messages(assumed=False, values=values), *map(str, _lists(matched)), *warnings]
    html = Template(_file("page.html")).substitute(
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
        style=style,
        script=script,
        title=text(outcome(count)),
        target=text(target),
        besides=tag("p", " ".join(besides(matched, count))),
        commands=many("li", (tag("code", command) for command in commands)) or tag("li", "Nothing is to be loaded."),
        contents=contents(lines),
        later=_later(count, waiting),
        legend=legend(counts),
        models=models_table(counts, order),
        drawn=_drawn(drawn, models),
        picture=picture,
        records=record_tables(lines),
        assumed=assumed_table(matched.assumed) if matched.assumed else tag("p", "Nothing was assumed."),
        notes=_notes(said),
        values=_WITH if values else _WITHOUT,
    )
    with opened_output(path) as file:
        file.write(html.encode())


def _drawn(drawn: int, models: int) -> str:
    if drawn == models:
        return ""
    first = "those with rejected records, then those with most that are ready, and what these refer to"
    return f"{drawn:,} of {models:,} models are drawn: {first}. The table above has all."


def _notes(said: Sequence[str]) -> Markup:
    more = len(said) - NOTES
    shown = [*said[:NOTES], *([f"and {more:,} more: see the notes of report.json"] if more > 0 else [])]
    return tag("ul", many("li", shown)) if shown else tag("p", "Nothing.")


def _later(count: Mapping[str, int], waiting: Mapping[str, int]) -> Markup:
    """What there is to do once the others are loaded."""
    said = []
    if late := ", ".join(f"{label} {records:,}" for label, records in waiting.items()):
        why = "receivers make such rows while the others are loaded. They are in second.json: prepare it after that."
        said.append(tag("p", f"Put off: {late}: {why}"))
    if rejected := count["rejected"]:
        link = tag("a", f"{rejected:,} rejected", href="#rejected")
        said.append(tag("p", Markup(f"{link}: mend rejects.json, and prepare it again once the others are loaded.")))
    return Markup("\n".join(said))


def _lists(matched: Matched) -> Iterable[str]:
    """How often an item of a list led nowhere."""
    for group in matched.findings.of("not united"):
        yield f"not united: {group.where}: {group.count:,}"


def _file(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")


def _hash(inside: str) -> str:
    """What lets a browser take this very style sheet or script, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"
