"""Text in whatever Unicode encoding → UTF-8 without a byte order mark."""

from __future__ import annotations

import codecs
import logging

from fixtureflow.errors import InputError
from fixtureflow.reader.compression import Read

__all__ = ["as_utf8"]

_log = logging.getLogger("fixtureflow")


def as_utf8(read: Read, name: str) -> Read:
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
