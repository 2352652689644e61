"""The tables of a page: models with a bar each, records of one kind, what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fixtureflow.matching.notes import Assumption
from fixtureflow.views.page.grid import LIMIT, Head, grid, narrow_style, not_shown
from fixtureflow.views.page.kinds import COUNTED, TABLES, Table
from fixtureflow.views.page.markup import Markup, tag, text
from fixtureflow.views.page.told import Told

__all__ = ["assumed_table", "contents", "legend", "models_table", "record_tables", "styles"]

WIDTH = 1_000
LEAST = 12
"""Of a bar's width: what is there is seen, however little it is."""
OPEN = 20
"""Records in a table that need not be opened first."""

Counts = Mapping[str, Mapping[str, int]]

_LINE = Head("Line of report.json", number=True)
_ASSUMED = [Head("Field"), Head("Leads to"), Head("What was assumed"), Head("Keys", number=True)]


def contents(found: Mapping[str, Told]) -> Markup:
    """Links to what stands further down."""
    links = [("models", "Models"), ("graph", "Load order")]
    links += [(one.case, f"{one.title} {found[one.case].total:,}") for one in TABLES if one.case in found]
    links += [("assumed", "Assumed relations"), ("notes", "Good to know")]
    return Markup("\n".join(tag("a", words, href=f"#{place}") for place, words in links))


def legend(counts: Counts) -> Markup:
    """What the colours of the bars stand for, and how many records each is."""
    items = []
    for case in _cases(counts):
        total = sum(one.get(case, 0) for one in counts.values())
        swatch = tag("span", class_=f"swatch {_class(case)}", aria_hidden="true")
        name = tag("dt", Markup(f"{swatch} {tag('b', f'{total:,}')} {text(case)}"))
        items.append(tag("div", name, tag("dd", COUNTED[case])))
    return tag("dl", *items, class_="legend")


def models_table(counts: Counts, order: Sequence[str]) -> Markup:
    """A row for each model: those that are loaded first, in that order."""
    known = (label for label in dict.fromkeys(order) if label in counts)
    place = {label: at for at, label in enumerate(known, 1)}
    labels = sorted(counts, key=lambda label: place.get(label, len(place) + 1))
    rows = []
    for label in labels[:LIMIT]:
        one = counts[label]
        numbers = [one.get(case, 0) for case in _columns(counts).values()]
        rows.append([label, str(place.get(label, "")), _bar(one), *(f"{number:,}" for number in numbers)])
    return Markup(not_shown(len(labels), "model") + grid("models", "Models", _model_heads(counts), rows))


def record_tables(found: Mapping[str, Told]) -> Markup:
    """A section for each kind of record, those without a place first."""
    return Markup("\n".join(_records(one, found[one.case]) for one in TABLES if one.case in found))


def assumed_table(assumed: Sequence[Assumption]) -> Markup:
    """Where fields lead as far as nobody has stated it."""
    rows = [[one.field, one.to, one.how, f"{one.keys:,}" if one.keys else "all"] for one in assumed[:LIMIT]]
    return Markup(not_shown(len(assumed), "field") + grid("assumptions", "Assumed relations", _ASSUMED, rows))


def styles(counts: Counts) -> str:
    """For narrow screens."""
    heads = {"models": _model_heads(counts), "assumptions": _ASSUMED, **{one.case: _heads(one) for one in TABLES}}
    rules = [narrow_style(name, columns) for name, columns in heads.items()]
    return "\n".join(["@media screen and (max-width: 46rem) {", *rules, "}"])


def _records(one: Table, told: Told) -> Markup:
    rows = [[row.model, *(column.cell(row) for column in one.columns), f"{row.line:,}"] for row in told.rows]
    title = tag("h2", Markup(f"{text(one.title)} {tag('span', f'{told.total:,}', class_='count')}"))
    table = grid(one.case, one.title, _heads(one), rows)
    inside = [tag("summary", title), tag("p", one.about), Markup(not_shown(told.total, "record") + table)]
    opened = "" if one.case == "rejected" or told.total <= OPEN else None
    return tag("section", tag("details", Markup("\n".join(inside)), open=opened), id=one.case)


def _heads(one: Table) -> list[Head]:
    return [Head("Model"), *(Head(column.head) for column in one.columns), _LINE]


def _model_heads(counts: Counts) -> list[Head]:
    bar = Head("What became of its records", sorts=False)
    return [Head("Model"), Head("Order", number=True), bar, *(Head(name, number=True) for name in _columns(counts))]


def _columns(counts: Counts) -> dict[str, str]:
    """The numbers of a model, by the head of their column."""
    late = {"Put off": "put off"} if any(one.get("put off") for one in counts.values()) else {}
    return {"Read": "in", **{case.capitalize(): case for case in _cases(counts)}, "Ready": "out", **late}


def _cases(counts: Counts) -> list[str]:
    """What became of any record."""
    return [case for case in COUNTED if any(one.get(case) for one in counts.values())]


def _bar(counts: Mapping[str, int]) -> Markup:
    """As wide as the column; the parts as the shares of what became of a model's records."""
    parts = {case: counts.get(case, 0) for case in COUNTED if counts.get(case, 0)}
    whole = sum(parts.values()) or 1
    room = WIDTH - LEAST * len(parts)
    left = 0.0
    drawn = []
    for case, count in parts.items():
        width = LEAST + room * count / whole
        drawn.append(f'<rect class="{_class(case)}" x="{left:.0f}" width="{width - 3:.0f}" height="10"/>')
        left += width
    words = ", ".join(f"{count:,} {case}" for case, count in parts.items())
    return Markup(
        f'<svg class="bar" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="{words}">'
        f"<title>{words}</title>{''.join(drawn)}</svg>"
    )


def _class(case: str) -> str:
    return case.replace(" ", "-")
