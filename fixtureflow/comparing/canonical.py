"""The one text that equal JSON values have, and the digests that stand for texts.

Values are equal as Python's json reads them, which is what loaddata sees: layout, the order of keys, escapes and the
spelling of a number do not matter (`1.50` is `1.5`, `1E2` is `100.0`), and of a key that stands twice the last one
counts. `1` and `1.0` are not equal (one is an integer, the other a float), nor are `0.0` and `-0.0`, `1` and `true`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

__all__ = ["DIGEST", "Encode", "digest", "encode_decoded", "encode_exactly", "unordered"]

Encode: TypeAlias = Callable[[Any], bytes]

DIGEST = 16
"""Bytes of a digest: that any two of 10,000,000,000 records share one by accident has a chance below 1 in 10^18."""

encode_decoded: Encode = msgspec.json.Encoder(order="deterministic").encode
"""The text of a value that msgspec has decoded. What msgspec refuses to read (`NaN`) it would write as null."""


def encode_exactly(value: Any) -> bytes:
    """The text of a value that Python's json has read: with `NaN`, infinities and lone surrogates."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(text: bytes) -> bytes:
    """What stands for a text."""
    return sha256(text).digest()[:DIGEST]


def unordered(value: Any, encode: Encode) -> Any:
    """A list as the set it is: each item once, in the order of their texts. Anything else as it is."""
    if type(value) is not list or len(value) < 2:
        return value
    texts = {encode(item): item for item in value}
    return [texts[text] for text in sorted(texts)]
