"""CSV files and the databases' own clients beside loaddata: `python csv_beside_loaddata.py [ROWS] [BACKEND…]`.

The dump is one of the project `everything`; half of it refers to the other half. Printed are seconds, rows a second,
and the peak memory of each step; last, whether both databases gave the same dump.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bulk.loading import EMPTY
from support.clients import CLIENTS, command
from support.projects import PROJECTS, manage
from support.scratch import ScratchDatabases

PROJECT = PROJECTS / "everything"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    backends = sys.argv[2:] or list(CLIENTS)
    with tempfile.TemporaryDirectory() as folder, closing(ScratchDatabases(Path(folder))) as databases:
        dump = Path(folder, "dump.json")
        count = write(dump, rows)
        print(f"{count:,} records, {dump.stat().st_size / 1e6:,.0f} MB")
        for backend in backends:
            compare(databases, backend, dump, Path(folder), count)


def compare(databases: ScratchDatabases, backend: str, dump: Path, folder: Path, rows: int) -> None:
    urls = [databases.make(backend, "everything") for _ in range(2)]
    for url in urls:
        manage("everything", url, "shell", "-v0", "-c", EMPTY)
    parts = folder / backend
    loaddata = [sys.executable, "manage.py", "loaddata", "-v0", str(dump)]
    split = [sys.executable, "-m", "fixtureflow", "split", "-q", str(dump), "--to", "csv", "--target", urls[1]]
    split += ["--settings", "mysite.settings", "-d", str(parts)]
    load = command(urls[1])
    steps = {
        "loaddata": run(loaddata, PROJECT, environment(urls[0])),
        "split --to csv": run(split, PROJECT, environment(urls[1])),
        "load.sql": run(load, parts, os.environ, stdin=parts / "load.sql"),
    }
    print(f"{backend:18}{'seconds':>9}{'rows/s':>10}{'peak MB':>9}")
    for name, (seconds, peak) in steps.items():
        print(f"  {name:16}{seconds:9.1f}{rows / seconds:10,.0f}{peak:9,.0f}")
    both = steps["split --to csv"][0] + steps["load.sql"][0]
    print(f"  together {steps['loaddata'][0] / both:.1f} times as fast as loaddata")
    dumps = [hashlib.sha256(manage("everything", url, "dumpdata")).hexdigest() for url in urls]
    print("  both databases give the same dump" if dumps[0] == dumps[1] else "  THE DUMPS DIFFER", flush=True)
    for url in urls:
        databases.drop(url)


def run(command: list[str], folder: Path, env: Mapping[str, str], *, stdin: Path | None = None) -> tuple[float, float]:
    """Seconds by the clock, and peak memory in MB."""
    started = time.perf_counter()
    with (stdin or Path(os.devnull)).open("rb") as given:
        process = subprocess.Popen(command, cwd=folder, env=dict(env), stdin=given, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "mysite.settings",
        "PYTHONPATH": str(PROJECTS.parent),
    }


def write(path: Path, rows: int) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records(rows):
            file.write(", " if count else "[")
            json.dump(record, file, ensure_ascii=False)
            count += 1
        file.write("]\n")
    return count


def records(rows: int) -> Iterator[dict[str, Any]]:
    """100 countries; of ten rows, three people, three members of clubs, two accounts and two bookings."""
    tenth = max(rows // 10, 10)
    clubs = tenth // 10
    for n in range(100):
        yield record("relations.country", f"{n:02}", name=f"Land {n}")
    for n in range(1, 3 * tenth - clubs - 100):
        yield record(
            "relations.person",
            n,
            name=f"Person {n}, “of {n % 97}”",
            born_in=f"{n % 100:02}" if n % 7 else None,
            visited=[f"{n % 99:02}"] if n % 3 == 0 else [],
            friends=[],
            follows=[],
        )
    for n in range(1, clubs + 1):
        yield record("relations.club", n, name=f"Club {n}")
    for n in range(1, 3 * tenth + 1):
        yield record(
            "relations.membership",
            n,
            club=n % clubs + 1,
            person=n % (2 * tenth) + 1,
            invited_by=None if n % 5 else n % tenth + 1,
            since=f"20{n % 24:02}-0{n % 9 + 1}-11",
        )
    for n in range(1, 2 * tenth + 1):
        yield record(
            "constraints.account",
            n,
            email=f"account{n}@example.com",
            phone=f"+49 30 {n:08}" if n % 2 else None,
            bank="BANKDEFF",
            number=f"DE{n:020}",
        )
    for n in range(1, 2 * tenth + 1):
        yield record("constraints.booking", n, account=n, room=n, day=f"2024-02-{n % 28 + 1:02}", seat=n % 50 or None)


def record(model: str, pk: object, **fields: object) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


if __name__ == "__main__":
    main()
