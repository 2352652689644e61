"""One model as two sources name it: fields are brought together by their column.

A database without a foreign key constraint shows the column `owner_id` where the project says field `owner`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from fixtureflow.schema.model import Field, Model

__all__ = ["aligned"]


def aligned(model: Model, fields: Mapping[str, Field]) -> Model:
    """`model` with those of its fields renamed that have the column of one of `fields` but not its name."""
    known = {field.column: name for name, field in fields.items() if field.column}
    renamed = {
        name: known[field.column]
        for name, field in model.fields.items()
        if name not in fields and field.column in known and known[field.column] not in model.fields
    }
    if not renamed:
        return model

    def new(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(renamed.get(name, name) for name in names)

    replace = msgspec.structs.replace
    return replace(
        model,
        pk=None if model.pk is None else new(model.pk),
        fields={renamed.get(name, name): field for name, field in model.fields.items()},
        uniques=None if model.uniques is None else tuple(replace(u, fields=new(u.fields)) for u in model.uniques),
        generic_keys=model.generic_keys
        and tuple(
            replace(key, content_type=new([key.content_type])[0], object_id=new([key.object_id])[0])
            for key in model.generic_keys
        ),
    )
