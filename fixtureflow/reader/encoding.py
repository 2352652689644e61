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
        marked = next((encoding for mark, encoding in _BY_MARK.items() if start.startswith(mark)), None)
        encoding = marked or _BY_ZEROS.get(tuple(byte == 0 for byte in start))
        if encoding is None:
            return _chained(start, read)
        _log.warning("%s: is %s; what is written will be UTF-8, as loaddata reads it", name, _called(encoding))
        return _transcoded(_chained(start, read), encoding, name)

    def text(size: int) -> bytes:
        nonlocal decided
        if decided is None:
            decided = decide()
        return decided(size)

    return text


# The longer marks first: that of UTF-32 begins like that of UTF-16.
_BY_MARK = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Without a mark: JSON begins with two characters of ASCII.
_BY_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def _called(encoding: str) -> str:
    return encoding[:6].upper()


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
                problem = f"is damaged {_called(encoding)}: {error}"
                raise InputError(problem, advice="fetch it or dump it again", file=name) from error
            if encoded or not data:
                return encoded

    return transcoded
