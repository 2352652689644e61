"""Says what refers to what, and what stands before something that it refers to: slow, in memory, by Django's rules.

No code is shared with fixtureflow.

It reads the schema as plain JSON, and knows keys as people do: `"1"` is 1, a UUID is one with and without dashes.
"""

from __future__ import annotations

import json
import re
from typing import Any

Row = tuple[int, dict[str, Any]]


def forward_references(dump: list[dict[str, Any]], schema: dict[str, Any]) -> list[tuple[int, int, str]]:
    """(record, later record it refers to, field) by their places in the dump; a row counts from where it first is."""
    fixture = Fixture(dump, schema)
    return [
        (at, other, field)
        for at, record in enumerate(dump)
        for field, other in fixture.references(record)
        if other is not None and other > at
    ]


def loops(dump: list[dict[str, Any]], schema: dict[str, Any]) -> set[frozenset[int]]:
    """The groups of records that are held together by loops, generic keys aside."""
    fixture = Fixture(dump, schema)
    edges = [
        {other for field, other in fixture.references(record, generic=False) if other not in (None, at)}
        for at, record in enumerate(dump)
    ]
    reach = []
    for at in range(len(dump)):
        seen: set[int] = set()
        waiting = [at]
        while waiting:
            for other in edges[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        reach.append(seen)
    groups = {frozenset({other for other in reach[at] if at in reach[other]}) for at in range(len(dump))}
    return {group for group in groups if group}


class Fixture:
    def __init__(self, dump: list[dict[str, Any]], schema: dict[str, Any]) -> None:
        self.models = {label.lower(): model for label, model in schema["models"].items()}
        self.dump = dump
        self.content_types = {
            same(r["pk"]): f"{r['fields'].get('app_label')}.{r['fields'].get('model')}"
            for r in dump
            if r["model"] == "contenttypes.contenttype"
        }
        self.by_field: dict[tuple[str, str], dict[Any, int]] = {}

    def real(self, label: str) -> str:
        label = label.lower()
        while self.models.get(label, {}).get("proxy_for"):
            label = self.models[label]["proxy_for"].lower()
        return label

    def references(self, record: dict[str, Any], *, generic: bool = True) -> list[tuple[str, int | None]]:
        label = self.real(record["model"])
        model = self.models.get(label, {})
        found = []
        for name, field in model.get("fields", {}).items():
            relation = field.get("relation")
            if not isinstance(relation, dict):
                continue
            value = record["fields"].get(name)
            if value is None and model.get("pk") == [name]:
                value = record.get("pk")
            if value is None or relation.get("auto_through") is False:
                continue
            for each in value if relation["kind"] == "m2m" else [value]:
                found.append((name, self.find(relation["to"], relation.get("to_field") or "", each)))
        for key in (model.get("generic_keys") or ()) if generic else ():
            kind, value = record["fields"].get(key["content_type"]), record["fields"].get(key["object_id"])
            if kind is not None and value is not None:
                to = ".".join(kind) if isinstance(kind, list) else self.content_types.get(same(kind), "?")
                found.append((key["object_id"], self.find(to, "", value)))
        return found

    def find(self, label: str, field: str, value: Any) -> int | None:
        """The place of the first record that the value means."""
        label = self.real(label)
        model = self.models.get(label, {})
        if isinstance(value, list) and len(model.get("pk") or [1]) == 1:
            for at, record in enumerate(self.dump):
                if self.real(record["model"]) == label and self.natural(at) == same(value):
                    return at
            return None
        if field in (model.get("pk") or ()):
            field = ""
        if (label, field) not in self.by_field:
            index: dict[Any, int] = {}
            for at, record in enumerate(self.dump):
                if self.real(record["model"]) == label:
                    key = record["fields"].get(field) if field else record.get("pk")
                    if key is not None:
                        index.setdefault(same(key), at)
            self.by_field[label, field] = index
        return self.by_field[label, field].get(same(value))

    def natural(self, at: int) -> Any:
        record = self.dump[at]
        paths = self.models.get(self.real(record["model"]), {}).get("natural_key", {}).get("fields", ())
        return tuple(same(self.lookup(self.real(record["model"]), record, path)) for path in paths) or None

    def lookup(self, label: str, record: dict[str, Any], path: str) -> Any:
        name, _, rest = path.partition("__")
        model = self.models[label]
        if name not in model.get("fields", {}):
            if not model.get("parents"):
                return f"unknown {id(record)}"
            parent = self.real(model["parents"][0])
            at = self.find(parent, "", record["pk"])
            return None if at is None else self.lookup(parent, self.latest(at), path)
        value = record["pk"] if model.get("pk") == [name] else record["fields"].get(name)
        if not rest or value is None:
            return value
        to = self.real(model["fields"][name]["relation"]["to"])
        if isinstance(value, list):
            return value[self.models[to]["natural_key"]["fields"].index(rest)]
        at = self.find(to, model["fields"][name]["relation"].get("to_field") or "", value)
        return None if at is None else self.lookup(to, self.latest(at), rest)

    def latest(self, at: int) -> dict[str, Any]:
        """Of a row that stands there several times the last record, which is what loaddata makes of it."""
        model, key = self.dump[at]["model"], same(self.dump[at].get("pk"))
        rows = [record for record in self.dump if record["model"] == model and same(record.get("pk")) == key]
        return rows[-1] if key != "null" else self.dump[at]


def same(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(same, value)) if not isinstance(value, tuple) else value
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("-", "").lower() if re.fullmatch(r"[0-9a-fA-F-]{32,36}", text) else text
