"""Numbers that a fixture names although nothing has them any more, so that no new row may get one of them.

What a generic key means may have been deleted, and so may what a reference without a constraint, or an id inside text,
leads to. If a record then got that number, they would mean it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import Any

from fixtureflow.matching.walk import Id
from fixtureflow.matching.within import Within
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, plain_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Schema

__all__ = ["StaleNumbers"]


class StaleNumbers:
    """The numbers that the records of a fixture name where nothing sees to it that they are there."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        types: ContentTypes,
        within: Within,
        largest: Callable[[str], int],
        *,
        keep: bool,
    ) -> None:
        """`largest` gives the highest number that a model's pk may have, 0 if none is ever wanted.

        With `keep` any reference may lead to nothing.
        """
        self._schema = schema
        self._catalogue = catalogue
        self._types = types
        self._within = within
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
        highest, limit = max(self._generic.get(model, 0), self._inside.get(model, 0)), self._largest(model)
        for label in self._catalogue.models:
            links = [link for link in links_of(self._schema, label) if self._may_be_stale(link, model)]
            columns = Columns([link.field for link in links])
            for stretch in self._catalogue.stretches(label) if links else ():
                for values in columns.columns(stretch)[1]:
                    highest = max(highest, _highest(values, limit))
        return highest

    @cached_property
    def _inside(self) -> dict[str, int]:
        """By model the highest number inside text."""
        highest: dict[str, int] = {}
        for label in self._catalogue.models:
            model = self._schema.concrete(label)
            if model is None or not (pairs := list(self._within.fields(model))):
                continue
            reader = Texts(list(dict.fromkeys(name for pair in pairs for name in pair if name)))
            for stretch in self._catalogue.stretches(label):
                columns = dict(zip(reader.names, reader.columns(stretch)[1:], strict=True))
                for name, beside in pairs:
                    kinds = columns.get(beside) or [b""] * len(columns[name])
                    for text, kind in zip(columns[name], kinds, strict=True):
                        with suppress(ValueError, RecursionError):
                            for one in self._within.ids(model, name, text, kind)[0]:
                                self._see(one, highest)
        return highest

    def _see(self, one: Id, highest: dict[str, int]) -> None:
        number = plain_form(json.loads(one.raw))
        if type(number) is int and not one.link.to.field:
            to = one.link.to.model or self._types.model(json.loads(one.kind or b"null"))
            if highest.get(to, 0) < number <= self._largest(to):
                highest[to] = number

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
