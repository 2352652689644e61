"""The receivers of `post_save` that make rows, as far as their source tells: they are read, never called.

A receiver is listed where its code, or that of a function it calls, makes or saves something, and where there is no
code to read.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.db.models.signals import post_save

from fixtureflow.schema.model import Receiver

__all__ = ["receivers"]

_MAKING = {
    *("create", "get_or_create", "update_or_create", "bulk_create", "save"),
    *("acreate", "aget_or_create", "aupdate_or_create", "abulk_create", "asave"),
}
_TASKS = {"delay": "run", "apply_async": "run", "enqueue": "func"}  # what Celery's and Django's tasks run
_DEEP = 4


def receivers(django_model: Any) -> tuple[Receiver, ...]:
    """Those that a saved row of the model sets off, connected for it or for all models."""
    if django_model._meta.auto_created:
        return ()  # Django sends no signals for them
    live = post_save._live_receivers(django_model)
    functions = [f for part in live for f in (part if isinstance(part, list | tuple) else [part])]
    found = [_receiver(function, django_model) for function in functions]
    return tuple(receiver for receiver in found if receiver is not None)


def _receiver(function: Any, django_model: Any) -> Receiver | None:
    seen: list[Any] = []
    made: dict[str, None] = {}
    makes, raw, read = False, False, True
    for layer in _layers(function):
        reading = _Reading(layer, django_model)
        if reading.tree is None:
            makes, read = True, False
        else:
            raw = raw or reading.asks_raw()
            makes = _collect(reading, made, seen) or makes
    if not makes:
        return None
    outer = _plain(function)
    name = getattr(outer, "__qualname__", type(outer).__qualname__)
    return Receiver(path=f"{outer.__module__}.{name}", makes=tuple(made), checks_raw=raw if read or raw else None)


def _collect(reading: _Reading, made: dict[str, None], seen: list[Any], depth: int = 0) -> bool:
    """Whether the function makes rows, itself or by what it calls; of which models is added to `made`."""
    seen.append(reading.function)
    makes = False
    for label in reading.made():
        makes = True
        if label:
            made[label] = None
    if depth < _DEEP:
        for called in reading.called():
            if called not in seen:
                inner = _Reading(called, reading.sender)
                makes = (inner.tree is not None and _collect(inner, made, seen, depth + 1)) or makes
    return makes


def _plain(function: Any) -> Any:
    """The function in a partial, a bound method or an object that can be called."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__") and not hasattr(function, "__wrapped__") and not isinstance(function, type):
        function = getattr(type(function), "__call__", function)  # noqa: B004
    return function


def _layers(function: Any) -> Iterator[Any]:
    """The function and, of one that a decorator has wrapped, what is inside."""
    function = _plain(function)
    while function is not None:
        yield function
        function = getattr(function, "__wrapped__", None)


class _Reading:
    """The source of a function, and what the names in it stand for."""

    def __init__(self, function: Any, sender: Any) -> None:
        self.function = function
        self.sender = sender
        self.code = getattr(function, "__code__", None)
        self.tree = _tree(self.code)
        self.globals = getattr(function, "__globals__", {})
        self.local = dict(self._closure())
        owner = self.globals.get(str(getattr(function, "__qualname__", "")).partition(".")[0])
        if isinstance(owner, type):
            self.local |= {"self": owner, "cls": owner}
        if self.tree is not None and self.code is not None:
            arguments = self.code.co_varnames[: self.code.co_argcount]
            self.local |= {name: sender for name in arguments if name == "sender"}
            self.local |= dict(self._imports())
            for _ in range(2):  # a name may be made from one that is made further down
                self.local |= dict(self._assignments())

    def asks_raw(self) -> bool:
        """Does it read an argument called `raw`, by name or out of the keyword arguments?"""
        for node in ast.walk(self.tree or ast.Module([], [])):
            if isinstance(node, ast.Name) and node.id == "raw" and isinstance(node.ctx, ast.Load):
                return True
            if isinstance(node, ast.Subscript) and _constant(node.slice) == "raw":
                return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                asked = _constant(node.args[0]) if node.args else None
                if asked == "raw" and node.func.attr in ("get", "pop"):
                    return True
        return False

    def made(self) -> Iterator[str]:
        """The label of each model that is made rows of; `""` for a call that makes rows of what is not clear."""
        for node in self._calls():
            if not isinstance(node.func, ast.Attribute) or node.func.attr not in _MAKING:
                continue
            base = node.func.value
            if node.func.attr in ("save", "asave"):
                model = self._instance(base)
                # Saving the row anew makes none.
                if model is None and isinstance(base, ast.Name) and base.id in ("instance", "self"):
                    continue
            else:
                model = self._queried(base)
            yield model._meta.label_lower if model is not None else ""

    def called(self) -> Iterator[Any]:
        """The functions called by name; of a task, whose `delay` is called, what it runs."""
        for node in self._calls():
            function = self._value(node.func)
            if function is None and isinstance(node.func, ast.Attribute):
                task = self._value(node.func.value)
                function = getattr(task, _TASKS[node.func.attr], None) if node.func.attr in _TASKS else None
            for argument in node.args:  # transaction.on_commit(function)
                passed = self._value(argument)
                if inspect.isroutine(passed) and hasattr(_plain(passed), "__code__"):
                    yield _plain(passed)
            if function is not None and not isinstance(function, type):
                plain = _plain(function)
                if hasattr(plain, "__code__") and not plain.__module__.startswith("django."):
                    yield from _layers(plain)

    def _calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree or ast.Module([], [])) if isinstance(node, ast.Call))

    def _queried(self, node: ast.expr) -> Any:
        """The model that `Model.objects`, `Model.objects.filter(…)` or `instance.items` queries."""
        while isinstance(node, ast.Call | ast.Attribute):
            if isinstance(node, ast.Attribute):
                model = self._model(node.value)
                if model is not None:
                    return model
                if isinstance(node.value, ast.Name) and node.value.id == "instance":
                    return self._reverse(node.attr)
                node = node.value
            else:
                node = node.func
        return None

    def _instance(self, node: ast.expr) -> Any:
        """The model of `Model(…)`, or of a name that was set to it."""
        if isinstance(node, ast.Call):
            return self._model(node.func)
        value = self.local.get(node.id) if isinstance(node, ast.Name) else None
        return value.model if isinstance(value, _Row) else None

    def _reverse(self, accessor: str) -> Any:
        for relation in self.sender._meta.related_objects:
            if relation.get_accessor_name() == accessor:
                return relation.related_model
        many = [f for f in self.sender._meta.many_to_many if f.name == accessor]
        return many[0].related_model if many else None

    def _model(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Call):
            function = self._value(node.func)
            if function is get_user_model:
                return get_user_model()
            names = [_constant(argument) for argument in node.args]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "get_model" and all(names):
                try:
                    return apps.get_model(*names)
                except (LookupError, ValueError, TypeError):
                    return None
        value = self._value(node)
        return value if isinstance(value, type) and issubclass(value, Model) else None

    def _value(self, node: ast.expr) -> Any:
        """What a dotted name stands for, or None. Only modules, classes and functions are looked into."""
        if isinstance(node, ast.Name):
            return self.local.get(node.id, self.globals.get(node.id))
        if isinstance(node, ast.Attribute):
            base = self._value(node.value)
            if inspect.ismodule(base) or isinstance(base, type):
                return inspect.getattr_static(base, node.attr, None)
        return None

    def _closure(self) -> Iterator[tuple[str, Any]]:
        for name, cell in zip(
            getattr(self.code, "co_freevars", ()), getattr(self.function, "__closure__", None) or (), strict=False
        ):
            try:
                yield name, cell.cell_contents
            except ValueError:  # not yet filled
                continue

    def _imports(self) -> Iterator[tuple[str, Any]]:
        """Names imported within the function, of modules that the project has imported."""
        package = str(self.globals.get("__package__") or "")
        for node in ast.walk(self.tree or ast.Module([], [])):
            if isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                module = ".".join([*above, *([node.module] if node.module else [])])
                for alias in node.names:
                    found = sys.modules.get(f"{module}.{alias.name}") or getattr(
                        sys.modules.get(module), alias.name, None
                    )
                    yield alias.asname or alias.name, found

    def _assignments(self) -> Iterator[tuple[str, Any]]:
        for node in ast.walk(self.tree or ast.Module([], [])):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                model = self._model(node.value)
                if model is not None:
                    yield name, model
                elif isinstance(node.value, ast.Call) and self._model(node.value.func) is not None:
                    yield name, _Row(self._model(node.value.func))


class _Row:
    """What a name stands for that is set to a new instance of a model."""

    def __init__(self, model: Any) -> None:
        self.model = model


def _tree(code: Any) -> ast.AST | None:
    if code is None or code.co_filename.startswith("<"):  # `<string>` may be the text of `python -c`
        return None
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None
