"""A document whose records sit deeper: the places of their lists, found with ijson."""

from __future__ import annotations

import contextlib
import logging

import ijson

from fixtureflow.errors import InputError
from fixtureflow.reader.opening import Text

__all__ = ["Nested", "suggestions"]

_log = logging.getLogger("fixtureflow")


class Nested:
    """The lists at a path (`data.objects`) of one document, one after the other.

    A parser has read up to a `[` and not a byte further when it tells of it, so the text is fed up to each in turn.
    What stands in a list is read by others; the parser is told that it is empty.
    """

    def __init__(self, text: Text, path: str, name: str, size: int, *, repair: bool) -> None:
        self.text = text
        self.path = path
        self.name = name
        self.size = size
        self.repair = repair
        self.offset = 0
        self._events = ijson.sendable_list()
        self._parser = ijson.parse_coro(self._events)
        self._pending = b""
        self._found = False

    def next(self) -> tuple[bytes, int] | None:
        """The text that has been read after the `[` of the next list, and its offset; None at the document's end.

        Raises `InputError` for a document that is no JSON, is cut short, or has no such list at all.
        """
        if self._found:
            self._feed(b"]")
        while data := self._pending or self.text.read(self.size):
            self._pending = b""
            at = 0
            while (bracket := data.find(b"[", at)) >= 0:
                self._feed(data[at : bracket + 1])
                at = bracket + 1
                if (self.path, "start_array", None) in self._events:
                    self._events.clear()
                    self._found = True
                    self.offset += at
                    return data[at:], self.offset
                self._events.clear()
            if at < len(data):
                self._feed(data[at:])
            self.offset += len(data)
        self._feed(b"")
        if not self._found:
            advice = 'name where its records are, as `at="data.objects"`'
            raise InputError(f"has no list at {self.path!r}", advice=advice, file=self.name)
        return None

    def resume(self, rest: bytes, offset: int) -> None:
        """Go on after the `]` of a list; `rest` has been read already and begins at `offset`."""
        self._pending = rest
        self.offset = offset

    def _feed(self, data: bytes) -> None:
        """Empty data mean the end."""
        try:
            if data:
                self._parser.send(data)
            elif self.offset:
                self._parser.close()
        except StopIteration:
            pass
        except ijson.IncompleteJSONError as error:
            if not (self.repair and self._found):
                advice = "dump it again" + (", or keep the records with `repair=True`" if self._found else "")
                raise InputError("is cut short", advice=advice, file=self.name) from error
            _log.warning("%s: is cut short after its records", self.name)
        except ijson.JSONError as error:
            problem = f"is not valid JSON: {str(error).splitlines()[0]}"
            raise InputError(problem, advice="mend it by hand, or dump it again", file=self.name) from error


def suggestions(text: bytes) -> list[str]:
    """The paths of lists in (the beginning of) a document whose items have a `model`."""
    events = ijson.sendable_list()
    parser = ijson.parse_coro(events)
    with contextlib.suppress(ijson.JSONError, StopIteration):
        parser.send(text)
    found = {
        prefix.removesuffix(".item")
        for prefix, event, value in events
        if (event, value) == ("map_key", "model") and prefix.endswith(".item")
    }
    return sorted(found)
