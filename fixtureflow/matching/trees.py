"""Places in trees: a record's path follows that of its parent, and where it is another row's a free one is found.

A materialized path (treebeard's `MP_Node`) is a reference as well: its beginning is the path of the parent. Nested sets
and MPTT number all rows of a tree anew when one is added; their libraries do so from the parents, after loaddata.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sql

from fixtureflow.matching.fates import DROPPED, KEPT, Fate, Fates
from fixtureflow.matching.lost import Reason
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.reading import Reader
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Model, Tree

__all__ = ["Trees", "plantable"]


_THERE = (*DROPPED, Fate.UPDATED)


class _Node(NamedTuple):
    path: str
    number: int
    pk: Any


class Trees:
    """Of the models whose rows are a tree; the paths of their records are kept while they are placed."""

    def __init__(self, fates: Fates, reader: Reader, reasons: dict[int, Reason], *, renumber: bool) -> None:
        self._fates = fates
        self._reader = reader
        self._reasons = reasons
        self._renumber = renumber
        self.moved: dict[str, dict[int, str]] = {}
        """By model, the new paths of records, by their numbers."""
        self.assumed: dict[str, set[str]] = {}
        """By model, paths of parents that are not in the fixture, and were taken to mean the target's."""
        self.grown: Counter[str] = Counter()
        """How many records go into a tree of the target that has rows."""

    def forget(self, models: Iterable[str]) -> None:
        """Begin anew with some models."""
        for label in models:
            self.moved.pop(label, None)
            self.grown.pop(label, None)

    def place(self, plan: Plan, label: str) -> int:
        """Find the places of a model's records, once it is decided which of them are kept; how many have none."""
        tree, before = plan.model.tree, len(self._reasons)
        if tree is None or plan.is_empty:
            return 0
        if plantable(tree, plan.table.fields):
            self._place(plan, label, tree, tree.columns["path"])
        count = 0
        for batch in self._reader.batches(label, Columns([]), lookups=False):
            count += sum(self._fates.fate[number] in KEPT for number in batch.numbers) if not batch.hidden else 0
        if count:
            self.grown[plan.label] += count
        return len(self._reasons) - before

    def message(self, model: Model) -> str:
        """What to do about a tree that has grown."""
        moved = len(self.moved.get(model.label, ()))
        elsewhere = f", {moved:,} of them at another place" if moved else ""
        return (
            f"tree: {self.grown[model.label]:,} records of {model.label} go among rows of the target{elsewhere}; "
            f"after loaddata: {self.rebuilding(model)}"
        )

    def rebuilding(self, model: Model) -> str:
        """What has a tree counted anew by its library."""
        rebuilt = "_tree_manager.rebuild()"
        if model.tree and model.tree.kind == "materialized_path":
            # Siblings that are to be in an order, as Wagtail's collections, collide with others added later if not.
            rebuilt = "fix_tree(fix_paths=bool(m.node_order_by))"
        code = f"from django.apps import apps; m = apps.get_model('{model.label}'); m.{rebuilt}"
        return f'python manage.py shell -c "{code}"'

    def _place(self, plan: Plan, label: str, tree: Tree, field: str) -> None:
        nodes = sorted(node for node in self._nodes(label, field) if node.path)
        there = self._paths_there(plan, field, nodes)
        new: dict[str, str | None] = {}
        step = tree.steplen or 1
        for _, level in groupby(sorted(nodes, key=lambda node: len(node.path)), key=lambda node: len(node.path)):
            waiting = []
            for node in level:
                fate = self._fates.fate[node.number]
                if fate in _THERE:
                    self._put(plan, node, new, there.get(node.number, node.path))
                elif fate in KEPT:
                    waiting.append(node)
                else:
                    new[node.path] = None
            parents = {node.path[:-step] for node in waiting} - {""} - new.keys()
            self._level(plan, field, tree, waiting, new, self._taken(plan, field, sorted(parents)))

    def _nodes(self, label: str, field: str) -> Iterator[_Node]:
        for batch in self._reader.batches(label, Columns([field]), lookups=False):
            if not batch.hidden:
                paths = (path if isinstance(path, str) else "" for path in batch.columns[field])
                yield from map(_Node, paths, batch.numbers, batch.pks)

    def _paths_there(self, plan: Plan, field: str, nodes: Sequence[_Node]) -> dict[int, str]:
        """The paths of the target's rows that records are, by number."""
        dropped = [node for node in nodes if self._fates.fate[node.number] in _THERE]
        pks = [self._fates.moved(node.number, node.pk) for node in dropped]
        form = plan.table.form(plan.pk[0])
        found = plan.table.by_pk([field]).find([form(pk) for pk in pks])
        return {dropped[at].number: path for at, path in found}

    def _taken(self, plan: Plan, field: str, paths: Sequence[str]) -> set[str]:
        """Those of the paths that rows of the target have."""
        return {paths[at] for at, *_ in plan.table.by(field).find([(path,) for path in paths])}

    def _level(
        self,
        plan: Plan,
        field: str,
        tree: Tree,
        nodes: Sequence[_Node],
        new: dict[str, str | None],
        assumed: set[str],
    ) -> None:
        """Place the records of one level; `new` has the paths of those above, None for what is not kept."""
        step = tree.steplen or 1
        wanted: list[tuple[_Node, str]] = []
        for node in nodes:
            parent = node.path[:-step]
            prefix = new.get(parent, parent if parent in assumed or not parent else None)
            if prefix is None:
                why = "was rejected" if parent in new else "is neither in the dump nor in the target"
                self._reject(plan, node, new, f"its parent in the tree {why}")
            else:
                wanted.append((node, prefix + node.path[-step:]))
                if parent in assumed:
                    self.assumed.setdefault(plan.label, set()).add(parent)
        taken = self._taken(plan, field, [path for _, path in wanted])
        held = {path for path in new.values() if path}
        late = []
        for node, path in wanted:
            if path in taken or path in held:
                late.append((node, path[:-step]))
            else:
                held.add(path)
                self._put(plan, node, new, path)
        here: dict[str, list[str]] = {}
        for path in held if late else ():
            here.setdefault(path[:-step], []).append(path[-step:])
        last: dict[str, int] = {}
        for node, prefix in late:
            if not self._renumber:
                self._reject(plan, node, new, "its place in the tree is taken (--renumber)")
                continue
            if prefix not in last:
                there = (path[-step:] for path in self._children(plan, field, prefix, step))
                steps = (*there, *here.get(prefix, ()))
                last[prefix] = max((_number(one, tree.alphabet or "") for one in steps), default=0)
            last[prefix] += 1
            own = _step(last[prefix], tree.alphabet or "", step)
            if len(own) > step:
                self._reject(plan, node, new, "no place is free below its parent in the tree")
            else:
                self._put(plan, node, new, prefix + own)

    def _children(self, plan: Plan, field: str, prefix: str, step: int) -> Iterable[str]:
        column: sql.ColumnClause[str] = sql.column(plan.table.column(field))
        length = len(prefix) + step
        query = sql.select(column).select_from(sql.table(plan.table.name))
        query = query.where(column.startswith(prefix, autoescape=True), sql.func.length(column) == length)
        return plan.table.target.connection.execute(query).scalars()

    def _put(self, plan: Plan, node: _Node, new: dict[str, str | None], path: str) -> None:
        new[node.path] = path
        if path != node.path and self._fates.fate[node.number] in KEPT:
            self.moved.setdefault(plan.label, {})[node.number] = path

    def _reject(self, plan: Plan, node: _Node, new: dict[str, str | None], problem: str) -> None:
        new[node.path] = None
        self._reasons[node.number] = Reason(problem, said=f"path {node.path}")
        self._fates.decide(plan.label, node.number, Fate.REJECTED)


def plantable(tree: Tree, fields: Container[str]) -> bool:
    """Is it a materialized path whose parts are known?"""
    known = tree.steplen and tree.alphabet and tree.columns.get("path") in fields
    return tree.kind == "materialized_path" and bool(known)


def _number(step: str, alphabet: str) -> int:
    number = 0
    for digit in step:
        number = number * len(alphabet) + max(alphabet.find(digit), 0)
    return number


def _step(number: int, alphabet: str, length: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(length, alphabet[0])
