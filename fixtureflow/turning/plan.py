"""What becomes a natural key and what stays a primary key, by the schema alone; each that stays with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from fixtureflow.patterns import Pattern, any_matches
from fixtureflow.references.links import Place, ignored_through, is_known, links_of, place_of
from fixtureflow.schema.model import Model, NaturalKey, Relation, Schema

__all__ = ["ALWAYS_BY_PK", "NO_KEY", "OBJECT_ID", "Plan", "Primary", "Stays", "Turn"]

Primary = Literal["keep", "django", "safe"]
GUESSED = "only guessed; --trust-guesses"
NO_KEY = "no natural key"
CHILD, ITSELF = "a multi-table child's link", "the primary key itself"
OBJECT_ID, IN_TEXT = "a generic foreign key's object id", "pks inside text"
ALWAYS_BY_PK = frozenset((NO_KEY, CHILD, ITSELF, OBJECT_ID, IN_TEXT))
"""Reasons why a reference is never a natural key, in no dump."""


class Turn(NamedTuple):
    """A field whose references are turned into natural keys, or back."""

    name: str
    many: bool
    to: str
    """The model pointed at, which has the natural key."""
    place: Place
    """What the plain values are keys of."""
    paths: tuple[str, ...]


class Stays(NamedTuple):
    """References of a field that stay as they are."""

    model: str
    field: str
    to: str
    reason: str
    by: str = ""
    """The field of the other model that they hold, where that is not its primary key."""


class Plan:
    """The turns of each model of a fixture, what stays, and whose pks are left out."""

    def __init__(
        self,
        schema: Schema,
        labels: Iterable[str],
        to_models: list[Pattern],
        *,
        trust_guesses: bool = False,
        back: bool = False,
    ) -> None:
        self.schema = schema
        self.labels = list(labels)
        self.turns: dict[str, list[Turn]] = {}
        self.stays: list[Stays] = []
        self.unknown = [label for label in self.labels if not is_known(schema, label)]
        """Models of whose relations nothing is known."""
        self.unloadable: set[str] = set()
        """Models led to that have natural keys and no `get_by_natural_key`: loaddata cannot find their rows."""
        self._to_models = to_models
        self._trust = trust_guesses
        self.back = back
        for label in self.labels:
            self.turns[label] = self._turns(label)

    def natural(self, label: str) -> NaturalKey | str:
        """The natural key of a model, or why there is none to use."""
        model = self.schema.model(label)
        natural = model.natural_key if model else None
        if natural is None and model and model.proxy_for:
            concrete = self.schema.concrete(label)
            natural = concrete.natural_key if concrete else None
        if natural is None:
            return "its natural key is not known" if model else "not in the schema"
        if natural.status == "none":
            return NO_KEY
        if natural.status == "computed":
            return "its natural key is computed" + (f": {natural.reason}" if natural.reason else "")
        return GUESSED if natural.guess and not self._trust else natural

    def give_up(self, label: str, turn: Turn, reason: str) -> None:
        self.turns[label].remove(turn)
        self.stays.append(Stays(label, turn.name, turn.to, reason, turn.place.field))

    def _turns(self, label: str) -> list[Turn]:
        model = self.schema.concrete(label)
        if model is None:
            return []
        turns = []
        for name, relation in model.relations():
            if relation.kind == "m2m" and ignored_through(relation):
                continue
            if name in (model.pk or ()):
                reason = CHILD if relation.parent_link else ITSELF
                self.stays.append(Stays(label, name, relation.to, reason))
                if model.pk == (name,) and (self.back or not relation.parent_link):
                    continue  # in no record; but a parent link is in those that have no pk, and needed there
            wanted = self._wanted(relation)
            if isinstance(wanted, str):
                if name not in (model.pk or ()):
                    by = place_of(self.schema, relation).field
                    self.stays.append(Stays(label, name, relation.to, wanted, by))
                continue
            if wanted.lookup is False:
                self.unloadable.add(relation.to)
            many = relation.kind == "m2m"
            turns.append(Turn(name, many, relation.to, place_of(self.schema, relation), wanted.fields))
        for key in model.generic_keys or ():
            self.stays.append(Stays(label, key.object_id, "", OBJECT_ID))
        for name, field in model.fields.items():
            for to in field.holds_ids or ():
                self.stays.append(Stays(label, name, "" if to == "*" else to, IN_TEXT))
        return turns

    def _wanted(self, relation: Relation) -> NaturalKey | str:
        if relation.guess and not self._trust:
            return GUESSED
        natural = self.natural(relation.to)
        if isinstance(natural, str):
            return natural
        if self._to_models and not any_matches(self._to_models, relation.to):
            return "not asked for with --to-model"
        return natural

    def without_pk(
        self, primary: Primary, generic: Mapping[str, set[str]]
    ) -> tuple[dict[str, NaturalKey], dict[str, str]]:
        """The models whose pks are left out; and of those with natural keys that keep them, why.

        `generic` has for each model the models that its generic keys lead to; `{"*"}` where that is not known.
        """
        dropped: dict[str, NaturalKey] = {}
        kept: dict[str, str] = {}
        if primary == "keep":
            return dropped, kept
        by_pk = self._meant_by_pk(generic) if primary == "safe" else {}
        for label in self.labels:
            model = self.schema.concrete(label)
            natural = self.natural(label)
            if model is None or natural == NO_KEY or natural == "its natural key is not known":
                continue
            reason = natural if isinstance(natural, str) else self._keeps(model, natural, by_pk, primary)
            if isinstance(natural, str) or reason:
                kept[label] = reason
            else:
                dropped[label] = natural
        return dropped, kept

    def _keeps(self, model: Model, natural: NaturalKey, by_pk: dict[str, str], primary: Primary) -> str:
        if primary == "django":
            return ""
        if natural.lookup is not True:
            return "no get_by_natural_key is known, so loaddata would make new rows"
        pk = model.fields.get(model.pk[0]) if model.pk and len(model.pk) == 1 else None
        if model.parents:
            return "a multi-table child"
        if pk is not None and isinstance(pk.relation, Relation):
            return "its primary key is a relation"
        if pk is None or not pk.auto:
            return "its primary key is no number that the database counts"
        return by_pk.get(model.label) or by_pk.get("*", "")

    def _meant_by_pk(self, generic: Mapping[str, set[str]]) -> dict[str, str]:
        """The models that something refers to by pk, with what does; `*` for any."""
        found: dict[str, str] = {}
        for stays in self.stays:
            if stays.by:
                continue
            targets = generic.get(stays.model, {"*"}) if stays.reason == OBJECT_ID else {stays.to or "*"}
            for label in targets:
                model = self.schema.concrete(label)
                name = model.label if model else label
                found.setdefault(name, f"{stays.model}.{stays.field} refers to it by pk")
        for label in self.labels:
            model = self.schema.concrete(label)
            if model is None or "relations" not in model.complete:
                found.setdefault("*", f"not all is known of what {label} refers to")
            for link in links_of(self.schema, label):
                if link.kind == "parent":
                    found.setdefault(link.to.model, f"{label} is its multi-table child")
        return found

    def parent_link(self, label: str) -> tuple[str, Relation] | None:
        """The field that names a multi-table child's parent, which `--natural-primary` has to write, and where to."""
        model = self.schema.concrete(label)
        field = model.fields.get(model.pk[0]) if model and model.pk and len(model.pk) == 1 else None
        if model is None or field is None or not isinstance(field.relation, Relation):
            return None
        return ((model.pk or ("",))[0], field.relation) if field.relation.parent_link else None
