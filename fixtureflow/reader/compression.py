"""Compressed data → what they hold, told by their magic bytes and read piece by piece, in bounded memory."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast

from fixtureflow.errors import InputError

__all__ = ["Peeked", "Read", "decompressed", "kind_of"]

Read = Callable[[int], bytes]

LZMA_MEMORY = 256 * 1024 * 1024
"""For the dictionary of an .xz; `xz -9` needs 65 MiB. What claims more is refused: it could fill the memory."""

ZSTD_PIECE = 4096
"""Of a .zst at a time: what it holds comes in one piece, and 4 bytes may hold 128 KiB."""

_MAGIC: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x5d\x00\x00": "lzma",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class Peeked:
    """Bytes that can be looked at before they are read, from what cannot seek."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.held = b""

    def peek(self, size: int) -> bytes:
        while len(self.held) < size and (data := self.file.read(size - len(self.held))):
            self.held += data
        return self.held

    def read(self, size: int = -1) -> bytes:
        if self.held:
            data, self.held = (self.held, b"") if size < 0 else (self.held[:size], self.held[size:])
            return data
        return self.file.read(size) or b""


def kind_of(file: Peeked) -> str | None:
    """How a file is compressed; None if it is not."""
    return next((kind for magic, kind in _MAGIC.items() if file.peek(8).startswith(magic)), None)


def decompressed(kind: str, file: Peeked, name: str, stack: contextlib.ExitStack) -> Read:
    """What a compressed file holds. At an early end its `Read` raises EOFError, after all that came before."""
    stream = cast(BinaryIO, file)
    # read() would lose what it has when the data end before their time; read1() gives that first.
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=stream, mode="rb").read1
    if kind == "bzip2":
        import bz2

        return bz2.BZ2File(stream).read1
    if kind in ("xz", "lzma"):
        return _lzma(file)
    if kind == "zstd":
        return _zstd(file)
    return _zip(file, name, stack)


def _zstd(file: Peeked) -> Read:
    """`stream_reader` keeps silent where a frame is cut; the decompressor tells. Frames may follow one another."""
    import zstandard

    def fresh() -> Any:
        return zstandard.ZstdDecompressor().decompressobj()

    decompressor = fresh()
    begun = False
    held = io.BytesIO()

    def read(size: int) -> bytes:
        nonlocal decompressor, begun, held
        while not (data := held.read(size)):
            rest = decompressor.unused_data if decompressor.eof else b""
            if decompressor.eof:
                decompressor, begun = fresh(), False
            if not (rest := rest or file.read(ZSTD_PIECE)):
                if begun:
                    raise EOFError
                return b""
            begun = True
            held = io.BytesIO(decompressor.decompress(rest))
        return data

    return read


def _lzma(file: Peeked) -> Read:
    """`lzma.LZMAFile` puts no bound on the dictionary; the decompressor does. Streams may follow one another."""

    import lzma

    def fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=LZMA_MEMORY)

    decompressor = fresh()

    def read(size: int) -> bytes:
        nonlocal decompressor
        while True:
            if decompressor.eof:
                rest = decompressor.unused_data.lstrip(b"\0") or file.read(65536).lstrip(b"\0")
                if not rest:
                    return b""
                decompressor = fresh()
                data = decompressor.decompress(rest, size)
            elif decompressor.needs_input:
                if not (more := file.read(65536)):
                    raise EOFError
                data = decompressor.decompress(more, size)
            else:
                data = decompressor.decompress(b"", size)
            if data:
                return data

    return read


def _zip(file: Peeked, name: str, stack: contextlib.ExitStack) -> Read:
    """loaddata takes a zip that holds one file, and no other; its directory stands at the end, so it must seek."""
    import shutil
    import tempfile
    import zipfile

    seekable = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(file, seekable)
    archive = stack.enter_context(zipfile.ZipFile(seekable))
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise InputError(
            f"holds {len(members)} files, and a zipped fixture holds one",
            advice="unpack it and name the fixtures one by one",
            file=name,
        )
    if members[0].flag_bits & 1:
        raise InputError("is encrypted", advice="unpack it with its password first", file=name)
    return stack.enter_context(archive.open(members[0])).read
