"""What a comparison by identity could not make certain, and by what it has known the rows of each model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fixtureflow.comparing.difference import ModelDifference
from fixtureflow.comparing.identities import Identities
from fixtureflow.comparing.known import Known
from fixtureflow.references.links import Link

__all__ = ["Doubts"]


@dataclass(slots=True)
class Doubts:
    """Reasons why two dumps may differ although no difference was found."""

    known_by: dict[str, str] = field(default_factory=dict)
    """By model: `natural key`, `pk`, or the fields of a unique constraint."""
    lost: dict[Link, tuple[int, int]] = field(default_factory=dict)
    """References by number, in A and in B, to records that are not there: the numbers were compared."""
    ambiguous: list[str] = field(default_factory=list)
    """Models of which two records of one dump are known by the same."""
    unsaid: dict[str, list[str]] = field(default_factory=dict)
    """By model of which no reference is known, the fields that hold what may be ids, and were compared as they are."""

    @classmethod
    def of(cls, identities: Identities, a: Known, b: Known, models: Mapping[str, ModelDifference]) -> Doubts:
        """`models` are those that have been compared, with the records that stand there twice."""
        lost = {link: (a.lost[link], b.lost[link]) for link in sorted({*a.lost, *b.lost})}
        twice = {label for label, model in models.items() if model.twice_in_a or model.twice_in_b}
        unsaid = {
            label: names
            for label in models
            if not identities.told(label) and (names := sorted(_ids(a, label) | _ids(b, label)))
        }
        known_by = {label: str(identities.of(label)) for label in models}
        return cls(known_by, lost, sorted(a.ambiguous | b.ambiguous | twice), unsaid)

    def __bool__(self) -> bool:
        return bool(self.lost or self.ambiguous or self.unsaid)

    def lines(self) -> Iterator[str]:
        """For a person, each with what to do."""
        for link, (ours, theirs) in self.lost.items():
            where = f"{link.model}.{link.field} → {link.to.model or 'any model'}"
            yield (
                f"not certain: {where}: {ours:,} in A, {theirs:,} in B lead to records that are not in the dump, "
                "so their numbers were compared; give these records with --lookup-a and --lookup-b"
            )
        for label in self.ambiguous:
            what = self.known_by.get(label)
            yield (
                f"not certain: {label}: two records of one dump have the same {what or 'key'}, "
                "so which is meant nobody knows; let a schema tell what is unique"
            )

        for label, names in self.unsaid.items():
            some = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            yield (
                f"not certain: {label}: nobody has said what its fields refer to, so the numbers and lists in {some} "
                "were compared as they are; --settings mysite.settings or --schema FILE tells"
            )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "known_by": self.known_by,
            "lost": [
                {"model": link.model, "field": link.field, "to": link.to.model, "a": ours, "b": theirs}
                for link, (ours, theirs) in self.lost.items()
            ],
            "ambiguous": self.ambiguous,
            "unsaid": self.unsaid,
        }


def _ids(known: Known, label: str) -> set[str]:
    """The fields of a model that hold numbers or lists."""
    return {
        name
        for stretch in known.catalogue.stretches(label)
        for record in stretch.records()
        for name, value in record.fields.items()
        if isinstance(value, list) or type(value) is int or (isinstance(value, str) and value.isdecimal())
    }
