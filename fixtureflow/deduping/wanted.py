"""What `dedupe` is asked for: what is to be unique, which record stays, or how the others are called from now on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fixtureflow.errors import UsageError
from fixtureflow.record import model_label

__all__ = ["Keep", "Rename", "keep_of", "parse_renames", "parse_uniques"]


class Keep(NamedTuple):
    """Which of several records stays: the first or the last of the input, or the one with the greatest value."""

    last: bool = False
    newest: str = ""
    """A field; of records that have no such field the first stays."""


def keep_of(text: str) -> Keep:
    """Raises `UsageError`."""
    if text in ("first", "last"):
        return Keep(last=text == "last")
    word, colon, field = text.partition(":")
    if word != "newest" or not colon or not field.isidentifier():
        raise UsageError(f"--keep {text}: there is no such choice", advice="write first, last, or newest:FIELD")
    return Keep(newest=field)


def parse_uniques(texts: str | Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """`lists.item:list,text` as fields by model. Raises `UsageError`."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        label, _, names = text.partition(":")
        model = model_label(label)
        fields = tuple(name.strip() for name in names.split(","))
        if model is None or not all(name.isidentifier() for name in fields) or len(set(fields)) < len(fields):
            raise UsageError(f"--unique {text}: is not understood", advice="write app.model:field,field")
        found.setdefault(model, []).append(fields)
    return found


class Rename(NamedTuple):
    """A field that gets another value where records would be the same."""

    model: str
    """A label, or empty for any model that has the field in a constraint."""
    field: str
    pattern: str

    def value(self, old: str, number: int, longest: int) -> str:
        """The new value; the old one in it is cut so that it has at most `longest` characters (0: any number)."""
        rest = self.pattern.replace("{n}", str(number))
        new = rest.replace("{}", old)
        over = len(new) - longest
        if longest and over > 0:
            cut = -(-over // max(rest.count("{}"), 1))
            new = rest.replace("{}", old[: max(len(old) - cut, 0)])[:longest]
        return new


def parse_renames(given: Mapping[str, str] | str | Iterable[str]) -> list[Rename]:
    """`text={} ({n})` or `lists.item.text={} ({n})`: `{}` is the old value, `{n}` a number. Raises `UsageError`."""
    if isinstance(given, Mapping):
        given = [f"{name}={pattern}" for name, pattern in given.items()]
    found = []
    for text in [given] if isinstance(given, str) else given:
        place, equals, pattern = text.partition("=")
        label, _, field = place.rpartition(".")
        model = model_label(label) if label else ""
        if not equals or model is None or not field.isidentifier():
            raise UsageError(f"--rename {text}: is not understood", advice="write 'field={} ({n})'")
        if "{n}" not in pattern:
            raise UsageError(f"--rename {text}: the pattern has no {{n}}", advice="a number makes values differ")
        found.append(Rename(model, field, pattern))
    return found
