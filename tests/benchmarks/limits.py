"""What must not grow: `python limits.py [MEGABYTES]`.

Time a byte where one record is very large (MB/s of the processor's time), and memory where the dump is: the peak with a
dump of 50 MB and with one of MEGABYTES (1000).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from compare import VERBS, prepare, run

WANTED = ("pretty", "filter", "split", "stats")
KEEPING = ("check", "dedupe", "rename", "subset", "scrub", "merge", "diff")
"""Verbs that keep something of each record, or of most."""
SMALL = b'{"model": "a.b", "pk": 1, "fields": {"t": "x", "n": null}}'
LOOKS_LIKE_ONE = b'{"model": "a.b", "pk": 1, "fields": {"t": "%b"}}' % (b"x" * 460)
ITEMS = 100_000
HUGE = {
    "a list of 100,000 objects like records": (b"[", LOOKS_LIKE_ONE, b", ", b"]"),
    "a string": (b'"', b"x" * 550, b"", b'"'),
    "a string of records": (b'"', LOOKS_LIKE_ONE.replace(b'"', b'\\"'), b", ", b'"'),
}


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "dump.json")
        print(f"{'one record holds':42}{'MB':>6}" + "".join(f"{verb + ' MB/s':>13}" for verb in WANTED))
        for name, (begins, item, separator, ends) in HUGE.items():
            # Piece by piece: a child's peak memory counts from what its parent had when it was forked.
            with dump.open("wb") as file:
                file.write(b"[" + (SMALL + b", ") * 1000 + b'{"model": "a.c", "pk": 2, "fields": {"j": ' + begins)
                for _ in range(ITEMS - 1):
                    file.write(item + separator)
                file.write(item + ends + b"}}" + (b", " + SMALL) * 1000 + b"]")
            megabytes = dump.stat().st_size / 1e6
            rates = [megabytes / min(run(VERBS[verb], folder)[1] for _ in range(3)) for verb in WANTED]
            print(f"{name:42}{megabytes:6.0f}" + "".join(f"{rate:13.0f}" for rate in rates))
        peaks: dict[int, dict[str, float]] = {}
        for megabytes in (50, size):
            prepare(folder, megabytes, KEEPING)
            peaks[megabytes] = {verb: run(VERBS[verb], folder)[2] for verb in (*WANTED, *KEEPING)}
        print(f"\n{'peak MB':12}" + "".join(f"{f'{megabytes} MB':>10}" for megabytes in peaks))
        for verb in (*WANTED, *KEEPING):
            print(f"{verb:12}" + "".join(f"{of[verb]:10.1f}" for of in peaks.values()))


if __name__ == "__main__":
    main()
