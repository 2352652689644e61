"""What values say for a relation: are they keys of that model, and could that be chance?"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from fixtureflow.schema.column import Keys
from fixtureflow.schema.model import Guess
from fixtureflow.schema.names import Fit, is_plain

__all__ = ["Match", "confidence", "match", "told"]

COUNTED = 20
"""Positions, levels and the like begin below this."""
ALMOST = 0.9
"""The share of fitting values from which the others are taken for orphans."""


class Match(NamedTuple):
    """How a set of values lies within a set of keys."""

    coverage: float
    """The share of the distinct values that are keys."""
    telling: bool
    """Would that be strange if the values were no keys?"""
    distinct: int
    sampled: int
    """Compared was one value of this many; 1 for all."""
    low: int = 0
    """The smallest of the integers."""


def match(values: Keys, keys: Keys, *, integers: bool) -> Match:
    """`values` looked up among `keys`; integers prove less than texts, since every table begins at 1."""
    shift = max(values.shift, keys.shift)
    mine, theirs = values.at(shift), _hashes(keys, shift)
    inside = len(mine & theirs)
    coverage = inside / len(mine) if mine else 0.0
    telling = bool(inside) and (not integers or _unlikely(mine, theirs, shift))
    return Match(coverage, telling, len(mine), 1 << shift, min(mine) if integers and mine else 0)


@lru_cache(maxsize=4)
def _hashes(keys: Keys, shift: int) -> set[int]:
    """Many fields are looked up among the same few models' keys."""
    return keys.at(shift)


def _unlikely(values: set[int], keys: set[int], shift: int) -> bool:
    """Do the values leave out the gaps between the keys, or go up to the last key and not past it?"""
    low, high = min(values), max(values)
    within = sum(low <= key <= high for key in keys)
    gaps = 1 - min(1.0, (within << shift) / (high - low + 1))
    return len(values) * gaps >= 5 or (len(values) >= 20 and high > 0.8 * max(keys))


def confidence(fit: Fit, field: str, found: Match) -> float:
    """How sure a relation is: what the name promises, less what the values leave open."""
    sure = fit.weight + (0.05 if found.telling else 0.0)
    if not found.telling and found.distinct < 3:
        sure -= 0.05
    if is_plain(field, fit.how):
        sure = min(sure, 0.75 if found.telling or found.low >= COUNTED else 0.45)
    if found.coverage < 1:
        sure = min(0.6, sure) * found.coverage
    return round(max(0.05, sure), 2)


def told(sure: float, words: str, found: Match, keys: Keys) -> Guess:
    """The guess, its evidence in a sentence: `all 1,204 values are pks of auth.user`."""
    share = "all" if found.coverage == 1 else f"{found.coverage:.1%} of"
    sample = f" (one distinct value of {found.sampled} compared)" if found.sampled > 1 else ""
    return Guess(
        confidence=sure,
        evidence=f"{share} {keys.count:,} values are {words}{sample}",
        values=keys.count,
        coverage=round(found.coverage, 4),
    )
