"""Print what Django's own `_meta` says of a project's tables, as JSON; run in a process of its own.

    python -m support.meta

Tables of automatic many-to-many fields stand with the field. Constraints that the database in use cannot hold are left
out, as `migrate` leaves them out. Nothing here is shared with fixtureflow.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import django
from django.apps import apps
from django.db import connection, models


def main() -> None:
    django.setup()
    found = [model for model in apps.get_models() if not model._meta.proxy]
    json.dump({model._meta.label_lower: table(model._meta) for model in found}, sys.stdout)


def table(meta: Any) -> dict[str, Any]:
    return {
        "table": meta.db_table,
        "pk": [field.column for field in meta.pk_fields],
        "fields": {field.column: column(field) for field in meta.local_concrete_fields},
        "many": [many(field) for field in meta.local_many_to_many if field.remote_field.through._meta.auto_created],
        "uniques": sorted(uniques(meta), key=str),
        "parents": [parent._meta.label_lower for parent, link in meta.parents.items() if link is not None],
    }


def column(field: Any) -> dict[str, Any]:
    target, kind = field, field.get_internal_type()
    while target.remote_field:
        target = target.target_field
    if field.generated:
        target = target.output_field
    return {
        "name": field.name,
        # By Django's rule for the name of a column.
        "plain_name": field.column == field.get_attname(),
        "kind": target.get_internal_type(),
        "null": bool(field.null) if not field.generated else None,
        "max_length": target.max_length,
        "range": list(connection.ops.integer_field_range(target.get_internal_type()))
        if "Integer" in target.get_internal_type()
        else None,
        "digits": [target.max_digits, target.decimal_places] if isinstance(target, models.DecimalField) else None,
        "auto": kind in ("AutoField", "BigAutoField", "SmallAutoField"),
        "generated": bool(field.generated),
        "db_default": field.has_db_default()
        if hasattr(field, "has_db_default")
        else field.db_default is not models.NOT_PROVIDED,
        "relation": relation(field) if field.remote_field else None,
    }


def relation(field: Any) -> dict[str, Any]:
    to = field.related_model._meta.concrete_model._meta
    return {
        "one": bool(field.one_to_one),
        "to": to.label_lower,
        "to_column": field.target_field.column,
        "parent_link": bool(field.remote_field.parent_link),
        "constraint": bool(field.db_constraint),
    }


def many(field: Any) -> dict[str, Any]:
    return {
        "name": field.name,
        "to": field.related_model._meta.concrete_model._meta.label_lower,
        "through": field.remote_field.through._meta.label_lower,
        "table": field.m2m_db_table(),
        "columns": [field.m2m_column_name(), field.m2m_reverse_name()],
        "constraint": bool(field.remote_field.db_constraint),
    }


def uniques(meta: Any) -> Iterator[dict[str, Any]]:
    def on(*names: str, **more: Any) -> dict[str, Any]:
        facts = {"columns": [meta.get_field(name).column for name in names], "name": None, "condition": False}
        return {**facts, "expressions": 0, "nulls_distinct": True, "deferrable": False, **more}

    has = connection.features
    yield from (on(field.name) for field in meta.local_concrete_fields if field.unique and not field.primary_key)
    yield from (on(*together) for together in meta.unique_together)
    for constraint in meta.constraints:
        if (
            not isinstance(constraint, models.UniqueConstraint)
            or (constraint.condition and not has.supports_partial_indexes)
            or (constraint.expressions and not has.supports_expression_indexes)
            or (constraint.deferrable and not has.supports_deferrable_unique_constraints)
            or (constraint.nulls_distinct is not None and not has.supports_nulls_distinct_unique_constraints)
        ):
            continue
        yield on(
            *constraint.fields,
            name=constraint.name,
            condition=bool(constraint.condition),
            expressions=len(constraint.expressions),
            nulls_distinct=constraint.nulls_distinct is not False,
            deferrable=bool(constraint.deferrable),
        )


if __name__ == "__main__":
    main()
