"""A table of a page: it can be sorted and searched, and is read on narrow screens, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fixtureflow.matching.log import SAMPLED
from fixtureflow.views.page.markup import Markup, tag
from fixtureflow.wording import amount

__all__ = ["LIMIT", "Head", "grid", "narrow_style", "not_shown"]

LIMIT = SAMPLED
"""Rows of one table."""
LONG = 15
"""A table of more rows scrolls within its own frame."""


class Head(NamedTuple):
    """A column; the first one of a table names the row."""

    name: str
    number: bool = False
    sorts: bool = True


def grid(name: str, title: str, heads: Sequence[Head], rows: Sequence[Sequence[str]]) -> Markup:
    """`name` is the table's in the page, `rows` have a cell for each of `heads`."""
    columns = [
        tag("th", head.name, scope="col", class_=_class(head), data_sort="" if head.sorts else None) for head in heads
    ]
    body = Markup("\n".join(_row(heads, row) for row in rows))
    parts = [tag("thead", tag("tr", *columns)), tag("tbody", Markup(f"\n{body}\n"))]
    table = tag("table", Markup("\n".join(parts)), id=f"table-{name}", aria_label=title)
    if len(rows) <= LONG:
        return tag("div", table, class_="wide")
    return tag("div", table, class_="wide long", tabindex="0", role="region", aria_label=f"{title}, to be scrolled")


def narrow_style(name: str, heads: Sequence[Head]) -> str:
    """On a narrow screen each cell says its column, as the heads do not stand above it there."""
    rules = (
        f'#table-{name} td:nth-child({at})::before{{content:"{head.name}"}}'
        for at, head in enumerate(heads, 1)
        if at > 1 and head.sorts
    )
    return "\n".join(rules)


def not_shown(total: int, noun: str) -> Markup:
    """What to say of the rows that there are beyond the limit."""
    if total <= LIMIT:
        return Markup("")
    words = f"{amount(total - LIMIT, noun)} of {total:,} are not shown here: report.json has all."
    return Markup(tag("p", words, class_="more") + "\n")


def _row(heads: Sequence[Head], row: Sequence[str]) -> Markup:
    first, *others = row
    cells = [tag("td", cell, class_=_class(head, cell)) for head, cell in zip(heads[1:], others, strict=True)]
    return tag("tr", tag("th", first, scope="row"), *cells)


def _class(head: Head, cell: str = "") -> str | None:
    if not head.sorts:
        return "share"
    return ("number none" if cell == "0" else "number") if head.number else None
