"""The key that pseudonyms are made with."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from fixtureflow.errors import RulesError, UsageError

__all__ = ["VARIABLE", "key_from"]

VARIABLE = "FIXTUREFLOW_SCRUB_KEY"
LEAST = 16
"""Bytes; a shorter key could be found by trying."""


def key_from(key: bytes | None, key_file: str | Path | None) -> tuple[bytes, bool]:
    """The key given, of a file, or of the environment; else one made for this run, and then True.

    Raises `UsageError` for one that is too short, `RulesError` for a file that cannot be read.
    """
    if key is None and key_file is not None:
        try:
            key = Path(key_file).read_bytes().strip()
        except OSError as error:
            raise RulesError(f"{key_file}: {error.strerror}", advice="name a file that holds the key") from None
    elif key is None and VARIABLE in os.environ:
        key = os.environ[VARIABLE].strip().encode("utf-8", "surrogateescape")
    if key is None:
        return secrets.token_bytes(32), True
    if len(key) < LEAST:
        advice = "make one: python -c 'import secrets; print(secrets.token_hex())' > scrub.key"
        raise UsageError(f"the key has {len(key)} bytes, fewer than {LEAST}", advice=advice)
    return key, False
