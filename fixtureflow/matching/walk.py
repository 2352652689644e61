"""Through one text, to each id in it.

A version of django-reversion is a fixture within a text; a revision of Wagtail holds the fields of a page, by name, and
its child rows (modelcluster's `serializable_data`); a StreamField holds blocks, and their definitions tell which values
are ids; and HTML has tags that name rows: Wagtail's `<a linktype="page" id="3">` (wagtail/rich_text) and
`<cms-plugin id="3">` (djangocms_text).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from fixtureflow.edit import Change, children, json_text, with_values
from fixtureflow.references.links import Link, Place
from fixtureflow.schema.model import Block, Field, canonical

__all__ = ["NOTHING", "Shape", "Turn", "Walk", "is_child", "reads_all", "within"]

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
NOTHING = (b"", b"null", b'""', b"[]", b"{}")
_BLOCKS = re.compile(rb'\\"value\\":')


class Shape(NamedTuple):
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


class Walk:
    """Through one text."""

    def __init__(self, shape: Callable[[str], Shape], turn: Turn, label: str, name: str) -> None:
        self._shape = shape
        self._turn = turn
        self._label = label
        self._name = name
        self.whole = True
        """Was all of it understood?"""

    def records(self, text: bytes) -> bytes:
        """A fixture."""
        return _each(text, self._record)

    def _record(self, text: bytes) -> bytes:
        label = canonical(_word(text, "model"))
        if not label:
            raise ValueError("no record")
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
            if value in NOTHING:
                continue
            if link := shape.links.get(key):
                changes[key] = partial(self._key, link, values.get(link.content_type, b""))
            elif link := shape.lists.get(key):
                changes[key] = partial(_each, change=partial(self._key, link, b""))
            elif key in shape.rows:
                changes[key] = partial(_each, change=partial(self._child, shape.rows[key]))
            elif (field := shape.fields.get(key)) and field.blocks:
                changes[key] = partial(self.stream, field.blocks)
            elif _may_hold(value, field):
                self.whole = False
        self.whole = self.whole and shape.complete
        return with_values(text, changes)

    def stream(self, block: Block, text: bytes) -> bytes:
        """The value of a StreamField."""
        try:
            return within(text, partial(self._block, block))
        except ValueError:
            self.whole = False
            return text

    def _block(self, block: Block, text: bytes) -> bytes:
        """What does not fit stays."""
        if block == _NO_IDS or text in NOTHING:
            return text
        first = text[:1]
        if block.struct is not None and first == b"{":
            known = {name: partial(self._block, inner) for name, inner in block.struct.items()}
            if any(key not in known and text[start:end] not in NOTHING for key, start, end in children(text)):
                self.whole = False
            return with_values(text, known)
        if block.stream is not None and first == b"[":
            return _each(text, partial(self._of_type, block.stream))
        if block.items is not None and first == b"[":
            return _each(text, partial(self._item, block.items))
        if block.id not in (None, "*") and first in b'"123456789':
            return self._key(self._row_of(self._shape(block.id).place), b"", text)
        self.whole = False
        return text

    def _of_type(self, blocks: Mapping[str, Block], text: bytes) -> bytes:
        kind = _word(text, "type")
        if kind not in blocks:
            self.whole = False
            return text
        return with_values(text, {"value": partial(self._block, blocks[kind])})

    def _item(self, block: Block, text: bytes) -> bytes:
        """An item of a list, which was the bare value once (ListBlock._item_is_in_block_format)."""
        if _word(text, "type") == "item" and {"id", "value"} <= {key for key, *_ in children(text)}:
            return with_values(text, {"value": partial(self._block, block)})
        return self._block(block, text)

    def tags(self, text: bytes) -> bytes:
        """HTML, wherever it stands in the text."""
        return _TAG.sub(self._tag, text)

    def _tag(self, match: re.Match[bytes]) -> bytes:
        tag, kind, found = match[0], _KIND.search(match[0]), _ID.search(match[0])
        to = _MODELS.get((match[1].lower(), kind[1] if kind else b""))
        if to is None or found is None:
            return tag
        new = self._turn(self._row_of(Place(to, "")), found[1], b"")
        return tag[: found.start(1)] + new + tag[found.end(1) :] if new.isdigit() else tag

    def _row_of(self, place: Place) -> Link:
        return Link(self._label, self._name, "fk", place, True)

    def _key(self, link: Link, kind: bytes, text: bytes) -> bytes:
        return self._turn(link, text, kind)


_NO_IDS = Block()
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
    return not reads_all(field) if field.holds_ids else bool(_BLOCKS.search(value))


def reads_all(field: Field) -> bool:
    """Is it known how all ids in a field stand? Blocks may hold others than those in tags."""
    return bool(field.ids_as) and (field.ids_as != ("tags",) or "*" not in (field.holds_ids or ()))


def _word(text: bytes, name: str) -> str:
    """The text under a key of an object; empty if there is none."""
    found = (json.loads(text[start:end]) for key, start, end in children(text) if key == name)
    word = next(found, "")
    return word if isinstance(word, str) else ""


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


def within(text: bytes, change: Change) -> bytes:
    """JSON that stands there as it is, or within a string. Raises ValueError for what is neither."""
    if text[:1] != b'"':
        return change(text)
    inner = json.loads(text).encode()
    json.loads(inner)
    new = change(inner)
    return text if new == inner else json.dumps(new.decode(), ensure_ascii=text.isascii()).encode()
