"""Change names and values by rule: models, apps and fields; fields that are to go or are missing; values refused.

Where a model gets a new name, content types, the permissions that `migrate` has made, and natural keys that name it
follow; for that the fixture is read twice. All else is one pass.
"""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from fixtureflow.errors import UsageError
from fixtureflow.findings import Finding, Findings
from fixtureflow.record import Record
from fixtureflow.renaming.editor import Editor
from fixtureflow.renaming.following import Following
from fixtureflow.renaming.labels import CONTENT_TYPE, PERMISSION
from fixtureflow.renaming.rules import Rules, RuleSet, pairs
from fixtureflow.renaming.values import MAX_LENGTH
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.rulesfile import read_rules
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.stream import Block, Records, blocks_of

__all__ = ["Renamed", "rename"]

Pairs = Mapping[str, str] | Iterable[str]
"""Old to new; or texts `old=new`."""


def rename(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    rules: str | Path | None = None,
    model: Pairs = (),
    app: Pairs = (),
    field: Pairs = (),
    drop: str | Iterable[str] = (),
    default: Mapping[str, Any] | Iterable[str] = (),
    fill: Mapping[str, Any] | Iterable[str] = (),
    null_nan: str | Iterable[str] = (),
    strip_nul: str | Iterable[str] = (),
    cut: Mapping[str, int | str] | Iterable[str] = (),
    trust_guesses: bool = False,
    tell: Callable[[Finding], object] | None = None,
) -> Renamed:
    """Change names and values by rule; only what a rule names changes.

    `model`, `app` and `field` give new names: `{"blog.post": "journal.entry"}`, `{"blog": "journal"}`,
    `{"blog.post.title": "heading"}`. Fields like `drop` (`app.model.field`, globs) go; a field of `default` is set
    where a record lacks it (a mapping to values, or texts `field=JSON`), one of `fill` where it is null; in fields like
    `null_nan`, `strip_nul` (`app`, `app.model` or `app.model.field`, globs) NaN and infinities become null, NULs go;
    `cut` has the characters that are left, or `"max_length"` for what the schema says. `rules` is a TOML file with
    tables and lists of these names (with `-`), which the arguments win over. Each value that is lost or set is given to
    `tell`.
    `schema` says which references name content types and permissions; what it has only guessed is not changed without
    `trust_guesses`.
    Raises `UsageError`, `RulesError`, and `InputError` where two fields, models or content types would become one.
    """
    given = Rules(
        model=pairs(model, "--model"),
        app=pairs(app, "--app"),
        field=pairs(field, "--field"),
        drop=_texts(drop),
        default=_values(default, "--default"),
        fill=_values(fill, "--fill"),
        null_nan=_texts(null_nan),
        strip_nul=_texts(strip_nul),
        cut=_lengths(cut),
    )
    if rules is not None:
        given = given.over(read_rules(rules, Rules))
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    return Renamed(records, sources, RuleSet(given), tell, trust_guesses=trust_guesses)


def _texts(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _values(given: Mapping[str, Any] | Iterable[str], option: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    found = pairs(given, option)
    for place, text in found.items():
        try:
            found[place] = json.loads(text)
        except ValueError:
            advice = f"a text stands in quotes: '{place}=\"{text}\"'"
            raise UsageError(f"{option} {place}={text}: {text} is not JSON", advice=advice) from None
    return found


def _lengths(given: Mapping[str, int | str] | Iterable[str]) -> dict[str, int | str]:
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, int | str] = {}
    for text in _texts(given):
        pattern, _, length = text.partition("=")
        found[pattern] = int(length) if length.isdecimal() else length or MAX_LENGTH
    return found


class Renamed(Records):
    """The records with the rules followed. The other attributes are of the latest pass, once it has ended."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        rules: RuleSet,
        tell: Callable[[Finding], object] | None,
        *,
        trust_guesses: bool,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._rules = rules
        self._trust = trust_guesses
        self._tell_each = tell
        self._catalogue: Catalogue | None = None
        self._schema = Schema()
        self._following: Following | None = None
        self._editors: dict[str, Editor] = {}
        self._owners: dict[str, str] = {}
        """By the name that a model has from now on, the one it had."""
        self.findings = Findings()
        """Values that were lost or set; and what still has an old name."""
        self.models: Counter[tuple[str, str]] = Counter()
        """Records by old and new label of the models that got one."""

    @property
    def followed(self) -> Counter[str]:
        """What followed the new names of models: `content type`, `permission`, `reference`, each with how many."""
        counts = self._following.counts if self._following else Counter()
        references = sum(editor.followed for editor in self._editors.values())
        return counts + Counter(reference=references)

    @property
    def unmatched(self) -> list[str]:
        """The rules that changed nothing in the latest pass."""
        return [str(rule) for rule in self._rules.all if not rule.hits]

    def _blocks(self) -> Iterator[Block]:
        for block in self._started():
            busy = {label for label in block.labels() if not self._editor(label).idle}
            if busy:
                before = block.records()
                after = [self._edited(record) if record.model in busy else record for record in before]
                if any(map(operator.is_not, before, after)):
                    block = block.changed(after)
            if self._following:
                self._following.look_for_old_names(block)
            yield block

    def _started(self) -> Iterator[Block]:
        """The blocks to be edited, all made ready for a new pass."""
        self.findings, self.models = Findings(), Counter()
        self._editors, self._owners, self._following = {}, {}, None
        for rule in self._rules.all:
            rule.hits = 0
        if not self._rules.renames_models:
            self._schema = gather(None, given=self._given, quiet=True).schema if self._given else Schema()
            return blocks_of(self._records)
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        catalogue = self._catalogue
        labels = [*catalogue.models, CONTENT_TYPE, PERMISSION]
        infer = None if self._trust else False
        seen = Records(catalogue.stretches)
        self._schema = gather(labels, given=self._given, records=seen, infer=infer, quiet=True).schema
        self._following = Following(self._schema, self._rules, catalogue, self.findings, trust_guesses=self._trust)
        self._owners = {label: label for label in catalogue.models if self._rules.new_label(label) is None}
        return catalogue.again()

    def _edited(self, record: Record) -> Record:
        editor = self._editor(record.model)
        owner = self._owners.setdefault(editor.new, record.model)
        if owner != record.model:
            problem = f"{owner} and {record.model} would both be {editor.new}"
            raise record.fault(problem, advice="leave one of them out with filter, or rename it otherwise")
        if renamed := self._rules.new_label(record.model):
            renamed[1].hits += 1
            self.models[record.model, editor.new] += 1
        return editor.edited(record)

    def _editor(self, label: str) -> Editor:
        if label not in self._editors:
            renamed = self._rules.new_label(label)
            editor = Editor(label, renamed[0] if renamed else label, self._rules, self._longest, self._tell)
            if self._following:
                editor.references = self._following.references(label)
                editor.on_fields = self._following.fields if self._following.knows(label) else None
            self._editors[label] = editor
        return self._editors[label]

    def _longest(self, labels: tuple[str, str], names: tuple[str, str]) -> int | None:
        """The most characters of a field, of whose model and name the schema may know the new or the old name."""
        for label, name in product(labels, names):
            owner = self._schema.owner(label, name)
            if owner is not None and owner.fields[name].max_length:
                return owner.fields[name].max_length
        return None

    def _tell(self, finding: Finding) -> None:
        self.findings.add(finding)
        if self._tell_each:
            self._tell_each(finding)
