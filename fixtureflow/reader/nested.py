"""A document whose records sit deeper: the place of their array, found with ijson."""

from __future__ import annotations

import contextlib
import logging

import ijson

from fixtureflow.errors import InputError
from fixtureflow.reader.opening import Text

__all__ = ["array_at", "suggestions"]

_log = logging.getLogger("fixtureflow")


def array_at(text: Text, path: str, name: str, block: int) -> tuple[bytes, int]:
    """The text just after the `[` of the array at `path` (`data.objects`), and its byte offset.

    A parser has read up to a `[` and not a byte further when it tells of it, so the text is fed up to each in turn.
    """
    events = ijson.sendable_list()
    parser = ijson.parse_coro(events)
    offset = 0
    among_others = False
    while data := text.read(block):
        pieces = data.split(b"[")
        for index, piece in enumerate(pieces):
            last = index == len(pieces) - 1
            _feed(parser, piece if last else piece + b"[", name)
            offset += len(piece) + (not last)
            lists = (prefix for prefix, event, _ in events if event == "start_array")
            among_others = among_others or any(_holds(prefix, path) for prefix in lists)
            if not last and (path, "start_array", None) in events:
                if among_others:
                    _log.warning("%s: there may be more than one list at %s; only the first is read", name, path)
                return b"[".join(pieces[index + 1 :]), offset
            events.clear()
    seen = f"has no list at {path!r}"
    raise InputError(seen, advice="name where its records are, as --at data.objects", file=name)


def suggestions(text: bytes) -> list[str]:
    """The paths of arrays in (the beginning of) a document whose items have a `model`."""
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


def _holds(prefix: str, path: str) -> bool:
    """Whether a list at `prefix` has items that `path` leads through."""
    return path.startswith(f"{prefix}.item.".lstrip("."))


def _feed(parser: object, data: bytes, name: str) -> None:
    if not data:  # which would mean the end
        return
    try:
        parser.send(data)  # type: ignore[attr-defined]
    except StopIteration:
        pass
    except ijson.JSONError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"is not valid JSON: {reason}", advice="mend it by hand, or dump it again", file=name
        ) from error
