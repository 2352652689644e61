"""What is guessed from a dump, held against the project that wrote it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.projects import dumpdata, run_python

import fixtureflow as ff
from fixtureflow.schema import column, presets, survey
from fixtureflow.schema.infer import CERTAIN, infer
from fixtureflow.schema.model import Relation, Schema

RELATIONS = Path(__file__).parent / "relations.py"
NATURAL = ("--natural-foreign", "--natural-primary")


def guess(*rows: tuple[str, Any, dict[str, Any]]) -> Schema:
    dump = [{"model": model, **({} if pk is None else {"pk": pk}), "fields": fields} for model, pk, fields in rows]
    return infer(ff.read(io.BytesIO(json.dumps(dump).encode())))


def relation(schema: Schema, model: str, field: str) -> Relation | None:
    found = schema.models[model].fields[field].relation
    assert found != "none"
    return found


def certainty(found: Relation | None) -> float:
    assert found and found.guess
    return found.guess.confidence


def users(count: int = 5) -> list[tuple[str, Any, dict[str, Any]]]:
    return [("people.person", pk, {"slug": f"p{pk}", "name": "x"}) for pk in range(1, count + 1)]


@pytest.mark.parametrize(
    ("project", "options", "recall"),
    [
        ("everything", (), 0.7),
        ("everything", NATURAL, 0.7),
        ("swapped", (), 0.75),
        ("swapped", NATURAL, 0.6),
        ("tokens", (), 0.8),
        ("tokens", NATURAL, 0.8),
    ],
)
def test_guesses_hold_against_the_project(
    scratch_on: Callable[..., str], project: str, options: tuple[str, ...], recall: float
) -> None:
    """Most relations are found, and of those called certain none is wrong."""
    url = scratch_on("sqlite", project, populated=True)
    truth = json.loads(run_python(project, url, str(RELATIONS)))
    guessed = infer(ff.read(io.BytesIO(dumpdata(project, url, *options))))
    known = {label for source in presets.load(guessed.models) for label in source.schema.models}
    there, found, wrong, certain = 0, 0, [], 0
    for label in guessed.models.keys() - known:
        true = dict(truth[label])
        for name, relation in guessed.models[label].relations():
            # A link to a parent is in no record, so its name is made up.
            right = relation.to in true.values() if relation.parent_link else true.get(name) == relation.to
            found += right
            if certainty(relation) >= CERTAIN:
                certain += 1
                wrong += [] if right else [f"{label}.{name} → {relation.to}"]
        there += len(true)
    assert wrong == []
    assert found >= recall * there
    assert certain >= 0.3 * there or project != "everything"


def test_natural_keys_are_told_by_their_references(scratch_on: Callable[..., str]) -> None:
    url = scratch_on("sqlite", "everything", populated=True)
    guessed = infer(ff.read(io.BytesIO(dumpdata("everything", url, *NATURAL))))
    keys = {label: m.natural_key.fields for label, m in guessed.models.items() if m.natural_key}
    assert keys["naturals.author"] == ("name",)
    assert keys["naturals.book"] == ("title", "author__name")
    assert keys["naturals.chapter"] == ("number", "book__title", "book__author__name")
    assert keys["inheritance.page"] == ("slug",)
    folder = guessed.models["naturals.folder"].natural_key
    assert folder and folder.status == "computed"


def test_small_integers_without_a_name_are_no_relation() -> None:
    rows = [("shop.order", pk, {"status": pk % 3 + 1, "level": 1, "amount": pk}) for pk in range(1, 9)]
    schema = guess(*users(), *rows)
    assert not list(schema.models["shop.order"].relations())


@pytest.mark.parametrize("field", ["order", "page", "last_page", "position", "sort_order"])
def test_a_name_that_is_mostly_a_number_is_never_certain(field: str) -> None:
    things = [(f"shop.{name}", pk, {}) for name in ("order", "page", "position") for pk in range(1, 6)]
    schema = guess(*things, *[("shop.line", pk, {field: pk}) for pk in range(1, 5)])
    found = relation(schema, "shop.line", field)
    assert found is None or certainty(found) < 0.5


def test_values_that_are_no_pks_are_no_relation() -> None:
    schema = guess(*users(3), *[("a.note", pk, {"person": pk * 10}) for pk in range(1, 9)])
    assert relation(schema, "a.note", "person") is None


def test_a_guess_tells_its_evidence() -> None:
    schema = guess(*users(), *[("a.note", pk, {"person": pk % 5 + 1}) for pk in range(1, 13)])
    found = relation(schema, "a.note", "person")
    assert found and found.guess and (found.kind, found.to) == ("fk", "people.person")
    assert found.guess.evidence == "all 12 values are pks of people.person"
    assert (found.guess.values, found.guess.coverage) == (12, 1.0)


def test_some_orphans_make_a_guess_less_sure() -> None:
    rows = [("a.note", pk, {"person": pk}) for pk in range(1, 31)]
    found = relation(guess(*users(29), *rows), "a.note", "person")
    assert certainty(found) <= 0.6 and found and found.guess and "96.7% of 30" in found.guess.evidence


def test_two_models_that_fit_make_a_guess_less_sure() -> None:
    others = [("crm.person", pk, {}) for pk in range(1, 6)]
    rows = [("a.note", pk, {"person": pk}) for pk in range(1, 5)]
    found = relation(guess(*users(), *others, *rows), "a.note", "person")
    assert found and found.guess and certainty(found) < 0.7
    assert "would also fit people.person" in found.guess.evidence


def test_a_model_of_the_same_app_comes_first() -> None:
    others = [("crm.person", pk, {}) for pk in range(1, 6)]
    rows = [("people.note", pk, {"person": pk}) for pk in range(1, 5)]
    found = relation(guess(*others, *users(), *rows), "people.note", "person")
    assert found and found.to == "people.person"


def test_lists_of_pks_are_many_to_many() -> None:
    schema = guess(*users(), ("a.team", 1, {"persons": [1, 2], "scores": [1, 2]}), ("a.team", 2, {"persons": []}))
    found = relation(schema, "a.team", "persons")
    assert found and (found.kind, found.to, found.auto_through) == ("m2m", "people.person", True)
    assert relation(schema, "a.team", "scores") is None


def test_uuids_need_no_name() -> None:
    key = "0b0e2c3a-5f1e-4d7a-9a53-0242ac1200{:02d}"
    things = [("a.thing", key.format(at), {}) for at in range(4)]
    schema = guess(*things, ("a.note", 1, {"about": key.format(1)}), ("a.note", 2, {"about": key.format(3)}))
    found = relation(schema, "a.note", "about")
    assert found and found.to == "a.thing" and certainty(found) >= CERTAIN
    assert schema.models["a.note"].fields["about"].type == "uuid"


def test_a_foreign_key_may_hold_a_unique_column() -> None:
    schema = guess(*users(), *[("a.note", pk, {"person": f"p{pk}"}) for pk in range(1, 5)])
    found = relation(schema, "a.note", "person")
    assert found and (found.to, found.to_field) == ("people.person", "slug")


def test_generic_keys_are_pairs() -> None:
    rows = [("a.tag", pk, {"content_type": 3, "object_id": pk, "name": "x"}) for pk in range(1, 4)]
    (pair,) = guess(*rows).models["a.tag"].generic_keys or ()
    assert (pair.content_type, pair.object_id) == ("content_type", "object_id")
    assert pair.guess and pair.guess.confidence >= CERTAIN


def test_models_of_presets_are_not_guessed_again() -> None:
    rows = [("auth.user", pk, {"username": f"u{pk}", "groups": [1]}) for pk in range(1, 30)]
    model = guess(*rows, ("auth.group", 1, {"name": "g"})).models["auth.user"]
    assert not list(model.relations()) and model.uniques is None
    assert model.fields["username"].type == "text"


def test_a_user_model_in_place_of_djangos_is_recognised() -> None:
    member = {"password": "!", "last_login": None, "email": "a@example.com"}
    assert guess(("accounts.member", 1, member)).settings == {"AUTH_USER_MODEL": "accounts.member"}
    assert guess(("auth.user", 1, member)).settings == {}


def test_types_are_told() -> None:
    values = {
        "count": 1,
        "ratio": 0.5,
        "on": True,
        "day": "2024-02-29",
        "at": "2024-02-29T23:59:59.123Z",
        "time": "23:59:59",
        "price": "12.50",
        "address": "192.0.2.1",
        "data": {"a": 1},
        "text": "2024 was a year",
    }
    fields = guess(("a.thing", 1, values)).models["a.thing"].fields
    assert [field.type for field in fields.values()] == (
        ["integer", "float", "boolean", "date", "datetime", "time", "decimal", "ip", "json", "text"]
    )
    assert fields["price"].decimals == 2


@pytest.mark.parametrize(("count", "repeated"), [(50, False), (50, True)])
def test_columns_without_repetition_are_unique(count: int, repeated: bool) -> None:
    rows = [("a.thing", pk, {"sku": f"s{0 if repeated and pk == count else pk}"}) for pk in range(count + 1)]
    uniques = guess(*rows).models["a.thing"].uniques or ()
    assert [unique.fields for unique in uniques] == ([] if repeated else [("sku",)])


def test_odd_rows_are_looked_at_too() -> None:
    """Rows of unlike fields, NaN, integers past 64 bits, null and missing pks, lists of anything."""
    text = b"""[{"model": "a.b", "pk": null, "fields": {"x": NaN}}, {"model": "a.b", "fields": {"y": [[1, [2]], {}]}},
      {"model": "a.b", "pk": 1, "fields": {"x": 123456789012345678901234567890, "z": [["a", {"b": 1}]]}},
      {"model": "a.b", "pk": [1, "x"], "fields": {}}, {"model": "a.b", "pk": {}, "fields": {"y": [1.5, true]}}]"""
    model = infer(ff.read(io.BytesIO(text))).models["a.b"]
    assert model.fields.keys() == {"x", "y", "z"}


def test_large_columns_are_compared_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thinned alike, so that what is compared is still compared exactly; and the evidence says so."""
    monkeypatch.setattr(column, "CAP", 500)
    rows = [("a.note", pk, {"person": pk % 3000 + 1, "serial": f"s{pk}"}) for pk in range(6000)]
    schema = guess(*users(3000), *rows)
    found = relation(schema, "a.note", "person")
    assert certainty(found) >= CERTAIN and found and found.guess
    assert found.guess.evidence.startswith("all 6,000 values are pks of people.person (one distinct value of ")
    assert [unique.fields for unique in schema.models["a.note"].uniques or ()] == [("serial",)]


def test_memory_is_bounded_whatever_the_number_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "BUDGET", 20_000)
    rows = [{"model": "a.b", "pk": pk, "fields": {f"f{at}": f"{at}-{pk}" for at in range(20)}} for pk in range(20_000)]
    seen = survey.survey(ff.read(io.BytesIO(json.dumps(rows).encode())))
    model = seen.models["a.b"]
    kept = sum(len(keys) for one in (model.pk, *model.fields.values()) for keys in one.parts())
    assert kept < 60_000 and model.rows == 20_000
    assert all(one.keys.unique for one in model.fields.values())


def test_the_same_dump_gives_the_same_schema_every_time() -> None:
    rows = [*users(), *[("a.note", pk, {"person": pk % 5 + 1}) for pk in range(1, 13)]]
    assert guess(*rows) == guess(*rows)
