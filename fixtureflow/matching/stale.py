"""Numbers that a fixture names although nothing has them any more, so that no new row may get one of them.

What a generic key means may have been deleted, and so may what a reference without a constraint, or a tag in a text,
leads to. If a record then got that number, they would mean it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from fixtureflow.matching.inside import tagged
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, plain_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["Named"]


class Named:
    """The numbers that the records of a fixture name where nothing sees to it that they are there."""

    def __init__(
        self, schema: Schema, catalogue: Catalogue, types: ContentTypes, largest: Callable[[str], int], *, keep: bool
    ) -> None:
        """`largest` gives the highest number that a model's pk may have, 0 if none is ever wanted.

        With `keep` any reference may lead to nothing.
        """
        self._schema = schema
        self._catalogue = catalogue
        self._types = types
        self._largest = cache(largest)
        self._keep = keep
        self._generic: dict[str, int] = {}

    def targets(self, label: str) -> set[str]:
        """The models that generic keys of a model lead to. `highest` knows of what has been asked for here."""
        links = [link for link in links_of(self._schema, label) if link.kind == "generic"]
        columns = Columns(list(dict.fromkeys(name for link in links for name in (link.content_type, link.field))))
        found: set[str] = set()
        for stretch in self._catalogue.stretches(label) if links else ():
            fields = dict(zip(columns.names, columns.columns(stretch)[1], strict=True))
            for link in links:
                for kind, values in _by_kind(fields[link.content_type], fields[link.field]):
                    if model := self._types.model(kind):
                        found.add(model)
                        limit = self._largest(model)
                        self._generic[model] = max(self._generic.get(model, 0), _highest(values, limit) if limit else 0)
        return found

    def highest(self, model: str) -> int:
        """The highest number of a model that is named; 0 if there is none."""
        highest, limit = self._generic.get(model, 0), self._largest(model)
        for label in self._catalogue.models:
            links = [link for link in links_of(self._schema, label) if self._may_be_stale(link, model)]
            known = self._schema.concrete(label)
            tags = known is not None and any("tags" in (field.ids_as or ()) for field in known.fields.values())
            columns = Columns([link.field for link in links])
            for stretch in self._catalogue.stretches(label) if links or tags else ():
                for values in columns.columns(stretch)[1] if links else ():
                    highest = max(highest, _highest(values, limit))
                highest = max(highest, _highest(tagged(stretch.array(), model), limit) if tags else 0)
        return highest

    def _may_be_stale(self, link: Link, model: str) -> bool:
        return link.kind != "generic" and link.to == Place(model, "") and (self._keep or link.unwatched)


def _by_kind(kinds: Sequence[Any], values: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """The values beside each content type."""
    of: dict[Any, tuple[Any, list[Any]]] = {}
    for kind, value in zip(kinds, values, strict=True):
        of.setdefault(kind if type(kind) is int else repr(kind), (kind, []))[1].append(value)
    yield from of.values()


def _highest(values: Iterable[Any], limit: int) -> int:
    """The highest number up to `limit`; 0 if there is none."""
    plain = {value for value in values if not isinstance(value, list | dict)}
    return max((number for number in map(plain_form, plain) if type(number) is int and number <= limit), default=0)
