"""A schema as a file: JSON or TOML that people read, diff, edit and commit.

Either has the shape of `fixtureflow.schema.model.Schema`, and may be partial: what a file does not name, it leaves to
other sources. A TOML file that says one thing:

    [models."accounts.user".fields.email]
    relation = "none"

Written is JSON, a field to a line, models by label, so that the same schema is always the same bytes.
"""

from __future__ import annotations

import json
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

import msgspec

from fixtureflow.errors import SchemaError
from fixtureflow.schema.model import Field, Model, Schema, canonical

__all__ = ["Syntax", "dump", "parse", "read"]

Syntax: TypeAlias = Literal["json", "toml"]
_WIDTH = 120


def read(path: str | Path) -> Schema:
    """The schema in a file, as TOML if it is named so and as JSON otherwise; SchemaError says file and line."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror}", advice="name a schema file that can be read") from None
    return parse(data, "toml" if path.suffix.lower() == ".toml" else "json", name=str(path))


def parse(data: bytes, syntax: Syntax = "json", *, name: str = "schema") -> Schema:
    """The schema in UTF-8 text, `name` being what errors call it."""
    text = _text(data, name)
    try:
        schema = (
            msgspec.json.decode(text, type=Schema)
            if syntax == "json"
            else msgspec.convert(tomllib.loads(text), type=Schema)
        )
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{name}: not TOML: {error}", advice="mend it there") from None
    except msgspec.MsgspecError as error:
        raise _fault(text, syntax, name, str(error)) from None
    except RecursionError:
        raise SchemaError(f"{name}: nested too deep", advice=_MEND) from None
    if syntax == "json":
        _once(text, name)
    for label, model in schema.models.items():
        _check(label, model, text, name)
    return schema


def dump(schema: Schema) -> bytes:
    """The schema as JSON, ended by a newline; `parse` gives the same schema back."""
    plain = msgspec.json.decode(msgspec.json.encode(schema))
    models = dict(sorted(plain.pop("models", {}).items()))
    for model in models.values():
        model.pop("label", None)
    return (_render({**plain, "models": models}, 0) + "\n").encode()


def _render(value: Any, depth: int) -> str:
    """JSON in which all down to the facts of a model has lines of its own, and what is within them one if it fits."""
    line = json.dumps(value, ensure_ascii=False)
    nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value))
    if not nested or not value or (depth > 3 and 2 * depth + len(line) < _WIDTH):
        return line
    inner = "  " * (depth + 1)
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(k, ensure_ascii=False)}: {_render(v, depth + 1)}" for k, v in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [inner + _render(v, depth + 1) for v in value]
        opening, closing = "[", "]"
    return f"{opening}\n" + ",\n".join(parts) + "\n" + "  " * depth + closing


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SchemaError(f"{name}, line {line}: not UTF-8", advice="save the file as UTF-8") from None


def _once(text: str, name: str) -> None:
    """Refuse a key that stands twice in one object: JSON readers keep the last and lose the first without a word."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            at = text.rfind(f'"{twice}"')
            line = f", line {text.count(chr(10), 0, at) + 1}" if text.count(f'"{twice}"') == 2 else ""
            raise SchemaError(f"{name}{line}: {twice!r} stands twice in one object", advice="make one of the two")

    json.loads(text, object_pairs_hook=check)


def _check(label: str, model: Model, text: str, name: str) -> None:
    """What types alone do not say: labels look like labels."""
    named = [("", label)]
    named += [("", parent) for parent in model.parents or ()]
    named += [(field, relation.to) for field, relation in model.relations()]
    for field, written in named:
        app, _, model_name = written.rpartition(".")
        if not app or not model_name:
            raise SchemaError(
                f"{_place(text, name, label, field)}: {written!r} is no model label",
                advice="write app_label.modelname, in TOML within quotes",
            )


def _fault(text: str, syntax: Syntax, name: str, said: str) -> SchemaError:
    """The error for text that is no schema: msgspec does not say which model and field, so they are tried in turn."""
    try:
        raw = json.loads(text) if syntax == "json" else tomllib.loads(text)
    except json.JSONDecodeError as error:
        return SchemaError(f"{name}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}", advice=_MEND)
    models = raw.get("models") if isinstance(raw, dict) else None
    for label, model in models.items() if isinstance(models, dict) else ():
        fields = model.get("fields") if isinstance(model, dict) else None
        for field, facts in fields.items() if isinstance(fields, dict) else ():
            if wrong := _refusal(facts, Field):
                return _sentence(_place(text, name, label, field), wrong, Field)
        if wrong := _refusal(model, Model):
            return _sentence(_place(text, name, label), wrong, Model)
    return _sentence(name, said, Schema)


_MEND = "mend it there"


def _refusal(value: object, kind: type[msgspec.Struct]) -> str:
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _sentence(place: str, said: str, kind: type[msgspec.Struct]) -> SchemaError:
    problem, _, path = said.partition(" - at `$")
    at = path.strip("`").removeprefix(".")
    unknown = re.search(r"unknown field `(.*)`", problem)
    if unknown and not at:
        known = kind.__struct_fields__
        meant = get_close_matches(unknown[1], known, 1)
        advice = f"did you mean {meant[0]}?" if meant else f"known are {', '.join(f for f in known if f != 'label')}"
        return SchemaError(f"{place}: there is no fact called {unknown[1]!r}", advice=advice)
    choices = _choices(kind, re.findall(r"\w+", at)) if problem.startswith("Invalid enum value") else []
    advice = f"known are {', '.join(choices)}" if choices else _MEND
    return SchemaError(f"{place}: {at + ': ' if at else ''}{problem[:1].lower()}{problem[1:]}", advice=advice)


def _choices(kind: object, path: list[str]) -> list[str]:
    """The words that may stand at a path within a struct."""
    kinds = [each for alone in get_args(kind) or [kind] for each in get_args(alone) or [alone]]
    if not path:
        return [each for each in kinds if isinstance(each, str)]
    found = []
    for each in kinds:
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and path[0] in each.__struct_fields__:
            found += _choices(get_type_hints(each)[path[0]], path[1:])
    return found


def _place(text: str, name: str, label: str, field: str = "") -> str:
    """`file, line 12: model auth.user, field email`; the line where the words stand first after each other."""
    at = max(text.find(f'"{label}"'), 0) or max(text.lower().find(f'"{canonical(label).lower()}"'), 0)
    if field and at:
        heading = re.compile(rf"""["'.]?{re.escape(field)}["']?\s*[:=\].]""")
        found = heading.search(text, at)
        at = found.start() if found else at
    line = f", line {text.count(chr(10), 0, at) + 1}" if at else ""
    return f"{name}{line}: model {label}" + (f", field {field}" if field else "")
