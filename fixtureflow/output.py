"""Files written whole or not at all: beside their place first, renamed when they are complete."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from fixtureflow.errors import OutputError, UsageError

__all__ = ["Output", "Writable", "opened_output", "output_faults"]

Output = str | Path | IO[bytes]


class Writable(Protocol):
    """All that is asked of an output."""

    def write(self, data: bytes, /) -> int: ...


class _Guarded:
    """A file whose failures to be written are said as what they are; what the caller does meanwhile is the caller's."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name

    def write(self, data: bytes) -> int:
        with output_faults(self._name):
            return self._file.write(data)


@contextlib.contextmanager
def opened_output(output: Output) -> Iterator[Writable]:
    """What to write to: a path, `"-"` for standard output, or a binary file that stays open.

    A path is compressed by its suffix (.gz .bz2 .xz .lzma .zst .zip). Its file appears under its name only when all has
    been written; on any error what was there stays. Raises `OutputError`. A closed pipe stays a `BrokenPipeError`.
    """
    if not isinstance(output, str | Path):
        if isinstance(output, io.TextIOBase) or not hasattr(output, "write"):
            raise UsageError("the output is no file open in binary mode", advice="open it so: open(path, 'wb')")
        yield output
        return
    name = "<stdout>" if output == "-" else str(output)
    stack = contextlib.ExitStack()
    with output_faults(name):
        file = _stdout(stack) if output == "-" else stack.enter_context(_packed(Path(output)))
    try:
        yield _Guarded(file, name)
    except BaseException:
        with contextlib.suppress(OSError):  # of a compressor that has something left to write
            stack.__exit__(*sys.exc_info())
        raise
    with output_faults(name):
        stack.close()


def _stdout(stack: contextlib.ExitStack) -> IO[bytes]:
    if sys.stdout is None:
        raise OutputError("<stdout>: is closed", advice="write to a file with -o FILE")
    stack.callback(lambda: sys.stdout.buffer.flush() if sys.exc_info()[0] is None else None)
    return sys.stdout.buffer


@contextlib.contextmanager
def _packed(path: Path) -> Iterator[IO[bytes]]:
    if not path.name:
        raise OutputError(f"{str(path)!r} names no file", advice="name one")
    with _whole(path) as file, _compressed(file, path) as packed:
        yield packed


@contextlib.contextmanager
def output_faults(name: str) -> Iterator[None]:
    """`OSError` of writing, said as what it is for the user."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror or error}", advice=_advice(error)) from error


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room, then run it again"
    if isinstance(error, PermissionError):
        return "choose another place, or ask its owner"
    if isinstance(error, FileNotFoundError):
        return "make the folder first"
    return ""


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
