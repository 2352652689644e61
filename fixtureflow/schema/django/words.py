"""What a project's error says, and where, without the secrets that its text may quote."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from fixtureflow.errors import one_line

__all__ = ["place", "said"]

# The errors whose message is about names. That of any other may quote a value, and the value may be a password.
_TELLING = {
    *("ImportError", "ModuleNotFoundError", "ImproperlyConfigured", "AppRegistryNotReady", "NameError"),
    *("AttributeError", "LookupError", "KeyError", "FieldError", "FieldDoesNotExist", "RuntimeError", "TypeError"),
    *(
        "FileNotFoundError",
        "PermissionError",
        "SystemExit",
        "OperationalError",
        "ProgrammingError",
        "NodeNotFoundError",
    ),
    *("CircularDependencyError", "InconsistentMigrationHistory", "BadMigrationError", "NotSupportedError"),
}
_SECRET = re.compile("PASS|SECRET|TOKEN|CREDENTIAL|SIGNATURE|SALT|_KEY|KEY_|APIKEY", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^\s'\"]*@")


def place(settings: str, error: BaseException) -> str:
    """The settings, and the deepest line of the project's own that led to the error."""
    here = os.getcwd() + os.sep  # noqa: PTH109
    if isinstance(error, SyntaxError) and error.filename:
        return f"{settings}: {error.filename.removeprefix(here)}, line {error.lineno}"
    frames = [
        f"{frame.filename.removeprefix(here)}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_own(frame.filename)
    ]
    return f"{settings}: {frames[-1]}" if frames else settings


def _is_own(filename: str) -> bool:
    """Is the file the project's own, and not of a package installed below its folder?"""
    return filename.startswith(os.getcwd() + os.sep) and "site-packages" not in filename  # noqa: PTH109


def said(error: BaseException) -> str:
    """The kind of error, and what it says if that is sure to hold no secret."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{kind}: {error.msg}"
    if isinstance(error, SystemExit):
        kind = "the project ends the program (SystemExit)"
    if type(error).__name__ not in _TELLING or not str(error).strip():
        return kind
    text = _IN_URL.sub("***@", str(error).strip())
    for secret in sorted(_secrets(error), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = one_line(" ".join(text.split()))
    return f"{kind}: {text[:300]}{'…' if len(text) > 300 else ''}"


def _secrets(error: BaseException) -> set[str]:
    """All text that has the name of a secret: in the environment, in settings, and where the error passed through."""
    from django.conf import settings

    found = set(_named_secret(os.environ))
    if settings.configured:
        found |= set(_named_secret(vars(settings._wrapped)))
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if _is_own(frame.f_code.co_filename):
            found |= {*_named_secret(frame.f_globals), *_named_secret(frame.f_locals)}
    return {secret for secret in found if len(secret) > 2}


def _named_secret(names: Mapping[Any, Any], depth: int = 0) -> Iterator[str]:
    for name, value in list(names.items()):
        if isinstance(value, str):
            if isinstance(name, str) and _SECRET.search(name):
                yield value
            for login in _IN_URL.findall(value):
                yield login.removesuffix("@").partition(":")[2]
        elif isinstance(value, Mapping) and depth < 4 and isinstance(name, str) and not name.startswith("__"):
            yield from _named_secret(value, depth + 1)
