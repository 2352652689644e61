"""HTML put together of texts that are escaped, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from fixtureflow.errors import one_line

__all__ = ["Markup", "many", "tag", "text"]


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def text(plain: str) -> Markup:
    """`plain` as a person reads it: control characters and lone surrogates are escaped, too."""
    return plain if isinstance(plain, Markup) else Markup(escape(one_line(plain)))


def tag(name: str, *inside: str, **attributes: str | None) -> Markup:
    """An element; `class_` is its class, `data_x` its data-x, an attribute of None is left out."""
    written = [
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    return Markup(f"<{name}{''.join(written)}>{''.join(map(text, inside))}</{name}>")


def many(name: str, items: Iterable[str]) -> Markup:
    """An element for each item, each on a line."""
    return Markup("\n".join(tag(name, item) for item in items))
