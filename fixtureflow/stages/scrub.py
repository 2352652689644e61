"""Pseudonyms in the place of e-mail addresses, names, passwords, tokens, so that a dump of real rows may be passed on.

The same value is the same pseudonym everywhere, so that what was joined stays joined and what was unique stays unique;
references to a scrubbed primary key and natural keys with a scrubbed value follow. Only what a rule names changes. The
fixture is read once for where its records stand, the columns of e-mail addresses once more, and then all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from fixtureflow.errors import UsageError
from fixtureflow.record import Record
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import is_known
from fixtureflow.references.naturals import natural_paths
from fixtureflow.renaming.rules import pairs
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.names import names_of
from fixtureflow.reread.texts import Texts
from fixtureflow.rulesfile import read_rules
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.scrubbing.key import key_from
from fixtureflow.scrubbing.plan import Plan
from fixtureflow.scrubbing.rules import Rules, RuleSet
from fixtureflow.scrubbing.turning import Turning
from fixtureflow.scrubbing.watch import Watch
from fixtureflow.stream import Block, Records

__all__ = ["Scrubbed", "scrub"]

Place = tuple[str, str]
"""A model and a field."""


def scrub(
    records: Iterable[Record],
    schema: Schema | Iterable[Source] | None = None,
    *,
    rule: Mapping[str, str] | str | Iterable[str] = (),
    rules: str | Path | None = None,
    preset: str | Iterable[str] = (),
    key: bytes | None = None,
    key_file: str | Path | None = None,
    trust_guesses: bool = False,
) -> Scrubbed:
    """Put pseudonyms in the place of what tells of persons; relations and unique constraints hold.

    `rule` has a kind for each field: `{"shop.order.email": "email"}`, or texts `field=kind`; globs are allowed, the
    most exact wins. Kinds: email, username, first_name, last_name, name, phone, text, password, token, session, uuid,
    ip, url; null, empty, fixed:TEXT; keep. `preset` names apps whose fields are known, or `"all"`; rules win over
    them. `rules` is a TOML file with `preset` and `[rule]`, which the arguments win over. `key` (16 bytes or more),
    `key_file` or the environment's FIXTUREFLOW_SCRUB_KEY decides which pseudonym a value has; without one a key is made
    for this run. `schema` says what refers to what, and how long a column is.
    A stream is copied to disk. Raises `UsageError`, `RulesError`, and `InputError` for a value that no pseudonym of the
    kind can stand for.
    """
    given = Rules(preset=[preset] if isinstance(preset, str) else list(preset), rule=pairs(rule, "--rule"))
    if rules is not None:
        given = given.over(read_rules(rules, Rules))
    sources = schema if schema is None or isinstance(schema, Schema) else list(schema)
    if key is not None and key_file is not None:
        raise UsageError("`key=` and `key_file=` exclude each other")
    secret, made = key_from(key, key_file)
    return Scrubbed(records, sources, RuleSet(given), secret, key_was_made=made, trust_guesses=trust_guesses)


class Scrubbed(Records):
    """The records with pseudonyms. The other attributes are of the latest pass, once it has ended."""

    def __init__(
        self,
        records: Iterable[Record],
        schema: Schema | list[Source] | None,
        rules: RuleSet,
        key: bytes,
        *,
        key_was_made: bool,
        trust_guesses: bool,
    ) -> None:
        super().__init__(self._blocks, records)
        self._records = records
        self._given = schema
        self._rules = rules
        self._key = key
        self._trust = trust_guesses
        self._catalogue: Catalogue | None = None
        self._schema = Schema()
        self.key_was_made = key_was_made
        """Was there no key? Then another run gives other pseudonyms."""
        self.scrubbed: Counter[Place] = Counter()
        """Values that changed, by model and field."""
        self.followed: Counter[Place] = Counter()
        """References that changed, by model and field."""
        self.addresses: Counter[Place] = Counter()
        """Records with what looks like an e-mail address in a field that no rule names."""
        self.leaks: Counter[Place] = Counter()
        """Those of them with an address that is scrubbed elsewhere."""
        self.personal: Counter[Place] = Counter()
        """Records with a value in a field that no rule names, and whose name sounds personal."""
        self.unread: list[Place] = []
        """References by natural keys that nobody knows the fields of, to models with scrubbed fields."""
        self.kept_keys: Counter[Place] = Counter()
        """Records with a natural key that has not followed, since nobody knows that it is one."""

    @property
    def unmatched(self) -> list[str]:
        """The rules that changed nothing in the latest pass; presets not among them."""
        return [str(rule) for rule in self._rules.all if not rule.hits and not rule.preset]

    @property
    def unknown(self) -> list[str]:
        """Models of whose references nothing is known: what is scrubbed may stand in them."""
        labels = self._catalogue.models if self._catalogue else []
        return [label for label in labels if not is_known(self._schema, label)]

    def _blocks(self) -> Iterator[Block]:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._records)
        catalogue = self._catalogue
        plan = self._prepared(catalogue)
        watch = self._watch(catalogue, plan)
        types = ContentTypes(self._schema, catalogue) if self._needs_types(catalogue, plan) else None
        turning = Turning(plan, types)
        self.scrubbed, self.followed, self.personal = turning.scrubbed, turning.followed, turning.personal
        unknown = set(self.unknown)
        for stretch in catalogue.again():
            names = names_of(stretch)
            if stretch.run.model in unknown:
                watch.look_for_keys(stretch.run.model, stretch.raws())
            if b"@" in stretch.array():
                watch.look(stretch.run.model, stretch.raws(), partial(plan.is_covered, stretch.run.model))
            yield turning.block(stretch, names)
        self.unread = sorted(plan.unread)

    def _prepared(self, catalogue: Catalogue) -> Plan:
        labels = [*catalogue.models, "contenttypes.contenttype"]
        infer = None if self._trust else False
        seen = Records(catalogue.stretches)
        self._schema = gather(labels, given=self._given, records=seen, infer=infer, quiet=True).schema
        for rule in self._rules.all:
            rule.hits = 0
        return Plan(self._schema, self._rules, self._key, trust_guesses=self._trust)

    def _watch(self, catalogue: Catalogue, plan: Plan) -> Watch:
        """What looks for e-mail addresses, and knows those that are scrubbed."""
        watch = Watch()
        self.addresses, self.leaks, self.kept_keys = watch.addresses, watch.leaks, watch.keys
        for label in catalogue.models if self.unknown else ():
            paths = natural_paths(self._schema, label)
            if any(plan.scrubber(label, path) for path in paths) and not any("__" in path for path in paths):
                reader = Texts(paths)
                for stretch in catalogue.stretches(label):
                    watch.remember_keys(zip(*reader.columns(stretch)[1:], strict=True))
        readers: dict[tuple[str, ...], Texts] = {}
        for stretch in catalogue.stretches():
            found = ((name, plan.scrubber(stretch.run.model, name)) for name in names_of(stretch))
            names = tuple(name for name, scrubber in found if scrubber and scrubber.kind == "email")
            if names:
                reader = readers[names] = readers.get(names) or Texts(names)
                for column in reader.columns(stretch)[1:]:
                    watch.remember(column)
        return watch

    def _needs_types(self, catalogue: Catalogue, plan: Plan) -> bool:
        return any(plan.generic(label) for label in catalogue.models) and any(
            plan.pk(label) for label in catalogue.models
        )
