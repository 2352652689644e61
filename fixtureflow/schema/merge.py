"""Several sources of schema made one, each fact taken from the source that knows it best.

Who wins depends on the fact. Names, relations, natural keys and generic keys: the user's file, the project, the
database, presets, inference. Columns, lengths, nullability and constraints: the same with the database before the
project. A guess comes last wherever it stands, also in a file. Of two sources of a kind the later wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, Literal, TypeAlias

import msgspec

from fixtureflow.schema.align import aligned
from fixtureflow.schema.diff import Difference, compare
from fixtureflow.schema.model import TYPE_FACTS, Aspect, Field, Model, Noun, Relation, Schema, canonical

__all__ = ["Kind", "Merged", "Source", "merge"]

Kind: TypeAlias = Literal["file", "project", "database", "preset", "inferred"]

_BY_NAME: tuple[Kind, ...] = ("file", "project", "database", "preset", "inferred")
_BY_COLUMN: tuple[Kind, ...] = ("file", "database", "project", "preset", "inferred")
_AUTHORITATIVE = ("file", "project", "database")

# The facts that the database knows better than the project; of all others the project speaks first.
_DATABASE_FIRST = {
    *("column", "null", "max_length", "minimum", "maximum", "digits", "decimals", "generated"),
    *("uniques", "sequence", "constraint", "deferrable"),
}
_FIELD_FACTS = tuple(fact for fact in Field.__struct_fields__ if fact not in ("relation", "type_guessed"))
_MODEL_FACTS = tuple(fact for fact in Model.__struct_fields__ if fact not in ("label", "fields", "complete"))
_RELATION_FACTS = tuple(fact for fact in Relation.__struct_fields__ if fact not in ("kind", "to", "guess"))


class Source(msgspec.Struct, frozen=True):
    """A schema and where it is from; `name` is what a person calls it: `preset auth`, `file schema.toml`."""

    kind: Kind
    name: str
    schema: Schema


class Merged(msgspec.Struct, frozen=True):
    """A schema, and the sources it was made of."""

    schema: Schema
    sources: tuple[Source, ...]

    def explain(self, label: str) -> list[str]:
        """Each fact of a model with its source, a line each; what other sources say, where they say otherwise."""
        model = self.schema.model(label)
        if model is None:
            return [f"{label}: no source knows this model"]
        said = _said(model.label, self.sources, self.schema.settings)
        lines = [model.label]
        for fact in _MODEL_FACTS:
            lines += _line(fact, fact, said, model)
        for name, field in model.fields.items():
            ones = [(source, m.fields[name]) for source, m in said if name in m.fields]
            for fact in (fact for fact in Field.__struct_fields__ if fact != "type_guessed"):
                lines += _line(f"{name}.{fact}", fact, ones, field)
        return lines

    def drift(self) -> list[Difference]:
        """What the sources that should know (file, project, database) disagree on, two by two.

        A constraint that the database cannot hold is no disagreement.
        """
        known = [source for source in self.sources if source.kind in _AUTHORITATIVE]
        return [
            difference
            for here, there in combinations(known, 2)
            for difference in compare(here.schema, there.schema, names=(here.name, there.name))
            if not difference.why
        ]


def merge(sources: Iterable[Source]) -> Merged:
    """One schema of all sources, given in any order. Give only presets of apps that are there: all of each is kept."""
    sources = tuple(sources)
    ranked = _ranked(sources, _BY_NAME)
    settings: dict[str, str] = {}
    for source in reversed(ranked):
        settings |= {name: canonical(label) for name, label in source.schema.settings.items()}
    by_label: dict[str, list[tuple[Kind, Model]]] = {}
    for source in ranked:
        for label, model in source.schema.models.items():
            by_label.setdefault(label, []).append((source.kind, model))
    models = {
        label: _model(_aligned(said), settings) for label, said in by_label.items() if not _swapped(said, settings)
    }
    about = "; ".join(dict.fromkeys(s.schema.about for s in ranked if s.schema.about))
    use_tz = next((s.schema.use_tz for s in ranked if s.schema.use_tz is not None), None)
    return Merged(Schema(about=about, settings=settings, use_tz=use_tz, models=models), sources)


def _ranked(sources: Sequence[Source], order: tuple[Kind, ...]) -> list[Source]:
    later_first = list(reversed(sources))
    return sorted(later_first, key=lambda source: order.index(source.kind))


def _swapped(said: list[tuple[Kind, Model]], settings: dict[str, str]) -> bool:
    """Is this a model that only presets know, and that the project has put another in the place of?"""
    return all(
        kind == "preset" and model.swappable and settings.get(model.swappable, model.label) != model.label
        for kind, model in said
    )


def _aligned(said: list[tuple[Kind, Model]]) -> list[tuple[Kind, Model]]:
    """Lower sources' fields by the names of the higher ones'; a database's, which are columns, by those of all."""
    if len(said) == 1:
        return said
    fields: dict[str, Field] = {}
    result = list(said)
    for at in sorted(range(len(said)), key=lambda at: said[at][0] == "database"):
        kind, model = said[at]
        same = aligned(model, fields) if fields else model
        result[at] = (kind, same)
        fields = same.fields | fields
    return result


def _model(said: list[tuple[Kind, Model]], settings: dict[str, str]) -> Model:
    """One model of what sources say of it, given best first by name."""
    models = [model for _, model in said]
    if len(models) == 1:
        fields = {name: _follow(field, settings) for name, field in models[0].fields.items()} if settings else None
        return models[0] if fields is None else msgspec.structs.replace(models[0], fields=fields)
    columns = [model for _, model in sorted(said, key=lambda pair: _BY_COLUMN.index(pair[0]))]
    fields = {
        name: _follow(_field(name, models, columns), settings) if settings else _field(name, models, columns)
        for name in _names(models)
    }
    facts = {fact: _best(fact, columns if fact in _DATABASE_FIRST else models) for fact in _MODEL_FACTS}
    complete = tuple(a for a in _ASPECTS if any(a in model.complete for model in models))
    return Model(label=models[0].label, fields=fields, complete=complete, **facts)


_ASPECTS: tuple[Aspect, ...] = ("fields", "relations")


def _names(models: list[Model]) -> dict[str, None]:
    """The fields there are: all that the best source to know all of them names, and what better ones add.

    They stand in the order of the source that names most, so that a file with one word in it moves no field.
    """
    names: dict[str, None] = {}
    closed: set[str] = set()
    for model in models:
        for name, field in model.fields.items():
            many = isinstance(field.relation, Relation) and field.relation.kind == "m2m"
            if ("relations" if many else "fields") not in closed:
                names[name] = None
        closed.update(model.complete)
    fullest = max(models, key=lambda model: sum(name in names for name in model.fields))
    return dict.fromkeys([*(name for name in fullest.fields if name in names), *names])


def _field(name: str, models: list[Model], columns: list[Model]) -> Field:
    named = [model.fields[name] for model in models if name in model.fields]
    relation = _relation(name, models, columns)
    if len(named) == 1:
        one = named[0]
        return one if one.relation is relation else msgspec.structs.replace(one, relation=relation)
    stored = [model.fields[name] for model in columns if name in model.fields]
    facts = {fact: _best(fact, stored if fact in _DATABASE_FIRST else named) for fact in _FIELD_FACTS}
    if any(field.type_guessed for field in named):
        facts |= _types(named, stored)
    return Field(relation=relation, **facts)


def _types(named: list[Field], stored: list[Field]) -> dict[str, Any]:
    """The facts of the type where some only guess it: these stand behind those that anybody states."""
    typed = sorted((field for field in named if field.type), key=lambda field: bool(field.type_guessed))
    decimals = sorted(stored, key=lambda field: bool(field.type_guessed))
    guessed = True if typed and typed[0].type_guessed else None
    return {"type": _best("type", typed), "decimals": _best("decimals", decimals), "type_guessed": guessed}


def _relation(name: str, models: list[Model], columns: list[Model]) -> Relation | Literal["none"] | None:
    """Where a field points; the search ends at a source that knows all relations of the model."""
    guess: Relation | None = None
    for model in models:
        field = model.fields.get(name)
        found = field.relation if field else None
        if found is None:
            if "relations" in model.complete:
                return "none" if any(name in m.fields and m.fields[name].relation for m in models) else None
        elif isinstance(found, Relation) and found.guess:
            guess = guess or found
        elif found == "none":
            return found
        else:
            return _filled(found, name, columns)
    return guess


def _filled(relation: Relation, name: str, columns: list[Model]) -> Relation:
    """`relation` with what it leaves open taken from sources that mean the same relation."""
    said = [m.fields[name].relation for m in columns if name in m.fields]
    same = [
        r for r in said if isinstance(r, Relation) and not r.guess and (r.kind, r.to) == (relation.kind, relation.to)
    ]
    if all(other == relation for other in same):
        return relation
    facts = {fact: _best(fact, same if fact in _DATABASE_FIRST else [relation, *same]) for fact in _RELATION_FACTS}
    return Relation(kind=relation.kind, to=relation.to, **facts)


def _best(fact: str, said: Sequence[Noun]) -> Any:
    """The first value that is known, and a guess only if there is nothing else."""
    guess = None
    for noun in said:
        value = getattr(noun, fact)
        if value is not None:
            if not _is_guess(value):
                return value
            guess = value if guess is None else guess
    return guess


def _is_guess(value: object) -> bool:
    parts = value if type(value) is tuple else (value,)
    return bool(parts) and all(getattr(part, "guess", None) is not None for part in parts)


def _follow(field: Field, settings: dict[str, str]) -> Field:
    """`field` pointing at the model that the project has chosen, where it points at one that can be swapped."""
    relation = field.relation
    if isinstance(relation, Relation) and relation.swappable in settings:
        to = settings[relation.swappable]
        return msgspec.structs.replace(field, relation=msgspec.structs.replace(relation, to=to))
    return field


def _said(label: str, sources: Sequence[Source], settings: dict[str, str]) -> list[tuple[Source, Model]]:
    """What each source says of a model, under the names and settings of the merged schema, best first by name."""
    having = [source for source in _ranked(sources, _BY_NAME) if label in source.schema.models]
    models = _aligned([(source.kind, source.schema.models[label]) for source in having])
    return [
        (source, msgspec.structs.replace(m, fields={n: _follow(f, settings) for n, f in m.fields.items()}))
        for source, (_, m) in zip(having, models, strict=True)
    ]


def _line(title: str, fact: str, said: Sequence[tuple[Source, Noun]], merged: Noun) -> list[str]:
    """`title = value  (source; other says other value)`, or nothing where the fact is not known."""
    value = getattr(merged, fact)
    if value is None:
        return []
    order = _BY_COLUMN if fact in _DATABASE_FIRST else _BY_NAME
    known = [(s, getattr(n, fact), _guesses_type(n, fact)) for s, n in said if getattr(n, fact) is not None]
    known.sort(key=lambda one: (one[2], order.index(one[0].kind)))
    first = next((f"{s.name}{_A_GUESS[guess]}" for s, v, guess in known if _alike(v, value)), None)
    notes = [first or "follows from " + ", ".join(s.name for s, _ in said)]
    notes += [f"{s.name} says {_words(v)}{_A_GUESS[guess]}" for s, v, guess in known if not _alike(v, value)]
    return [f"  {title} = {_words(value)}  ({'; '.join(notes)})"]


_A_GUESS = {True: ", a guess", False: ""}


def _guesses_type(noun: Noun, fact: str) -> bool:
    return fact in TYPE_FACTS and isinstance(noun, Field) and bool(noun.type_guessed)


def _alike(one: object, other: object) -> bool:
    """Equal in all that both tell; of relations, pointing at the same."""
    if isinstance(one, Relation) and isinstance(other, Relation):
        return (one.kind, one.to, one.guess is None) == (other.kind, other.to, other.guess is None)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, Noun) and isinstance(other, Noun):
        pairs = ((getattr(one, fact), getattr(other, fact)) for fact in one.__struct_fields__)
        return all(here is None or there is None or _alike(here, there) for here, there in pairs)
    return one == other


def _words(value: object) -> str:
    if isinstance(value, Relation):
        guess = f", a guess: {value.guess.evidence or value.guess.confidence}" if value.guess else ""
        by = f" by {value.to_field}" if value.to_field else ""
        through = f" through {value.through}" if value.through and not value.auto_through else ""
        return f"{value.kind} to {value.to}{by}{through}{guess}"
    return msgspec.json.encode(value).decode()
