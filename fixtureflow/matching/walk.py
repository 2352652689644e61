"""Through one text, to each id in it.

A version of django-reversion is a fixture within a text; a revision of Wagtail holds the fields of a page, by name, and
its child rows (modelcluster's `serializable_data`); a StreamField holds blocks, and their definitions tell which values
are ids; and HTML has tags that name rows: Wagtail's `<a linktype="page" id="3">` (wagtail/rich_text) and
`<cms-plugin id="3">` (djangocms_text).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping
from typing import NamedTuple

from fixtureflow.edit import json_text
from fixtureflow.located import Text, Value
from fixtureflow.references.links import Link, Place
from fixtureflow.schema.model import BlockIds, Field, canonical

__all__ = ["NOTHING", "TAGS", "Id", "Known", "Shape", "Walk", "is_child", "reads_all"]


class Id(NamedTuple):
    """An id in a text."""

    raw: bytes
    link: Link
    kind: bytes
    """Beside a generic key the text of its content type."""
    start: int
    text: Text | None
    """The text in which it is a value of JSON, at `start`; None where it is digits in a tag, anywhere in the whole."""

    def replaced(self, new: bytes) -> tuple[int, int, bytes]:
        """Where in the whole another key is to be written, and how."""
        end = self.start + len(self.raw)
        if self.text is None:
            return self.start, end, new if new.isdigit() else self.raw
        return self.text.place(self.start), self.text.place(end), self.text.written(new)


_TAG = re.compile(rb"<(a|embed|cms-plugin)\b[^<>]*", re.I)
_ID = re.compile(rb'\sid=\\*"(0|[1-9][0-9]{0,18})\\*"')
_KIND = re.compile(rb'\s(?:link|embed)type=\\*"([a-z]+)\\*"')
TAGS = {
    (b"a", b"page"): ("wagtailcore.page", "WAGTAIL_PAGE_MODEL"),
    (b"a", b"document"): ("wagtaildocs.document", "WAGTAILDOCS_DOCUMENT_MODEL"),
    (b"embed", b"image"): ("wagtailimages.image", "WAGTAILIMAGES_IMAGE_MODEL"),
    (b"cms-plugin", b""): ("cms.cmsplugin", ""),
}
"""By element and kind the model of which a tag names a row, and the setting by which a project has chosen another."""
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


class Known(NamedTuple):
    """What a schema and the fixture tell."""

    shape: Callable[[str], Shape]
    """Of a model."""
    tags: Mapping[tuple[bytes, bytes], str]
    """The models of which tags name rows."""
    doubtful: Container[str]
    """Those of them that the project may have put another in the place of."""


class Walk:
    """Through one text."""

    def __init__(self, known: Known, label: str, name: str) -> None:
        """`label` and `name` are those of the model and of the field that the text is of."""
        self._shape = known.shape
        self._tags = known.tags
        self._doubtful = known.doubtful
        self._label = label
        self._name = name
        self.ids: list[Id] = []
        """What was found."""
        self.whole = True
        """Was all of it understood?"""

    def tags(self, text: bytes) -> None:
        """HTML, wherever it stands in the text."""
        for match in _TAG.finditer(text):
            kind, found = _KIND.search(match[0]), _ID.search(match[0])
            to = self._tags.get((match[1].lower(), kind[1] if kind else b""))
            if to is not None and found is not None:
                self.whole = self.whole and to not in self._doubtful
                start, link = match.start() + found.start(1), self._row_of(Place(to, ""))
                self.ids.append(Id(found[1], link, b"", start, None))

    def records(self, value: Value) -> None:
        """A fixture."""
        for record in _items(value):
            members = _members(record)
            label = canonical(_word(members, "model"))
            if not label:
                raise ValueError("no record")
            self._key(_own(self._shape(label).place), members.get("pk"))
            if fields := members.get("fields"):
                self._fields(label, _members(fields))

    def row(self, label: str, value: Value) -> None:
        """The pk and the fields of a row, all in one object."""
        members = _members(value)
        self._key(_own(self._shape(label).place), members.get("pk"))
        self._fields(label, members)

    def _child(self, label: str, value: Value) -> None:
        members = _members(value)
        self._key(_CHILD, members.get("pk"), json_text(self._shape(label).place.model.split(".", 1)))
        self._fields(label, members)

    def _fields(self, label: str, members: Mapping[str, Value]) -> None:
        shape = self._shape(label)
        self.whole = self.whole and shape.complete
        for key, value in members.items():
            raw = value.raw
            if raw in NOTHING:
                continue
            if link := shape.links.get(key):
                beside = members.get(link.content_type)
                self._key(link, value, beside.raw if beside else b"")
            elif link := shape.lists.get(key):
                for one in _items(value):
                    self._key(link, one)
            elif key in shape.rows:
                for one in _items(value):
                    self._child(shape.rows[key], one)
            elif (field := shape.fields.get(key)) and field.blocks:
                self.stream(field.blocks, value)
            elif _may_hold(raw, field):
                self.whole = False

    def stream(self, block: BlockIds, value: Value) -> None:
        """The value of a StreamField."""
        try:
            opened = value.opened()
        except ValueError:
            self.whole = False
        else:
            self._block(block, opened)

    def _block(self, block: BlockIds, value: Value) -> None:
        """What does not fit stays."""
        if block == _NO_IDS or value.raw in NOTHING:
            return
        parts = value.parts
        if block.struct is not None and isinstance(parts, dict):
            for name, one in parts.items():
                self._block(block.struct.get(name, _UNKNOWN), one)
        elif block.stream is not None and isinstance(parts, list):
            for one in parts:
                self._of_type(block.stream, one)
        elif block.items is not None and isinstance(parts, list):
            for one in parts:
                self._block(block.items, _item(one))
        elif block.id not in (None, "*") and value.raw[:1] in b'"123456789':
            self._key(self._row_of(self._shape(block.id or "").place), value)
        else:
            self.whole = False

    def _of_type(self, blocks: Mapping[str, BlockIds], value: Value) -> None:
        parts = value.parts if isinstance(value.parts, dict) else {}
        block = blocks.get(_word(parts, "type"))
        if block is None:
            self.whole = False
        elif "value" in parts:
            self._block(block, parts["value"])

    def _row_of(self, place: Place) -> Link:
        return Link(self._label, self._name, "fk", place, True)

    def _key(self, link: Link, value: Value | None, kind: bytes = b"") -> None:
        if value is not None:
            self.ids.append(Id(value.raw, link, kind, value.start, value.text))


_NO_IDS = BlockIds()
_UNKNOWN = BlockIds(id="*")
_CHILD = Link("", "pk", "generic", Place("", ""), True, True, content_type="pk")
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


def _members(value: Value) -> Mapping[str, Value]:
    if not isinstance(value.parts, dict):
        raise ValueError("no JSON object")
    return value.parts


def _items(value: Value) -> list[Value]:
    if not isinstance(value.parts, list):
        raise ValueError("no JSON array")
    return value.parts


def _item(value: Value) -> Value:
    """An item of a list, which was the bare value once (ListBlock._item_is_in_block_format)."""
    parts = value.parts
    if isinstance(parts, dict) and _word(parts, "type") == "item" and "id" in parts:
        value = parts.get("value", value)
    return value


def _word(members: Mapping[str, Value], name: str) -> str:
    """The text under a key; empty if there is none."""
    word = json.loads(members[name].raw) if name in members else ""
    return word if isinstance(word, str) else ""
