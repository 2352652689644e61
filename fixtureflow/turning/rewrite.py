"""New texts in the place of field values, in many records at once: all other bytes stay as they are.

Within JSON the bytes `"author": ` are a key wherever they stand, since a quote inside a string has a backslash before
it. So if a text of N records whose `author` was decoded N times has these bytes N times, and that key in no other
layout, those are the places, one in each record. Where the numbers differ (an object deeper down has such a key too)
records are looked at one by one, and in the last resort token by token. Only a key spelled with escapes could deceive;
where a text has any, the outcome is decoded again. (No name of a field has a backslash in it, so the first character
that is spelled so in one has no backslash before it.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import compress
from typing import NamedTuple

import msgspec

from fixtureflow.edit import children, items, with_fields, with_values
from fixtureflow.record import Record
from fixtureflow.reread.stretch import Stretch, raws_of
from fixtureflow.reread.texts import Texts

__all__ = ["Edit", "Style", "Turned", "listed", "replaced", "style_of", "with_field", "with_pk", "without_pk"]

_HEAD = re.compile(rb'(\{\s*"model"\s*:\s*"[^"\\]*"\s*,\s*)"pk"\s*:\s*(?:-?[0-9]+|"[^"\\]*")\s*,\s*')
# In JSON within JSON a backslash stands before it. The lookbehind comes last: a search is fast if its start is plain.
_ESCAPE = re.compile(rb"\\u(?<!\\\\u)")
_FIELDS = re.compile(rb'(,[ \t]*)?(\n[ \t]*)?"fields"([ \t]*:[ \t]*)\{(\n[ \t]*)?')


class Turned(Stretch):
    """A stretch with other values within its records, or without some of them; where these stood is as before.

    Its text is made when somebody asks for it: until then there are `unmade`, `keep` and `edit`.
    """

    __slots__ = ("_even", "_made", "before", "edit", "keep")

    def __init__(
        self, text: bytes, before: Stretch, keep: Sequence[bool] | None = None, edit: Edit | None = None
    ) -> None:
        """`text` is that of all records, which `edit` changes; `keep` tells which of them are wanted, at least one."""
        run = before.run if keep is None else msgspec.structs.replace(before.run, count=sum(keep))
        super().__init__(text, run, before.source, before.offset, lines=False)
        self.before = before
        self.keep = keep
        self.edit = edit
        self._even = not before.lines
        self._made = keep is None and edit is None

    @property
    def unmade(self) -> bytes | None:
        """The text of all records as they were; None if it is made already."""
        return None if self._made else self._text

    def _all(self) -> bytes:
        if not self._made:
            text = self.edit.made(self._text) if self.edit else self._text
            if self.keep is not None:
                raws = raws_of(text)
                gap = text[len(raws[0]) : text.find(raws[1], len(raws[0]))] if len(raws) > 1 else b""
                if gap.join(raws) != text:
                    gap, self._even = b",", False
                text = gap.join(compress(raws, self.keep))
            self._text, self._made, self.edit = text, True, None
        return self._text

    def records(self) -> list[Record]:
        if self._records is None:
            model, olds = self.run.model, self.before.records()
            pairs = zip(self.raws(), olds if self.keep is None else compress(olds, self.keep), strict=True)
            self._records = [Record(raw, model, old.source, old.number, old.offset) for raw, old in pairs]
        return self._records

    def numbers(self) -> Sequence[int]:
        before = self.before.numbers()
        return before if self.keep is None else list(compress(before, self.keep))

    def together(self) -> bytes:
        text = self._all()
        return text if self._even else b""


class Style(NamedTuple):
    """How the records of a text are laid out."""

    colon: bytes = b": "
    line: bytes = b""
    """What stands before the name of a field: a new line and its indentation, or nothing if all is on one line."""
    step: bytes = b""
    """The indentation that one level adds."""

    comma: bytes = b", "
    """Between items on one line; Django's own JSONL has no space there."""


class Edit(NamedTuple):
    """Values that are to stand in the place of others, in a text of records."""

    style: Style
    fields: Mapping[str, tuple[Sequence[bytes], Sequence[bytes]]]
    """As for `replaced`."""
    names: tuple[str, ...]
    """Of all fields that are decoded again to see whether it has come true."""

    def made(self, text: bytes) -> bytes:
        return replaced(text, self.style, self.fields, _texts(self.names).again)


def style_of(text: bytes) -> Style:
    """The layout of a text, told by its first record."""
    match = _FIELDS.search(text)
    if match is None:
        return Style()
    comma, outer, colon, line = match.groups(b"")
    if line and line.startswith(outer):
        return Style(colon, line, line.removeprefix(outer))
    return Style(colon, comma=comma or (b", " if colon.endswith(b" ") else b","))


def listed(parts: bytes, style: Style, line: bytes) -> bytes:
    """The list of `parts` (joined by `, `), as the style has it where `line` stands before the list's own line."""
    if not line and style.comma == b", ":
        return b"[%b]" % parts
    each = items(b"[%b]" % parts)
    if not line:
        return b"[%b]" % style.comma.join(each)
    inner = line + style.step
    return b"[" + inner + (b"," + inner).join(each) + line + b"]"


def replaced(
    text: bytes,
    style: Style,
    changes: Mapping[str, tuple[Sequence[bytes], Sequence[bytes]]],
    again: Callable[[bytes], Mapping[str, Sequence[bytes]]],
) -> bytes:
    """`text` with the values of some fields replaced; `changes` has the old and the new ones of each record.

    The empty name means the pk. An empty old value means that the record has no such field. `again` decodes the fields
    of a text.
    """
    new = text
    for name, (old, wanted) in changes.items():
        if b"" in old:
            old, wanted = [o for o in old if o], [w for o, w in zip(old, wanted, strict=True) if o]
        found = _in_all(new, style, name, old, wanted)
        if found is None:
            break
        new = found
    else:
        if not _ESCAPE.search(text) or _came_true(again, new, changes):
            return new
    apart = raws_of(text)
    ones = [_in_one(raw, style, {n: (o[at], w[at]) for n, (o, w) in changes.items()}) for at, raw in enumerate(apart)]
    return _joined(text, apart, ones)


@cache
def _texts(names: tuple[str, ...]) -> Texts:
    return Texts(names)


def _key(style: Style, name: str) -> bytes:
    return b'%b"%b"%b' % (style.line, name.encode(), style.colon) if name else b'"pk"' + style.colon


def _in_all(text: bytes, style: Style, name: str, old: Sequence[bytes], new: Sequence[bytes]) -> bytes | None:
    quoted = b'"%b"' % (name or "pk").encode()
    key, before = quoted + style.colon, list(map(style.colon.__add__, old))
    first, *rest = text.split(quoted)
    if len(rest) != len(old):
        if len(re.findall(re.escape(quoted) + rb"[ \t\r\n]*:", text)) != len(old):
            return None
        key, before = _key(style, name), list(old)  # elsewhere it is a value
        first, *rest = text.split(key)
        if len(rest) != len(old):
            return None
    rest = list(map(bytes.removeprefix, rest, before))
    if len(first) + len(rest) * len(key) + sum(map(len, old)) + sum(map(len, rest)) != len(text):
        return None  # somewhere the old value does not stand behind the key
    out = [key] * (3 * len(rest) + 1)
    out[0] = first
    out[2::3] = new
    out[3::3] = rest
    return b"".join(out)


def _came_true(
    again: Callable[[bytes], Mapping[str, Sequence[bytes]]],
    text: bytes,
    changes: Mapping[str, tuple[Sequence[bytes], Sequence[bytes]]],
) -> bool:
    try:
        found = again(text)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return all(list(found[name]) == list(new) for name, (_, new) in changes.items())


def _in_one(raw: bytes, style: Style, changes: Mapping[str, tuple[bytes, bytes]]) -> bytes:
    """One record; of a key that stands twice all values become that of the last, which is the one that counts."""
    wanted = {name: (old, new) for name, (old, new) in changes.items() if old != new}
    out = raw
    for name, (old, new) in wanted.items():
        before, key, after = out.partition(_key(style, name))
        if not key or b"\\u" in raw or raw.count(b'"%b"' % (name or "pk").encode()) != 1 or not after.startswith(old):
            instead = {name: partial(_instead, new) for name, (_, new) in wanted.items()}
            pk = instead.pop("", None)
            raw = with_values(raw, {"pk": pk}) if pk else raw
            return with_fields(raw, instead) if instead else raw
        out = before + key + new + after[len(old) :]
    return out


def _instead(new: bytes, _: bytes) -> bytes:
    return new


def _joined(text: bytes, before: list[bytes], after: list[bytes]) -> bytes:
    """The records put back among what stood between them."""
    out: list[bytes] = []
    at = 0
    for old, new in zip(before, after, strict=True):
        start = text.index(old, at)
        out += text[at:start], new
        at = start + len(old)
    return b"".join(out) + text[at:]


def without_pk(raw: bytes) -> bytes:
    """A record without its pk."""
    head = _HEAD.match(raw)
    if head and raw.count(b'"pk"') == 1 and b"\\u" not in raw:
        return head[1] + raw[head.end() :]
    spans = {key: (start, end) for key, start, end in children(raw)}
    if "pk" not in spans:
        return raw
    start, end = spans["pk"]
    key = raw.rindex(b'"', 0, raw.rindex(b'"', 0, start))
    following = [begin for begin, _ in spans.values() if begin > start]
    if following:
        after = raw[end : min(following)]
        gap = re.match(rb"[ \t\r\n]*,[ \t\r\n]*", after)
        return raw[:key] + raw[end + (gap.end() if gap else 0) :]
    return raw[:key].rstrip(b" \t\r\n").removesuffix(b",") + raw[end:]


def with_pk(raw: bytes, pk: bytes, style: Style) -> bytes:
    """A record that has none with its pk, before `fields` where dumpdata has it."""
    member = b'"pk"%b%b' % (style.colon, pk)
    found = _FIELDS.search(raw)
    if found is None or b'"' not in raw[: found.start()]:
        return b"{%b%b%b" % (member, style.comma, raw[1:])
    line = found[2] or b""
    return b"%b%b%b%b" % (raw[: found.start()], (b"," if line else style.comma) + line, member, raw[found.start() :])


def with_field(raw: bytes, name: str, text: bytes, order: Sequence[str], style: Style) -> bytes:
    """A record with one more field, at its place in the `order` of fields; as it is if it has the field."""
    begin, end = next(((start, stop) for key, start, stop in children(raw) if key == "fields"), (0, 0))
    inner = raw[begin:end]
    spans = list(children(inner))
    if inner[:1] != b"{" or any(key == name for key, _, _ in spans):
        return raw
    member = b'"%b"%b%b' % (name.encode(), style.colon, text)
    later = set(order[order.index(name) :]) if name in order else set()
    after = next((at for at, (key, _, _) in enumerate(spans) if key in later), len(spans))
    comma = b"," if style.line else style.comma
    if not spans:
        return raw[: begin + 1] + style.line + member + raw[begin + 1 :]
    if after == 0:
        return raw[: begin + 1] + style.line + member + comma + raw[begin + 1 :]
    at = begin + spans[after - 1][2]
    return raw[:at] + comma + style.line + member + raw[at:]
