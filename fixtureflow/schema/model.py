"""The nouns of a schema: what the bytes of a fixture do not say.

A schema is facts, and no source has all of them: a database does not know natural keys, a preset no column
lengths. So three things are told apart throughout:

- **not known** is `None`, and is not written to a file;
- **known to be none** is the empty value of its kind: `""`, `()`, `0` for `max_length` (no limit), and the word
  `"none"` for a field's relation or a natural key's status; all but the words are false in an `if`;
- anything else is the fact.

Names are Django's: a label is `app_label.modelname`, as the `model` of a record has it; a field is named as in the
`fields` of a record (`user`, while its column is `user_id`). A model holds its local fields only, again as its
record does: under multi-table inheritance the rest is found by way of `parents`.

Source of the facts' meaning: https://docs.djangoproject.com/en/stable/ref/models/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

import msgspec

__all__ = [
    "TYPE_FACTS",
    "Aspect",
    "BlockIds",
    "Field",
    "FieldType",
    "GenericKey",
    "Guess",
    "IdsAs",
    "Model",
    "NaturalKey",
    "Noun",
    "Receiver",
    "Relation",
    "Schema",
    "Tree",
    "Unique",
    "canonical",
]

IdsAs: TypeAlias = Literal["records", "row", "blocks", "tags"]
"""As a fixture; as the pk and the fields of a row of the model that a content type beside it tells; in the blocks of a
StreamField; as HTML tags."""

FieldType: TypeAlias = Literal[
    "integer",  # any width: `minimum` and `maximum` tell which
    "decimal",  # a string in a fixture; `digits` and `decimals`
    "float",
    "boolean",
    "text",  # char, varchar, text, file paths, URLs; `max_length` tells which
    "date",
    "time",
    "datetime",
    "duration",
    "uuid",
    "ip",
    "binary",  # base64 in a fixture
    "json",
    "array",
    "range",
    "geometry",
    "other",
]
"""What kind of value a field has. A relation has the type of the column that it points at; an M2M field has none."""

TYPE_FACTS = ("type", "decimals")
"""The facts of a field that `type_guessed` is about."""

Aspect: TypeAlias = Literal["fields", "relations"]
"""What a source may know all of: the fields with a column, or the relations (M2M fields included)."""


class Noun(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of all: immutable, written without what is not known, read without tolerance for misspelt facts."""


class Guess(Noun, frozen=True, kw_only=True):
    """Why a fact that nobody stated is believed. A fact with a guess may order and report, never rewrite data."""

    confidence: float
    """0 to 1."""
    evidence: str = ""
    """For a person: `all 1,204 values are pks of auth.user`."""
    values: int | None = None
    """How many values were looked at."""
    coverage: float | None = None
    """The share of them that fits, 0 to 1."""


class Relation(Noun, frozen=True, kw_only=True):
    """Where a field points: `ForeignKey`, `OneToOneField` or `ManyToManyField`."""

    kind: Literal["fk", "o2o", "m2m"]
    to: str
    """The label of the model pointed at; the model itself for `"self"`."""
    to_field: str | None = None
    """The field pointed at, by name; `""` for the pk."""
    parent_link: bool | None = None
    """The link of a multi-table child to its parent, absent from the child's record."""
    swappable: str | None = None
    """The setting that chooses the model pointed at (`AUTH_USER_MODEL`); `""` if none does."""
    constraint: bool | None = None
    """Does the database enforce it? (`db_constraint`)"""
    deferrable: bool | None = None
    """Is that put off until the commit?"""
    through: str | None = None
    """M2M only: the label of the model of the rows between."""
    auto_through: bool | None = None
    """M2M only: did Django make that model? If not, the field is never in a record, the through rows are records."""
    through_table: str | None = None
    through_columns: tuple[str, str] | None = None
    """M2M only: the columns that hold the key of this side and of the other."""
    rows_as: str | None = None
    """Of modelcluster's `ParentalKey`: under which name the rows stand within the row pointed at, in its revisions."""
    guess: Guess | None = None

    def __post_init__(self) -> None:
        _canonical(self, "to", "through")


class BlockIds(Noun, frozen=True, kw_only=True):
    """Where ids stand in the value of a block of Wagtail's; with no fact at all it holds none, but for tags."""

    id: str | None = None
    """The value is the pk of a row of the model of that label; `"*"` where that is not known."""
    stream: dict[str, BlockIds] | None = None
    """A list of blocks, by type."""
    struct: dict[str, BlockIds] | None = None
    """An object with a block under each name."""
    items: BlockIds | None = None
    """A list of blocks of one kind."""

    def __post_init__(self) -> None:
        _canonical(self, "id")


class Field(Noun, frozen=True, kw_only=True):
    """One field of a model; its name is its key in `Model.fields`."""

    column: str | None = None
    """`""` for a field without a column: M2M."""
    type: FieldType | None = None
    type_guessed: bool | None = None
    """Is `type` (and `decimals`) only what the values of a dump look like? Then whoever states it is believed."""
    null: bool | None = None
    max_length: int | None = None
    """In characters; 0 for no limit."""
    minimum: int | None = None
    maximum: int | None = None
    """The range of an integer, both ends included."""
    digits: int | None = None
    decimals: int | None = None
    """`max_digits` and `decimal_places` of a decimal."""
    has_default: bool | None = None
    """Does a row get a value where a record leaves the field out, by Django's default or the database's?"""
    auto: bool | None = None
    """Does the database number it? (`AutoField` and its kin, identity columns)"""
    generated: bool | None = None
    """Computed by the database (`GeneratedField`): written by dumpdata, ignored by loaddata."""
    relation: Relation | Literal["none"] | None = None
    """Read it with `Model.relations()`, which knows of `"none"`."""
    holds_ids: tuple[str, ...] | None = None
    """Labels of models whose pks stand inside the text or JSON of this field; `"*"` for any model."""
    ids_as: tuple[IdsAs, ...] | None = None
    """How they stand there, as far as they can be read and written again."""
    blocks: BlockIds | None = None
    """Of a StreamField."""


class Unique(Noun, frozen=True, kw_only=True):
    """A unique constraint or index; the primary key is not among them."""

    fields: tuple[str, ...] = ()
    """Names of fields; empty where the constraint is on `expressions`."""
    name: str | None = None
    condition: str = ""
    """Of a partial constraint, as its source words it (SQL, or Django's `Q`)."""
    expressions: tuple[str, ...] = ()
    """As their source words them."""
    nulls_distinct: bool = True
    """May there be several rows with NULL in it?"""
    deferrable: bool | None = None
    guess: Guess | None = None


class GenericKey(Noun, frozen=True, kw_only=True):
    """A generic foreign key: two plain fields, of which one says the model and the other the row."""

    content_type: str
    """The field that points at contenttypes.contenttype."""
    object_id: str
    name: str = ""
    """Of the `GenericForeignKey`; `""` where two fields are used as one without it (admin.logentry)."""
    for_concrete_model: bool | None = None
    guess: Guess | None = None


class NaturalKey(Noun, frozen=True, kw_only=True):
    """What `natural_key()` returns for a model."""

    status: Literal["none", "fields", "computed"]
    """`computed`: there is one, but it is no plain list of fields; `reason` says why."""
    fields: tuple[str, ...] = ()
    """Django lookups in the order returned: `("codename", "content_type__app_label", "content_type__model")`."""
    lookup: bool | None = None
    """Has the default manager `get_by_natural_key`? Without it such keys can be dumped but not loaded."""
    dependencies: tuple[str, ...] | None = None
    """Labels in `natural_key.dependencies`: models to be loaded before."""
    reason: str = ""
    guess: Guess | None = None


class Receiver(Noun, frozen=True, kw_only=True):
    """A `post_save` receiver that makes rows when a row of the model is loaded."""

    path: str
    """Dotted path of the function."""
    makes: tuple[str, ...] = ()
    """Labels of the models it makes rows of, as far as that is known."""
    checks_raw: bool | None = None
    """Does it look at `raw`, and so may leave loaddata alone?"""


class Tree(Noun, frozen=True, kw_only=True):
    """The columns in which a tree library keeps what follows from the shape of the tree."""

    kind: Literal["materialized_path", "nested_sets", "adjacency", "mptt"]
    """treebeard's `MP_Node`, `NS_Node`, `AL_Node`, or an `MPTTModel`."""
    columns: dict[str, str]
    """Role to field: `path`, `depth`, `numchild`; `lft`, `rgt`, `tree_id`, `depth`; `parent`, `sib_order`."""
    steplen: int | None = None
    """Of a materialized path: the characters of `path` that one level takes."""
    alphabet: str | None = None
    """Of a materialized path: its digits, in order."""


class Model(Noun, frozen=True, kw_only=True):
    """One model: its table, its local fields, and what holds among its rows."""

    label: str = ""
    """Set from the key in `Schema.models`, and not repeated in a file."""
    table: str | None = None
    """As in `db_table`; of a proxy, that of its concrete model."""
    pk: tuple[str, ...] | None = None
    """Names of fields: several for a composite pk, a relation for a multi-table child."""
    fields: dict[str, Field] = {}
    complete: tuple[Aspect, ...] = ()
    """Aspects of which all is listed, so that what is absent is known not to be there."""
    uniques: tuple[Unique, ...] | None = None
    generic_keys: tuple[GenericKey, ...] | None = None
    natural_key: NaturalKey | None = None
    proxy_for: str | None = None
    """Label of the concrete model that a proxy stands for; `""` if it is no proxy."""
    parents: tuple[str, ...] | None = None
    """Labels of the multi-table parents, nearest first; the link to each is a relation with `parent_link`."""
    managed: bool | None = None
    """Does Django make and alter the table?"""
    swappable: str | None = None
    """The setting by which a project may put another model in its place; `""` if none."""
    sequence: str | None = None
    """The database sequence that numbers the pk; `""` if none does."""
    database: str | None = None
    """The alias in `DATABASES` that the project's routers send the model to."""
    receivers: tuple[Receiver, ...] | None = None
    filled_by_migrate: bool | None = None
    """Has `migrate` put rows of it into every new database?"""
    placeholders: tuple[dict[str, Any], ...] | None = None
    """Such rows, by fields and values that mark them, meant to give way to the fixture's own: example.com."""
    tree: Tree | None = None

    def __post_init__(self) -> None:
        _canonical(self, "proxy_for")
        if self.parents:
            msgspec.structs.force_setattr(self, "parents", tuple(canonical(parent) for parent in self.parents))

    def relations(self) -> Iterator[tuple[str, Relation]]:
        """The local fields that point somewhere, each with where, in the order of the fields."""
        for name, field in self.fields.items():
            if isinstance(field.relation, Relation):
                yield name, field.relation


class Schema(Noun, frozen=True, kw_only=True):
    """Models by label, and the settings that presets have to follow."""

    about: str = ""
    """One line on what the facts were taken from: `wagtail 7.3`."""
    settings: dict[str, str] = {}
    """Labels that a project has chosen: `{"AUTH_USER_MODEL": "accounts.user"}`."""
    use_tz: bool | None = None
    """Are the project's datetimes aware of their time zone? (`USE_TZ`)"""
    models: dict[str, Model] = {}

    def __post_init__(self) -> None:
        """Key each model by its canonical label, and tell it that label; ValueError if two keys are one label."""
        models: dict[str, Model] = {}
        for label, model in self.models.items():
            key = canonical(label)
            if key in models:
                raise ValueError(f"model {label} stands there twice")
            models[key] = model if model.label == key else msgspec.structs.replace(model, label=key)
        msgspec.structs.force_setattr(self, "models", models)

    @classmethod
    def of(
        cls,
        models: Iterable[Model],
        *,
        about: str = "",
        settings: dict[str, str] | None = None,
        use_tz: bool | None = None,
    ) -> Schema:
        """A schema of models that know their label."""
        known = {model.label: model for model in models}
        return cls(about=about, settings=settings or {}, use_tz=use_tz, models=known)

    def model(self, label: str) -> Model | None:
        """The model of that label: the app label exact, the model name in any case, as loaddata reads it."""
        return self.models.get(label) or self.models.get(canonical(label))

    def concrete(self, label: str) -> Model | None:
        """The model whose table holds the rows: that of a proxy, or the model itself."""
        model = self.model(label)
        seen = set()
        while model and model.proxy_for and model.label not in seen:
            seen.add(model.label)
            model = self.model(model.proxy_for)
        return model

    def ancestors(self, label: str) -> list[Model]:
        """All multi-table parents of a model that are known, nearest first, each once."""
        found: dict[str, Model] = {}
        waiting = [label]
        while waiting:
            model = self.concrete(waiting.pop(0))
            for parent in (model and model.parents) or ():
                known = self.concrete(parent)
                if known and known.label not in found:
                    found[known.label] = known
                    waiting.append(known.label)
        return list(found.values())

    def owner(self, label: str, field: str) -> Model | None:
        """The model whose record has the field: the model itself or the parent that it inherits it from."""
        model = self.concrete(label)
        if model is None:
            return None
        return next((m for m in (model, *self.ancestors(label)) if field in m.fields), None)


def canonical(label: str) -> str:
    """`label` with its model name in lower case: `auth.User` → `auth.user`, `Shop.Item` → `Shop.item`."""
    app, dot, name = label.partition(".")
    return f"{app}{dot}{name.lower()}"


def _canonical(noun: Noun, *names: str) -> None:
    for name in names:
        label = getattr(noun, name)
        if label and not label.islower():
            msgspec.structs.force_setattr(noun, name, canonical(label))
