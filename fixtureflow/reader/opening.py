"""Inputs → UTF-8 bytes: files, streams, compression told by magic bytes, byte order marks, UTF-16."""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from fixtureflow.errors import InputError

__all__ = ["Input", "Progress", "Text", "name_of", "opened"]

Input = str | Path | IO[bytes]
Read = Callable[[int], bytes]
Progress = Callable[[int], None]
"""Told of bytes taken from the input as they are, compressed or not."""

_log = logging.getLogger("fixtureflow")

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


def name_of(source: Input) -> str:
    """What messages call this input."""
    if source == "-":
        return "<stdin>"
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stream>"


class Text:
    """An input's text, in pieces of so many bytes; a shorter piece is the last, an empty one the end.

    Whole pieces matter: a reader that looks for the end of a long record asks for twice as much each time.
    `cut` is then set if compressed data ended before its time.
    """

    def __init__(self, read: Read, name: str) -> None:
        self._read = read
        self._name = name
        self.cut = False

    def read(self, size: int) -> bytes:
        pieces = []
        with _faults_of(self._name):
            try:
                while size > 0 and (data := self._read(size)):
                    pieces.append(data)
                    size -= len(data)
            except EOFError:
                self.cut = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@contextlib.contextmanager
def opened(source: Input, progress: Progress | None = None) -> Iterator[Text]:
    """The input's text as UTF-8 without a byte order mark. Raises `InputError`; closes only what it opened."""
    name = name_of(source)
    with contextlib.ExitStack() as stack:
        with _faults_of(name):
            file = _file(source, stack)
            raw = _Peek(file if progress is None else cast(IO[bytes], _Watched(file, progress)))
            kind = next((kind for magic, kind in _MAGIC.items() if raw.peek(8).startswith(magic)), None)
            read = raw.read if kind is None else _decompressed(kind, raw, name, stack)
        yield Text(_as_utf8(read, name), name)


class _faults_of:  # noqa: N801 - read as a word of the with statement; a generator would cost each block more
    """Failures of the medium, said as what they are for the user."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"cannot be read: {error.strerror}", advice=_advice(error), file=self.name) from error
        if isinstance(error, NotImplementedError):
            raise InputError(f"cannot be unpacked: {error}", advice="unpack it by hand", file=self.name) from error
        if isinstance(error, OSError) or type(error).__name__ in _OF_DAMAGED_DATA:
            if "emory" in str(error):
                raise InputError("needs too much memory to unpack", advice="unpack it first", file=self.name) from error
            raise InputError(f"is damaged: {error}", advice="fetch it or dump it again", file=self.name) from error


# By name, so that the compression modules are imported only for a compressed input.
_OF_DAMAGED_DATA = ("LZMAError", "error", "BadZipFile", "ZstdError")


def _file(source: Input, stack: contextlib.ExitStack) -> IO[bytes]:
    if source == "-":
        return sys.stdin.buffer
    if isinstance(source, str | Path):
        return stack.enter_context(Path(source).open("rb", buffering=0))
    if isinstance(source.read(0), str):
        raise InputError("is open as text", advice="open it in binary mode: open(path, 'rb')", file=name_of(source))
    return source


def _advice(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "check the name"
    if isinstance(error, IsADirectoryError):
        return "name the fixture in it"
    if isinstance(error, PermissionError):
        return "ask its owner, or copy it to where you may read it"
    return ""


class _Watched:
    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self.file = file
        self.progress = progress

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.progress(len(data))
        return data


class _Peek:
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


def _decompressed(kind: str, file: _Peek, name: str, stack: contextlib.ExitStack) -> Read:
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


def _zstd(file: _Peek) -> Read:
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


def _lzma(file: _Peek) -> Read:
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


def _zip(file: _Peek, name: str, stack: contextlib.ExitStack) -> Read:
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


def _as_utf8(read: Read, name: str) -> Read:
    """Looks at the first bytes when they are first asked for."""
    decided: Read | None = None

    def decide() -> Read:
        start = b""
        while len(start) < 4 and (data := read(4 - len(start))):
            start += data
        if start.startswith(codecs.BOM_UTF8):
            return _chained(start[3:], read)
        utf16 = ""
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            utf16 = "utf-16"
        elif len(start) == 4 and start[1] == start[3] == 0 and start[0] != 0:
            utf16 = "utf-16-le"
        elif len(start) == 4 and start[0] == start[2] == 0 and start[1] != 0:
            utf16 = "utf-16-be"
        if not utf16:
            return _chained(start, read)
        _log.warning("%s: is UTF-16; what is written will be UTF-8, as loaddata reads it", name)
        return _transcoded(_chained(start, read), utf16, name)

    def text(size: int) -> bytes:
        nonlocal decided
        if decided is None:
            decided = decide()
        return decided(size)

    return text


def _chained(start: bytes, read: Read) -> Read:
    def chained(size: int) -> bytes:
        nonlocal start
        if not start:
            return read(size)
        data, start = start[:size], start[size:]
        return data

    return chained


def _transcoded(read: Read, encoding: str, name: str) -> Read:
    decoder = codecs.getincrementaldecoder(encoding)()

    def transcoded(size: int) -> bytes:
        while True:
            data = read(max(size // 2, 4))
            try:
                text = decoder.decode(data, final=not data)
                encoded = text.encode()
            except UnicodeError as error:
                raise InputError(
                    f"is damaged UTF-16: {error}", advice="fetch it or dump it again", file=name
                ) from error
            if encoded or not data:
                return encoded

    return transcoded
