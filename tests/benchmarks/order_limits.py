"""What `order` needs where it could need much: `python order_limits.py [SHARE]`, 1 for the full sizes, 0.1 for a tenth.

A dump without model cycles from a file and from a pipe, a tree whose rows all point forward, and a chain in the worst
order. Seconds by the clock on one core, and peak memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from compare import PROGRAM, run
from make_dump import SCHEMA, write

NODES = {
    "models": {
        "t.node": {
            "pk": ["id"],
            "fields": {
                "id": {"type": "integer"},
                "parent": {"null": True, "relation": {"kind": "fk", "to": "t.node", "to_field": ""}},
            },
        }
    }
}


def main() -> None:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mixed.schema.json").write_text(json.dumps(SCHEMA))
        (folder / "nodes.schema.json").write_text(json.dumps(NODES))
        for megabytes in (50, 200, 1000):
            size = int(megabytes * share)
            write(folder / "dump.json", size * 1_000_000)
            measure(f"{size} MB, a tree among the models", folder, "--schema", "mixed.schema.json", "dump.json")
        measure(f"{size} MB, no model cycles", folder, "dump.json")
        measure(f"{size} MB, no model cycles, from a pipe", folder, "dump.json", pipe=True)
        rows = int(2_000_000 * share)
        nodes(folder / "nodes.json", rows, lambda n: min(rows, n + 1 + n * 7919 % 1000))
        measure(f"a tree of {rows:,} rows, all forward", folder, "--schema", "nodes.schema.json", "nodes.json")
        nodes(folder / "nodes.json", rows // 2, lambda n: n + 1)
        measure(f"a chain of {rows // 2:,} rows", folder, "--schema", "nodes.schema.json", "nodes.json")


def nodes(path: Path, count: int, parent: Callable[[int], int]) -> None:
    with path.open("w") as file:
        for n in range(1, count + 1):
            above = parent(n) if n < count else None
            record = {"model": "t.node", "pk": n, "fields": {"name": f"node number {n}", "parent": above}}
            file.write((", " if n > 1 else "[") + json.dumps(record))
        file.write("]")


def measure(title: str, folder: Path, *arguments: str, pipe: bool = False) -> None:
    command = [*PROGRAM, "order", "-q", *arguments]
    if pipe:
        command = ["bash", "-c", f"cat {arguments[-1]} | exec {' '.join(PROGRAM)} order -q"]
    seconds, _, peak = run(command, str(folder))
    print(f"{title:45}{seconds:8.1f} s{peak:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
