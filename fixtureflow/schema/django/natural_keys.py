"""Which fields `natural_key()` returns: it is code, so it is called, on instances whose values tell where they stand.

An instance is never saved and its `__init__` is not run. Its fields are filled when they are read, with values that
differ by field and from one call to the next, its relations with further such instances. What comes back is compared
as dumpdata writes it; and again with what may be empty left empty, since a key may fall back on something else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.base import ModelState
from django.db.utils import DatabaseError
from django.utils.encoding import is_protected_type

from fixtureflow.schema.django.columns import field_type, stored_as
from fixtureflow.schema.django.words import said
from fixtureflow.schema.model import NaturalKey, canonical

__all__ = ["natural_key"]

_CALLS = 8  # a boolean field is told from another by chance only: in one of 2 ** _CALLS cases it is not
_DEEP = 20


def natural_key(model: Any) -> NaturalKey:
    """The natural key of a Django model; `computed`, with the reason, where it is no list of fields."""
    lookup = hasattr(model._default_manager, "get_by_natural_key")
    method = getattr(model, "natural_key", None)
    if method is None:
        return NaturalKey(status="none", lookup=lookup)
    dependencies = tuple(canonical(label) for label in getattr(method, "dependencies", ()))
    try:
        return NaturalKey(status="fields", fields=_fields(model), lookup=lookup, dependencies=dependencies)
    except _Unclear as why:
        return NaturalKey(status="computed", lookup=lookup, dependencies=dependencies, reason=str(why))


class _Unclear(Exception):  # noqa: N818 — a reason, not an error
    """Why a key cannot be told by fields."""


class _Endless(BaseException):
    """The key goes on and on through a relation; no `except Exception` in the project's code is to swallow it."""


class _Call:
    """One call of `natural_key()`: the values it found, by path, and the paths it read."""

    def __init__(self, seed: int, empty: dict[str, Any] | None = None) -> None:
        self.seed = seed
        self.empty = empty or {}
        self.instances: dict[str, Any] = {}
        self.read: dict[str, Any] = {}
        self.returned = False
        self.key: list[str] = []

    def make(self, model: Any) -> _Call:
        """Call it, and keep what it returns part by part as the JSON that dumpdata writes."""
        try:
            key = self.instance(model, "").natural_key()
        except _Endless:
            raise _Unclear("its length follows from how deep a row stands: it runs on through a relation") from None
        except RecursionError:
            raise _Unclear("its length follows from how deep a row stands: it calls itself") from None
        except DatabaseError:
            raise _Unclear("it asks the database") from None
        except (Exception, SystemExit) as error:
            raise _Unclear(f"it raises {said(error)}") from None
        self.returned = True
        if not isinstance(key, tuple | list):
            raise _Unclear(f"it returns {type(key).__name__}, where loaddata wants a tuple")
        for number, part in enumerate(key, 1):
            try:
                self.key.append(_written(part))
            except TypeError:
                kind = type(part).__name__
                raise _Unclear(f"its value {number} of {len(key)} is a {kind}, which JSON does not have") from None
        return self

    def instance(self, model: Any, prefix: str, given: dict[str, Any] | None = None) -> Any:
        """An instance whose fields hold values for the lookup `prefix` and their name."""
        if prefix.count("__") > _DEEP:
            raise _Endless
        made = model.__new__(model)
        made._state = ModelState()
        made._state.fields_cache = _Related(self, made, prefix)
        made.__dict__.update(given or {})

        def fill(using: Any = None, fields: Any = None, **options: Any) -> None:
            for field in model._meta.concrete_fields:
                if field.attname in fields:
                    if not self.returned:
                        self.read[prefix + field.name] = field
                    made.__dict__.setdefault(field.attname, self.value(field, prefix))

        # Django reads a value that is not there by this method.
        made.__dict__["refresh_from_db"] = fill
        for field in model._meta.concrete_fields:
            if field.primary_key:
                made.__dict__.setdefault(field.attname, self.value(field, prefix))
        self.instances.setdefault(prefix, made)
        return made

    def value(self, field: Any, prefix: str) -> Any:
        while field.remote_field is not None and field.remote_field.parent_link:
            field = field.target_field
        path = prefix + field.name
        return self.empty[path] if path in self.empty else _mark(field, path, self.seed)

    def candidates(self) -> dict[str, str]:
        """Of each field of each instance made, by its lookup, what a record would hold."""
        found = {}
        for prefix, instance in self.instances.items():
            for field in instance._meta.concrete_fields:
                try:
                    value = field.value_from_object(instance)
                    dumped = value if is_protected_type(value) else field.value_to_string(instance)
                    found[prefix + field.name] = _written(dumped)
                except Exception:  # noqa: S112 — a field of someone else's making that knows no such value
                    continue
        return found


class _Related(dict[str, Any]):
    """Django's cache of related instances, which makes those that are asked for."""

    def __init__(self, call: _Call, instance: Any, prefix: str) -> None:
        self.call, self.instance, self.prefix = call, instance, prefix

    def __missing__(self, name: str) -> Any:
        relations = (f for f in self.instance._meta.concrete_fields if f.remote_field)
        field = next((f for f in relations if _cache_name(f) == name), None)
        value = field and self.call.value(field, self.prefix)
        if field is None or (self.prefix + field.name) in self.call.empty:
            if field is not None:
                self.instance.__dict__.setdefault(field.attname, value)
            raise KeyError(name)
        if field.remote_field.parent_link:
            # The same row: its values are found under the child's own names.
            related = self.call.instance(field.related_model, self.prefix, {field.target_field.attname: value})
        else:
            self.call.read.setdefault(self.prefix + field.name, field)
            value = self.instance.__dict__.setdefault(field.attname, value)
            path = f"{self.prefix}{field.name}__"
            related = self.call.instance(field.related_model, path, {field.target_field.attname: value})
        self[name] = related
        return related


def _cache_name(field: Any) -> str:
    name = getattr(field, "cache_name", None)
    return str(name or field.get_cache_name())  # a method until Django 5.1


def _fields(model: Any) -> tuple[str, ...]:
    calls = [_Call(seed).make(model) for seed in range(_CALLS)]
    first = calls[0]
    if len({len(call.key) for call in calls}) > 1:
        raise _Unclear("its length follows from the row")
    if not first.key:
        raise _Unclear("it is empty")
    found = [call.candidates() for call in calls]
    paths = []
    for place in range(len(first.key)):
        fitting = (p for p in found[0] if all(f.get(p) == c.key[place] for f, c in zip(found, calls, strict=True)))
        path = next(fitting, None)
        if path is None:
            raise _Unclear(_whence(place, calls))
        paths.append(path)
    _without(model, first, paths)
    beside = [path for path in first.read if path not in paths and not _leads(path, paths)]
    if beside:
        raise _Unclear(f"it depends on {', '.join(beside)}, not in it")
    return tuple(paths)


def _leads(path: str, paths: list[str]) -> bool:
    return any(other.startswith(f"{path}__") for other in paths)


def _whence(place: int, calls: list[_Call]) -> str:
    """Why no field holds what stands at a place of the key."""
    number = f"its value {place + 1} of {len(calls[0].key)}"
    if calls[0].key[place].startswith("["):
        return f"{number} is a list in itself"
    if len({call.key[place] for call in calls}) == 1:
        return f"{number} is the same for all rows"
    text = calls[0].key[place].casefold()
    sources = [path for path in calls[0].read if f"{path}·".casefold() in text]
    return f"{number} is computed" + (f" from {', '.join(sources)}" if sources else "")


def _without(model: Any, full: _Call, paths: list[str]) -> None:
    """The same fields have to come back where one of them, or a relation on the way, is empty."""
    for path, blank in _blanks(full, paths):
        call = _Call(0, {path: blank})
        try:
            call.make(model)
        except _Unclear:
            continue  # dumpdata cannot write such a row by its natural key
        found = call.candidates()
        expected = [found.get(p, "null") for p in paths]
        if call.key != expected:
            raise _Unclear(f"it depends on whether {path} is empty")


def _blanks(full: _Call, paths: list[str]) -> Iterator[tuple[str, Any]]:
    for path, field in full.read.items():
        if field.null and not field.primary_key:
            yield path, None
        if path in paths and not field.remote_field and not field.primary_key:
            kind = field_type(field)
            if kind in ("text", "integer"):
                yield path, "" if kind == "text" else 0


def _written(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)


def _mark(field: Any, path: str, seed: int) -> Any:
    """A value of the field's type that no other path and no other call has. Text has what careless code alters."""
    number = int.from_bytes(hashlib.sha256(f"{seed} {path}".encode()).digest()[:5])
    match field_type(stored_as(field)):
        case "integer":
            return number % 2**31 + 1
        case "decimal":
            return Decimal(number) / 100
        case "float":
            return number / 8
        case "boolean":
            return bool(number % 2)
        case "date":
            return date(1000, 1, 1) + timedelta(days=number % 3_000_000)
        case "datetime":
            return datetime(1970, 1, 1, tzinfo=UTC if settings.USE_TZ else None) + timedelta(seconds=number % 10**10)
        case "time":
            return time(number % 24, number // 24 % 60, number // 1440 % 60)
        case "duration":
            return timedelta(seconds=number % 10**9)
        case "uuid":
            return UUID(int=number)
        case "ip":
            return f"10.{number % 256}.{number // 256 % 256}.{number // 65536 % 256}"
        case "binary":
            return number.to_bytes(5)
        case "json":
            return {"§": number}
        case "array":
            return [number]
    return f" {path}·{number} Ää/:Z "
