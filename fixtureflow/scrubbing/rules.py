"""What `scrub` is told: a kind of pseudonym for each field; in a rules file, as options, and in presets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import msgspec

from fixtureflow.errors import UsageError
from fixtureflow.patterns import FieldPattern
from fixtureflow.scrubbing.pseudonyms import KINDS

__all__ = ["EMPTY", "FIXED", "KEEP", "NULL", "Rule", "RuleSet", "Rules", "preset_names"]

KEEP, NULL, EMPTY, FIXED = "keep", "null", "empty", "fixed:"
_KINDS = (*KINDS, KEEP, NULL, EMPTY, "fixed:TEXT")


class Rules(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, kw_only=True):
    """Rules as they are written."""

    preset: list[str] = []
    rule: dict[str, str] = {}

    def over(self, other: Rules) -> Rules:
        """These and those of `other`; these win."""
        return Rules(preset=list(dict.fromkeys([*other.preset, *self.preset])), rule={**other.rule, **self.rule})


class Rule:
    """One rule, and how often it has been followed."""

    __slots__ = ("hits", "kind", "pattern", "preset")

    def __init__(self, pattern: str, kind: str, preset: str = "") -> None:
        self.pattern = FieldPattern(pattern)
        self.kind = kind
        self.preset = preset
        self.hits = 0

    @property
    def names_one(self) -> bool:
        """Does it name its field, and not by a glob?"""
        return not any(glob in self.pattern.text.rpartition(".")[2] for glob in "*?[")

    def __str__(self) -> str:
        return f"--rule {self.pattern.text}={self.kind}"


class RuleSet:
    """Rules made ready. Raises `UsageError` for what can be no rule."""

    def __init__(self, rules: Rules) -> None:
        own = [Rule(_named(pattern), _kind(pattern, kind)) for pattern, kind in rules.rule.items()]
        own.sort(key=_exactness)
        self.all = own + [Rule(*one) for name in _presets(rules.preset) for one in _preset(name)]
        if not self.all:
            raise UsageError(
                "nothing to scrub", advice=f"name presets (--preset all: {', '.join(preset_names())}) or --rule"
            )

    def of(self, label: str, field: str, *, by_name: bool = False) -> Rule | None:
        """The rule for a field: the one that names it most exactly; presets come last.

        `by_name` is for primary keys, which no glob means.
        """
        for rule in self.all:
            if rule.pattern.matches(label, field) and not (by_name and rule.pattern.text.rpartition(".")[2] != field):
                return rule
        return None


def preset_names() -> list[str]:
    return sorted(_all_presets())


@cache
def _all_presets() -> dict[str, dict[str, str]]:
    text = (files("fixtureflow.scrubbing") / "presets.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return found


def _preset(name: str) -> list[tuple[str, str, str]]:
    return [(pattern, kind, name) for pattern, kind in _all_presets()[name].items()]


def _presets(names: Iterable[str]) -> list[str]:
    known = _all_presets()
    found: dict[str, None] = {}
    for name in names:
        if name != "all" and name not in known:
            near = get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}?" if near else f"there are all, {', '.join(sorted(known))}"
            raise UsageError(f"--preset {name}: there is no such preset", advice=advice)
        found |= dict.fromkeys(known if name == "all" else [name])
    return list(found)


def _named(pattern: str) -> str:
    if pattern.count(".") != 2:
        raise UsageError(f"{pattern!r} names no field", advice="write app.model.field, or with globs shop.*.email")
    return pattern


def _kind(pattern: str, kind: str) -> str:
    if kind in (*KINDS, KEEP, NULL, EMPTY) or kind.startswith(FIXED):
        return kind
    near = get_close_matches(kind, _KINDS, 1)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KINDS)}"
    raise UsageError(f"{pattern}={kind}: there is no such kind", advice=advice)


def _exactness(rule: Rule) -> int:
    """What is named more exactly goes first."""
    return sum(rule.pattern.text.count(glob) for glob in "*?[")
