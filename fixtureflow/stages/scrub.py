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

import msgspec

from fixtureflow.edit import children, with_values
from fixtureflow.errors import UsageError
from fixtureflow.record import Record
from fixtureflow.references.generic import ContentTypes
from fixtureflow.references.links import is_known
from fixtureflow.renaming.rules import pairs
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.rulesfile import read_rules
from fixtureflow.schema.merge import Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.scrubbing.key import key_from
from fixtureflow.scrubbing.plan import Plan, Turn, generic_turn
from fixtureflow.scrubbing.rules import Rules, RuleSet
from fixtureflow.scrubbing.watch import Watch, is_personal
from fixtureflow.stream import Block, Records
from fixtureflow.turning.rewrite import Turned, replaced, style_of

__all__ = ["Scrubbed", "scrub"]

Place = tuple[str, str]
"""A model and a field."""


class _Row(msgspec.Struct, gc=False):
    fields: dict[str, msgspec.Raw] = {}


_rows = msgspec.json.Decoder(list[_Row]).decode


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
        turned = _Turning(plan, types, self)
        for stretch in catalogue.again():
            names = _names(stretch)
            if b"@" in stretch.array():
                watch.look(stretch.run.model, stretch.raws(), partial(plan.is_covered, stretch.run.model))
            yield turned.block(stretch, names)
        self.unread = sorted(plan.unread)

    def _prepared(self, catalogue: Catalogue) -> Plan:
        labels = [*catalogue.models, "contenttypes.contenttype"]
        infer = None if self._trust else False
        seen = Records(catalogue.stretches)
        self._schema = gather(labels, given=self._given, records=seen, infer=infer, quiet=True).schema
        self.scrubbed, self.followed, self.personal = Counter(), Counter(), Counter()
        for rule in self._rules.all:
            rule.hits = 0
        return Plan(self._schema, self._rules, self._key, trust_guesses=self._trust)

    def _watch(self, catalogue: Catalogue, plan: Plan) -> Watch:
        """What looks for e-mail addresses, and knows those that are scrubbed."""
        watch = Watch()
        self.addresses, self.leaks = watch.addresses, watch.leaks
        for stretch in catalogue.stretches():
            names = [
                name
                for name in _names(stretch)
                if (found := plan.scrubber(stretch.run.model, name)) and found.kind == "email"
            ]
            for column in Texts(names).columns(stretch)[1:] if names else ():
                watch.remember(column)
        return watch

    def _needs_types(self, catalogue: Catalogue, plan: Plan) -> bool:
        return any(plan.generic(label) for label in catalogue.models) and any(
            plan.pk(label) for label in catalogue.models
        )


class _Turning:
    """Scrubs the records of some neighbours of one model at a time."""

    def __init__(self, plan: Plan, types: ContentTypes | None, told: Scrubbed) -> None:
        self._plan = plan
        self._types = types
        self._told = told
        self._readers: dict[tuple[str, ...], Texts] = {}

    def block(self, stretch: Stretch, names: list[str]) -> Block:
        label, plan = stretch.run.model, self._plan
        generic = [link for link in plan.generic(label) if link.field in names] if self._types else []
        turns = {name: turn for name in names if (turn := plan.turn(label, name))}
        personal = [name for name in names if is_personal(name) and not plan.is_covered(label, name)]
        pk = plan.pk(label)
        if not turns and not generic and not personal and not pk:
            return stretch
        wanted = dict.fromkeys([*turns, *personal, *(each for k in generic for each in (k.field, k.content_type))])
        reader = self._readers.setdefault(tuple(wanted), Texts(list(wanted)))
        pks, *columns = reader.columns(stretch)
        fields = dict(zip(reader.names, columns, strict=True))
        for name in personal:
            held = sum(len(text) > 2 and text[:1] in (b'"', b"[", b"{") for text in fields[name])
            self._told.personal[label, name] += held
        changes = {}
        for name, turn in turns.items():
            old = fields[name]
            changes[name] = (old, [turn(text) if text else text for text in old])
        for link in generic if self._types else ():
            kinds, old = fields[link.content_type], fields[link.field]
            turned = partial(generic_turn, plan, self._types.model)  # type: ignore[union-attr]
            changes[link.field] = (old, [turned(k, o) if k and o else o for k, o in zip(kinds, old, strict=True)])
        changes = {name: (old, new) for name, (old, new) in changes.items() if old != new}
        self._count(label, changes)
        block: Block = stretch
        if changes:
            array = stretch.array()
            text = replaced(array[1:-1], style_of(array), changes, partial(_again, reader))
            block = Turned(text, stretch)
            block.lead = stretch.lead
        return self._with_pks(block, pk, pks) if pk else block

    def _with_pks(self, block: Block, turn: Turn, pks: list[bytes]) -> Block:
        out = []
        for record, old in zip(block.records(), pks, strict=True):
            new = turn(old) if old else old
            if new != old:
                self._tally(record.model, self._plan.at_pk(record.model), 1)
                raw = with_values(record.raw, {"pk": partial(_instead, new)})
                record = Record(raw, record.model, record.source, record.number, record.offset)
            out.append(record)
        return block.changed(out)

    def _count(self, label: str, changes: Mapping[str, tuple[list[bytes], list[bytes]]]) -> None:
        for name, (old, new) in changes.items():
            self._tally(label, name, sum(map(bytes.__ne__, old, new)))

    def _tally(self, label: str, name: str, count: int) -> None:
        own = self._plan.scrubber(label, name)
        (self._told.scrubbed if own else self._told.followed)[label, name] += count
        if own:
            own.rule.hits += count


def _again(reader: Texts, text: bytes) -> dict[str, list[bytes]]:
    return dict(zip(reader.names, reader.of_array(b"[%b]" % text), strict=True))


def _instead(text: bytes, _: bytes) -> bytes:
    return text


def _names(stretch: Stretch) -> list[str]:
    """The fields that any of the records has, in the order in which they first stand."""
    try:
        rows = [row.fields for row in _rows(stretch.array())]
    except (msgspec.MsgspecError, RecursionError):  # NaN and the like, or `fields` that are no object
        rows = [_fields(raw) for raw in stretch.raws()]
    if all(row.keys() == rows[0].keys() for row in rows):
        return list(rows[0])
    return list(dict.fromkeys(name for row in rows for name in row))


def _fields(raw: bytes) -> dict[str, msgspec.Raw]:
    fields = next((raw[start:end] for key, start, end in children(raw) if key == "fields"), b"")
    return {key: msgspec.Raw() for key, _, _ in children(fields)} if fields[:1] == b"{" else {}
