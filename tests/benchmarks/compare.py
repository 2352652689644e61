"""Each verb beside `jq .`, `json.tool` and ijson on one dump: `python compare.py [MEGABYTES] [ROUNDS] [VERB…]`.

ijson only reads it, record by record.

Commands take turns, each on one core where the system lets us choose. Medians are printed: seconds by the clock, and of
the processor (steadier where others use the machine), how many times faster than each peer that is, and peak memory.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from make_dump import SCHEMA, TYPES, write

PROGRAM = [sys.executable, "-m", "fixtureflow"]
READ_BY_IJSON = "import ijson, sys; [0 for _ in ijson.items(open(sys.argv[1], 'rb'), 'item', use_float=True)]"
VERBS = {
    "filter": [*PROGRAM, "filter", "-q", "--exclude", "authtoken", "dump.json"],
    "split": [*PROGRAM, "split", "-q", "dump.json", "-d", "parts"],
    "pretty": [*PROGRAM, "pretty", "-q", "dump.json"],
    "natural": [*PROGRAM, "natural", "-q", "--schema", "schema.json", "--lookup", "types.json", "dump.json"],
    "order": [*PROGRAM, "order", "-q", "--schema", "schema.json", "dump.json"],
    "check": [*PROGRAM, "check", "-q", "--schema", "schema.json", "types.json", "dump.json"],
    "dedupe": [*PROGRAM, "dedupe", "-q", "--schema", "schema.json", "dump.json"],
    "rename": [*PROGRAM, "rename", "-q", "--field", "blog.post.title=headline", "dump.json"],
    "subset": [*PROGRAM, "subset", "-q", "--schema", "schema.json", "--sample", "1%", "dump.json"],
    "scrub": [*PROGRAM, "scrub", "-q", "--schema", "schema.json", "--preset", "all", "dump.json"],
    "diff": [*PROGRAM, "diff", "-q", "dump.json", "shuffled.json"],
    "merge": [*PROGRAM, "merge", "-q", "dump.json", "shuffled.json"],
    "stats": [*PROGRAM, "stats", "-q", "dump.json"],
}
PEERS = {
    "jq .": ["jq", ".", "dump.json"],
    "json.tool": [sys.executable, "-m", "json.tool", "dump.json"],
    "ijson": [sys.executable, "-c", READ_BY_IJSON, "dump.json"],
}


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    wanted = sys.argv[3:] or list(VERBS)
    commands = {name: VERBS[name] for name in wanted}
    commands |= {name: command for name, command in PEERS.items() if shutil.which(command[0])}
    with tempfile.TemporaryDirectory() as folder:
        count = prepare(folder, megabytes, wanted)
        print(f"{megabytes} MB, {count:,} records, {rounds} rounds")
        runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(run(command, folder))
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in runs.items()}
    peers = [name for name in PEERS if name in medians]
    head = "".join(f"{'x ' + peer:>14}{'(cpu)':>7}" for peer in peers)
    print(f"{'':12}{'seconds':>9}{'cpu':>7}{'MB/s':>7}{'peak MB':>9}{head}")
    for name, (clock, cpu, _) in medians.items():
        ratios = "".join(f"{medians[peer][0] / clock:14.1f}{medians[peer][1] / cpu:7.1f}" for peer in peers)
        peak = max(row[2] for row in runs[name])
        print(f"{name:12}{clock:9.2f}{cpu:7.2f}{megabytes / clock:7.0f}{peak:9.0f}{ratios}")


def prepare(folder: str, megabytes: int, wanted: Sequence[str]) -> int:
    """Write what some verbs read; returns the number of records."""
    count = write(Path(folder, "dump.json"), megabytes * 1_000_000)
    if {"diff", "merge"} & set(wanted):  # two dumps are read there, and a peer reads one
        maker = [sys.executable, Path(__file__).with_name("make_dump.py"), str(megabytes), "shuffled.json", "shuffled"]
        subprocess.run(maker, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # memory of its own
    Path(folder, "schema.json").write_text(json.dumps(SCHEMA))
    Path(folder, "types.json").write_text(json.dumps(TYPES))
    return count


def run(command: list[str], folder: str, *, cores: int = 1) -> tuple[float, float, float]:
    """Seconds by the clock, those of the processor, and peak memory in MB."""
    # As installed: a package's modules are compiled once.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    ready = on_one_core if cores == 1 else None
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, preexec_fn=ready, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    seconds = time.perf_counter() - started
    shutil.rmtree(Path(folder, "parts"), ignore_errors=True)  # so that no time goes to what stood there before
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
