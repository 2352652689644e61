"""Print what a database of a Django project holds, as JSON; run by `compare` in a process of its own.

    python -m support.snapshot rows|identities [model or model.column to leave out]…

The answer maps each model's label to its rows, and each row's key to its columns. For `rows` the key is the primary key
and the columns are as stored. For `identities` a row is known by what it says instead of by its number: its primary
key where that means something, else a unique constraint, else all its columns; and each relation, generic ones too,
is the identity of the row it leads to: `["relation", label, identity]`. Nothing here is shared with fixtureflow.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import django
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

# (content type, object id) of models that have a generic relation without Django's field for it.
GENERIC = {
    "admin.logentry": [("content_type_id", "object_id")],
    "wagtailcore.referenceindex": [("content_type_id", "object_id"), ("to_content_type_id", "to_object_id")],
}


def main(kind: str, left_out: list[str]) -> None:
    django.setup()
    database = Database(set(left_out))
    rows = database.by_primary_key() if kind == "rows" else database.by_identity()
    json.dump(rows, sys.stdout)


class Database:
    def __init__(self, left_out: set[str]) -> None:
        self.left_out = left_out
        self.rows: dict[type[models.Model], dict[Any, dict[str, Any]]] = {}
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in left_out:
                self.rows[model] = read(model)
        self.indexes: dict[tuple[type[models.Model], str], dict[Any, Any]] = {}
        self.known: dict[tuple[type[models.Model], Any], Any] = {}

    def by_primary_key(self) -> dict[str, Any]:
        answer = {}
        for model, rows in self.rows.items():
            columns = [field.attname for field in columns_of(model) if not self.leaves_out(model, field)]
            answer[model._meta.label_lower] = {
                as_key(plain(pk)): {column: plain(row[column]) for column in columns} for pk, row in rows.items()
            }
        return answer

    def by_identity(self) -> dict[str, Any]:
        answer = {}
        for model, rows in self.rows.items():
            pairs = ((as_key(self.identity(model, pk)), self.contents(model, row)) for pk, row in rows.items())
            told = sorted(pairs, key=as_key)
            answer[model._meta.label_lower] = numbered(told)
        return answer

    def leaves_out(self, model: type[models.Model], field: models.Field) -> bool:
        label = model._meta.label_lower
        return f"{label}.{field.name}" in self.left_out or f"{label}.{field.attname}" in self.left_out

    def contents(self, model: type[models.Model], row: dict[str, Any], seen: tuple[Any, ...] = ()) -> dict[str, Any]:
        """The columns but for a number that means nothing, relations followed."""
        fields = (field for field in columns_of(model) if not isinstance(field, models.AutoField))
        told = (field for field in fields if not self.leaves_out(model, field))
        return {field.attname: self.column(model, row, field, seen) for field in told}

    def identity(self, model: type[models.Model], pk: Any, seen: tuple[Any, ...] = ()) -> Any:
        if (model, pk) in seen:
            return ["loop", model._meta.label_lower]
        if (model, pk) not in self.known:
            row, path = self.rows[model][pk], (*seen, (model, pk))
            key = next((k for k in self.keys(model) if all(row[field.attname] is not None for field in k)), None)
            if key is None:
                told: Any = self.contents(model, row, path)
            else:
                told = [self.column(model, row, field, path) for field in key]
            if seen:
                return told  # which may have been cut short by a loop
            self.known[model, pk] = told
        return self.known[model, pk]

    def keys(self, model: type[models.Model]) -> list[list[models.Field]]:
        """Those of which no field is left out."""
        return [key for key in keys(model) if not any(self.leaves_out(model, field) for field in key)]

    def column(self, model: type[models.Model], row: dict[str, Any], field: models.Field, seen: tuple[Any, ...]) -> Any:
        value = row[field.attname]
        followed = {object_id: content_type for content_type, object_id in generic_pairs(model)}
        if field.attname in followed and value is not None:
            return self.generic(row[followed[field.attname]], value, seen)
        return self.value(field, value, seen)

    def value(self, field: models.Field, value: Any, seen: tuple[Any, ...]) -> Any:
        if value is None or not field.is_relation:
            return plain(value)
        model = field.remote_field.model._meta.concrete_model
        return self.relation(model, field.target_field.attname, value, seen)

    def generic(self, content_type: Any, value: Any, seen: tuple[Any, ...]) -> Any:
        row = self.rows[apps.get_model("contenttypes.ContentType")].get(content_type)
        try:
            model = apps.get_model(row["app_label"], row["model"])._meta.concrete_model if row else None
            pk = model._meta.pk.to_python(value) if model else None
        except (LookupError, ValidationError):
            model = None
        return self.relation(model, model._meta.pk.attname, pk, seen) if model else ["nowhere", plain(value)]

    def relation(self, model: type[models.Model], column: str, value: Any, seen: tuple[Any, ...]) -> Any:
        if model not in self.rows:
            return ["relation", model._meta.label_lower, plain(value)]
        if (model, column) not in self.indexes:
            self.indexes[model, column] = {row[column]: pk for pk, row in self.rows[model].items()}
        pk = self.indexes[model, column].get(value)
        if pk is None:
            return ["nowhere", model._meta.label_lower, plain(value)]
        return ["relation", model._meta.label_lower, self.identity(model, pk, seen)]


def read(model: type[models.Model]) -> dict[Any, dict[str, Any]]:
    """All rows of a model's own table, by primary key; the rows of an automatic many-to-many by the pair."""
    columns = [field.attname for field in columns_of(model)]
    rows = {}
    for pk, *values in model._base_manager.values_list("pk", *columns).iterator():
        key = tuple(values) if model._meta.auto_created else tuple(pk) if isinstance(pk, list | tuple) else pk
        rows[key] = dict(zip(columns, values, strict=True))
    return rows


def columns_of(model: type[models.Model]) -> list[models.Field]:
    """The number of an automatic many-to-many row is in no dump."""
    fields = model._meta.local_concrete_fields
    return [field for field in fields if not (model._meta.auto_created and field.primary_key)]


def keys(model: type[models.Model]) -> list[list[models.Field]]:
    """The sets of fields by which a row may be known, the best first."""
    meta = model._meta
    found = [] if isinstance(meta.pk, models.AutoField) else [list(meta.pk_fields)]
    found += [[field] for field in meta.local_concrete_fields if field.unique and not field.primary_key]
    together = [*meta.unique_together]
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and not constraint.condition:
            together.append(constraint.fields)
    return found + [[meta.get_field(name) for name in names] for names in together]


def generic_pairs(model: type[models.Model]) -> list[tuple[str, str]]:
    found = [field for field in model._meta.private_fields if hasattr(field, "ct_field")]  # GenericForeignKey
    pairs = [(model._meta.get_field(field.ct_field).attname, field.fk_field) for field in found]
    return pairs + GENERIC.get(model._meta.label_lower, [])


def plain(value: Any) -> Any:
    """The value as JSON, the same from every database, at the precision of dumpdata: milliseconds."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return str(value)
        case float() | Decimal():
            return exact(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds")
        case time():
            return value.isoformat(timespec="milliseconds")
        case date() | UUID():
            return str(value)
        case timedelta():
            return f"{value.days} days {value.seconds} s {value.microseconds} µs"
        case bytes() | memoryview():
            return bytes(value).hex()
        case tuple():
            return [plain(part) for part in value]
        case dict() | list():
            return "json " + json.dumps(numbers_as_text(value), sort_keys=True)
    if hasattr(value, "get_prep_value"):  # the blocks of a Wagtail page
        return plain(value.get_prep_value())
    raise TypeError(f"{type(value)} is not known here")


def numbers_as_text(value: Any) -> Any:
    """PostgreSQL keeps a number in JSON as written in full, 1e300 becomes an integer."""
    match value:
        case dict():
            return {key: numbers_as_text(part) for key, part in value.items()}
        case list():
            return [numbers_as_text(part) for part in value]
        case bool():
            return value
        case int() | float():
            return [exact(value)]
    return value


def exact(number: float | Decimal) -> str:
    text = format(Decimal(repr(number) if isinstance(number, float) else number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def numbered(rows: list[tuple[str, Any]]) -> dict[str, Any]:
    """Rows by identity; rows that nothing tells apart are counted."""
    answer: dict[str, Any] = {}
    for key, row in rows:
        number, name = 1, key
        while name in answer:
            number += 1
            name = f"{key} #{number}"
        answer[name] = row
    return answer


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
