"""Natural keys in a dump: lists that stand for rows, and the fields of those rows that they repeat."""

from __future__ import annotations

from collections.abc import Mapping

from fixtureflow.schema.column import Column
from fixtureflow.schema.evidence import ALMOST, match
from fixtureflow.schema.model import Guess, Model, NaturalKey, Relation, Schema
from fixtureflow.schema.names import Fit, Names
from fixtureflow.schema.survey import Seen

__all__ = ["NaturalGuesses"]

_NAMED = ("slug", "username", "name", "code", "key", "title", "email", "domain", "label", "codename", "identifier")


class NaturalGuesses:
    """Relations by natural key; `keys` gathers what they tell of the models that they point at."""

    def __init__(self, seen: Mapping[str, Seen], known: Schema) -> None:
        self.seen = seen
        self.known = known
        self._names = Names(seen)
        self.keys: dict[str, NaturalKey] = {}

    def relation(self, fit: Fit, name: str, column: Column, *, many: bool) -> Relation | None:
        """The relation that a field with lists is, if they are natural keys of the model that its name fits."""
        key = self._key(fit, column)
        if key is None or key.guess is None:
            return None
        sure = round(min(fit.weight, key.guess.confidence + 0.1), 2)
        if key.status == "fields":
            words = f"natural keys of {fit.label}: {', '.join(key.fields)}"
        else:
            words = f"natural keys of {fit.label}, as it seems: {key.reason}"
        guess = Guess(confidence=sure, evidence=f"{column.keys.count:,} values are {words}", values=column.keys.count)
        if many:
            return Relation(kind="m2m", to=fit.label, auto_through=True, guess=guess)
        link = True if name.endswith("_ptr") else None
        return Relation(kind="o2o" if link else "fk", to=fit.label, parent_link=link, guess=guess)

    def _key(self, fit: Fit, column: Column) -> NaturalKey | None:
        """The natural key of the model fitted that the lists of `column` agree with."""
        label = fit.label
        stated = self.known.models.get(label, Model()).natural_key
        target = self.seen.get(label)
        if stated is not None:
            return _agreed(stated, column, target)
        if target is None:
            return None
        if len(column.lengths) != 1:
            return self._variadic(target, column)
        fields = self._fields(target, column, depth=0)
        if fields is None:
            return _hidden(target, column) if fit.how == "exact" else None
        single = len(fields) == 1 and "__" not in fields[0]
        unique = single and target.fields[fields[0]].keys.unique
        guess = Guess(
            confidence=0.8 if unique else 0.5 if single else 0.7,
            evidence=f"{column.keys.count:,} references repeat these fields, each place for itself",
            values=column.keys.count,
            coverage=1.0,
        )
        key = NaturalKey(status="fields", fields=fields, guess=guess)
        best = self.keys.get(label)
        if best is None or best.guess is None or best.guess.confidence < guess.confidence:
            self.keys[label] = key
        return key

    def _variadic(self, target: Seen, column: Column) -> NaturalKey | None:
        """Lists of any length, as of the names from a root down: the last element, at least, is in the row."""
        if column.items is None or column.kinds - {"list", "empty"}:
            return None
        for name, theirs in target.fields.items():
            if theirs.kinds == {"str"} and match(column.items, theirs.keys, integers=False).coverage == 1:
                guess = Guess(confidence=0.6, evidence=f"lists of several lengths, of values of {name}")
                key = NaturalKey(
                    status="computed", reason=f"lists of several lengths, of values of {name}", guess=guess
                )
                return self.keys.setdefault(target.label, key)
        return None

    def _fields(self, target: Seen, column: Column, depth: int) -> tuple[str, ...] | None:
        """Lookups on `target`, one for each place of the lists."""
        places = [column.place(at) for at in range(*column.lengths)]
        found: list[str] = []
        while len(found) < len(places):
            rest = places[len(found) :]
            first = rest[0]
            if first is None:
                return None
            if name := self._scalar(target, first, found):
                found.append(name)
            elif lookups := self._through(target, rest, depth):
                found += lookups
            else:
                return None
        return tuple(found)

    def _scalar(self, target: Seen, place: Column, taken: list[str]) -> str | None:
        """The field that has all values of a place; among several the one that no value stands twice in."""
        if place.kinds not in ({"int"}, {"str"}):
            return None
        fit = [
            name
            for name, column in target.fields.items()
            if name not in taken
            and column.kinds == place.kinds
            and match(place.keys, column.keys, integers=place.kinds == {"int"}).coverage == 1
        ]
        rank = {name: at for at, name in enumerate(_NAMED)}
        return min(fit, key=lambda n: (not target.fields[n].keys.unique, rank.get(n, len(rank)), n), default=None)

    def _through(self, target: Seen, places: list[Column | None], depth: int) -> list[str] | None:
        """Several places that are together the natural key which a field of the target holds."""
        if depth > 3:
            return None
        for name, column in target.fields.items():
            if column.kinds != {"list"} or len(column.lengths) != 1 or max(column.lengths) > len(places):
                continue
            length = max(column.lengths)
            pairs = [(place, column.place(at)) for at, place in enumerate(places[:length])]
            if not all(a and b and match(a.keys, b.keys, integers=False).coverage == 1 for a, b in pairs):
                continue
            for fit in self._names.fits(name, target.label):
                other = self.seen[fit.label]
                stated = self.known.models.get(fit.label, Model()).natural_key
                if stated is None:
                    fields = self._fields(other, column, depth + 1)
                else:
                    fields = stated.fields if _agreed(stated, column, other) else None
                if fields and len(fields) == length:
                    return [f"{name}__{field}" for field in fields]
        return None


def _agreed(stated: NaturalKey, column: Column, target: Seen | None) -> NaturalKey | None:
    """What a preset states, if the lists are as long and their values in the rows, as far as these are there."""
    if stated.status != "fields" or column.lengths != {len(stated.fields)}:
        return None
    for at, name in enumerate(stated.fields):
        theirs = target.fields.get(name) if target else None
        place = column.place(at)
        if theirs and place and match(place.keys, theirs.keys, integers=False).coverage < ALMOST:
            return None
    return NaturalKey(status="fields", fields=stated.fields, guess=Guess(confidence=0.9))


def _hidden(target: Seen, column: Column) -> NaturalKey | None:
    """Lists of lists, to a model whose rows have no pk: its natural keys, even if no field has their values."""
    if column.kinds - {"empty"} != {"lists"} or target.pk.present:
        return None
    reason = "its values are in no field"
    return NaturalKey(status="computed", reason=reason, guess=Guess(confidence=0.5, evidence=reason))
