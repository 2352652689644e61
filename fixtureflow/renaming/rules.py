"""What `rename` is told to change: the same names in a rules file, as flags and as keyword arguments.

Models and fields are named as they are in the input, but for the new name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fixtureflow.errors import UsageError
from fixtureflow.patterns import FieldPattern
from fixtureflow.record import model_label
from fixtureflow.renaming.values import MAX_LENGTH

__all__ = ["Rule", "RuleSet", "Rules", "pairs"]


class Rules(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, kw_only=True):
    """Rules as they are written."""

    model: dict[str, str] = {}
    app: dict[str, str] = {}
    field: dict[str, str] = {}
    drop: list[str] = []
    default: dict[str, Any] = {}
    fill: dict[str, Any] = {}
    null_nan: list[str] = []
    strip_nul: list[str] = []
    cut: dict[str, int | str] = {}

    def over(self, other: Rules) -> Rules:
        """These and those of `other`; these win."""
        both: dict[str, Any] = {}
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            both[name] = {**theirs, **mine} if isinstance(mine, dict) else list(dict.fromkeys([*theirs, *mine]))
        return Rules(**both)


class Rule:
    """One rule, and how often it has been followed."""

    __slots__ = ("hits", "option", "text")

    def __init__(self, option: str, text: str) -> None:
        self.option = option
        self.text = text
        self.hits = 0

    def __str__(self) -> str:
        return f"{self.option} {self.text}"


class RuleSet:
    """Rules made ready. Raises `UsageError` for what can be no rule."""

    def __init__(self, rules: Rules) -> None:
        self.all: list[Rule] = []
        self.models: dict[str, tuple[str, Rule]] = {}
        for old, new in rules.model.items():
            self.models[_label(old)] = (_label(new), self._rule("--model", f"{old}={new}"))
        self.apps: dict[str, tuple[str, Rule]] = {}
        for old, new in rules.app.items():
            self.apps[_name(old, "app")] = (_name(new, "app"), self._rule("--app", f"{old}={new}"))
        self.fields: dict[tuple[str, str], tuple[str, Rule]] = {}
        for old, new in rules.field.items():
            self.fields[_place(old)] = (_name(new, "field"), self._rule("--field", f"{old}={new}"))
        self.drop = self._patterns("--drop", rules.drop)
        self.null_nan = self._patterns("--null-nan", rules.null_nan)
        self.strip_nul = self._patterns("--strip-nul", rules.strip_nul)
        self.defaults = self._values("--default", rules.default)
        self.fills = self._values("--fill", rules.fill)
        self.cut: list[tuple[FieldPattern, int, Rule]] = []
        """0 for what the schema says."""
        for pattern, length in rules.cut.items():
            if length != MAX_LENGTH and (not isinstance(length, int) or length < 1):
                raise UsageError(f"{pattern!r} cannot be cut to {length!r}", advice="name a number of characters")
            rule = self._rule("--cut", pattern if length == MAX_LENGTH else f"{pattern}={length}")
            self.cut.append((FieldPattern(pattern), 0 if length == MAX_LENGTH else int(length), rule))
        # What is named more exactly goes first.
        self.cut.sort(key=lambda one: (one[0].text.count("*") + one[0].text.count("?"), -one[0].text.count(".")))
        if not self.all:
            raise UsageError("nothing to change", advice="say what with --model, --field, --rules FILE; see --help")

    @property
    def renames_models(self) -> bool:
        return bool(self.models or self.apps)

    def new_label(self, label: str) -> tuple[str, Rule] | None:
        """What the model is called from now on, if it has a new name."""
        found = self.models.get(label)
        if found is None:
            app, _, name = label.partition(".")
            renamed = self.apps.get(app)
            found = (f"{renamed[0]}.{name}", renamed[1]) if renamed else None
        return found if found and found[0] != label else None

    def _patterns(self, option: str, texts: Iterable[str]) -> list[tuple[FieldPattern, Rule]]:
        return [(FieldPattern(text), self._rule(option, text)) for text in texts]

    def _values(self, option: str, given: Mapping[str, Any]) -> dict[tuple[str, str], tuple[bytes, Rule]]:
        """By label and field the value as JSON."""
        found = {}
        for place, value in given.items():
            text = _text(option, place, value)
            found[_place(place)] = (text, self._rule(option, f"{place}={text.decode()}"))
        return found

    def _rule(self, option: str, text: str) -> Rule:
        rule = Rule(option, text)
        self.all.append(rule)
        return rule


def pairs(texts: Mapping[str, Any] | Iterable[str], option: str) -> dict[str, Any]:
    """`old=new` texts as a mapping; a mapping as it is. Raises `UsageError` for a text without `=`."""
    if isinstance(texts, Mapping):
        return dict(texts)
    found: dict[str, Any] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            raise UsageError(f"{option} {text}: there is no = with something on both sides", advice="write OLD=NEW")
        if found.setdefault(old, new) != new:
            raise UsageError(f"{option} {text}: {old} is {found[old]} already", advice="leave one of them out")
    return found


def _label(text: str) -> str:
    label = model_label(text)
    if label is None:
        raise UsageError(f"{text!r} is no model", advice="name it as app.model")
    return label


def _name(text: str, what: str) -> str:
    if not text.isidentifier():
        raise UsageError(f"{text!r} is no name of {'an' if what == 'app' else 'a'} {what}", advice="use letters, _")
    return text


def _place(text: str) -> tuple[str, str]:
    label, _, field = text.rpartition(".")
    if model_label(label) is None or not field.isidentifier():
        raise UsageError(f"{text!r} is no field", advice="name it as app.model.field")
    return _label(label), field


def _text(option: str, place: str, value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, default=lambda date: date.isoformat()).encode()
    except (TypeError, AttributeError, ValueError):
        raise UsageError(f"what {option} sets for {place} cannot be written as JSON", advice="give JSON") from None
