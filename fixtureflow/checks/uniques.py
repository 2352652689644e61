"""Unique constraints: the number that stands for a record's values in one."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from fixtureflow.checks.conditions import Condition, condition, expression
from fixtureflow.checks.forms import Form, Numbering, folded, form_of
from fixtureflow.checks.judge import Dialect
from fixtureflow.checks.logs import NONE, hashed
from fixtureflow.references.links import Place, field_of, natural_form
from fixtureflow.schema.model import FieldType, Model, Schema, Unique

__all__ = ["Constraint", "constraints", "constraints_of"]


class Constraint(msgspec.Struct, frozen=True):
    """One unique constraint of a model."""

    name: str
    """For a person: its fields, and the condition."""
    names: tuple[str, ...]
    """The fields that have to be known: those that are unique, then those of the condition."""
    forms: tuple[Form, ...]
    kinds: tuple[FieldType | None, ...]
    nulls_distinct: bool = True
    condition: Condition | None = None
    columns: dict[str, str] = {}
    """The names in the condition, as fields."""
    unread: str = ""
    """A condition that is not understood: then nobody knows which rows count."""

    def numbers(self, at: list[int]) -> Callable[[list[list[Any]]], array[int]]:
        """What numbers the records of a block, given in columns, of which `at` says which are those of `names`."""
        count = len(self.forms)
        if count == 1 and self.condition is None and self.nulls_distinct and self.kinds[0] is not None:
            one, single = at[0], Numbering(self.kinds[0]).of
            return lambda columns: single(columns[one])

        def number(row: tuple[Any, ...]) -> int:
            key = self.key(row)
            return NONE if key is None else hashed(key)

        return lambda columns: array("q", map(number, zip(*(columns[place] for place in at), strict=True)))

    def key(self, row: tuple[Any, ...]) -> tuple[Hashable, ...] | None:
        """The key of a record, whose values of `names` are `row`: records with the same one are too many.

        None for a record that the constraint does not count.
        """
        count = len(self.forms)
        if self.condition is not None and not self._counts(row[count:]):
            return None
        key: list[Hashable] = []
        for value, form in zip(row[:count], self.forms, strict=True):
            if value is None or value is UNSET:
                if self.nulls_distinct or value is UNSET:
                    return None
                key.append(None)
            elif type(value) is list:
                key.append(natural_form(value))
            elif isinstance(value, dict):
                return None
            else:
                key.append(form(value))
        return tuple(key)

    def _counts(self, values: tuple[Any, ...]) -> bool:
        assert self.condition is not None  # noqa: S101
        fields = dict(zip(self.names[len(self.forms) :], values, strict=True))
        row = {name: fields[field] for name, field in self.columns.items()}
        return UNSET not in row.values() and self.condition.holds(row) is True


def constraints(schema: Schema, model: Model, dialect: Dialect) -> list[Constraint]:
    """The unique constraints that can be checked, each once; guesses are none, they hold for the dump they are from."""
    stated = [unique for unique in model.uniques or () if unique.guess is None]
    alone = {unique.fields for unique in stated}
    for name, relation in model.relations():
        if relation.kind == "o2o" and model.pk != (name,) and (name,) not in alone and not relation.guess:
            stated.append(Unique(fields=(name,)))
    found = (constraint for unique in stated for constraint in constraints_of(schema, model, unique, dialect))
    return list({constraint.name: constraint for constraint in found}.values())


def constraints_of(schema: Schema, model: Model, unique: Unique, dialect: Dialect) -> Iterator[Constraint]:
    """What can be checked of one; nothing where its expressions or fields are not understood."""
    parts: list[tuple[str, Callable[[str], str] | None]] = [(name, None) for name in unique.fields]
    for text in unique.expressions:
        part = expression(text)
        field = part and _field(model, part.name)
        if part is None or field is None:
            return
        parts.append((field, part.change))
    if not parts or not all(name in model.fields or (name,) == model.pk for name, _ in parts):
        return
    fields = [field_of(schema, Place(model.label, name)) for name, _ in parts]
    kinds = [field.type if field else None for field in fields]
    forms = [
        _form(kind, change, dialect.folds(model.table or "", _column(model, name)))
        for kind, (name, change) in zip(kinds, parts, strict=True)
    ]
    name = ", ".join(f"{_word(change)}({name})" if change else name for name, change in parts)
    plain = all(form is form_of(kind) for form, kind in zip(forms, kinds, strict=True))
    name += f" where {unique.condition}" if unique.condition else ""
    names = tuple(name for name, _ in parts)
    shape = Constraint(
        name, names, tuple(forms), tuple(kinds) if plain else (None,) * len(kinds), unique.nulls_distinct
    )
    if not unique.condition:
        yield shape
        return
    when = condition(unique.condition)
    columns = {each: _field(model, each) for each in when.names} if when else {}
    if when is None or None in columns.values():
        yield msgspec.structs.replace(shape, unread=unique.condition)
        return
    needed = {each: field for each, field in columns.items() if field is not None}
    yield msgspec.structs.replace(
        shape, names=(*names, *dict.fromkeys(needed.values())), condition=when, columns=needed
    )


def _field(model: Model, name: str) -> str | None:
    """The field of that name, or of the column of that name."""
    if name in model.fields:
        return name
    return next((field for field, facts in model.fields.items() if facts.column == name), None)


def _column(model: Model, name: str) -> str:
    field = model.fields.get(name)
    return (field.column if field else None) or name


def _form(kind: FieldType | None, change: Callable[[str], str] | None, folds: bool) -> Form:
    form = form_of(kind)
    if kind != "text" or (change is None and not folds):
        return form

    def changed(value: Any) -> Any:
        text = str(value)
        text = change(text) if change else text
        return folded(text) if folds else text

    return changed


def _word(change: Callable[[str], str]) -> str:
    return change.__name__
