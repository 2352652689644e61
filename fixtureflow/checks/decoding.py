"""The records of one model as columns, every value checked on the way.

msgspec decodes them as the types that `checks.fast` gives. What it refuses is looked at record by record, value by
value; and a field that it often refuses is from then on decoded with its nulls and gaps, then as it comes and judged by
itself, so that a column full of faults, or of values that are right though unusual, costs no more than its own judging.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from fixtureflow.checks.judge import NULL, Fault, Judge
from fixtureflow.reread.structs import plain_names, refused

__all__ = ["Decoding", "Rule", "Tell"]

OFTEN = 20
"""Refusals of one field after which its nulls and gaps are counted; after twice as many it is judged by itself."""
STRANGERS = 100
"""Fields that a model does not have, at most, that are decoded as columns of their own."""

Found: TypeAlias = tuple[int, Fault, Any]
"""The record's place among those decoded, what is wrong, the value."""
Tell: TypeAlias = Callable[[str, Sequence[Found]], None]
"""Told of the faults of a field."""

_STRANGE = Fault("unknown-field")
_NULL = Raw(b"null")
_NOTHING = Raw()
_CULPRIT = re.compile(r"`\$\.(?:fields\.)?([^`\[]+)|field `([^`]+)`")


class Rule(msgspec.Struct, frozen=True):
    """What is to be checked of one field."""

    judge: Judge
    fast: Any = None
    """The type whose values are right, null aside; None if only the judge can tell, `Raw` if any value is right."""
    pattern: Callable[[str], object] | None = None
    """What has to match a text of that type besides."""
    null: bool = True
    absent: Fault | None = None
    """What is wrong with a record that leaves the field out."""
    gaps: bool = False
    """Does it decode nulls, and records that leave the field out, right or not?"""

    def fault(self, value: Any) -> Fault | None:
        """What is wrong with a JSON value."""
        if value is None:
            return None if self.null else NULL
        return self.absent if value is UNSET else self.judge(value)


class Decoding:
    """Decodes records of one model."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        wanted: Sequence[str],
        *,
        closed: bool,
        aliases: Mapping[str, str],
        suspect: Callable[[bytes], bool],
        packet: int | None = None,
    ) -> None:
        """`rules` are those of the fields, and of the `pk`, by name; `wanted` are the columns to be given.

        `closed`: there are no other fields. `aliases` are other names that loaddata takes for a field. Text that is
        `suspect` is looked at value by value. A record may hold `packet` bytes.
        """
        self._rules = dict(rules)
        self._wanted = wanted
        self._closed = closed
        self._aliases = aliases
        self._suspect = suspect
        self._packet = packet
        self._strange: set[str] = set()
        self._refused: Counter[str] = Counter()
        self._compile()

    def columns(self, array: bytes, raws: Callable[[], Iterable[bytes]], tell: Tell) -> list[list[Any]]:
        """The wanted values of the records of a JSON array, column by column; `raws` gives the records one by one.

        Of a record that leaves a field out it is None or `UNSET`.
        """
        if not self._suspect(array):
            try:
                rows = self._decode(array)
            except (msgspec.MsgspecError, RecursionError):
                pass
            else:
                self._look(rows, 0, tell)
                return [list(map(get, rows)) for get in self._getters]
        found = [self._one(at, bytes(raw), tell) for at, raw in enumerate(raws())]
        return [list(column) for column in zip(*found, strict=True)] if self._wanted else []

    def _compile(self) -> None:
        loose = Rule(judge=lambda value: _STRANGE)
        rules = self._rules | dict.fromkeys(sorted(self._strange), loose)
        paths = {name: "pk" if name == "pk" else f"fields.f{at}" for at, name in enumerate(rules)}
        inner = [_slot(paths[name].removeprefix("fields."), rule) for name, rule in rules.items() if name != "pk"]
        rename = {paths[name].removeprefix("fields."): name for name in rules if name != "pk"}
        self._decode: Callable[[bytes], Any] = refused
        self._decode_one: Callable[[bytes], Any] = refused
        if plain_names(rules):
            fields = msgspec.defstruct(
                "Fields", inner, rename=rename, forbid_unknown_fields=self._closed, kw_only=True, gc=False
            )
            pk = _slot("pk", rules["pk"])
            row = msgspec.defstruct("Row", [pk, ("fields", fields)], kw_only=True, gc=False)
            self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
            self._decode_one = msgspec.json.Decoder(row).decode
        self._getters = [attrgetter(paths[name]) for name in self._wanted]
        self._judged = [(name, attrgetter(paths[name]), rule) for name, rule in rules.items() if rule.fast is None]
        self._texts = [
            (name, attrgetter(paths[name]), rule, rule.pattern)
            for name, rule in rules.items()
            if rule.pattern is not None and rule.fast is not None
        ]
        self._gaps = [
            (name, attrgetter(paths[name]), rule)
            for name, rule in rules.items()
            if rule.gaps or (not rule.null and (rule.fast is Raw or rule.fast is Any))
        ]

    def _look(self, rows: Sequence[Any], start: int, tell: Tell) -> None:
        """Check what the types have left open."""
        for name, get, rule in self._gaps:
            column = list(map(get, rows))
            nothing, null = (_NOTHING, _NULL) if rule.fast is Raw else (UNSET, None)
            if not rule.null and null in column:
                tell(name, [(at, NULL, None) for at, value in enumerate(column, start) if value == null])
            if rule.absent and nothing in column:
                tell(name, [(at, rule.absent, None) for at, value in enumerate(column, start) if value == nothing])
        for name, get, rule, matches in self._texts:
            column = list(map(get, rows))
            if not all(matches(value) for value in column if type(value) is str):
                odd = ((at, v) for at, v in enumerate(column, start) if type(v) is str and not matches(v))
                tell(name, [(at, fault, value) for at, value in odd if (fault := rule.judge(value))])
        for name, get, rule in self._judged:
            values = enumerate(map(get, rows), start)
            if name in self._strange:
                tell(name, [(at, _STRANGE, value) for at, value in values if value is not UNSET])
            else:
                tell(name, [(at, fault, value) for at, value in values if (fault := rule.fault(value))])

    def _one(self, at: int, raw: bytes, tell: Tell) -> Sequence[Any]:
        said = ""
        if not self._suspect(raw):
            try:
                row = self._decode_one(raw)
            except (msgspec.MsgspecError, RecursionError) as error:
                said = str(error)
            else:
                self._look([row], at, tell)
                return [get(row) for get in self._getters]
        try:
            record = json.loads(raw)
        except RecursionError:
            tell("", [(at, Fault("bad-record", "nested too deep for Python's json"), None)])
            return [None] * len(self._wanted)
        except ValueError:
            tell("", [(at, Fault("bad-record", "an integer in it has too many digits for Python's json"), None)])
            return [None] * len(self._wanted)
        values, culprits = self._judge(at, record, tell)
        if self._packet is not None and len(raw) > self._packet:
            self._weigh(at, values, tell)
        self._count(culprits | _culprits(said))
        return [values.get(name) for name in self._wanted]

    def _judge(self, at: int, record: dict[str, Any], tell: Tell) -> tuple[dict[str, Any], set[str]]:
        """The values that can be used, and the fields that are at fault."""
        culprits: set[str] = set()
        fields = record.get("fields")
        if not isinstance(fields, dict):
            tell("", [(at, Fault("bad-record", "`fields` is missing or no object"), None)])
            return {"pk": record.get("pk")}, culprits
        values = {self._aliases.get(name, name) if name not in self._rules else name: fields[name] for name in fields}
        if "pk" in fields and self._closed:
            tell("pk", [(at, _STRANGE, fields["pk"])])
        values["pk"] = record.get("pk", UNSET)
        for name, rule in self._rules.items():
            value = values.get(name, UNSET)
            fault = rule.fault(value)
            if fault is not None:
                culprits.add(name)
                tell(name, [(at, fault, value)])
                if fault.kind == "bad-value":
                    values[name] = None
        for name in values.keys() - self._rules.keys() if self._closed else ():
            culprits.add(name)
            tell(name, [(at, _STRANGE, values[name])])
        return values, culprits

    def _weigh(self, at: int, values: Mapping[str, Any], tell: Tell) -> None:
        size = sum(len(value if isinstance(value, str) else json.dumps(value)) for value in values.values())
        size = max(size, sum(len(value.encode("utf-8", "replace")) for value in values.values() if type(value) is str))
        if self._packet is not None and size > self._packet:
            tell("", [(at, Fault("packet", f"{size:,} bytes, {self._packet:,} fit"), None)])

    def _count(self, culprits: Iterable[str]) -> None:
        often = []
        for name in culprits:
            if name in self._rules or len(self._refused) < 10 * STRANGERS:
                self._refused[name] += 1
                if self._refused[name] in (OFTEN, 2 * OFTEN):
                    often.append(name)
        for name in often:
            if name in self._rules:
                rule = self._rules[name]
                looser = {"gaps": True} if rule.fast is not None and not rule.gaps else {"gaps": False, "fast": None}
                self._rules[name] = msgspec.structs.replace(rule, **looser)
            elif self._closed and name not in self._aliases and plain_names([name]) and len(self._strange) < STRANGERS:
                self._strange.add(name)
        if often:
            self._compile()


def _slot(name: str, rule: Rule) -> Any:
    """A field of a Struct, in the forms that `defstruct` takes."""
    if rule.fast is None:
        return name, Any, UNSET
    if rule.fast is Raw:
        return (name, Raw) if rule.absent and not rule.gaps else (name, Raw, _NOTHING)
    if rule.fast is Any:
        return (name, Any) if rule.absent and not rule.gaps else (name, Any, UNSET)
    kind = rule.fast | None if rule.null or rule.gaps else rule.fast
    return (name, kind) if rule.absent and not rule.gaps else (name, kind | UnsetType, UNSET)


def _culprits(said: str) -> set[str]:
    """The field that msgspec's error is about."""
    found = _CULPRIT.search(said)
    return {found[1] or found[2]} if found else set()
