"""Where the name of a model stands besides in its records: content types, permissions, natural keys made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from fixtureflow.edit import Change, children
from fixtureflow.schema.model import Relation, Schema, canonical

__all__ = ["CONTENT_TYPE", "PERMISSION", "KeyParts", "codename", "follow", "follow_each", "key_parts"]

CONTENT_TYPE = "contenttypes.contenttype"
PERMISSION = "auth.permission"
ACTIONS = ("add", "change", "delete", "view")
"""Of the permissions that `migrate` makes for each model (Django's `Options.default_permissions`)."""

NewLabel = Callable[[str], str]
"""The new label of a model; the same for one that keeps its name."""


class KeyParts(NamedTuple):
    """Which items of a natural key name a model: app label, model name, and the codename of a permission (-1: none)."""

    app: int
    model: int
    codename: int


def key_parts(schema: Schema, label: str) -> list[KeyParts]:
    """Of the natural key of the model `label`; [] also where it is not known."""
    model = schema.concrete(label)
    natural = model.natural_key if model else None
    paths = natural.fields if natural and natural.status == "fields" else ()
    found = []
    for at, path in enumerate(paths):
        prefix = path.removesuffix("app_label")
        if prefix == path or prefix + "model" not in paths or _led_to(schema, label, prefix) != CONTENT_TYPE:
            continue
        permission = prefix.removesuffix("content_type__")
        code = permission + "codename"
        has_code = permission != prefix and code in paths and _led_to(schema, label, permission) == PERMISSION
        found.append(KeyParts(at, paths.index(prefix + "model"), paths.index(code) if has_code else -1))
    return found


def _led_to(schema: Schema, label: str, prefix: str) -> str:
    """The model at the end of a lookup: `content_type__` from auth.permission."""
    for name in prefix.split("__")[:-1]:
        owner = schema.owner(label, name)
        relation = owner.fields[name].relation if owner else None
        if not isinstance(relation, Relation):
            return ""
        label = relation.to
    model = schema.concrete(label)
    return model.label if model else label


def codename(text: str, old: str, new: str) -> str:
    """`add_post` as `add_entry`, where post is the name of a model called entry from now on."""
    action, _, name = text.partition("_")
    old_name, new_name = old.partition(".")[2], new.partition(".")[2]
    return f"{action}_{new_name}" if action in ACTIONS and name == old_name else text


def follow(parts: list[KeyParts], new_label: NewLabel) -> Change:
    """Changes the text of a natural key where it names a model that is called otherwise from now on."""

    def change(text: bytes) -> bytes:
        if text[:1] != b"[":
            return text
        spans = [(start, end) for _, start, end in children(text)]
        values = [json.loads(text[start:end]) for start, end in spans]
        new = {}
        for part in parts:
            if max(part) >= len(values) or not all(isinstance(values[at], str) for at in part if at >= 0):
                continue
            old = canonical(f"{values[part.app]}.{values[part.model]}")
            label = new_label(old)
            if label != old:
                new[part.app], _, new[part.model] = label.partition(".")
                if part.codename >= 0:
                    new[part.codename] = codename(values[part.codename], old, label)
        out: list[bytes] = []
        done = 0
        for at, (start, end) in enumerate(spans):
            if at in new and new[at] != values[at]:
                out += text[done:start], json.dumps(new[at], ensure_ascii=False).encode()
                done = end
        return b"".join(out) + text[done:]

    return change


def follow_each(change: Change) -> Change:
    """The same for each item of a list."""

    def changed(text: bytes) -> bytes:
        if text[:1] != b"[":
            return text
        out: list[bytes] = []
        done = 0
        for _, start, end in children(text):
            out += text[done:start], change(text[start:end])
            done = end
        return b"".join(out) + text[done:]

    return changed
