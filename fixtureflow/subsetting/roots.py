"""The records that a subset begins with: named by model and key, all of a model, or a share of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

from fixtureflow.errors import UsageError
from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.record import model_label
from fixtureflow.references.links import Key

__all__ = ["Named", "Roots"]


class Named:
    """`blog.post:1,2,3`: records of one model by their keys, as texts or as JSON values."""

    __slots__ = ("keys", "label", "text")

    def __init__(self, text: str) -> None:
        label, _, rest = text.partition(":")
        found = model_label(label)
        if found is None:
            raise UsageError(f"--from {text}: {label!r} is no model", advice="name it as app.model:pk,pk")
        self.text = text
        self.label = found
        self.keys: list[Any] = _listed(text, rest) if rest.lstrip().startswith("[") else list(_parted(rest))
        if not self.keys:
            raise UsageError(f"--from {text}: names no primary key", advice=f"write {label}:1,2, or {label} for all")


def _parted(text: str) -> Iterator[str]:
    return (part for each in text.split(",") if (part := each.strip()))


def _listed(text: str, keys: str) -> list[Any]:
    try:
        found = json.loads(keys)
    except ValueError as error:
        problem = f"--from {text}: what follows the colon is no JSON list: {error}"
        raise UsageError(problem, advice='write app.model:1,2 or app.model:["a,b", 2]') from None
    return list(found)


class Roots:
    """What to begin with. Raises `UsageError` for what can be no record."""

    def __init__(self, start: str | Iterable[str], sample: str | float | None, seed: int) -> None:
        texts = [start] if isinstance(start, str) else list(start)
        self.named = [Named(text) for text in texts if ":" in text]
        self.patterns = [Pattern(text) for text in texts if ":" not in text]
        self.share = None if sample is None else _share(sample)
        self._seed = seed
        if not texts and self.share is None:
            raise UsageError("nothing to begin with", advice="name records: --from blog.post:1,2, or --sample 1%")

    def whole(self, label: str) -> bool:
        """Do all records of the model, or a share of them, belong to the roots?"""
        return any_matches(self.patterns, label) if self.patterns else self.share is not None

    def takes(self, label: str, key: Key) -> bool:
        """Is the record in the sample? The same key of the same model always is, or is not, with the same seed."""
        if self.share is None:
            return True
        text = f"{self._seed}\0{label}\0{key!r}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") < self.share * 2**64


def _share(sample: str | float) -> float:
    text = str(sample).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0
    if not 0 < share <= 1:
        raise UsageError(f"--sample {sample} is no share", advice="write 1%, or 0.01")
    return share
