"""What is to be looked at in the records of one model: made once, from the schema, and then run over all of them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Raw

from fixtureflow.checks.authority import Authority
from fixtureflow.checks.decoding import Decoding, Found, Rule
from fixtureflow.checks.fast import fast_pattern, fast_type
from fixtureflow.checks.forms import Numbering
from fixtureflow.checks.judge import Dialect, Fault, Judge, judge
from fixtureflow.checks.logs import Disk, Log
from fixtureflow.checks.report import Report
from fixtureflow.checks.uniques import Constraint, constraints
from fixtureflow.record import Record
from fixtureflow.references.links import Place, field_of, ignored_through, links_of, place_of
from fixtureflow.schema.model import Field, FieldType, Model, Relation, Schema

__all__ = ["Keys", "Plan", "Planner"]

_FOUR_BYTES = re.compile(rb"[\xf0-\xf4]|\\u[dD][89abAB]")
_NUL = b"\\u0000"


class Keys(NamedTuple):
    """A column of keys of one model's records: where it is logged, and what numbers it."""

    log: Log
    of: Callable[[list[list[Any]]], array[int]]
    numbering: Numbering | None = None


class Planner:
    """Makes the plans of models; what all plans share."""

    def __init__(self, schema: Schema, authority: Authority, dialect: Dialect, report: Report, disk: Disk) -> None:
        self.schema = schema
        self.authority = authority
        self.dialect = dialect
        self.report = report
        self.disk = disk
        self.referred = {
            link.to for label in schema.models for link in links_of(schema, label) if link.to.field and link.to.model
        }

    def plan(self, label: str) -> Plan:
        return Plan(self, label)


class Plan:
    """The records of one model, by the label that they have: decoded, judged, their keys logged."""

    def __init__(self, planner: Planner, label: str) -> None:
        self.label = label
        self._planner = planner
        self._report = planner.report
        schema = planner.schema
        self.model = schema.concrete(label) or Model(label=label)
        self.place = self.model.label
        self.links = list(links_of(schema, label)) if planner.report.wants(*_BY_REFERENCE) else []
        self.constraints: list[Constraint] = []
        self.count = 0
        self._wanted: list[str] = ["pk"]
        self._keys: dict[tuple[str, str], Keys] = {}
        self._plan_keys()
        rules = {name: self._rule(name, field) for name, field in self.model.fields.items() if _stands(field)}
        self._decoding = Decoding(
            {**rules, **self._inherited(rules), "pk": self._pk_rule()},
            self._wanted,
            closed=planner.authority.closed(label),
            aliases=_aliases(self.model, by_column=planner.authority.named_by_columns(label)),
            suspect=self._suspect(),
            packet=planner.dialect.packet if planner.report.wants("packet") else None,
        )

    def take(self, array: bytes, raws: Callable[[], Iterable[bytes]], count: int, at: Callable[[int], Record]) -> None:
        """Look at some records, given as a JSON array, or one by one; `at` finds one of them by its place."""

        def tell(field: str, found: Sequence[Found]) -> None:
            self._report.tell_all(found, self.label, field, at)

        columns = self._decoding.columns(array, raws, tell)
        for log, numbers, numbering in self._keys.values():
            log.extend(numbers(columns))
            if numbering is not None:
                log.natural, log.gaps = numbering.natural, numbering.gaps or log.several
        self.count += count

    @property
    def pk_is_relation(self) -> bool:
        """Is the primary key a reference to another record, too?"""
        return any(isinstance(field.relation, Relation) for field in self._pk_fields())

    @property
    def without_pk(self) -> bool:
        """Has a record no primary key?"""
        log = self.keys("")
        return log is not None and log.gaps

    def keys(self, field: str, kind: str = "key") -> Log | None:
        """The log of a column, `""` being the primary key."""
        found = self._keys.get((kind, field))
        return found.log if found else None

    # Keys

    def _column(self, name: str) -> int:
        if name not in self._wanted:
            self._wanted.append(name)
        return self._wanted.index(name)

    def _add(
        self,
        kind: str,
        name: str,
        of: Callable[[list[list[Any]]], array[int]],
        numbering: Numbering | None = None,
        *,
        several: bool = False,
    ) -> None:
        self._keys[kind, name] = Keys(Log(self._planner.disk, several=several), of, numbering)

    def _plan_keys(self) -> None:
        if not self._report.wants(*_BY_KEY):
            return
        schema = self._planner.schema
        by_pk = next((link.field for link in self.links if link.by_pk and link.field in self.model.fields), None)
        self._add_pk("", by_pk, self._kind(Place(self.place, "")))
        for link in self.links:
            if link.kind == "generic":
                self._add_column("generic", link.field, None)
                self._add_column("key", link.content_type, "integer")
            elif link.by_pk:
                self._add_pk(link.field, link.field, self._kind(link.to))
            else:
                self._add_column("key", link.field, self._kind(link.to), several=link.many)
        for place in self._planner.referred:
            if place.model == self.place and ("key", place.field) not in self._keys:
                self._add_column("key", place.field, self._kind(place))
        if self._report.wants("duplicate-unique"):
            self.constraints = constraints(schema, self.model, self._planner.dialect)
            for constraint in self.constraints:
                columns = [self._column(name) for name in constraint.names]
                self._add("unique", constraint.name, constraint.numbers(columns))

    def _kind(self, place: Place) -> FieldType | None:
        field = field_of(self._planner.schema, place)
        return field.type if field else None

    def _add_column(self, kind: str, name: str, type_: FieldType | None, *, several: bool = False) -> None:
        column, numbering = self._column(name), Numbering(type_)
        numbers = numbering.of_items if several else numbering.of
        self._add(kind, name, lambda columns: numbers(columns[column]), numbering, several=several)

    def _add_pk(self, name: str, link: str | None, kind: FieldType | None) -> None:
        """Primary keys; where one is a relation too, a record may have it as its field only."""
        numbering = Numbering(kind)
        column = self._column(link) if link else -1

        def of(columns: list[list[Any]]) -> array[int]:
            values = columns[0]
            if link:
                pairs = zip(columns[column], values, strict=True)
                values = [pk if value is None or value is UNSET else value for value, pk in pairs]
            return numbering.of(values)

        self._add("key", name, of, numbering)

    # Rules

    def _rule(self, name: str, field: Field) -> Rule:
        relation = field.relation
        key = name in self._wanted
        if isinstance(relation, Relation) and relation.kind == "m2m":
            return self._many(relation)
        if field.generated:
            return Rule(_nothing, Raw)
        target = field_of(self._planner.schema, Place(self.place, name)) or field
        kind = field.type or target.type
        if isinstance(relation, Relation):
            return self._one(field, relation, target, kind)
        narrow = (self.model.table or "", field.column or name) in self._planner.dialect.utf8mb3
        dialect = self._planner.dialect
        judged = judge(field, kind, dialect, narrow=narrow)
        if kind == "integer" and self._planner.authority.named_by_columns(self.label):
            judged = _or_duration(judged, judge(field, "duration", dialect))
        fast = fast_type(field, kind, dialect, key=key)
        return Rule(judged, fast, fast_pattern(field, kind), null=_may_be_null(field), absent=self._absent(name, field))

    def _one(self, field: Field, relation: Relation, target: Field, kind: FieldType | None) -> Rule:
        """A reference has the type of what it leads to; its range and length are that one's business."""
        plain = Field(type=kind)
        fast = fast_type(plain, kind, self._planner.dialect, key=True)
        natural = self._by_natural_key(relation)
        return Rule(
            _reference(judge(plain, kind, self._planner.dialect), natural=natural),
            fast | list[Any] if natural and fast is not None and fast is not Any else fast,
            fast_pattern(plain, kind),
            null=_may_be_null(field),
            absent=self._absent("", field),
        )

    def _many(self, relation: Relation) -> Rule:
        if ignored_through(relation):
            return Rule(_nothing, Any)
        place = place_of(self._planner.schema, relation)
        kind = self._kind(place)
        plain = Field(type=kind)
        fast = fast_type(plain, kind, self._planner.dialect, key=True)
        natural = self._by_natural_key(relation)
        one = _reference(judge(plain, kind, self._planner.dialect), natural=natural)
        if fast is not None:
            fast = list[fast | list[Any]] if natural and fast is not Any else list[fast]  # type: ignore[valid-type]
        return Rule(_list_of(one, nulls=self._planner.dialect.is_none_of("postgresql")), fast, null=False)

    def _by_natural_key(self, relation: Relation) -> bool:
        """May a reference be by natural key? Where nobody knows, it may."""
        target = self._planner.schema.concrete(relation.to)
        key = self._planner.schema.model(relation.to)
        natural = key.natural_key if key else None
        if target and target.pk and len(target.pk) > 1:
            return True
        return natural is None or (natural.status != "none" and natural.lookup is not False)

    def _absent(self, name: str, field: Field) -> Fault | None:
        if field.null is not False or field.has_default or field.auto or field.generated or field.column == "":
            return None
        if name in (self.model.pk or ()) or not self._planner.authority.closed(self.label):
            return None
        relation = field.relation
        if isinstance(relation, Relation) and (relation.parent_link or field in self._pk_fields()):
            return None
        unsure = field.has_default is None
        if unsure and (field.type == "text" or field.type is None):
            return None
        return Fault(
            "missing-field", "unless Django has a default for it" if unsure else "", "warning" if unsure else None
        )

    def _pk_fields(self) -> list[Field]:
        return [self.model.fields[name] for name in self.model.pk or () if name in self.model.fields]

    def _pk_rule(self) -> Rule:
        pk = self._pk_fields()
        if len(pk) != 1 or len(self.model.pk or ()) != 1:
            return Rule(_nothing, Any)
        field = pk[0]
        target = field_of(self._planner.schema, Place(self.place, "")) or field
        kind = field.type or target.type
        own = field if not isinstance(field.relation, Relation) else Field(type=kind)
        return Rule(
            judge(own, kind, self._planner.dialect),
            fast_type(own, kind, self._planner.dialect, key=True),
            fast_pattern(own, kind),
            null=self._may_lack_pk(field),
            absent=None if self._may_lack_pk(field) else Fault("null", "no primary key"),
        )

    def _may_lack_pk(self, field: Field) -> bool:
        """May a record have no pk? Where the database numbers it, a default makes it, or a natural key may find it."""
        natural = self.model.natural_key
        found = natural is None or (natural.status != "none" and natural.lookup is not False)
        relation = isinstance(field.relation, Relation)
        return field.auto is not False or bool(field.has_default) or found or relation or field.null is not False

    def _inherited(self, rules: Mapping[str, Rule]) -> dict[str, Rule]:
        """Fields of a multi-table parent: loaddata takes them and does nothing with them."""
        parents = self._planner.schema.ancestors(self.label)
        names = {name for parent in parents for name in parent.fields} - rules.keys()
        return {name: Rule(_nothing, Raw) for name in names}

    def _suspect(self) -> Callable[[bytes], bool]:
        dialect, report = self._planner.dialect, self._report
        nul = report.wants("nul") and not dialect.is_none_of("postgresql")
        columns = {(self.model.table or "", field.column or name) for name, field in self.model.fields.items()}
        wide = report.wants("four-byte-text") and not dialect.utf8mb3.isdisjoint(columns)
        packet = dialect.packet if report.wants("packet") and dialect.packet is not None else None

        def suspect(text: bytes) -> bool:
            return (
                (nul and text.rfind(_NUL) >= 0)  # twice as fast as `in`
                or (wide and _FOUR_BYTES.search(text) is not None)
                or (packet is not None and len(text) > packet)
            )

        return suspect


_BY_REFERENCE = ("dangling", "ambiguous-natural-key", "forward-reference", "record-cycle")
_BY_KEY = (*_BY_REFERENCE, "duplicate-pk", "duplicate-unique", "duplicate-natural-key")


def _stands(field: Field) -> bool:
    """Does the field stand in records?"""
    return field.relation is not None or field.column != ""


def _may_be_null(field: Field) -> bool:
    return field.null is not False


def _nothing(value: Any) -> Fault | None:
    return None


def _reference(one: Judge, *, natural: bool) -> Judge:
    def told(value: Any) -> Fault | None:
        if isinstance(value, list):
            return None if natural else Fault("bad-value", "a list, and the model has no natural key to look up")
        return one(value)

    return told


def _list_of(one: Judge, *, nulls: bool) -> Judge:
    """`nulls` in it are dropped without a word (by `INSERT IGNORE`)."""

    def told(value: Any) -> Fault | None:
        if not isinstance(value, list):
            return Fault("bad-value", "not a list")
        if None in value and not nulls:
            return Fault("null", "in the list")
        return next((fault for item in value if item is not None and (fault := one(item))), None)

    return told


def _or_duration(number: Judge, duration: Judge) -> Judge:
    """Where a database has told that a column is an integer, it may be a duration."""
    return lambda value: duration(value) if isinstance(value, str) and ":" in value else number(value)


def _aliases(model: Model, *, by_column: bool) -> dict[str, str]:
    """The names of foreign keys' columns, which loaddata takes too (`Options.get_field`).

    Where only a database has told them, `by_column`, the field of a column `user_id` without a constraint is `user`.
    """
    aliases = {f"{name}_id": name for name, relation in model.relations() if relation.kind != "m2m"}
    if by_column:
        aliases |= {name.removesuffix("_id"): name for name in model.fields if name.endswith("_id")}
    return {alias: name for alias, name in aliases.items() if alias not in model.fields}
