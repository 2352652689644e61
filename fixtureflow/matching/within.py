"""Where ids stand inside text and JSON, by what a schema knows of it.

A version of django-reversion is a fixture within a text; a revision of Wagtail holds the fields of a page, by name, and
its child rows (modelcluster's `serializable_data`); and HTML has tags that name rows: Wagtail's
`<a linktype="page" id="3">` (wagtail/rich_text) and `<cms-plugin id="3">` (djangocms_text).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from fixtureflow.edit import Change, children, json_text, with_values
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of, place_of
from fixtureflow.schema.model import Field, Model, Schema, canonical

__all__ = ["Turn", "Within", "is_child"]

Turn = Callable[[Link, bytes, bytes], bytes]
"""The new text of a key, from the old one; beside a generic key the text of its content type."""

_TAG = re.compile(rb"<(a|embed|cms-plugin)\b[^<>]*", re.I)
_ID = re.compile(rb'\sid=\\*"(0|[1-9][0-9]{0,18})\\*"')
_KIND = re.compile(rb'\s(?:link|embed)type=\\*"([a-z]+)\\*"')
_MODELS = {
    (b"a", b"page"): "wagtailcore.page",
    (b"a", b"document"): "wagtaildocs.document",
    (b"embed", b"image"): "wagtailimages.image",
    (b"cms-plugin", b""): "cms.cmsplugin",
}
_NOTHING = (b"", b"null", b'""', b"[]", b"{}")
_BLOCKS = re.compile(rb'\\"value\\":')


class Within:
    """Goes through texts, and has a function say what takes the place of each id."""

    def __init__(self, schema: Schema, types: ContentTypes) -> None:
        self._schema = schema
        self._types = types
        self._shape = cache(self._shape_of)
        self._children: dict[str, dict[str, str]] = {}
        """By model the labels of its child rows, by the name they stand under."""
        for model in schema.models.values():
            for _, relation in model.relations():
                if relation.rows_as:
                    self._children.setdefault(place_of(schema, relation).model, {})[relation.rows_as] = model.label

    def fields(self, model: Model) -> Iterator[tuple[str, str]]:
        """The fields to look into, and the field beside each that tells of which model it holds a row, if any."""
        keys = model.generic_keys or ()
        for name, field in model.fields.items():
            if field.ids_as:
                yield name, keys[0].content_type if "row" in field.ids_as and keys else ""

    def turned(self, model: Model, name: str, text: bytes, kind: bytes, turn: Turn) -> tuple[bytes, bool]:
        """The new text of a field, and whether it was understood to the end; `kind` is the content type beside it.

        Raises ValueError for what is not of the form that the schema says, RecursionError for what is too deep.
        """
        if text in _NOTHING:
            return text, True
        walk = _Walk(self._shape, turn)
        for form in model.fields[name].ids_as or ():
            if form == "tags":
                text = _TAG.sub(partial(_tag, model.label, name, turn), text)
            elif form == "records":
                text = _within(text, walk.records)
            else:
                label = self._types.model(json.loads(kind or b"null"))
                if not label:
                    raise ValueError("of no known model")
                text = _within(text, partial(walk.row, label))
        return text, walk.whole

    def _shape_of(self, label: str) -> _Shape:
        links: dict[str, Link] = {}
        lists: dict[str, Link] = {}
        rows: dict[str, str] = {}
        fields: dict[str, Field] = {}
        model = self._schema.concrete(label)
        place = Place(model.label if model else label, "")
        lineage = [model, *self._schema.ancestors(label)] if model else []
        for one in reversed(lineage):
            found = (link for link in links_of(self._schema, one.label) if not (link.guess or link.many))
            links |= {link.field: link for link in found}
            for name, relation in one.relations():
                if relation.kind == "m2m" and not relation.guess:
                    lists[name] = Link(one.label, name, "fk", place_of(self._schema, relation), True)
            rows |= self._children.get(one.label, {})
            fields |= one.fields
        links.pop("pk", None)
        complete = bool(lineage) and all("fields" in one.complete for one in lineage)
        return _Shape(place, links, lists, rows, fields, complete)


class _Shape(NamedTuple):
    """A row of a model, those that it inherits from over several tables included."""

    place: Place
    links: dict[str, Link]
    lists: dict[str, Link]
    """Of what their items are."""
    rows: dict[str, str]
    """Of child rows the model, by the name they stand under."""
    fields: dict[str, Field]
    complete: bool
    """Are all fields known?"""


class _Walk:
    """Through one text."""

    def __init__(self, shape: Callable[[str], _Shape], turn: Turn) -> None:
        self._shape = shape
        self._turn = turn
        self.whole = True
        """Was all of it understood?"""

    def records(self, text: bytes) -> bytes:
        """A fixture."""
        return _each(text, self._record)

    def _record(self, text: bytes) -> bytes:
        label = next((json.loads(text[start:end]) for key, start, end in children(text) if key == "model"), None)
        if not isinstance(label, str):
            raise ValueError("no record")
        label = canonical(label)
        own = partial(self._key, _own(self._shape(label).place), b"")
        return with_values(text, {"pk": own, "fields": partial(self._fields, label)})

    def row(self, label: str, text: bytes) -> bytes:
        """The pk and the fields of a row, all in one object."""
        own = partial(self._key, _own(self._shape(label).place), b"")
        return with_values(self._fields(label, text), {"pk": own})

    def _child(self, label: str, text: bytes) -> bytes:
        own = partial(self._key, _CHILD, json_text(self._shape(label).place.model.split(".", 1)))
        return with_values(self._fields(label, text), {"pk": own})

    def _fields(self, label: str, text: bytes) -> bytes:
        if text[:1] != b"{":
            raise ValueError("no JSON object")
        shape = self._shape(label)
        values = {key: text[start:end] for key, start, end in children(text)}
        changes: dict[str, Change] = {}
        for key, value in values.items():
            if value in _NOTHING:
                continue
            if link := shape.links.get(key):
                changes[key] = partial(self._key, link, values.get(link.content_type, b""))
            elif link := shape.lists.get(key):
                changes[key] = partial(_each, change=partial(self._key, link, b""))
            elif key in shape.rows:
                changes[key] = partial(_each, change=partial(self._child, shape.rows[key]))
            elif _may_hold(value, shape.fields.get(key)):
                self.whole = False
        self.whole = self.whole and shape.complete
        return with_values(text, changes)

    def _key(self, link: Link, kind: bytes, text: bytes) -> bytes:
        return self._turn(link, text, kind)


_CHILD = Link("", "pk", "generic", Place("", ""), True, content_type="pk")
"""The pk of a child row, which may have been deleted; its model stands beside it."""


def is_child(link: Link) -> bool:
    """Is it the pk of a child row? Without one it is a new row."""
    return link is _CHILD


def _own(place: Place) -> Link:
    """The pk, as a reference to the row itself."""
    return Link(place.model, "pk", "fk", place, False)


def _may_hold(value: bytes, field: Field | None) -> bool:
    """May a value hold ids that nothing is known of? `field` is None where the model has none of that name."""
    if field is None:
        return value[:1] in (b"[", b"{") or bool(_BLOCKS.search(value))
    return bool(field.holds_ids and not field.ids_as) or bool(not field.ids_as and _BLOCKS.search(value))


def _each(text: bytes, change: Change) -> bytes:
    """An array with each of its items put through a function. Raises ValueError for what is none."""
    if text[:1] != b"[":
        raise ValueError("no JSON array")
    out: list[bytes] = []
    done = 0
    for _, start, end in children(text):
        out += text[done:start], change(text[start:end])
        done = end
    return b"".join(out) + text[done:]


def _within(text: bytes, change: Change) -> bytes:
    """JSON that stands there as it is, or within a string. Raises ValueError for what is neither."""
    if text[:1] != b'"':
        return change(text)
    inner = json.loads(text).encode()
    json.loads(inner)
    new = change(inner)
    return text if new == inner else json.dumps(new.decode(), ensure_ascii=text.isascii()).encode()


def _tag(label: str, name: str, turn: Turn, match: re.Match[bytes]) -> bytes:
    kind, found = _KIND.search(match[0]), _ID.search(match[0])
    to = _MODELS.get((match[1].lower(), kind[1] if kind else b""))
    if to is None or found is None:
        return match[0]
    new = turn(Link(label, name, "fk", Place(to, ""), True), found[1], b"")
    return match[0][: found.start(1)] + new + match[0][found.end(1) :] if new.isdigit() else match[0]
