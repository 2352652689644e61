"""Django's conditions as it prints them: `(AND: ('active', True), (NOT (AND: ('left__isnull', True))))`."""

from __future__ import annotations

import ast
import re
from typing import Any

__all__ = ["is_q", "lookup_of", "tree"]

_Q = re.compile(r"\((?:AND|OR|XOR|NOT)[: ]")
_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\((AND|OR): |\((NOT) """)


def is_q(text: str) -> bool:
    """Is it the `str()` of a Q?"""
    return _Q.match(text) is not None


def tree(text: str) -> ast.expr:
    """The condition as Python calls `AND(…)`, `OR(…)`, `NOT(…)` of pairs. Raises SyntaxError."""
    plain = _TOKEN.sub(lambda m: f"{m[1] or m[2]}(" if m[1] or m[2] else m[0], text)
    return ast.parse(plain, mode="eval").body


def lookup_of(node: ast.expr) -> tuple[str, str, Any]:
    """The field, the lookup and the value of a pair; `isnull` where that is what is meant. Raises ValueError."""
    lookup, value = ast.literal_eval(node)
    name, _, how = lookup.rpartition("__") if "__" in lookup else (lookup, "", "exact")
    return (name, "isnull", True) if how == "exact" and value is None else (name, how, value)
