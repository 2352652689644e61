"""The values of one column as they are from now on."""

from __future__ import annotations

import json
from typing import Any

import msgspec

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


class Scrubber:
    """Values of a column, and of all that refers to it, by a rule."""

    def __init__(self, key: bytes, rule: Rule, place: Place, kind: str, longest: int, *, unique: bool) -> None:
        """`longest` is the most characters that the column takes, 0 for any number."""
        self.place = place
        self.kind = kind
        self.rule = rule
        self._key = key
        self._longest = longest
        self._unique = unique
        self._memo: dict[bytes, bytes] = {}
        self._taken: dict[int, int] = {}
        """Where two values may have one pseudonym: hashes of pseudonyms and of what they stand for."""

    def text(self, text: bytes) -> bytes:
        """The JSON text of a value as it is from now on; the same for null and for what is empty."""
        new = self._memo.get(text)
        if new is None:
            value = _value(text)
            made = self.value(value)
            new = text if made is value else json_text(made)
            if len(text) <= LONG:
                if len(self._memo) > KEPT:
                    self._memo.clear()
                self._memo[text] = new
        return new

    def value(self, value: Any) -> Any:
        """A value as it is from now on."""
        if value is None or value == "":
            return value
        if self.kind == NULL:
            return None
        if self.kind == EMPTY or self.kind.startswith(FIXED):
            return self.kind.removeprefix(FIXED) if self.kind != EMPTY else ""
        if isinstance(value, str):
            return self._pseudonym(value)
        if isinstance(value, list):
            return [self._inner(item) for item in value]
        if isinstance(value, dict):
            return {name: self._inner(item) for name, item in value.items()}
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

    def _inner(self, value: Any) -> Any:
        """Within JSON only texts tell of somebody, as far as anybody knows; numbers stay."""
        return self.value(value) if isinstance(value, str | list | dict) else value

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


def _value(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):  # NaN and the like
        return json.loads(text)
