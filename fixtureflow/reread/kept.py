"""Files that records are read from a second time: the input itself, or a copy of it."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from fixtureflow.errors import InputError, OutputError
from fixtureflow.output import output_faults
from fixtureflow.reader import Input, Reading
from fixtureflow.stream import Block

__all__ = ["Copy", "InPlace", "plain_files"]

ROOM_KEPT = 64 * 1024 * 1024
"""Bytes of disk that a copy leaves free; looked at each time so much has been written."""


def plain_files(reading: Reading) -> dict[int, InPlace]:
    """The inputs that are plain files, by their source."""
    found = {}
    for item, source in zip(reading.inputs, reading.sources, strict=True):
        place = _descriptor(item) if hasattr(os, "pread") else None
        if place is not None:
            found[id(source)] = InPlace(place[0], source.name, place[1])
    return found


class InPlace:
    """A plain file, read where it stands."""

    def __init__(self, descriptor: int, name: str, start: int) -> None:
        self.descriptor = descriptor
        self.name = name
        self.shift = start
        """The position of the text's first byte."""
        self.state = self._state()
        self.size = self.state[0]

    def holds(self, block: Block) -> bool:
        """Do the records stand in the file as they were read? Not if it is compressed or in UTF-16."""
        text = block.text(b"")[:4096] if block.whole else block.raws()[0][:4096]
        for mark in (0, 3):  # 3 for a byte order mark, which the reader drops
            if os.pread(self.descriptor, len(text), self.shift + mark + block.offset) == text:
                self.shift += mark
                return True
        return False

    def read(self, position: int, size: int) -> bytes:
        data = _at(self.descriptor, position, size)
        if len(data) < size:
            raise self._changed()
        return data

    def check(self) -> None:
        if self._state() != self.state:
            raise self._changed()

    def _state(self) -> tuple[int, int]:
        found = os.fstat(self.descriptor)
        return found.st_size, found.st_mtime_ns

    def _changed(self) -> InputError:
        return InputError("has changed while it was read", advice="run it again when nobody writes it", file=self.name)


class Copy:
    """A file of our own, without a name, for what can be read only once."""

    def __init__(self) -> None:
        with output_faults(tempfile.gettempdir()):
            self.file = tempfile.TemporaryFile(buffering=1024 * 1024)  # noqa: SIM115 - it lives as long as the spool
        self.size = 0
        self.checked = 0

    def write(self, *texts: bytes) -> None:
        folder = tempfile.gettempdir()
        with output_faults(folder):
            for text in texts:
                self.file.write(text)
                self.size += len(text)
            if self.size >= self.checked:
                self.checked = self.size + ROOM_KEPT
                if shutil.disk_usage(folder).free < 2 * ROOM_KEPT:
                    raise OutputError(
                        f"{folder}: has no room for a copy of the input, of which {self.size:,} bytes have been read",
                        advice="make room, set TMPDIR to a folder that has, or give the fixture as a plain file",
                    )

    def read(self, position: int, size: int) -> bytes:
        if hasattr(os, "pread"):  # what is buffered would be read anew each time
            return _at(self.file.fileno(), position, size)
        self.file.seek(position)
        data: bytes = self.file.read(size)
        return data


def _at(descriptor: int, position: int, size: int) -> bytes:
    """So many bytes from a position; fewer only where the file ends."""
    data = os.pread(descriptor, size, position)
    while len(data) < size and (more := os.pread(descriptor, size - len(data), position + len(data))):
        data += more
    return data


def _descriptor(item: Input) -> tuple[int, int] | None:
    """A file descriptor of our own and the position that reading begins at, if the input is a plain file."""
    try:
        if isinstance(item, str | Path) and item != "-":
            if not Path(item).is_file():  # to open a named pipe for a moment would end its writer
                return None
            descriptor, start = os.open(item, os.O_RDONLY), 0
        else:
            stream = sys.stdin.buffer if isinstance(item, str | Path) else item
            if not isinstance(stream, io.FileIO) and not isinstance(getattr(stream, "raw", None), io.FileIO):
                return None
            descriptor, start = os.dup(stream.fileno()), stream.tell()
    except (OSError, ValueError):  # the reader says it better
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor, start
