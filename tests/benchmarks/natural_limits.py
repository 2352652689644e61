"""What `natural` needs where it could need much: `python natural_limits.py [USERS]`, 5,000,000 if not told.

Users with natural keys, in the order of their numbers and in none, with UUIDs as keys, and each referred to once; then
with less memory than that takes. Seconds by the clock on one core, and peak memory.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compare import PROGRAM, run

SCHEMA = {
    "models": {
        "people.person": {
            "pk": ["id"],
            "fields": {"id": {"type": "uuid"}, "name": {"type": "text"}},
            "natural_key": {"status": "fields", "fields": ["name"], "lookup": True},
        },
        "people.note": {
            "pk": ["id"],
            "fields": {"id": {"type": "integer"}, "on": {"relation": {"kind": "fk", "to": "people.person"}}},
        },
    }
}


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schema.json").write_text(json.dumps(SCHEMA))
        write(folder, "auth.user", "username", "admin.logentry", "user", range(1, users + 1), int)
        measure(f"{users:,} users", folder)
        measure(f"{users:,} users, --memory 100", folder, "--memory", "100")
        measure(f"{users:,} users, their pks left out", folder, "--natural-primary", "django")
        keys = list(range(1, users + 1))
        rng.shuffle(keys)
        write(folder, "auth.user", "username", "admin.logentry", "user", keys, int)
        measure(f"{users:,} users in no order", folder)
        write(
            folder,
            "people.person",
            "name",
            "people.note",
            "on",
            keys,
            lambda n: str(uuid.UUID(int=n * 7919**9 % 2**128)),
        )
        measure(f"{users:,} people with UUIDs", folder)


def write(folder: Path, model: str, name: str, other: str, by: str, keys: Any, key: Callable[[int], Any]) -> None:
    """All records with keys, then one for each of these that refers to it."""
    with (folder / "dump.json").open("w") as file:
        file.write("[")
        for n in keys:
            row = {"model": model, "pk": key(n), "fields": {name: f"person.number.{n}@example.com"}}
            file.write(json.dumps(row) + ", ")
        for at, n in enumerate(keys):
            row = {"model": other, "pk": at, "fields": {by: key(n)}}
            file.write((", " if at else "") + json.dumps(row))
        file.write("]")


def measure(title: str, folder: Path, *options: str) -> None:
    command = [*PROGRAM, "natural", "-q", "--schema", "schema.json", *options, "dump.json"]
    seconds, _, peak = run(command, str(folder))
    print(f"{title:45}{seconds:8.1f} s{peak:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
