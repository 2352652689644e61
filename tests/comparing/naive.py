"""What differs between two dumps, by hand: all in memory, every key as a nested tuple. No code is shared with
fixtureflow; the schema is read as plain JSON."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

Dump = list[dict[str, Any]]
Row = tuple[str, Any]


def typed(value: Any) -> Any:
    """A value that is equal to another only if JSON has the same, integers and floats apart."""
    if isinstance(value, dict):
        return ("object", tuple(sorted((key, typed(one)) for key, one in value.items())))
    if isinstance(value, list):
        return ("array", tuple(map(typed, value)))
    return (type(value).__name__, repr(value))


def same_pk(pk: Any) -> Any:
    """`"1"` is 1; a UUID is one with and without dashes."""
    if isinstance(pk, list):
        return tuple(map(same_pk, pk))
    text = str(pk)
    return text.replace("-", "") if len(text) > 30 else text


def by_pk(a: Dump, b: Dump, sets: set[tuple[str, str]]) -> Counter[Any]:
    """How often each kind of difference is there, with the model, the pk and the fields."""
    found: Counter[Any] = Counter()
    sides = []
    for dump in (a, b):
        rows = defaultdict(list)
        for record in dump:
            values = {
                name: frozenset(map(typed, value))
                if (record["model"], name) in sets and isinstance(value, list)
                else typed(value)
                for name, value in record["fields"].items()
            }
            rows[record["model"], same_pk(record["pk"])].append(values)
        sides.append(rows)
    ours, theirs = sides
    for row in ours.keys() | theirs.keys():
        left, right = ours.get(row, []), theirs.get(row, [])
        for one, other in zip(left, right, strict=False):
            names = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
            if names:
                found["changed", *row, tuple(sorted(names))] += 1
        found["removed", *row, ()] += max(0, len(left) - len(right))
        found["added", *row, ()] += max(0, len(right) - len(left))
    return +found


class Known:
    """The records of a dump without their ids: each by what it is known by, and its values with references followed."""

    def __init__(self, dump: Dump, schema: dict[str, Any]) -> None:
        self.models = schema["models"]
        self.rows: dict[Row, dict[str, Any]] = {}
        for record in dump:
            self.rows.setdefault((record["model"], same_pk(record["pk"])), record)
        self.types = {
            same_pk(r["pk"]): f"{r['fields'].get('app_label')}.{r['fields'].get('model')}"
            for r in reversed(dump)
            if r["model"] == "contenttypes.contenttype"
        }
        self.lost = 0
        self.found = Counter((self.known(record), self.values(record)) for record in dump)
        self.twice = any(count > 1 for count in Counter(self.known(record) for record in dump).values())

    def known(self, record: dict[str, Any], seen: tuple[Row, ...] = ()) -> Any:
        label, pk = record["model"], same_pk(record["pk"])
        model = self.models.get(label, {})
        parts: list[Any] = []
        if (label, pk) in seen:
            return None
        for path in model.get("natural_key", {}).get("fields", []):
            value = record["fields"].get(path.partition("__")[0])
            if "__" not in path or value is None:
                parts.append(None if value is None else typed(value))
                continue
            led = value if isinstance(value, list) else self.natural("c.top", value)
            parts.append(typed(led[0]) if led and led[0] is not None else "lost")
        if "lost" in parts or not any(part is not None for part in parts):
            if model.get("parents"):
                parent = self.led("c.top", pk)
                return (label, "child", parent) if parent else (label, "pk", pk)
            return (label, "pk", pk)
        return (label, "natural", *parts)

    def natural(self, label: str, pk: Any) -> list[Any] | None:
        record = self.rows.get((label, same_pk(pk)))
        return [record["fields"].get("name")] if record else None

    def led(self, label: str, value: Any, field: str = "") -> Any:
        """What a reference is known by; None if that is lost."""
        model = self.models.get(label, {})
        if isinstance(value, list) and label != "d.box":
            names = model.get("natural_key", {}).get("fields")
            return (label, "natural", *map(typed, value)) if names and len(names) == len(value) else None
        if field:
            matching = [r for r in self.rows.values() if r["model"] == label and r["fields"].get(field) == value]
            return self.known(matching[0]) if matching else None
        record = self.rows.get((label, same_pk(value)))
        if model.get("natural_key") or model.get("parents"):
            return self.known(record) if record else None
        return (label, "pk", same_pk(value))

    def values(self, record: dict[str, Any]) -> Any:
        model = self.models.get(record["model"], {})
        found: dict[str, Any] = {}
        for name, value in record["fields"].items():
            relation = model.get("fields", {}).get(name, {}).get("relation")
            if relation and value is not None:
                to = (relation["to"], relation.get("to_field", ""))
                items = value if relation["kind"] == "m2m" else [value]
                led = [self.followed(self.led(to[0], item, to[1]), item) for item in items]
                found[name] = frozenset(led) if relation["kind"] == "m2m" else led[0]
            elif name == "object_id" and record["model"] == "d.mark" and value is not None:
                kind = record["fields"].get("kind")
                label = ".".join(kind) if isinstance(kind, list) else self.types.get(same_pk(kind), "")
                found[name] = self.followed(self.led(label, value) if label else None, value)
            else:
                found[name] = typed(value)
        if model.get("parents"):
            found["pk"] = self.followed(self.led("c.top", record["pk"]), record["pk"])
        if record["model"] == "b.leaf":
            found["pk"] = same_pk(record["pk"])
        return tuple(sorted(found.items(), key=lambda item: item[0]))

    def followed(self, led: Any, value: Any) -> Any:
        if led is None:
            self.lost += not isinstance(value, list)
            return ("stands", typed(value))
        return ("is", led)


def spelled(dump: Dump, **options: Any) -> bytes:
    return json.dumps(dump, **options).encode()
