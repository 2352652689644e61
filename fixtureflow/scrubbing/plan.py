"""What is scrubbed in the records of each model: fields by rule, and references to what is scrubbed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fixtureflow.edit import children
from fixtureflow.errors import UsageError
from fixtureflow.references.links import Link, Place, links_of, place_of
from fixtureflow.references.naturals import natural_paths
from fixtureflow.schema.model import Field, FieldType, Model, Relation, Schema
from fixtureflow.scrubbing.rules import EMPTY, FIXED, KEEP, NULL, Rule, RuleSet
from fixtureflow.scrubbing.scrubber import Scrubber

__all__ = ["Plan", "generic_turn"]

Turn = Callable[[bytes], bytes]
"""From the JSON text of a value to the new one."""
USER = "auth.user"


class Plan:
    """Turns by model and field, each worked out when it is first asked for."""

    def __init__(self, schema: Schema, rules: RuleSet, key: bytes, *, trust_guesses: bool) -> None:
        self._schema = schema
        self._rules = rules
        self._key = key
        self._trust = trust_guesses
        self._scrubbers: dict[tuple[str, str], Scrubber | None] = {}
        self._links: dict[str, dict[str, Link]] = {}
        self._turns: dict[tuple[str, str], Turn | None] = {}
        self._users = {USER, schema.settings.get("AUTH_USER_MODEL", USER)}
        self.unread: set[tuple[str, str]] = set()
        """References by natural keys of which nobody knows whether anything in them is scrubbed."""

    def turn(self, label: str, field: str) -> Turn | None:
        """What makes the new text of a field's values, if any changes; of a generic key see `generic`."""
        if (label, field) not in self._turns:
            link = self.links(label).get(field)
            found = self._following(link) if link and link.kind != "generic" else None
            own = self.scrubber(label, field)
            self._turns[label, field] = own.text if own else found
        return self._turns[label, field]

    def pk(self, label: str) -> Turn | None:
        """What makes the new text of the model's primary keys."""
        found = self.at(Place(label, ""))
        return found.text if found else None

    def at_pk(self, label: str) -> str:
        """What the primary key of the model is called."""
        model = self._schema.concrete(label)
        return ", ".join((model.pk if model else None) or ("pk",))

    def is_covered(self, label: str, field: str) -> bool:
        """Does a rule name the field, be it to keep it, or does it follow what it refers to?"""
        return self._rule(label, field) is not None or field in self.links(label)

    def links(self, label: str) -> dict[str, Link]:
        """The references of a model, by field."""
        if label not in self._links:
            found = links_of(self._schema, label)
            self._links[label] = {link.field: link for link in found if self._trust or not link.guess}
        return self._links[label]

    def generic(self, label: str) -> list[Link]:
        return [link for link in self.links(label).values() if link.kind == "generic"]

    def at(self, place: Place) -> Scrubber | None:
        """The scrubber of the values that are keys of a place."""
        model, name = self._schema.concrete(place.model), place.field
        for _ in range(20):
            if model is None:
                return self.scrubber(place.model, name or "pk")
            if not name and not model.pk and model.parents:
                model = self._schema.concrete(model.parents[0])
                continue
            if not name and len(model.pk or ()) > 1:
                return None
            name = name or (model.pk or ("pk",))[0]
            field = model.fields.get(name)
            if field is None or not isinstance(field.relation, Relation):
                return self.scrubber(model.label, name)
            model, name = self._schema.concrete(field.relation.to), field.relation.to_field or ""
        return None

    def scrubber(self, label: str, field: str) -> Scrubber | None:
        """The scrubber of a field that a rule names."""
        model = self._schema.concrete(label)
        key = (model.label if model else label, field)
        if key not in self._scrubbers:
            rule = self._rule(label, field)
            if rule and rule.kind == KEEP:
                rule.hits += 1
            wanted = rule is not None and rule.kind != KEEP
            self._scrubbers[key] = self._made(model, rule, Place(*key)) if rule and wanted else None
        return self._scrubbers[key]

    def _rule(self, label: str, field: str) -> Rule | None:
        model = self._schema.concrete(label)
        is_pk = field == "pk" or (model is not None and model.pk == (field,))
        labels = dict.fromkeys([model.label if model else label, label])
        if not self._users.isdisjoint(labels):  # the user model that a project has chosen
            labels[USER] = None
        for name in dict.fromkeys(["pk", field]) if is_pk else [field]:
            for each in labels:
                if found := self._rules.of(each, name, by_name=is_pk):
                    return found
        return None

    def _made(self, model: Model | None, rule: Rule, place: Place) -> Scrubber | None:
        """The scrubber; None where a glob has met a field that is none of its kind. Raises `UsageError`."""
        name = f"{place.model}.{place.field}"
        facts = (model.fields.get(place.field) if model else None) or Field()
        fault, advice = "", ""
        if isinstance(facts.relation, Relation):
            fault, advice = "is a reference", f"name the field of {facts.relation.to} that it leads to"
        elif facts.type and not facts.type_guessed and not _may_hold(facts.type, rule.kind):
            fault, advice = f"is no text but {facts.type}", "take the kind null, or keep"
        if fault and not rule.names_one:
            return None
        is_pk = (model is not None and model.pk == (place.field,)) or place.field == "pk"
        uniques = [unique.fields for unique in (model.uniques if model else None) or () if not unique.guess]
        alone = is_pk or (place.field,) in uniques
        if not fault and (rule.kind == EMPTY or rule.kind.startswith(FIXED) or (rule.kind == NULL and is_pk)) and alone:
            fault, advice = "is unique", "take a kind of pseudonym"
        elif not fault and rule.kind == NULL and facts.null is False:
            fault, advice = "may not be null", "take the kind empty"
        if fault:
            raise UsageError(f"{rule}: {name} {fault}", advice=advice)
        kind = "uuid" if facts.type == "uuid" and rule.kind == "token" else rule.kind
        unique = alone or any(place.field in fields for fields in uniques)
        array = facts.type == "array"
        return Scrubber(self._key, rule, place, kind, facts.max_length or 0, unique=unique, array=array)

    def _following(self, link: Link) -> Turn | None:
        """What makes the new text of a reference: by key, by natural key, or a list of these."""
        direct, natural = self.at(link.to), self._natural(link.to.model)
        unread = not natural_paths(self._schema, link.to.model) and self._any(link.to.model)
        if not (direct or natural or unread):
            return None

        def one(text: bytes) -> bytes:
            if text[:1] == b"[":
                if unread:
                    self.unread.add((link.model, link.field))
                return natural(text) if natural else text
            return direct.text(text) if direct else text

        return _each(one) if link.many else one

    def _any(self, label: str) -> bool:
        """Is any field of the model scrubbed?"""
        model = self._schema.concrete(label)
        names = list(model.fields) if model else []
        named = any(rule.kind != KEEP and rule.pattern.matches_model(label) for rule in self._rules.all)
        return named or any(self.scrubber(label, name) for name in names if not _is_relation(model, name))

    def _natural(self, label: str) -> Turn | None:
        """What makes the new text of a natural key of the model."""
        found = [self._part(label, path) for path in natural_paths(self._schema, label)]
        if not any(found):
            return None

        def turn(text: bytes) -> bytes:
            out: list[bytes] = []
            done = 0
            spans = list(children(text))
            for (_, start, end), scrubber in zip(spans, found, strict=len(spans) == len(found)):
                if scrubber is not None:
                    out += text[done:start], scrubber.text(text[start:end])
                    done = end
            return b"".join(out) + text[done:]

        return turn

    def _part(self, label: str, path: str) -> Scrubber | None:
        """The scrubber of what a lookup ends at."""
        name, _, rest = path.partition("__")
        owner = self._schema.owner(label, name)
        if owner is None:
            return self.scrubber(label, name) if not rest else None
        relation = owner.fields[name].relation
        if isinstance(relation, Relation):
            return self._part(relation.to, rest) if rest and rest != "pk" else self.at(place_of(self._schema, relation))
        return self.scrubber(owner.label, name)


_TEXTUAL = ("text", "json", "array", "other")


def _may_hold(type_: FieldType, kind: str) -> bool:
    """May a column of the type hold what the kind makes?"""
    if kind == NULL or type_ in _TEXTUAL:
        return True
    return kind in {"uuid": ("uuid", "token"), "ip": ("ip",), "integer": ("phone", "token", "username")}.get(type_, ())


def _is_relation(model: Model | None, name: str) -> bool:
    return model is not None and isinstance(model.fields[name].relation, Relation)


def _each(one: Turn) -> Turn:
    """The same for each item of a list."""

    def turn(text: bytes) -> bytes:
        if text[:1] != b"[":
            return text
        out: list[bytes] = []
        done = 0
        for _, start, end in children(text):
            out += text[done:start], one(text[start:end])
            done = end
        return b"".join(out) + text[done:]

    return turn


def generic_turn(plan: Plan, model_of: Callable[[Any], str], kind: bytes, text: bytes) -> bytes:
    """The new text of a generic key's object id, by its content type."""
    label = model_of(json.loads(kind)) if kind else ""
    found = plan.at(Place(label, "")) if label else None
    return found.text(text) if found else text
