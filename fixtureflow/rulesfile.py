"""Rules in a TOML file, read into the struct that names what a verb takes."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import msgspec

from fixtureflow.errors import RulesError

__all__ = ["parse_rules", "read_rules"]

Rules = TypeVar("Rules", bound=msgspec.Struct)


def read_rules(path: str | Path, kind: type[Rules]) -> Rules:
    """The rules in a file. Raises `RulesError`, which says where in it."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise RulesError(f"{path}: {error.strerror}", advice="name a rules file that can be read") from None
    return parse_rules(data, kind, name=str(path))


def parse_rules(data: bytes, kind: type[Rules], *, name: str = "rules") -> Rules:
    """The rules in TOML, `name` being what errors call it."""
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RulesError(f"{name}, line {line}: not UTF-8", advice="save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{name}: not TOML: {error}", advice="mend it there") from None
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in raw:
        if key not in known:
            meant = get_close_matches(key, known, 1)
            advice = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(known)}"
            raise RulesError(f"{name}: there are no rules called {key!r}", advice=advice)
    try:
        return msgspec.convert(raw, type=kind)
    except msgspec.ValidationError as error:
        problem, _, at = str(error).partition(" - at `$.")
        where = f"{at.rstrip('`')}: " if at else ""
        advice = 'a key with dots stands in quotes: "app.model.field" = …'
        raise RulesError(f"{name}: {where}{problem[:1].lower()}{problem[1:]}", advice=advice) from None
