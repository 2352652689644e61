"""Patterns that name models as Django's commands do: `auth`, `auth.user`, and globs, in any case."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from fixtureflow.errors import UsageError

__all__ = ["FieldPattern", "Pattern", "any_matches", "parse_patterns"]


class Pattern:
    """`auth` is an app and all its models, `auth.user` a model; `*`, `?` and `[…]` match as in a shell."""

    __slots__ = ("_app", "_name", "hits", "text")

    def __init__(self, text: str) -> None:
        app, dot, name = text.lower().partition(".")
        if not app or (dot and not name) or "." in name:
            raise UsageError(f"{text!r} is no pattern", advice="name an app, or app.model: auth, auth.user, cms.*")
        self.text = text
        self._app = app
        self._name = name or "*"
        self.hits = 0
        """How many models it has matched."""

    def matches(self, label: str) -> bool:
        """Whether the model label matches."""
        app, _, name = label.lower().partition(".")
        matched = fnmatchcase(app, self._app) and fnmatchcase(name, self._name)
        self.hits += matched
        return matched


class FieldPattern:
    """`app.model.field`, each part a glob; what is left out at the end is any: `shop.item` is all its fields."""

    __slots__ = ("_field", "_model", "text")

    def __init__(self, text: str) -> None:
        app, _, rest = text.partition(".")
        name, _, field = rest.partition(".")
        if "." in field or text.endswith("."):
            raise UsageError(f"{text!r} is no pattern", advice="name a field: app.model.field, shop.*.email")
        self.text = text
        self._model = Pattern(f"{app}.{name}" if name else app)
        self._field = field or "*"

    def matches_model(self, label: str) -> bool:
        """Whether it matches fields of the model."""
        return self._model.matches(label)

    def matches(self, label: str, field: str) -> bool:
        """Whether it matches the field of the model; a field's name is the same only in the same case."""
        return fnmatchcase(field, self._field) and self._model.matches(label)


def parse_patterns(patterns: str | Iterable[str]) -> list[Pattern]:
    """Raises `UsageError` for what can match nothing."""
    return [Pattern(text) for text in ([patterns] if isinstance(patterns, str) else patterns)]


def any_matches(patterns: Iterable[Pattern], label: str) -> bool:
    """Whether one of the patterns matches; all are asked, so that one that matches nothing is known."""
    return max((pattern.matches(label) for pattern in patterns), default=False)
