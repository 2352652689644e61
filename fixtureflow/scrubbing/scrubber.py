"""The values of one column as they are from now on."""

from __future__ import annotations

import json
import re
from typing import Any

from fixtureflow.edit import json_text
from fixtureflow.errors import InputError
from fixtureflow.references.links import Place
from fixtureflow.scrubbing.pseudonyms import KINDS, pseudonym
from fixtureflow.scrubbing.rules import EMPTY, FIXED, NULL, Rule

__all__ = ["Scrubber"]

KEPT = 100_000
"""Texts remembered."""
LONG = 300
"""Bytes of a text that is not remembered."""
ENOUGH = 64
"""Bits of chance in a pseudonym: of a thousand million values two are the same once in forty times."""
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"(?P<member>\s*:)?', re.DOTALL)


class Scrubber:
    """Values of a column, and of all that refers to it, by a rule."""

    def __init__(
        self, key: bytes, rule: Rule, place: Place, kind: str, longest: int, *, unique: bool, array: bool = False
    ) -> None:
        """`longest` is the most characters that the column takes, 0 for any number.

        An `array` stands in a fixture as JSON within a text.
        """
        self.place = place
        self.kind = kind
        self.rule = rule
        self._key = key
        self._longest = longest
        self._unique = unique
        self._array = array
        self._whole = kind in (NULL, EMPTY) or kind.startswith(FIXED)
        """Does the same stand for whatever is there?"""
        self._memo: dict[bytes, bytes] = {}
        self._taken: dict[int, int] = {}
        """Where two values may have one pseudonym: hashes of pseudonyms and of what they stand for."""

    def text(self, text: bytes) -> bytes:
        """The JSON text of a value as it is from now on; the same for null and for what is empty."""
        new = self._memo.get(text)
        if new is None:
            new = self._new(text)
            if len(text) <= LONG:
                if len(self._memo) > KEPT:
                    self._memo.clear()
                self._memo[text] = new
        return new

    def _new(self, text: bytes) -> bytes:
        if text in (b"null", b'""'):
            return text
        if self._whole:
            return self._constant()
        if text[:1] in (b"[", b"{"):
            return self._within(text)
        value = json.loads(text)
        if self._array and isinstance(value, str) and value[:1] == "[":
            inner = value.encode("utf-8", "surrogatepass")
            new = self._within(inner)
            return text if new == inner else json_text(new.decode("utf-8", "surrogatepass"))
        made = self._value(value)
        return text if made is value else json_text(made)

    def _constant(self) -> bytes:
        if self.kind == NULL:
            return b"null"
        return json_text("" if self.kind == EMPTY else self.kind.removeprefix(FIXED))

    def _within(self, text: bytes) -> bytes:
        """Within JSON only texts tell of somebody, as far as anybody knows; numbers and names of members stay."""
        return _STRING.sub(lambda found: found[0] if found["member"] else self.text(found[0]), text)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._pseudonym(value)
        if type(value) is int and self.kind in ("phone", "token", "username"):
            return self._number(value)
        if not self.rule.names_one:
            return value
        raise InputError(
            f"{json.dumps(value)[:40]} is no text, so no {self.kind} stands for it",
            advice="take the kind null, or keep",
            model=self.place.model,
            field=self.place.field,
        )

    def _pseudonym(self, value: str) -> str:
        made = pseudonym(self._key, self.kind, value, self._longest)
        if self._unique and made.bits < ENOUGH:
            self._mind(made.text, value)
        return made.text

    def _number(self, value: int) -> int:
        digits = str(abs(value))
        if len(digits) == 1:
            return value
        made = pseudonym(self._key, "token", digits).text
        number = int("1" + made[1:]) if made[0] == "0" else int(made)
        if self._unique:
            self._mind(str(number), digits)
        return number

    def _mind(self, text: str, value: str) -> None:
        mine = hash(value)
        if self._taken.setdefault(hash(text), mine) != mine:
            raise InputError(
                f"two values would have the {self.kind} {text!r}, and it is to be unique",
                advice=f"take another kind than {self.kind} ({', '.join(KINDS)}), or another key",
                model=self.place.model,
                field=self.place.field,
            )
