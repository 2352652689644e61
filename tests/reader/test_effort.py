"""No input makes the reader decode it again and again, or hold more of it than a record needs."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fixtureflow as ff
from fixtureflow.reader import array, lines

SMALL = b'{"model": "a.b", "pk": 1, "fields": {"t": "x", "n": null}}'
LOOK_ALIKE = b'{"model": "a.b", "pk": 1, "fields": {"t": "x"}}'
QUOTED = LOOK_ALIKE.replace(b'"', b'\\"')


def around(big: bytes) -> bytes:
    rows = [SMALL] * 1000
    return b"[" + b", ".join([*rows, b'{"model": "a.c", "pk": 2, "fields": {"j": ' + big + b"}}", *rows]) + b"]"


def listed(item: bytes, size: int) -> bytes:
    return b", ".join([item] * (size // len(item)))


HUGE = {
    "a list of objects that look like records": b"[" + listed(LOOK_ALIKE, 5_000_000) + b"]",
    "a string that looks like records": b'"' + listed(QUOTED, 5_000_000) + b'"',
    "one long string": b'"' + b"x" * 5_000_000 + b'"',
    "a string of braces": b'"' + b"}, {" * 1_250_000 + b'"',
    "a string of brackets": b'"' + b"[{]}" * 1_250_000 + b'"',
    "a list of numbers": b"[" + listed(b"1", 1_600_000) + b"]",
    "a list of white space": b"[" + b" " * 5_000_000 + b"]",
}


class Decoded:
    """Counts the bytes that go through the decoders."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes = 0
        for module, names in ((array, ("_heads", "_raw", "scan")), (lines, ("_raw_lines", "_head_lines", "scan"))):
            for name in names:
                monkeypatch.setattr(module, name, self.counting(getattr(module, name)))

    def counting(self, decode: Any) -> Any:
        def counted(text: Any, **options: Any) -> Any:
            # A walk sees all that follows, and decodes one record of it.
            try:
                result = decode(text, **options)
            except Exception as error:
                trailing = array._TRAILING.search(str(error))
                self.bytes += int(trailing.group(1)) if trailing else len(text)
                raise
            self.bytes += len(text) if not options.get("limit") else 0
            return result

        return counted


@pytest.mark.parametrize("big", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("block", [16 * 1024, 128 * 1024])
def test_a_huge_record_is_decoded_a_few_times_at_most(big: bytes, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = around(big)
    decoded = Decoded(monkeypatch)

    count = sum(len(found) for found in ff.read(io.BytesIO(text), block=block).blocks())

    assert count == 2001
    assert decoded.bytes < 8 * len(text)


@pytest.mark.parametrize("inside", [listed(LOOK_ALIKE, 3000), b'"' + listed(QUOTED, 3000) + b'", "}, {", "}, {"'])
def test_records_full_of_look_alikes_do_not_pile_up(inside: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    row = b'{"model": "a.b", "pk": 1, "fields": {"j": [' + inside + b"]}}"
    text = b"[" + b",\n".join([row] * 1000) + b"\n]"
    decoded = Decoded(monkeypatch)

    sizes = [len(found.text(b",")) for found in ff.read(io.BytesIO(text), block=32 * 1024).blocks()]

    assert max(sizes) < 5 * 32 * 1024
    assert decoded.bytes < 8 * len(text)


@pytest.mark.parametrize("odd", [b"NaN", b'"\\ud800"', b"9" * 5000])
def test_odd_records_do_not_pile_up(odd: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    row = b'{"model": "a.b", "pk": 1, "fields": {"n": ' + odd + b', "j": [' + listed(LOOK_ALIKE, 1000) + b"]}}"
    text = b"[" + b", ".join([row] * 1000) + b"]"
    decoded = Decoded(monkeypatch)

    sizes = [len(found.text(b",")) for found in ff.read(io.BytesIO(text), block=32 * 1024).blocks()]

    assert max(sizes) < 5 * 32 * 1024
    assert decoded.bytes < 8 * len(text)


def test_a_stream_that_gives_little_is_not_decoded_for_every_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = around(b'"' + b"x" * 1_000_000 + b'"')
    decoded = Decoded(monkeypatch)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1000))

    assert sum(len(found) for found in ff.read(Slow(text)).blocks()) == 2001
    assert decoded.bytes < 8 * len(text)


def mixed(path: Path, size: int) -> None:
    """A dump with text, look-alikes and NaN here and there, one run of a few models after the other."""
    rows = [
        b'{"model": "a.m%d", "pk": %d, "fields": {"t": "%s", "j": [%s], "s": "}, {\\"model\\":"}}'
        % (n // 100, n, "é".encode() * 200, listed(LOOK_ALIKE, 600))
        for n in range(400)
    ]
    rows[17] = b'{"model": "a.m0", "pk": 17, "fields": {"n": NaN}}'
    piece = b", ".join(rows)
    with path.open("wb") as file:
        file.write(b"[" + piece)
        for _ in range(size // len(piece) - 1):
            file.write(b", " + piece)
        file.write(b"]")


PEAK = """
import sys
from pathlib import Path
from fixtureflow.cli import program
try:
    program()(sys.argv[1:])
finally:
    print(Path("/proc/self/status").read_text(), file=sys.stderr)
"""


def peak(arguments: list[str], path: Path) -> float:
    """MB of memory at most, of a run of the program. (`getrusage` would tell of this process, before its fork.)"""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments, "-q", path],
        cwd=path.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(done.stderr.split(b"VmHWM:")[1].split()[0]) / 1024


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = []
    for size in (15, 60):
        paths.append(tmp_path_factory.mktemp("dumps") / f"{size}.json")
        mixed(paths[-1], size * 1_000_000)
    return paths


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    "arguments",
    [["pretty"], ["filter", "--exclude", "a.m1"], ["split", "-d", "parts"], ["stats"]],
    ids=lambda arguments: arguments[0],
)
def test_four_times_the_dump_takes_no_more_memory(dumps: list[Path], arguments: list[str]) -> None:
    small, large = (peak(arguments, path) for path in dumps)

    assert large < small * 1.1 + 4
    assert large < 100
