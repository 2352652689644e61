"""Inputs → their text: files and streams opened, unpacked, brought to UTF-8; and their faults in a person's words."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from fixtureflow.errors import InputError
from fixtureflow.reader.compression import Peeked, Read, decompressed, kind_of
from fixtureflow.reader.encoding import as_utf8

__all__ = ["Input", "Progress", "Text", "name_of", "opened"]

Input = str | Path | IO[bytes]
Progress = Callable[[int], None]
"""Told of bytes taken from the input as they are, compressed or not."""


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
            raw = Peeked(file if progress is None else cast(IO[bytes], _Watched(file, progress)))
            kind = kind_of(raw)
            read = raw.read if kind is None else decompressed(kind, raw, name, stack)
        yield Text(as_utf8(read, name), name)


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
