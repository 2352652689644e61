"""Where two schemas disagree: schema drift between a project, a database, a dump and a file.

Only what both sides know is compared: a field is missing from a model only if that side lists all fields of it, so
neither a partial file nor an inherited field of a multi-table child is ever reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from fixtureflow.errors import one_line
from fixtureflow.schema.align import aligned
from fixtureflow.schema.limits import why_not_held
from fixtureflow.schema.model import TYPE_FACTS, Field, Model, Relation, Schema, Unique

__all__ = ["Difference", "compare"]

_FIELD_FACTS = ("column", "type", "null", "max_length", "minimum", "maximum", "digits", "decimals", "generated")
_MODEL_FACTS = ("table", "pk", "natural_key", "generic_keys", "parents", "managed")

# Types that some database has no column type of its own for, and what it has instead (django/db/backends/*/base.py).
_STORED_AS = {
    "uuid": {"text"},
    "json": {"text"},
    "ip": {"text"},
    "duration": {"integer", "other"},
    "boolean": {"integer"},
    "decimal": {"float", "integer"},
    "datetime": {"text"},
    "array": {"text", "json"},
    "geometry": {"text", "binary", "other"},
    "range": {"other"},
    "other": {"text", "integer", "float", "binary", "json"},
}

# MySQL has unsigned columns for positive fields, which reach further than Django lets them.
_UNSIGNED = [{2**bits - 1, 2 ** (bits + 1) - 1} for bits in (15, 31, 63)]


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that two schemas disagree on. `str()` is a line for a person."""

    kind: Literal["only", "changed", "renamed"]
    """`only`: one side has it; `renamed`: likely the same thing under two names."""
    label: str
    field: str = ""
    fact: str
    """What it is: `model`, `table`, `field`, `unique`, or a fact as a schema file names it."""
    here: Any = None
    there: Any = None
    names: tuple[str, str] = ("here", "there")
    why: str = ""
    """Why it cannot be otherwise: a database that has no such constraints."""

    def __str__(self) -> str:
        where = f"{self.label}.{self.field}" if self.field else self.label
        here, there = self.names
        if self.kind == "renamed":
            sentence = f"{self.fact} likely renamed: {self.here} in {here}, {self.there} in {there}"
        elif self.kind == "only":
            side = here if self.there is None else there
            value = self.here if self.there is None else self.there
            what = f"{self.fact} {value}" if self.fact in ("table", "unique") else self.fact
            sentence = f"{what} only in {side}" + (f": {self.why}" if self.why else "")
        else:
            sentence = f"{self.fact} is {_words(self.here)} in {here}, {_words(self.there)} in {there}"
        return one_line(f"{where}: {sentence}")


def compare(here: Schema, there: Schema, *, names: tuple[str, str] = ("here", "there")) -> list[Difference]:
    """What `here` and `there` disagree on, by label; `names` is what a person calls the two."""
    renamed = dict(_renamed_models(here, there))
    found = []
    for label in sorted(here.models.keys() | (there.models.keys() - set(renamed.values()))):
        mine, theirs = here.models.get(label), there.models.get(renamed.get(label, label))
        if mine is not None and theirs is not None:
            if label in renamed:
                found.append(Difference(kind="renamed", label=label, fact="model", here=label, there=renamed[label]))
            found += _model(mine, theirs, here, there)
        elif mine is not None:
            found += _missing(mine, here, there)
        elif theirs is not None:
            found += [msgspec.structs.replace(d, here=None, there=d.here) for d in _missing(theirs, there, here)]
    return [msgspec.structs.replace(difference, names=names) for difference in found]


def _missing(model: Model, having: Schema, lacking: Schema) -> Iterator[Difference]:
    """A model, and so its table, that one side lacks; proxies and Django's own M2M models have no row to miss."""
    through = {
        relation.through
        for schema in (having, lacking)
        for other in schema.models.values()
        for _, relation in other.relations()
        if relation.kind == "m2m" and relation.auto_through is not False
    }
    if not model.proxy_for and model.label not in through and model.managed is not False:
        fact = "table" if model.table else "model"
        yield Difference(kind="only", label=model.label, fact=fact, here=model.table or model.label)


def _renamed_models(here: Schema, there: Schema) -> Iterator[tuple[str, str]]:
    """Pairs of labels that only one side each has, for the same table."""
    lone = {
        model.table: label
        for label, model in there.models.items()
        if label not in here.models and model.table and not model.proxy_for
    }
    for label, model in here.models.items():
        if label not in there.models and model.table in lone and not model.proxy_for:
            yield label, lone[model.table]


def _model(mine: Model, theirs: Model, here: Schema, there: Schema) -> Iterator[Difference]:
    theirs = aligned(theirs, mine.fields)
    label = mine.label
    for fact in _MODEL_FACTS:
        one, other = getattr(mine, fact), getattr(theirs, fact)
        if one is not None and other is not None and not _same_fact(fact, one, other):
            yield Difference(kind="changed", label=label, fact=fact, here=one, there=other)
    only_here = [n for n in mine.fields if n not in theirs.fields and _must_have(n, mine, theirs, here, there)]
    only_there = [n for n in theirs.fields if n not in mine.fields and _must_have(n, theirs, mine, there, here)]
    for old, new in _renamed_fields(only_here, only_there, mine, theirs):
        only_here.remove(old)
        only_there.remove(new)
        yield Difference(kind="renamed", label=label, field=old, fact="field", here=old, there=new)
        yield from _field(label, old, mine.fields[old], theirs.fields[new], (mine, theirs), (here, there))
    for name in only_here:
        yield Difference(kind="only", label=label, field=name, fact="field", here=name)
    for name in only_there:
        yield Difference(kind="only", label=label, field=name, fact="field", there=name)
    for name, field in mine.fields.items():
        if name in theirs.fields:
            yield from _field(label, name, field, theirs.fields[name], (mine, theirs), (here, there))
    yield from _uniques(mine, theirs, (here.about, there.about))


def _must_have(name: str, having: Model, lacking: Model, has: Schema, lacks: Schema) -> bool:
    """Would the side that lacks the field list it if it were there?"""
    field = having.fields[name]
    relation = field.relation if isinstance(field.relation, Relation) else None
    if (relation and relation.parent_link) or name in (having.pk or ()):
        return False
    if any(name in m.fields for s in (has, lacks) for m in s.ancestors(having.label)):
        return False
    return ("relations" if relation and relation.kind == "m2m" else "fields") in lacking.complete


def _renamed_fields(only_here: list[str], only_there: list[str], mine: Model, theirs: Model) -> list[tuple[str, str]]:
    """Pairs of fields that are likely one: a similar name, or the same type at the same place."""
    mine_at, theirs_at = list(mine.fields), list(theirs.fields)
    scored = []
    for old in only_here:
        for new in only_there:
            one, other = (None if f.type_guessed else f.type for f in (mine.fields[old], theirs.fields[new]))
            if one and other and not _same_type(one, other):
                continue
            ratio = SequenceMatcher(None, old, new).ratio()
            placed = one is not None and one == other and mine_at.index(old) == theirs_at.index(new)
            if ratio >= 0.6 or placed:
                scored.append((ratio + placed, old, new))
    pairs: dict[str, str] = {}
    for _, old, new in sorted(scored, reverse=True):
        if old not in pairs and new not in pairs.values():
            pairs[old] = new
    return list(pairs.items())


def _field(
    label: str, name: str, mine: Field, theirs: Field, models: tuple[Model, Model], schemas: tuple[Schema, Schema]
) -> Iterator[Difference]:
    same_type = mine.type == theirs.type
    for fact in _FIELD_FACTS:
        one, other = getattr(mine, fact), getattr(theirs, fact)
        if one is None or other is None or one == other or (fact == "type" and _same_type(one, other)):
            continue
        if fact in TYPE_FACTS and (mine.type_guessed or theirs.type_guessed):
            continue
        if fact in ("minimum", "maximum") and (mine.auto or theirs.auto or {one, other} in _UNSIGNED):
            continue
        if same_type or fact in ("column", "type", "null", "generated"):
            yield Difference(kind="changed", label=label, field=name, fact=fact, here=one, there=other)
    sides = [_points(f, m, schemas) for f, m in zip((mine, theirs), models, strict=True)]
    # A unique foreign key and a one-to-one field are the same columns; `_uniques` tells of the uniqueness.
    if None not in sides and len({side.replace("o2o to ", "fk to ") for side in sides if side}) > 1:
        yield Difference(kind="changed", label=label, field=name, fact="relation", here=sides[0], there=sides[1])


def _points(field: Field, model: Model, schemas: tuple[Schema, Schema]) -> str | None:
    """A relation in words that can be compared, proxies followed; None where it is not known or a guess."""
    relation = field.relation
    if isinstance(relation, Relation):
        if relation.guess:
            return None
        # A database has no proxies, and the project names what a many-to-many table of a database leads to.
        to = next((found for schema in schemas if (found := schema.concrete(relation.to))), None)
        label = to.label if to else relation.to
        by = relation.to_field if relation.to_field and to and (relation.to_field,) != to.pk else ""
        return f"{relation.kind} to {label}" + (f" by {by}" if by else "")
    return "none" if relation == "none" or "relations" in model.complete else None


def _same_type(one: str, other: str) -> bool:
    return one == other or other in _STORED_AS.get(one, ()) or one in _STORED_AS.get(other, ())


def _same_fact(fact: str, one: Any, other: Any) -> bool:
    if fact == "natural_key":
        return bool(one.guess or other.guess or (one.status, one.fields) == (other.status, other.fields))
    if fact == "generic_keys":
        if any(keys and all(key.guess for key in keys) for keys in (one, other)):
            return True
        pairs = [{(key.content_type, key.object_id) for key in keys if not key.guess} for keys in (one, other)]
        return pairs[0] == pairs[1]
    return bool(one == other)


def _uniques(mine: Model, theirs: Model, about: tuple[str, str]) -> Iterator[Difference]:
    """`about` is what the two schemas are about: of a database its name and version."""
    if mine.uniques is None or theirs.uniques is None:
        return
    one, other = _by_key(mine), _by_key(theirs)
    for key in sorted(one.keys() - other.keys()):
        yield Difference(kind="only", label=mine.label, fact="unique", here=key, why=why_not_held(one[key], about[1]))
    for key in sorted(other.keys() - one.keys()):
        yield Difference(
            kind="only", label=mine.label, fact="unique", there=key, why=why_not_held(other[key], about[0])
        )
    for key in sorted(one.keys() & other.keys()):
        if one[key].nulls_distinct != other[key].nulls_distinct:
            here, there = one[key].nulls_distinct, other[key].nulls_distinct
            yield Difference(kind="changed", label=mine.label, fact=f"nulls_distinct of {key}", here=here, there=there)


def _by_key(model: Model) -> dict[str, Unique]:
    """Stated constraints by what can be compared: SQL and Django word conditions and expressions differently."""
    stated = [unique for unique in model.uniques or () if not unique.guess]
    stated += [Unique(fields=(name,)) for name, relation in model.relations() if relation.kind == "o2o"]
    keyed: dict[str, Unique] = {}
    for unique in stated:
        if unique.expressions or set(unique.fields) != set(model.pk or ()):
            key = (
                f"on {unique.name or 'expressions'}" if unique.expressions else f"({', '.join(sorted(unique.fields))})"
            )
            keyed.setdefault(key + (" with a condition" if unique.condition else ""), unique)
    return keyed


def _words(value: object) -> str:
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
