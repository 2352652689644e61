"""What no rule names and may tell of somebody all the same: e-mail addresses in values, and names of fields."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from fixtureflow.edit import children
from fixtureflow.references.links import natural_form

__all__ = ["Watch", "is_personal"]

_ADDRESS = re.compile(rb"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,}")
_PERSONAL = re.compile(
    r"(?:^|_)(?:e?mails?|(?:first|last|full|family|given|middle|maiden|nick)_?names?|surname|username|user_name"
    r"|tele?phone|phones?|mobile|fax|address(?:es)?|street|postcode|postal_code|zip(?:_?code)?|birth(?:day|date)?"
    r"|date_of_birth|dob|gender|iban|bic|ssn|passport|tax_id|vat_id|passwords?|secrets?|tokens?|api_?keys?"
    r"|ip|ip_address|user_agent|signature|latitude|longitude)(?:_|$|[0-9])",
    re.IGNORECASE,
)
MOST = 1_000_000
"""Addresses remembered: some 80 MB."""


class _Row(msgspec.Struct, gc=False):
    fields: dict[str, msgspec.Raw] = {}


_row = msgspec.json.Decoder(_Row).decode


def is_personal(field: str) -> bool:
    """Does the name of a field sound as if it told of a person, or let somebody in?"""
    return _PERSONAL.search(field) is not None


class Watch:
    """Looks through the fields that are not covered."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self.full = False
        """Were there more addresses than are remembered?"""
        self.addresses: Counter[tuple[str, str]] = Counter()
        """Records with something like an e-mail address, by model and field."""
        self.leaks: Counter[tuple[str, str]] = Counter()
        """Those with one that is scrubbed elsewhere."""
        self.keys: Counter[tuple[str, str]] = Counter()
        """Records with a natural key, as it was, of one that is scrubbed, by model and field."""
        self._natural: set[int] = set()

    def remember(self, texts: Sequence[bytes]) -> None:
        """The JSON texts of addresses that are scrubbed."""
        if len(self._known) >= MOST:
            self.full = True
            return
        self._known.update(hash(found.lower()) for text in texts for found in _ADDRESS.findall(text))

    def remember_keys(self, rows: Iterable[tuple[bytes, ...]]) -> None:
        """The JSON texts of natural keys of which a part is scrubbed."""
        for row in rows:
            if len(self._natural) < MOST and all(row):
                self._natural.add(hash(natural_form(list(map(json.loads, row)))))

    def look_for_keys(self, label: str, raws: Sequence[bytes]) -> None:
        """In the lists of records of a model whose references nobody knows."""
        for raw in raws if self._natural else ():
            for name, text in _members(raw):
                if text[:1] == b"[" and (value := json.loads(text)):
                    items = value if isinstance(value[0], list) else [value]
                    self.keys[label, name] += any(self._is_key(item) for item in items)

    def _is_key(self, item: Any) -> bool:
        return isinstance(item, list) and hash(natural_form(item)) in self._natural

    def look(self, label: str, raws: Sequence[bytes], is_covered: Callable[[str], bool]) -> None:
        """At some records of a model, as they were."""
        for raw in raws:
            if b"@" not in raw:
                continue
            for name, text in _members(raw):
                if b"@" not in text or is_covered(name):
                    continue
                found = _ADDRESS.findall(text)
                if found:
                    self.addresses[label, name] += 1
                    self.leaks[label, name] += any(hash(each.lower()) in self._known for each in found)


def _members(raw: bytes) -> list[tuple[str, bytes]]:
    try:
        return [(name, bytes(text)) for name, text in _row(raw).fields.items()]
    except (msgspec.MsgspecError, RecursionError):  # NaN and the like
        fields = next((raw[start:end] for key, start, end in children(raw) if key == "fields"), b"")
        return [(name, fields[start:end]) for name, start, end in children(fields)] if fields[:1] == b"{" else []
