"""The target opened: a database as it is, another fixture as a database made of it for as long as it is used."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from fixtureflow.connection import connected
from fixtureflow.database import is_fixture
from fixtureflow.errors import InputError
from fixtureflow.reader import read
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.column import Column
from fixtureflow.schema.merge import Merged, Source
from fixtureflow.schema.model import Schema
from fixtureflow.schema.sources import gather
from fixtureflow.schema.survey import survey
from fixtureflow.stages.natural import natural
from fixtureflow.stream import Records
from fixtureflow.target.fixture import ByNaturalKeyError, fill
from fixtureflow.target.standing import through_labels, with_tables

__all__ = ["Opened", "opened"]


class Opened(NamedTuple):
    connection: Connection
    merged: Merged | None = None
    """Of a fixture, its schema and that of the dump; a database tells its own."""
    notes: Sequence[str] = ()
    """What a person has to know of it."""


@contextmanager
def opened(place: str, given: Schema | list[Source] | None, dump: Catalogue, *, trust: bool) -> Iterator[Opened]:
    """A read-only connection to the target. Raises TargetError, InputError."""
    if not is_fixture(place):
        with connected(place) as connection:
            yield Opened(connection)
        return
    catalogue = Catalogue(read(place))
    known, pks = _schema(given, dump, catalogue)
    merged = Merged(with_tables(known.schema, pks, trust=trust), known.sources)
    labels = [*dump.models, *catalogue.models, *merged.schema.models]
    with tempfile.TemporaryDirectory(prefix="fixtureflow-target-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "target.sqlite3"
        try:
            fill(file, merged.schema, labels, catalogue, trust=trust)
        except ByNaturalKeyError:
            catalogue = _by_pk(place, merged.schema, catalogue, trust=trust)
            file.unlink()
            _fill_again(place, file, merged.schema, labels, catalogue, trust=trust)
        with connected(str(file)) as connection:
            yield Opened(connection, merged, _notes(known.schema, dump.models, trust=trust))


def _by_pk(place: str, schema: Schema, catalogue: Catalogue, *, trust: bool) -> Catalogue:
    """The fixture with its references by natural key turned back."""
    records = Records(lambda: iter(catalogue.again()))
    try:
        return Catalogue(natural(records, schema, to_pk=True, trust_guesses=trust))
    except InputError as error:
        raise InputError(
            f"{place} refers by natural key to records that it lacks: {error.problem}", advice=_turn(place)
        ) from None


def _fill_again(
    place: str, file: Path, schema: Schema, labels: list[str], catalogue: Catalogue, *, trust: bool
) -> None:
    try:
        fill(file, schema, labels, catalogue, trust=trust)
    except ByNaturalKeyError as found:
        raise found.record.fault(
            "refers by a natural key of which nobody knows the fields", field=found.field, advice=_turn(place)
        ) from None


def _turn(place: str) -> str:
    return f"first make its references pks: fixtureflow natural --to-pk --lookup DATABASE {place}"


def _schema(
    given: Schema | list[Source] | None, dump: Catalogue, target: Catalogue
) -> tuple[Merged, dict[str, Column]]:
    """What is known of both fixtures, and what their values let one guess; with it, the pks of models only guessed."""
    sources = [Source("file", "the schema given", given)] if isinstance(given, Schema) else list(given or ())
    labels = list(dict.fromkeys([*dump.models, *target.models]))
    known = gather([*labels, "contenttypes.contenttype"], given=sources, infer=False, quiet=True)
    models = [known.schema.concrete(label) for label in labels]
    if all(model and model.pk and "fields" in model.complete for model in models):
        return known, {}
    seen = survey(Records(lambda: chain(dump.stretches(), target.stretches())))
    guessed = gather([*labels, "contenttypes.contenttype"], given=sources, records=seen, infer=True, quiet=True)
    return guessed, {label: seen.models[label].pk for label in labels}


def _notes(schema: Schema, labels: list[str], *, trust: bool) -> list[str]:
    """Rows of models whose unique keys nobody knows are told apart by their pks alone: a person has to know that."""
    through = through_labels(schema)
    blind = []
    for label in labels:
        model = schema.concrete(label)
        uniques = model.uniques if model else None
        if label not in through and (uniques is None or (uniques and not trust and all(one.guess for one in uniques))):
            blind.append(label)
    if not blind:
        return []
    names = ", ".join(blind[:10]) + (" …" if len(blind) > 10 else "")
    return [f"known by pk alone: {names}, whose unique keys nobody tells; --settings or --schema FILE would"]
