"""What is wrong with one value of one field: read as loaddata reads it, and held against its column.

Here every fault of a value is told exactly, a value at a time. Most values never come here: see `checks.fast`.
"""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import msgspec

from fixtureflow.checks.kinds import Level
from fixtureflow.schema.model import Field, FieldType
from fixtureflow.values.stored import Backend, storer

__all__ = ["NULL", "Dialect", "Fault", "Judge", "judge", "limits"]

WIDEST = (-(2**63), 2**63 - 1)
"""Of the integers that any database has a column for."""
_LONGEST_DURATION = 999_999_999 * 86_400_000_000
"""Microseconds in a `timedelta`, as `parse_duration` makes one."""


class Fault(NamedTuple):
    """One thing that is wrong with a value."""

    kind: str
    note: str = ""
    level: Level | None = None
    """Where it is not that of the kind."""


class Dialect(msgspec.Struct, frozen=True):
    """What is known of the database that the fixture is for, and of the project."""

    backend: Backend | None = None
    """None where nobody said: then what any of the three refuses is told."""
    use_tz: bool | None = None
    strict: bool = True
    """False for a MySQL that cuts what does not fit, instead of refusing it."""
    utf8mb3: frozenset[tuple[str, str]] = frozenset()
    """Tables and their columns that hold no characters of four bytes."""
    folded: frozenset[tuple[str, str]] = frozenset()
    """Tables and their columns in which the collation takes `a` for `A`."""
    packet: int | None = None
    """The bytes that one statement may have."""

    def folds(self, table: str, column: str) -> bool:
        return (table, column) in self.folded

    def is_none_of(self, *backends: Backend) -> bool:
        return self.backend is not None and self.backend not in backends

    @property
    def unfit(self) -> Level | None:
        """The level of what does not fit its column, where it is not that of the kind."""
        return None if self.strict else "warning"


Judge: TypeAlias = Callable[[Any], Fault | None]
"""From a JSON value, not null, to what is wrong with it."""

NULL = Fault("null")


def judge(field: Field, kind: FieldType | None, dialect: Dialect, *, narrow: bool = False) -> Judge:
    """The judge of a field's values that are of a kind; of a relation, that of the key it leads to.

    `narrow`: the column takes no characters of four bytes.
    """
    if kind in _MAKERS:
        return _MAKERS[kind](field, dialect)
    if kind == "text":
        return _text(field, dialect, narrow=narrow)
    if kind in _STORED:
        return _stored(field, kind, dialect)
    return _anything


def limits(field: Field, dialect: Dialect) -> tuple[int, int]:
    """The smallest and the largest integer that the column takes."""
    least, most = field.minimum, field.maximum
    if dialect.backend == "sqlite":  # which has one kind of integer, and a check where it is to be positive
        least, most = (0 if least == 0 else None), None
    return WIDEST[0] if least is None else least, WIDEST[1] if most is None else most


def _anything(value: Any) -> Fault | None:
    return None


_STORED = ("boolean", "uuid", "binary", "date", "time")


def _reader(kind: FieldType | None, dialect: Dialect) -> Callable[[Any], Any]:
    return storer(Field(type=kind), dialect.backend or "postgresql")


def _stored(field: Field, kind: FieldType | None, dialect: Dialect) -> Judge:
    store = _reader(kind, dialect)
    empty_is_null = kind == "boolean" and field.null

    def told(value: Any) -> Fault | None:
        if empty_is_null and value in ("", [], {}):
            return None
        try:
            store(value)
        except ValueError as error:
            return Fault("bad-value", str(error))
        return None

    return told


def _integer(field: Field, dialect: Dialect) -> Judge:
    store = _reader("integer", dialect)
    least, most = limits(field, dialect)

    def told(value: Any) -> Fault | None:
        try:
            number = store(value)
        except ValueError as error:
            return Fault("bad-value", str(error))
        if least <= number <= most:
            return None
        return Fault("out-of-range", f"{least:,} to {most:,} fit", dialect.unfit)

    return told


def _float(field: Field, dialect: Dialect) -> Judge:
    store = _reader("float", dialect)
    nan_is_null = dialect.backend == "sqlite" and field.null is not False

    def told(value: Any) -> Fault | None:
        try:
            number = store(value)
        except ValueError as error:
            return Fault("bad-value", str(error))
        if math.isfinite(number) or dialect.backend == "postgresql":
            return None
        if dialect.backend == "sqlite":
            return Fault("nan", "it becomes null", "warning" if nan_is_null else None) if math.isnan(number) else None
        return Fault("nan", "MariaDB and MySQL have none", None if dialect.backend else "warning")

    return told


def _decimal(field: Field, dialect: Dialect) -> Judge:
    store = _reader("decimal", dialect)
    digits = field.digits if dialect.backend != "sqlite" else None
    decimals = field.decimals or 0

    def told(value: Any) -> Fault | None:
        try:
            number = Decimal(store(value))
        except ValueError as error:
            return Fault("bad-value", str(error))
        if digits is None or not number:
            return None
        if number.adjusted() >= digits - decimals or _carries(number, digits, decimals):
            return Fault("out-of-range", f"{digits} digits fit, {decimals} of them decimals", dialect.unfit)
        return None

    return told


def _carries(number: Decimal, digits: int, decimals: int) -> bool:
    """Does it round up to a digit more (99.999 to 100.00)?"""
    return round(abs(number), decimals).adjusted() >= digits - decimals if number.adjusted() >= -decimals else False


def _text(field: Field, dialect: Dialect, *, narrow: bool) -> Judge:
    longest = 0 if dialect.backend == "sqlite" else field.max_length or 0
    nul = not dialect.is_none_of("postgresql")

    def told(value: Any) -> Fault | None:
        text = value if type(value) is str else str(value)
        if longest and len(text) > longest and len(text.rstrip(" ")) > longest:  # spaces too many are cut
            return Fault("too-long", f"{len(text):,} characters, {longest:,} fit", dialect.unfit)
        return _characters(text, nul=nul, narrow=narrow, dialect=dialect)

    return told


def _characters(text: str, *, nul: bool, narrow: bool, dialect: Dialect) -> Fault | None:
    if text.isascii():
        return Fault("nul") if nul and "\0" in text else None
    if nul and "\0" in text:
        return Fault("nul")
    try:
        text.encode()
    except UnicodeEncodeError:
        return Fault("surrogate")
    if narrow and max(text) > "\uffff":
        return Fault("four-byte-text", next(c for c in text if c > "\uffff"), dialect.unfit)
    return None


def _json(field: Field, dialect: Dialect) -> Judge:
    nul = not dialect.is_none_of("postgresql")

    def told(value: Any) -> Fault | None:
        waiting = [value]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, str):
                fault = _characters(inner, nul=nul, narrow=False, dialect=dialect)
                if fault is not None and (fault.kind == "nul" or dialect.backend != "sqlite"):
                    return fault  # SQLite does not look into what is escaped
            elif isinstance(inner, Mapping):
                waiting += inner
                waiting += inner.values()
            elif isinstance(inner, list):
                waiting += inner
            elif isinstance(inner, float) and not math.isfinite(inner):
                return Fault("nan", "JSON has no such number")
        return None

    return told


def _datetime(field: Field, dialect: Dialect) -> Judge:
    keeps_zone = storer(Field(type="datetime"), "postgresql")
    store = _reader("datetime", dialect)
    refused = dialect.use_tz is False and not dialect.is_none_of("sqlite", "mysql")
    level: Level | None = None if dialect.backend else "warning"

    def told(value: Any) -> Fault | None:
        try:
            moment = keeps_zone(value)
            store(value)
        except ValueError as error:
            return Fault("bad-value", str(error))
        aware = moment[10:].rpartition("+")[1] or "-" in moment[10:]
        if aware and refused:
            return Fault("aware-datetime", "", level)
        return Fault("naive-datetime") if dialect.use_tz and not aware else None

    return told


def _duration(field: Field, dialect: Dialect) -> Judge:
    microseconds = storer(Field(type="duration"), "sqlite")

    def told(value: Any) -> Fault | None:
        try:
            length = microseconds(value)
        except ValueError as error:
            return Fault("bad-value", str(error))
        longest = _LONGEST_DURATION if not dialect.is_none_of("postgresql") else WIDEST[1]
        return Fault("out-of-range", "999,999,999 days fit") if abs(length) > longest else None

    return told


def _address(field: Field, dialect: Dialect) -> Judge:
    store = _reader("ip", dialect)
    strict = not dialect.is_none_of("postgresql")  # the others keep any text that has no colon

    def told(value: Any) -> Fault | None:
        try:
            text = store(value)
            if text and strict:
                ipaddress.ip_address(text)
        except ValueError:
            return Fault("bad-value", "not an IP address")
        return None if text or field.null is not False else NULL  # Django stores null for the empty text

    return told


def _embedded(field: Field, dialect: Dialect) -> Judge:
    """Arrays and ranges stand in a fixture as JSON within a text."""

    def told(value: Any) -> Fault | None:
        if isinstance(value, str):
            try:
                json.loads(value)
            except ValueError:
                return Fault("bad-value", "not JSON within a text")
        return None

    return told


_MAKERS: dict[FieldType | None, Callable[[Field, Dialect], Judge]] = {
    "integer": _integer,
    "float": _float,
    "decimal": _decimal,
    "json": _json,
    "datetime": _datetime,
    "duration": _duration,
    "ip": _address,
    "array": _embedded,
    "range": _embedded,
}
