"""The conditions and expressions of unique constraints, as far as they are simple: as Django prints them, or as SQL.

`(AND: ('active', True), ('left__isnull', True))`, `"active" AND "left" IS NULL`, `Lower(F(name))`, `lower(name::text)`.
What is not understood is told as such, and then nobody can say whether a row counts.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from fixtureflow.schema.q import is_q, lookup_of, tree

__all__ = ["Condition", "Part", "condition", "expression"]

Row: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Row], bool | None]
"""None where SQL says NULL."""


class Condition(NamedTuple):
    """When a row counts, and the columns (or fields) that this depends on, as they are called in it."""

    holds: Test
    names: frozenset[str]


class Part(NamedTuple):
    """One expression of a constraint: a column (or field) as it is called there, and what is made of its text."""

    name: str
    change: Callable[[str], str] | None


def condition(text: str) -> Condition | None:
    """The condition, or None if it is not understood."""
    names: set[str] = set()
    try:
        test = _of_q(tree(text), names) if is_q(text) else _Sql(text, names).whole()
    except (SyntaxError, ValueError, IndexError, RecursionError):
        return None
    return Condition(test, frozenset(names))


_CASES: dict[str, Callable[[str], str] | None] = {"lower": str.lower, "upper": str.upper, "f": None}
_ORDER = re.compile(r"OrderBy\((.*), descending=\w+\)")
_CALL = re.compile(r"(?P<function>[A-Za-z]+)\((?P<inner>.*)\)")
_CAST = re.compile(r"::[a-z ]+$")
_NAME = re.compile(r'"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[A-Za-z_]\w*)')


def expression(text: str) -> Part | None:
    """The expression, or None if it is not understood."""
    text = _bare(text)
    if order := _ORDER.fullmatch(text):
        text = order[1]
    change = None
    while call := _CALL.fullmatch(text):
        function = call["function"].lower()
        if function not in _CASES or (change and _CASES[function]):
            return None
        change = _CASES[function] or change
        text = _bare(call["inner"])
    name = _NAME.fullmatch(text)
    return Part(_unquoted(name), change) if name else None


def _bare(text: str) -> str:
    """Without parentheses round it, casts and words on the order."""
    text = re.sub(r" (?:ASC|DESC)$", "", text.strip(), flags=re.IGNORECASE)
    while True:
        shorter = _CAST.sub("", text)
        if shorter[:1] == "(" and shorter[-1:] == ")" and _closes_at_end(shorter):
            shorter = shorter[1:-1].strip()
        if shorter == text:
            return text
        text = shorter


def _closes_at_end(text: str) -> bool:
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return at == len(text) - 1
    return False


def _unquoted(match: re.Match[str]) -> str:
    return match["plain"] or match["quoted"].replace('""', '"')


# Three values, as SQL has them.


def _all(tests: list[Test]) -> Test:
    def test(row: Row) -> bool | None:
        said = [each(row) for each in tests]
        return False if False in said else None if None in said else True

    return test


def _any(tests: list[Test]) -> Test:
    def test(row: Row) -> bool | None:
        said = [each(row) for each in tests]
        return True if True in said else None if None in said else False

    return test


def _not(inner: Test) -> Test:
    def test(row: Row) -> bool | None:
        said = inner(row)
        return None if said is None else not said

    return test


def _compared(name: str, compare: Callable[[Any, Any], Any], value: Any) -> Test:
    def test(row: Row) -> bool | None:
        mine = row[name]
        if mine is None:
            return None
        try:
            return bool(compare(mine, value))
        except TypeError:
            return bool(compare(str(mine), str(value)))

    return test


def _is(name: str, value: Any) -> Test:
    return lambda row: row[name] is value


# Django: str(Q)

_LOOKUPS: dict[str, Callable[[Any, Any], Any]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda mine, values: mine in values,
}


def _of_q(node: ast.expr, names: set[str]) -> Test:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inner = [_of_q(argument, names) for argument in node.args]
        return _not(_all(inner)) if node.func.id == "NOT" else (_all if node.func.id == "AND" else _any)(inner)
    name, how, value = lookup_of(node)
    names.add(name)
    if how == "isnull":
        return _is(name, None) if value else _not(_is(name, None))
    if how not in _LOOKUPS:
        raise ValueError(how)
    return _compared(name, _LOOKUPS[how], value)


# SQL

_SQL_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")+")|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<sign><>|!=|<=|>=|[=<>(),])|(?P<cast>::\s*[a-z]+(?:\s+varying)?)|(?P<word>[A-Za-z_]\w*))"""
)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"AND", "OR", "NOT", "IS", "NULL", "TRUE", "FALSE", "IN"}
_VALUES: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}


class _Sql:
    """A condition read from left to right."""

    def __init__(self, text: str, names: set[str]) -> None:
        self.tokens = list(_tokens(text))
        self.names = names
        self.at = 0

    def whole(self) -> Test:
        test = self._or()
        if self.at < len(self.tokens):
            raise ValueError(self.tokens[self.at])
        return test

    def _or(self) -> Test:
        tests = [self._and()]
        while self._took("OR"):
            tests.append(self._and())
        return _any(tests) if len(tests) > 1 else tests[0]

    def _and(self) -> Test:
        tests = [self._term()]
        while self._took("AND"):
            tests.append(self._term())
        return _all(tests) if len(tests) > 1 else tests[0]

    def _term(self) -> Test:
        if self._took("NOT"):
            return _not(self._term())
        if self._took("("):
            at = self.at
            inner = self._or()
            if self._took(")") and self._next() not in _SIGNS and self._next() not in ("IS", "IN"):
                return inner
            self.at = at  # `("status") = 'open'`
            name = self._name()
            self._need(")")
        else:
            name = self._name()
        if self._took("IS"):
            negated = self._took("NOT")
            test = _is(name, _VALUES[self._take()])
            return _not(test) if negated else test
        negated = self._took("NOT")
        if self._took("IN"):
            self._need("(")
            values = [self._value()]
            while self._took(","):
                values.append(self._value())
            self._need(")")
            test = _compared(name, _LOOKUPS["in"], values)
            return _not(test) if negated else test
        if negated:
            raise ValueError("NOT")
        if self._next() in _SIGNS:
            return _compared(name, _SIGNS[self._take()], self._value())
        return _compared(name, operator.eq, True)

    def _name(self) -> str:
        token = self._take()
        if token[:1] != ":":
            raise ValueError(token)
        self.names.add(token[1:])
        return token[1:]

    def _value(self) -> Any:
        if self._took("("):
            value = self._value()
            self._need(")")
            return value
        token = self._take()
        if token in _VALUES:
            return _VALUES[token]
        return ast.literal_eval(token)

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _took(self, token: str) -> bool:
        if self._next() != token:
            return False
        self.at += 1
        return True

    def _need(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(token)


def _tokens(text: str) -> Iterator[str]:
    """Words in upper case, names after a colon, texts and numbers as Python has them; casts are left out."""
    at = 0
    text = text.strip()
    while at < len(text):
        match = _SQL_TOKEN.match(text, at)
        if match is None:
            raise ValueError(text[at:])
        at = match.end()
        if match["string"]:
            yield repr(match["string"][1:-1].replace("''", "'"))
        elif match["quoted"]:
            yield ":" + match["quoted"][1:-1].replace('""', '"')
        elif match["word"]:
            word = match["word"].upper()
            yield word if word in _WORDS else ":" + match["word"]
        elif not match["cast"]:
            yield match["number"] or match["sign"]
