"""The conditions and expressions of unique constraints in SQLite's SQL, as far as they are simple."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec

from fixtureflow.checks.conditions import expression
from fixtureflow.schema.model import Model, Unique
from fixtureflow.schema.q import is_q, lookup_of, tree
from fixtureflow.values.stored import storer

__all__ = ["in_sqlite", "quoted"]


def in_sqlite(unique: Unique, model: Model) -> Unique:
    """The constraint with its parts in SQL; what is not understood stays as it is, and SQLite will not take it."""
    condition = unique.condition
    if is_q(condition):
        with contextlib.suppress(SyntaxError, ValueError, LookupError):
            condition = _condition(tree(condition), model)
    expressions = tuple(_expression(text, model) for text in unique.expressions)
    return msgspec.structs.replace(unique, condition=condition, expressions=expressions)


def quoted(name: str) -> str:
    """A name as SQLite takes it."""
    return '"' + name.replace('"', '""') + '"'


def _expression(text: str, model: Model) -> str:
    part = expression(text)
    if part is None or part.name not in model.fields:
        return text
    column = _column(part.name, model)
    return f"{part.change.__name__}({column})" if part.change else column


_SIGNS = {"exact": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _condition(node: ast.expr, model: Model) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inner = [_condition(argument, model) for argument in node.args]
        if node.func.id == "NOT":
            return f"NOT ({' AND '.join(inner)})"
        return f"({f' {node.func.id} '.join(inner)})"
    name, how, value = lookup_of(node)
    column = _column(name, model)
    if how == "isnull":
        return f"{column} IS {'' if value else 'NOT '}NULL"
    if how == "in":
        return f"{column} IN ({', '.join(_literals(name, value, model))})"
    (literal,) = _literals(name, [value], model)
    return f"{column} {_SIGNS[how]} {literal}"


def _column(name: str, model: Model) -> str:
    return quoted(model.fields[name].column or name)


def _literals(name: str, values: Iterable[Any], model: Model) -> list[str]:
    stored = storer(model.fields[name], "sqlite")
    return [_literal(stored(value)) for value in values]


def _literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
