"""The schema that a dump lets one guess: relations, generic keys, natural keys, unique columns, types.

A field is a relation if its name fits a model of the dump and its values are keys of that model. Every guess has its
evidence and a confidence from 0 to 1; from `CERTAIN` on, the name is the model's own and the values leave no doubt. Of
models that a preset knows only the fields and their types are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fixtureflow.record import Record
from fixtureflow.schema import presets
from fixtureflow.schema.column import Column
from fixtureflow.schema.evidence import ALMOST, confidence, match, told
from fixtureflow.schema.generic import generic_keys
from fixtureflow.schema.inherited import parent_link
from fixtureflow.schema.merge import merge
from fixtureflow.schema.model import Field, FieldType, Guess, Model, Relation, Schema, Unique
from fixtureflow.schema.names import Fit, Names
from fixtureflow.schema.natural_guess import NaturalGuesses
from fixtureflow.schema.survey import Seen, Survey, survey

__all__ = ["CERTAIN", "guessed", "infer", "kind_of"]

CERTAIN = 0.9

CONTENT_TYPE = "contenttypes.contenttype"
_KEY_NAMES = (
    "code ean email external_id guid handle identifier iban isbn key login number ref reference serial sku slug "
)
_UNIQUE_NAMES = frozenset((_KEY_NAMES + "sku token uid username uuid vat").split())
_FEWEST_UNIQUE = 3
_LIKELY_UNIQUE = 20
"""Rows without a repetition from which a column is thought unique whatever its name."""


def infer(records: Iterable[Record]) -> Schema:
    """The schema guessed from one pass over records. Nothing is kept but hashes of values, 32 MiB of them at most."""
    return guessed(survey(records))


def guessed(seen: Survey) -> Schema:
    """The schema guessed from what was seen."""
    return _Guesses(seen).schema()


class _Guesses:
    def __init__(self, seen: Survey) -> None:
        self.seen = seen.models
        self.settings = _settings(seen)
        self.known = _known(seen, self.settings)
        self.names = Names(dict.fromkeys([*self.seen, CONTENT_TYPE]))
        self.natural = NaturalGuesses(self.seen, self.known)

    def schema(self) -> Schema:
        relations = {
            label: {name: self._relation(seen, name, column) for name, column in seen.fields.items()}
            for label, seen in self.seen.items()
            if label not in self.known.models
        }
        models = []
        for label, seen in self.seen.items():
            if label in self.known.models:
                models.append(_fields_only(seen, self.known.models[label]))
            else:
                models.append(self._model(seen, {n: r for n, r in relations[label].items() if r}, relations))
        return Schema.of(models, settings=self.settings)

    def _model(self, seen: Seen, found: dict[str, Relation], relations: dict[str, dict[str, Relation | None]]) -> Model:
        pairs = generic_keys(seen, found, self.seen)
        for pair in pairs:
            found.pop(pair.object_id, None)
            if pair.content_type not in found:
                found[pair.content_type] = Relation(kind="fk", to=CONTENT_TYPE, guess=pair.guess)
        fields = {name: _field(column, found.get(name)) for name, column in seen.fields.items()}
        pk = _composite(seen)
        user = self.settings.get("AUTH_USER_MODEL", "auth.user")
        if (link := parent_link(seen, self.seen, relations, user)) and not pk:
            name, relation = link
            fields = {name: _typed(kind_of(seen.pk), relation=relation), **fields}
            pk = (name,)
        return Model(
            label=seen.label,
            pk=pk,
            fields=fields,
            uniques=tuple(_uniques(seen)) or None,
            generic_keys=tuple(pairs) or None,
            natural_key=self.natural.keys.get(seen.label),
        )

    def _relation(self, seen: Seen, name: str, column: Column) -> Relation | None:
        """Where a field points, if anywhere: the best of the models that its name and its values fit."""
        many = not column.kinds.isdisjoint({"list", "lists", "empty"})
        found = []
        for fit in self.names.fits(name, seen.label, many=many):
            relation = self._to(fit, name, column)
            if relation and relation.guess:
                found.append((relation.guess.confidence, fit, relation))
        if not found:
            return self._by_uuid(column)
        found.sort(key=lambda one: -one[0])
        _, fit, best = found[0]
        rivals = [other.to for _, other_fit, other in found[1:] if other_fit.weight >= fit.weight - 0.1]
        return _doubted(best, rivals) if rivals else best

    def _to(self, fit: Fit, name: str, column: Column) -> Relation | None:
        target = self.seen.get(fit.label)
        kinds = column.kinds - {"empty"}
        if column.kinds == {"empty"}:
            guess = Guess(confidence=0.5, evidence="by its name alone: its lists are empty", values=0)
            return _many(fit.label, guess) if fit.how in ("exact", "suffix", "own") and target else None
        if target is None:
            return self._absent(fit, name, column)
        if kinds <= {"int", "str"} and len(kinds) == 1:
            return self._one(fit, name, column, target)
        if kinds == {"list"} and (relation := self._list(fit, name, column, target)):
            return relation
        if kinds in ({"list"}, {"lists"}):
            return self.natural.relation(fit, name, column, many=kinds == {"lists"})
        return None

    def _one(self, fit: Fit, name: str, column: Column, target: Seen) -> Relation | None:
        if column.kinds == target.pk.kinds:
            found = match(column.keys, target.pk.keys, integers=column.kinds == {"int"})
            if found.coverage >= ALMOST and (found.coverage == 1 or found.distinct >= 10):
                sure = confidence(fit, name, found)
                guess = told(sure, f"pks of {fit.label}", found, column.keys)
                link = True if name.endswith("_ptr") else None
                return Relation(kind="o2o" if link else "fk", to=fit.label, parent_link=link, guess=guess)
        if column.kinds != {"str"} or fit.how not in ("exact", "suffix"):
            return None
        for other, theirs in target.fields.items():
            if theirs.kinds == {"str"} and theirs.keys.unique and theirs.keys.count and not theirs.null:
                found = match(column.keys, theirs.keys, integers=False)
                if found.coverage == 1:
                    sure = confidence(fit, name, found) - 0.1
                    guess = told(round(sure, 2), f"values of {other} of {fit.label}", found, column.keys)
                    return Relation(kind="fk", to=fit.label, to_field=other, guess=guess)
        return None

    def _by_uuid(self, column: Column) -> Relation | None:
        """Where the name says nothing, UUIDs still do: they are equal for one reason only."""
        if column.format != "uuid" or column.kinds != {"str"}:
            return None
        found = []
        for target in self.seen.values():
            if target.pk.format == "uuid" and column is not target.pk:
                same = match(column.keys, target.pk.keys, integers=False)
                if same.coverage == 1:
                    found.append((len(target.pk.keys), target.label, same))
        if not found:
            return None
        _, label, same = max(found)  # a multi-table child has some of its parent's
        guess = told(0.9 if len(found) == 1 else 0.6, f"pks of {label}", same, column.keys)
        relation = Relation(kind="fk", to=label, guess=guess)
        return relation if len(found) == 1 else _doubted(relation, [other for _, other, _ in found if other != label])

    def _list(self, fit: Fit, name: str, column: Column, target: Seen) -> Relation | None:
        """A list of pks; elements of other kinds than the pks may still be a natural key."""
        if column.items is None or target.pk.kinds not in ({"int"}, {"str"}) or not len(column.items):
            return None
        found = match(column.items, target.pk.keys, integers=target.pk.kinds == {"int"})
        if found.coverage < ALMOST or (found.coverage < 1 and found.distinct < 10):
            return None
        sure = confidence(fit, name, found)
        return _many(fit.label, told(sure, f"pks of {fit.label}", found, column.items))

    def _absent(self, fit: Fit, name: str, column: Column) -> Relation | None:
        """A model that the dump does not hold: content types are often left out of it."""
        if fit.how not in ("exact", "suffix"):
            return None
        if column.kinds == {"int"}:
            guess = Guess(confidence=0.8, evidence=f"by its name alone: {fit.label} is not in the dump", values=0)
            return Relation(kind="fk", to=fit.label, guess=guess)
        if column.kinds == {"list"}:
            return self.natural.relation(fit, name, column, many=False)
        return None


def _doubted(relation: Relation, rivals: list[str]) -> Relation:
    guess = relation.guess
    assert guess is not None  # noqa: S101
    words = f"{guess.evidence}; would also fit {', '.join(rivals[:3])}"
    doubted = msgspec.structs.replace(guess, confidence=round(guess.confidence * 0.7, 2), evidence=words)
    return msgspec.structs.replace(relation, guess=doubted)


def _many(label: str, guess: Guess) -> Relation:
    return Relation(kind="m2m", to=label, auto_through=True, guess=guess)


def _settings(seen: Survey) -> dict[str, str]:
    """The user model, if it is not Django's own: it has the two columns of `AbstractBaseUser`, and nothing else has."""
    users = [label for label, model in seen.models.items() if {"password", "last_login"} <= model.fields.keys()]
    return {"AUTH_USER_MODEL": users[0]} if len(users) == 1 and users != ["auth.user"] else {}


def _known(seen: Survey, settings: dict[str, str]) -> Schema:
    """What presets know of the models seen."""
    known = merge(presets.load([*seen.models, CONTENT_TYPE])).schema
    return msgspec.structs.replace(known, settings=settings)


def _fields_only(seen: Seen, known: Model) -> Model:
    points = dict(known.relations())
    fields = {name: _field(column, points.get(name), tell=False) for name, column in seen.fields.items()}
    return Model(label=seen.label, fields=fields)


def _field(column: Column, relation: Relation | None, *, tell: bool = True) -> Field:
    many = relation is not None and relation.kind == "m2m"
    return _typed(
        None if many else kind_of(column),
        null=True if column.null else None,
        decimals=max(column.decimals) if column.format == "decimal" and not relation else None,
        column="" if many and tell else None,
        relation=relation if tell else None,
    )


def _typed(kind: FieldType | None, **facts: Any) -> Field:
    return Field(type=kind, type_guessed=None if kind is None else True, **facts)


_TYPES: dict[frozenset[str], FieldType] = {
    frozenset({"int"}): "integer",
    frozenset({"float"}): "float",
    frozenset({"int", "float"}): "float",
    frozenset({"bool"}): "boolean",
}


def kind_of(column: Column) -> FieldType | None:
    """The type that all values have; None where there are none, or where a natural key hides it."""
    kinds = frozenset(column.kinds)
    if kinds in _TYPES:
        return _TYPES[kinds]
    if kinds == {"str"}:
        return column.format or "text"  # type: ignore[return-value]
    if not kinds or (kinds <= {"list", "lists", "empty"}):
        return None
    return "json"


def _composite(seen: Seen) -> tuple[str, ...] | None:
    """The fields of a composite primary key `[x, y]`: those that have the same values as its places."""
    if seen.pk.kinds != {"list"} or len(seen.pk.lengths) != 1:
        return None
    names = []
    for at in range(*seen.pk.lengths):
        place = seen.pk.place(at)
        same = [
            name
            for name, column in seen.fields.items()
            if place and column.kinds == place.kinds and column.keys.at(0) == place.keys.at(0) and name not in names
        ]
        if len(same) != 1:
            return None
        names.append(same[0])
    return tuple(names)


def _uniques(seen: Seen) -> Iterable[Unique]:
    """Columns in which no value stands twice, where that is no accident."""
    for name, column in seen.fields.items():
        keys = column.keys
        if not keys.unique or keys.count < _FEWEST_UNIQUE or not column.kinds <= {"str", "int"}:
            continue
        if column.format not in ("", "uuid", "ip"):
            continue
        named = name in _UNIQUE_NAMES or name.rpartition("_")[2] in _UNIQUE_NAMES
        if not named and keys.count < _LIKELY_UNIQUE:
            continue
        sure = (0.6 if named else 0.3) + (0.2 if keys.count >= _LIKELY_UNIQUE else 0)
        sample = f" (one of {1 << keys.shift} compared)" if keys.shift else ""
        evidence = f"{keys.count:,} values, none twice{sample}"
        yield Unique(fields=(name,), guess=Guess(confidence=round(sure, 2), evidence=evidence, values=keys.count))
