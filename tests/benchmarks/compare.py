"""Each verb beside `jq .` and `python -m json.tool` on one dump: `python compare.py [MEGABYTES] [ROUNDS] [VERB…]`.

Commands take turns, each on one core where the system lets us choose; medians are printed, and the peak memory of each.
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
from pathlib import Path

from make_dump import SCHEMA, TYPES, write

PROGRAM = [sys.executable, "-m", "fixtureflow"]
LACKING = ["--lookup", "types.json", "--unresolved", "keep"]  # some users that are referred to have no record
VERBS = {
    "filter": [*PROGRAM, "filter", "-q", "--exclude", "authtoken", "dump.json"],
    "split": [*PROGRAM, "split", "-q", "dump.json", "-d", "parts", "--force"],
    "pretty": [*PROGRAM, "pretty", "-q", "dump.json"],
    "natural": [*PROGRAM, "natural", "-q", "--schema", "schema.json", *LACKING, "dump.json"],
    "order": [*PROGRAM, "order", "-q", "--schema", "schema.json", "dump.json"],
    "stats": [*PROGRAM, "stats", "-q", "dump.json"],
}
PEERS = {"jq .": ["jq", ".", "dump.json"], "json.tool": [sys.executable, "-m", "json.tool", "dump.json"]}


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    wanted = sys.argv[3:] or list(VERBS)
    commands = {name: VERBS[name] for name in wanted}
    commands |= {name: command for name, command in PEERS.items() if shutil.which(command[0])}
    with tempfile.TemporaryDirectory() as folder:
        count = write(Path(folder, "dump.json"), megabytes * 1_000_000)
        Path(folder, "schema.json").write_text(json.dumps(SCHEMA))
        Path(folder, "types.json").write_text(json.dumps(TYPES))
        print(f"{megabytes} MB, {count:,} records, {rounds} rounds")
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        peaks: dict[str, float] = {}
        for _ in range(rounds):
            for name, command in commands.items():
                elapsed, peak = run(command, folder)
                peaks[name] = max(peak, peaks.get(name, 0))
                seconds[name].append(elapsed)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    peers = [name for name in PEERS if name in medians]
    print(f"{'':12}{'seconds':>9}{'MB/s':>7}{'peak MB':>9}" + "".join(f"{'x ' + peer:>14}" for peer in peers))
    for name, median in medians.items():
        ratios = "".join(f"{medians[peer] / median:14.1f}" for peer in peers)
        print(f"{name:12}{median:9.2f}{megabytes / median:7.0f}{peaks[name]:9.0f}{ratios}")


def run(command: list[str], folder: str) -> tuple[float, float]:
    """Seconds by the clock, and peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, preexec_fn=on_one_core)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
