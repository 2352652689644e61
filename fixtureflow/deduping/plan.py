"""What is unique of each model, and in which order the models are looked at."""

from __future__ import annotations

from collections.abc import Iterator

from fixtureflow.checks.forms import form_of
from fixtureflow.checks.judge import Dialect
from fixtureflow.checks.uniques import Constraint, constraints, constraints_of
from fixtureflow.deduping.table import Table
from fixtureflow.deduping.wanted import Rename
from fixtureflow.errors import UsageError
from fixtureflow.ordering.graph import model_graph, units
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import Link, is_known, links_of
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Schema, Unique

__all__ = ["Plan"]


class Plan:
    """Tables by concrete model, each with what has to be unique in it."""

    def __init__(
        self,
        schema: Schema,
        catalogue: Catalogue,
        types: ContentTypes,
        uniques: dict[str, list[tuple[str, ...]]],
        renames: list[Rename],
        dialect: Dialect,
        *,
        trust_guesses: bool,
    ) -> None:
        self.schema = schema
        self._catalogue = catalogue
        self._dialect = dialect
        self._types = types
        self._renames = renames
        self.unread: list[tuple[str, str]] = []
        """Models and their constraints that are not understood, and so not looked at."""
        self.guesses: list[Link] = []
        """References that are only guessed, and do not follow."""
        concrete = {label: found.label if (found := schema.concrete(label)) else label for label in catalogue.models}
        self._asked = {found.label if (found := schema.concrete(label)) else label: u for label, u in uniques.items()}
        self.unmatched = [f"--unique {label}" for label in self._asked if label not in concrete.values()]
        self.tables = {
            label: self._table(label, trust_guesses=trust_guesses) for label in dict.fromkeys(concrete.values())
        }
        self.by_label = {label: self.tables[name] for label, name in concrete.items()}
        self.places: dict[str, set[str]] = {}
        """By model, the fields that others refer to it by, besides the primary key."""
        for table in self.tables.values():
            for link in table.links:
                if link.to.field:
                    self.places.setdefault(link.to.model, set()).add(link.to.field)
        used = {rename for table in self.tables.values() for rename in table.renames.values()}
        self.unmatched += [f"--rename {one.field}={one.pattern}" for one in renames if one not in used]

    def units(self) -> Iterator[tuple[list[Table], bool]]:
        """Tables after those that they refer to; those of a cycle together."""
        generic = {
            table.label: {to for label in table.labels for to in self._types.targets(label)}
            for table in self.tables.values()
        }
        graph = model_graph(self.schema, self.tables, generic)
        for table in self.tables.values():  # a row is one with its multi-table children
            for link in table.by_pk:
                if link.kind == "parent" and link.to.model in self.tables:
                    graph.add_edge(link.to.model, table.label)
        for unit in units(graph):
            yield [self.tables[label] for label in unit.models], unit.cyclic

    def messages(self, dropped: set[str]) -> list[str]:
        """What has to be said, if records of the models `dropped` go."""
        said = [f"{label}: not looked at, as it is not understood: {name}" for label, name in self.unread]
        for link in self.guesses:
            if link.to.model in dropped:
                said.append(
                    f"{link.model}.{link.field} → {link.to.model} is a guess, so it does not follow; state it in a "
                    "schema, or take --trust-guesses"
                )
        if dropped:
            blind = [label for label in self.by_label if not is_known(self.schema, label)]
            if blind:
                more = f" and {len(blind) - 10} more" if len(blind) > 10 else ""
                said.append(f"nothing is known of what they refer to: {', '.join(blind[:10])}{more}")
        for label in sorted(dropped):
            model = self.schema.concrete(label)
            if model and model.tree:
                said.append(f"{label}: {', '.join(model.tree.columns.values())} are as they were; rebuild the tree")
        for label, model in self.schema.models.items():
            for name, field in model.fields.items():
                held = dropped if "*" in (field.holds_ids or ()) else dropped & set(field.holds_ids or ())
                if held and label in self.by_label:
                    said.append(f"{label}.{name} may hold ids of {', '.join(sorted(held))}, which do not follow")
        return said

    def _table(self, label: str, *, trust_guesses: bool) -> Table:
        links = list(links_of(self.schema, label))
        if not trust_guesses:
            self.guesses += [link for link in links if link.guess]
            links = [link for link in links if not link.guess]
        named = not self._asked or label in self._asked
        wanted = self._stated(label, say=not self._asked)
        asked = 0 if self._asked else len(wanted)
        if label in self._asked:
            first = self._asked_of(label)
            asked = len(first)
            wanted = [*first, *(each for each in wanted if each.name not in {one.name for one in first})]
        renames = [
            one
            for one in self._renames
            if named
            and one.model in ("", label)
            and any(one.field in each.names[: len(each.forms)] for each in wanted[:asked])
        ]
        return Table(self.schema, self._catalogue, label, links, wanted, renames, asked=asked, named=named)

    def _stated(self, label: str, *, say: bool) -> list[Constraint]:
        """All constraints that the schema states and that are understood."""
        model = self.schema.concrete(label)
        if model is None:
            return []
        found = constraints(self.schema, model, self._dialect)
        if say:
            self.unread += [(label, each.name) for each in found if each.unread]
            for unique in model.uniques or ():
                if not unique.guess and not list(constraints_of(self.schema, model, unique, self._dialect)):
                    self.unread.append((label, unique.name or ", ".join(unique.expressions or unique.fields)))
        return [each for each in found if not each.unread]

    def _asked_of(self, label: str) -> list[Constraint]:
        model = self.schema.concrete(label)
        found = []
        for fields in self._asked[label]:
            made = list(constraints_of(self.schema, model, Unique(fields=fields), self._dialect)) if model else []
            if not made and fields != ("pk",):
                self._refuse(label, fields)
                made = [Constraint(", ".join(fields), fields, (form_of(None),) * len(fields), (None,) * len(fields))]
            found += made
        return found

    def _refuse(self, label: str, fields: tuple[str, ...]) -> None:
        """Raises `UsageError` for a field that neither the schema nor any record has."""
        model = self.schema.concrete(label)
        names = [name for name in fields if name != "pk" and not (model and name in model.fields)]
        reader = Texts(names)
        stretches = self._catalogue.stretches(label) if label in self._catalogue.models else ()
        found = {
            name
            for each in stretches
            for name, column in zip(names, reader.columns(each)[1:], strict=True)
            if any(column)
        }
        lost = [name for name in names if name not in found]
        if lost and label in self._catalogue.models:
            problem = f"--unique {label}:{','.join(fields)}: no record of {label} has a field {', '.join(lost)}"
            raise UsageError(problem, advice="fixtureflow pretty shows the records")
