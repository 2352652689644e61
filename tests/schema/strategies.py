"""Schemas for property tests: small, any shape, labels and names from a pool so that sources overlap."""

from __future__ import annotations

from hypothesis import strategies as st

from fixtureflow.schema.model import (
    BlockIds,
    Field,
    GenericKey,
    Guess,
    Model,
    NaturalKey,
    Receiver,
    Relation,
    Schema,
    Tree,
    Unique,
)

LABELS = ("a.x", "a.y", "Shop.item", "b.ünï")
NAMES = ("id", "user", "user_name", "naïve\n", '"q"')

labels = st.sampled_from(LABELS)
names = st.sampled_from(NAMES)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
flags = st.none() | st.booleans()
guesses = st.none() | st.builds(Guess, confidence=st.sampled_from([0.5, 1.0]), evidence=words)

relations = st.builds(
    Relation,
    kind=st.sampled_from(["fk", "o2o", "m2m"]),
    to=labels,
    to_field=st.none() | names,
    parent_link=flags,
    through=st.none() | labels,
    through_columns=st.none() | st.tuples(words, words),
    rows_as=st.none() | words,
    guess=guesses,
)
blocks = st.recursive(
    st.builds(BlockIds, id=st.none() | labels),
    lambda inner: st.builds(
        BlockIds,
        stream=st.none() | st.dictionaries(names, inner, max_size=2),
        struct=st.none() | st.dictionaries(names, inner, max_size=2),
        items=st.none() | inner,
    ),
    max_leaves=4,
)
fields = st.builds(
    Field,
    column=st.none() | words,
    type=st.sampled_from([None, "integer", "text", "uuid"]),
    null=flags,
    max_length=st.none() | st.integers(0, 300),
    minimum=st.none() | st.integers(),
    has_default=flags,
    relation=st.none() | st.just("none") | relations,
    holds_ids=st.none() | st.lists(labels, max_size=2).map(tuple),
    ids_as=st.none() | st.lists(st.sampled_from(["records", "row", "blocks", "tags"]), max_size=2).map(tuple),
    blocks=st.none() | blocks,
)
uniques = st.builds(
    Unique,
    fields=st.lists(names, max_size=2).map(tuple),
    name=st.none() | words,
    condition=words,
    expressions=st.lists(words, max_size=2).map(tuple),
    nulls_distinct=st.booleans(),
    guess=guesses,
)
models = st.builds(
    Model,
    table=st.none() | words,
    pk=st.none() | st.lists(names, max_size=2, unique=True).map(tuple),
    fields=st.dictionaries(names, fields, max_size=4),
    complete=st.sampled_from([(), ("fields",), ("fields", "relations")]),
    uniques=st.none() | st.lists(uniques, max_size=2).map(tuple),
    generic_keys=st.none()
    | st.lists(st.builds(GenericKey, content_type=names, object_id=names), max_size=1).map(tuple),
    natural_key=st.none()
    | st.builds(NaturalKey, status=st.sampled_from(["none", "fields"]), fields=st.lists(names).map(tuple)),
    proxy_for=st.none() | st.just("") | labels,
    parents=st.none() | st.lists(labels, max_size=2).map(tuple),
    receivers=st.none() | st.lists(st.builds(Receiver, path=words), max_size=1).map(tuple),
    placeholders=st.none() | st.lists(st.dictionaries(names, words | st.integers()), max_size=2).map(tuple),
    tree=st.none() | st.builds(Tree, kind=st.just("mptt"), columns=st.dictionaries(names, names)),
)
schemas = st.builds(
    Schema,
    about=words,
    settings=st.dictionaries(st.just("AUTH_USER_MODEL"), labels),
    models=st.dictionaries(labels, models, max_size=3),
)
