"""Keys that tell nothing of the row they stand for, and keys that are data."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["is_data"]

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def is_data(key: Any) -> bool:
    """May a key be somebody's e-mail address or token? A number is none, nor a UUID, nor what is put together of these.

    Digits within a text may be a telephone number.
    """
    if isinstance(key, list):
        return any(map(is_data, key))
    if isinstance(key, str):
        return not _UUID.fullmatch(key)
    return key is not None and not isinstance(key, int)
