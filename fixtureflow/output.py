"""Files written whole or not at all: beside their place first, renamed when they are complete."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from fixtureflow.errors import OutputError

__all__ = ["Output", "opened_output", "output_faults"]

Output = str | Path | IO[bytes]


@contextlib.contextmanager
def opened_output(output: Output) -> Iterator[IO[bytes]]:
    """A binary file to write to: a path, `"-"` for standard output, or a file that stays open.

    A path is compressed by its suffix (.gz .bz2 .xz .lzma .zst .zip). Its file appears under its name only when all has
    been written; on any error what was there stays. Raises `OutputError`. A closed pipe stays a `BrokenPipeError`.
    """
    if output == "-":
        if sys.stdout is None:
            raise OutputError("<stdout>: is closed", advice="write to a file with -o FILE")
        with output_faults("<stdout>"):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
    elif isinstance(output, str | Path):
        with output_faults(str(output)), _whole(Path(output)) as file, _compressed(file, Path(output)) as packed:
            yield packed
    else:
        yield output


@contextlib.contextmanager
def output_faults(name: str) -> Iterator[None]:
    """`OSError` of writing, said as what it is for the user."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        advice = "make room, then run it again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise OutputError(f"{name}: cannot be written: {error.strerror or error}", advice=advice) from error


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    path = path.resolve()
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # /dev/null, a named pipe
        with path.open("wb") as file:
            yield file
        return
    beside = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}.part")
    try:
        with beside.open("xb") as file:
            yield file
        if path.exists():
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _compressed(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        import gzip

        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast(IO[bytes], packed)
    elif suffix == ".bz2":
        import bz2

        with bz2.BZ2File(file, "wb") as packed:
            yield packed
    elif suffix in (".xz", ".lzma"):
        import lzma

        form = lzma.FORMAT_XZ if suffix == ".xz" else lzma.FORMAT_ALONE
        with lzma.LZMAFile(file, "wb", format=form) as packed:
            yield packed
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed:
            yield packed
    elif suffix == ".zip":
        import zipfile

        member = zipfile.ZipInfo(path.stem or "fixture.json")
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o644 << 16
        with zipfile.ZipFile(file, "w") as archive, archive.open(member, "w", force_zip64=True) as packed:
            yield packed
    else:
        yield file
