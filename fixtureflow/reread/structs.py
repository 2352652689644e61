"""What may be the name of a field in a msgspec Struct, and what stands for decoding where one may not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

__all__ = ["plain_names", "refused"]

_ODD = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')


def plain_names(names: Iterable[str]) -> bool:
    """May a Struct have fields of these names? Not of one with quotes, backslashes, control characters or surrogates.

    No field in Django is called so, but a column of a database can be, and what stands in a file.
    """
    return not any(map(_ODD.search, names))


def refused(_: Any) -> NoReturn:
    """In place of a decoder that cannot be made: records are then read one by one, another way."""
    raise msgspec.DecodeError("a field has a name that no Struct can have")
