"""Ids inside text and JSON, where a schema knows how they stand there.

A version of django-reversion is a fixture within a text; a revision of Wagtail holds the fields of a page, by name; and
HTML has tags that name rows: Wagtail's `<a linktype="page" id="3">` (wagtail/rich_text) and `<cms-plugin id="3">`
(djangocms_text).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from fixtureflow.edit import children, with_values
from fixtureflow.matching.plan import Plan
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, Place, links_of
from fixtureflow.schema.model import IdsAs, Schema, canonical

__all__ = ["Inside", "tagged"]

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


class Inside:
    """Rewrites them; `column` gives the new texts of keys that a link holds."""

    def __init__(
        self,
        schema: Schema,
        types: ContentTypes,
        column: Callable[[Link, Sequence[bytes], Sequence[bytes]], list[bytes]],
    ) -> None:
        self._schema = schema
        self._types = types
        self._column = column
        self.ids: Counter[tuple[str, str]] = Counter()
        """By model and field, how many ids were rewritten."""
        self.unread: Counter[tuple[str, str]] = Counter()
        """Texts that are not of the form that was expected."""

    def fields(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """The fields to look into, and the field beside each that tells of which model it holds a row, if any."""
        keys = plan.model.generic_keys or ()
        for name, field in plan.model.fields.items():
            if field.ids_as:
                yield name, keys[0].content_type if "row" in field.ids_as and keys else ""

    def texts(self, plan: Plan, name: str, texts: Sequence[bytes], kinds: Sequence[bytes]) -> list[bytes]:
        """The new texts of a field; `kinds` are the content types beside it, or empty."""
        forms = plan.model.fields[name].ids_as or ()
        wanted: dict[Link, dict[tuple[bytes, bytes], bytes]] = {}

        def collect(link: Link, text: bytes, kind: bytes) -> bytes:
            wanted.setdefault(link, {})[text, kind] = text
            return text

        def turn(link: Link, text: bytes, kind: bytes) -> bytes:
            new = wanted[link][text, kind]
            if new == b"null":  # the text is what it was then, and tells of what was there
                return text
            self.ids[plan.label, name] += new != text
            return new

        rows = list(zip(texts, kinds or [b""] * len(texts), strict=True))
        unread = {at for at, (text, kind) in enumerate(rows) if not self._can(plan, name, forms, text, kind, collect)}
        self.unread[plan.label, name] += len(unread)
        for link, found in wanted.items():
            olds, beside = [old for old, _ in found], [kind for _, kind in found]
            found.update(zip(found, self._column(link, olds, beside if link.content_type else ()), strict=True))
        if all(old == new for found in wanted.values() for (old, _), new in found.items()):
            return list(texts)
        return [
            text if at in unread else self._turned(plan, name, forms, text, kind, turn)
            for at, (text, kind) in enumerate(rows)
        ]

    def _can(self, plan: Plan, name: str, forms: Sequence[IdsAs], text: bytes, kind: bytes, collect: Turn) -> bool:
        try:
            self._turned(plan, name, forms, text, kind, collect)
        except (ValueError, RecursionError):
            return False
        return True

    def _turned(self, plan: Plan, name: str, forms: Sequence[IdsAs], text: bytes, kind: bytes, turn: Turn) -> bytes:
        if text in (b"", b"null", b'""'):
            return text
        for form in forms:
            if form == "tags":
                text = _TAG.sub(partial(_tag, plan.label, name, turn), text)
            elif form == "records":
                text = _within(text, partial(self._records, turn=turn))
            else:
                label = self._types.model(json.loads(kind or b"null"))
                if not label:
                    raise ValueError("of no known model")
                text = _within(text, partial(self._row, label, turn=turn))
        return text

    def _records(self, text: bytes, turn: Turn) -> bytes:
        """A fixture."""
        if text[:1] != b"[":
            raise ValueError("no JSON")
        out: list[bytes] = []
        done = 0
        for _, start, end in children(text):
            raw = text[start:end]
            label = next((json.loads(raw[s:e]) for key, s, e in children(raw) if key == "model"), None)
            if not isinstance(label, str):
                raise ValueError("no record")
            label = canonical(label)
            fields, pk = partial(self._fields, label, turn=turn), partial(_turned, self._own(label), turn)
            out += text[done:start], with_values(raw, {"pk": pk, "fields": fields})
            done = end
        return b"".join(out) + text[done:]

    def _row(self, label: str, text: bytes, turn: Turn) -> bytes:
        """The pk and the fields of a row, all in one object."""
        if text[:1] != b"{":
            raise ValueError("no JSON object")
        return with_values(self._fields(label, text, turn), {"pk": partial(_turned, self._own(label), turn)})

    def _fields(self, label: str, text: bytes, turn: Turn) -> bytes:
        values = {key: text[start:end] for key, start, end in children(text)}
        return with_values(
            text,
            {
                link.field: partial(_turned, link, turn, kind=values.get(link.content_type, b""))
                for link in self._links(label)
                if link.field in values and not link.guess and link.field != "pk"
            },
        )

    def _own(self, label: str) -> Link:
        """The pk, as a reference to the row itself."""
        model = self._schema.concrete(label)
        return Link(label, "pk", "fk", Place(model.label if model else label, ""), False)

    def _links(self, label: str) -> Iterator[Link]:
        """Of a model and those that it inherits from over several tables."""
        yield from links_of(self._schema, label)
        model = self._schema.concrete(label)
        for parent in (model.parents or ()) if model else ():
            yield from self._links(parent)


def _turned(link: Link, turn: Turn, text: bytes, kind: bytes = b"") -> bytes:
    return turn(link, text, kind)


def _tag(label: str, name: str, turn: Turn, match: re.Match[bytes]) -> bytes:
    tag, kind = match[0], _KIND.search(match[0])
    to = _MODELS.get((match[1].lower(), kind[1] if kind else b""))
    found = _ID.search(tag)
    if to is None or found is None:
        return tag
    new = turn(Link(label, name, "fk", Place(to, ""), True), found[1], b"")
    return tag[: found.start(1)] + new + tag[found.end(1) :] if new.isdigit() else tag


def tagged(text: bytes, model: str) -> list[int]:
    """The ids of rows of a model that tags within a text name."""
    found = []
    for match in _TAG.finditer(text):
        kind, number = _KIND.search(match[0]), _ID.search(match[0])
        if number and _MODELS.get((match[1].lower(), kind[1] if kind else b"")) == model:
            found.append(int(number[1]))
    return found


def _within(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """JSON that stands there as it is, or within a string. Raises ValueError for what is neither."""
    if text[:1] != b'"':
        return change(text)
    inner = json.loads(text).encode()
    json.loads(inner)
    new = change(inner)
    return text if new == inner else json.dumps(new.decode(), ensure_ascii=text.isascii()).encode()
