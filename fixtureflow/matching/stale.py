"""Numbers that a fixture names although nothing has them any more, so that no new row may get one of them.

What a generic key means may have been deleted, and so may what a reference without a constraint, or a tag in a text,
leads to. If a record then got that number, they would mean it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fixtureflow.matching.inside import tagged
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, plain_form
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema

__all__ = ["highest_named"]


def highest_named(
    schema: Schema, catalogue: Catalogue, types: ContentTypes, model: str, *, keep: bool, limit: int
) -> int:
    """The highest number, up to `limit`, that records name of a model where nothing sees to it that it is there; or 0.

    With `keep` any reference may lead to nothing.
    """
    highest = 0
    for label in catalogue.models:
        links = [link for link in links_of(schema, label) if _may_be_stale(link, model, keep=keep)]
        known = schema.concrete(label)
        tags = known is not None and any("tags" in (field.ids_as or ()) for field in known.fields.values())
        columns = Columns(list(dict.fromkeys(name for k in links for name in (k.field, k.content_type) if name)))
        for stretch in catalogue.stretches(label) if links or tags else ():
            fields = dict(zip(columns.names, columns.columns(stretch)[1], strict=True)) if links else {}
            numbers = [number for link in links for number in _numbers(types, model, link, fields)]
            numbers += tagged(stretch.array(), model) if tags else ()
            highest = max([highest, *(number for number in numbers if number <= limit)])
    return highest


def _may_be_stale(link: Link, model: str, *, keep: bool) -> bool:
    return link.kind == "generic" or (link.to == Place(model, "") and (keep or link.unwatched))


def _numbers(types: ContentTypes, model: str, link: Link, fields: Mapping[str, Sequence[Any]]) -> Iterator[int]:
    kinds = fields[link.content_type] if link.content_type else ()
    meant = {plain_form(kind): types.model(kind) == model for kind in kinds}
    for at, value in enumerate(fields[link.field]):
        number = plain_form(value)
        if type(number) is int and (not kinds or meant[plain_form(kinds[at])]):
            yield number
