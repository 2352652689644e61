"""How the records of a model are matched: what they refer to, by which keys a row is known, which columns are read."""

from __future__ import annotations

from fixtureflow.errors import TargetError
from fixtureflow.references.links import Link, links_of
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Model, Relation, Schema
from fixtureflow.target.rows import Key, Table, Target
from fixtureflow.values.compared import comparer

__all__ = ["Plan", "is_numbered"]


class Plan:
    """Of one model."""

    def __init__(self, schema: Schema, label: str, target: Target, *, trust: bool, preferred: bool = False) -> None:
        model = schema.concrete(label)
        if model is None or not model.table:
            raise TargetError(
                f"the target has no table of {label}",
                advice="leave it out with --exclude, or run migrate there; a table with a name of its own is known by "
                "--settings or --schema",
            )
        table = target.table(model)
        if table is None:
            raise TargetError(
                f"the target has no table {model.table} of {label}",
                advice="leave it out with --exclude, or run migrate there",
            )
        self.use_tz = schema.use_tz
        self.label = model.label
        self.model: Model = model
        self.table: Table = table
        self.guessed: list[Link] = []
        """References that are only guessed, and so are left as they are."""
        self.links: list[Link] = []
        for link in links_of(schema, label):
            (self.links if trust or not link.guess else self.guessed).append(link)
        self.pk = model.pk or ("id",)
        self.numbered = is_numbered(model)
        self.is_empty = table.empty()
        self.counted = len(self.pk) == 1 and table.field(self.pk[0]).type == "integer"
        """Could a counter make the pks?"""
        self.span = table.span() if self.counted else None
        """The lowest and the highest of the target's pks, if they are integers."""
        keys, self.not_checked = table.uniques()
        tree = set(model.tree.columns.values()) if model.tree else set()
        self.keys: list[Key] = [key for key in keys if not key.whole or not tree.issuperset(key.fields)]
        self.places: list[Key] = [key for key in keys if key.whole and tree.issuperset(key.fields)]
        """Where in a tree a row stands: no identity, but no two rows can share it."""
        natural = model.natural_key.fields if model.natural_key else ()
        self.named_by = {path.partition("__")[0] for path in natural}
        """The fields of its natural key."""
        self.by_pk = next((link for link in self.links if link.by_pk), None)
        """The reference that the pk itself is."""
        known_by = {name for key in self.keys for name in key.fields} | set(self.pk)
        self.needed = [link.field for link in self.links if not link.many and (link.field in known_by or link.by_pk)]
        """The references that have to be followed before a row can be looked up."""
        self.compared = [name for name in table.fields if name not in self.pk]
        aside = (name for name, field in model.fields.items() if field.column == "" or field.generated)
        self.known = {*table.fields, *self.pk, *aside}
        """The fields for which the target has a column, or needs none."""
        self.comparers = [comparer(table.field(name), target.backend) for name in self.compared]
        self.columns = Columns(self._names())
        self.read_compared = Columns(self.compared).rows
        self.preferred = preferred
        """Does the fixture's row take the place of the target's?"""
        self.grows = False
        """Is a place found in the tree for a record whose own is taken?"""

    def _names(self) -> list[str]:
        names = [name for link in self.links for name in (link.field, link.content_type) if name]
        names += [name for key in (*self.keys, *self.places) for name in key.fields if name not in self.pk]
        if len(self.pk) > 1:
            names += self.pk
        return list(dict.fromkeys(names))


def is_numbered(model: Model) -> bool:
    """Does the pk mean nothing, being counted by the database?"""
    if not model.pk or len(model.pk) != 1:
        return not model.pk
    field = model.fields.get(model.pk[0])
    if field is None or isinstance(field.relation, Relation):
        return field is None
    return bool(field.auto) or (field.auto is None and field.type == "integer")
