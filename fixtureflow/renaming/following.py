"""What follows when models get other names: content types, permissions, references by natural key; what does not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from fixtureflow.edit import Change, children, members, with_values
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.references.links import Key, plain_form
from fixtureflow.renaming.labels import CONTENT_TYPE, PERMISSION, codename, follow, follow_each, key_parts
from fixtureflow.renaming.rules import RuleSet
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.rows import Columns
from fixtureflow.schema.model import Schema, canonical
from fixtureflow.stream import Block

__all__ = ["Following"]


class Following:
    """Knows the content types of a fixture. `counts` has what was changed, by `content type`, `permission`."""

    def __init__(
        self, schema: Schema, rules: RuleSet, catalogue: Catalogue, findings: Findings, *, trust_guesses: bool
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._schema = schema
        self._rules = rules
        self._findings = findings
        self._trust = trust_guesses
        columns = Columns(["app_label", "model"])
        self._types: dict[Key, str] = {
            plain_form(pk): canonical(f"{app}.{model}")
            for stretch in catalogue.stretches(CONTENT_TYPE)
            for pk, (app, model) in columns.rows(stretch)
        }
        old = sorted({*rules.models, *catalogue.models, *self._types.values()})
        new = {label: self.new_label(label) for label in old}
        gone = [label for label in old if new[label] != label and label not in new.values()]
        self._old_names = _named_so(gone) if gone else None

    def new_label(self, label: str) -> str:
        found = self._rules.new_label(label)
        return found[0] if found else label

    def references(self, label: str) -> dict[str, Change]:
        """How the fields of a model follow that refer to something by a natural key which may name a model."""
        model = self._schema.concrete(label) or self._schema.concrete(self.new_label(label))
        # The schema may be that of the new project, and know the fields by their new names.
        old_names = {new: old for (owner, old), (new, _) in self._rules.fields.items() if owner == label}
        found: dict[str, Change] = {}
        for name, relation in model.relations() if model else ():
            parts = key_parts(self._schema, relation.to)
            if parts and (relation.guess is None or self._trust):
                change = follow(parts, self._followed)
                found[name] = found[old_names.get(name, name)] = (
                    follow_each(change) if relation.kind == "m2m" else change
                )
        return found

    def fields(self, record: Record, text: bytes) -> bytes:
        """The `fields` of a content type or a permission."""
        return self._content_type(record, text) if record.model == CONTENT_TYPE else self._permission(record, text)

    def knows(self, label: str) -> bool:
        """Are the model's `fields` to be put through `fields`?"""
        return label in (CONTENT_TYPE, PERMISSION)

    def look_for_old_names(self, block: Block) -> None:
        """Tell of the fields in which an old name still stands: in text, or in what no schema knows."""
        named = self._old_names
        if named is None or not named.search(block.text(b"\n")):
            return
        for record in block.records():
            if not named.search(record.raw):
                continue
            for key, start, end in children(record.raw):
                text = record.raw[start:end]
                for member in members(text) if key == "fields" else ():
                    if match := named.search(text[member.at : member.end]):
                        self._say("still has an old name", record, member.key, match.group().decode())

    def _followed(self, label: str) -> str:
        found = self._rules.new_label(label)
        if found is None:
            return label
        found[1].hits += 1
        return found[0]

    def _content_type(self, record: Record, text: bytes) -> bytes:
        fields = _values(text, ("app_label", "model"))
        old = canonical(f"{fields.get('app_label')}.{fields.get('model')}")
        new = self._followed(old)
        if new == old:
            return text
        twin = next((one for one in self._types.values() if one != old and self.new_label(one) == new), None)
        if twin is not None:
            problem = f"the content types of {old} and of {twin} would both be that of {new}"
            raise record.fault(problem, advice="leave out the one that is stale, and what refers to it")
        self.counts["content type"] += 1
        app, _, name = new.partition(".")
        return with_values(text, {"app_label": lambda _: _json(app), "model": lambda _: _json(name)})

    def _permission(self, record: Record, text: bytes) -> bytes:
        fields = record.fields  # as it was: a content type by natural key has been followed in `text`
        kind, code = fields.get("content_type"), fields.get("codename")
        old = canonical(".".join(map(str, kind))) if isinstance(kind, list) else self._types.get(plain_form(kind))
        if old is None:
            self._say("content type not in the input", record, "content_type", kind)
            return text
        new = self.new_label(old)
        followed = codename(code, old, new) if isinstance(code, str) else code
        if followed == code:
            return text
        self.counts["permission"] += 1
        return with_values(text, {"codename": lambda _: _json(followed)})

    def _say(self, problem: str, record: Record, field: str, value: Any) -> None:
        self._findings.add(Finding(problem=problem, model=record.model, pk=record.pk, field=field, value=value))


def _named_so(labels: Iterable[str]) -> re.Pattern[bytes]:
    """Finds `app.model`, `"app", "model"` as items of a list, and the name of a link to such a multi-table parent."""
    parts = []
    for label in labels:
        app, name = (re.escape(part).encode() for part in label.split("."))
        parts += [rb"\b%b\.%b\b" % (app, name), rb'"%b"\s*,\s*"%b"' % (app, name), rb'"%b_ptr"(?=\s*:)' % name]
    return re.compile(b"|".join(parts))


def _values(text: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    return {key: json.loads(text[start:end]) for key, start, end in children(text) if key in names}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
