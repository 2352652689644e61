"""Which models wait for the others, since receivers make rows of them while those are loaded."""

from __future__ import annotations

import pytest

from fixtureflow.ordering.waiting import waiting
from fixtureflow.schema.model import Field, Model, Receiver, Relation, Schema


def site(makes: dict[str, str], refers: dict[str, str], *, checks_raw: bool = False) -> Schema:
    """Models of one letter each: `{"a": "bc"}` is a model `x.a` and two others."""
    models = []
    for name in "abcde":
        made = tuple(f"x.{one}" for one in makes.get(name, ""))
        fields = {
            to: Field(column=f"{to}_id", relation=Relation(kind="fk", to=f"x.{to}", to_field=""))
            for to in refers.get(name, "")
        }
        receivers = (Receiver(path="x.f", makes=made, checks_raw=checks_raw),) if made else ()
        models.append(Model(label=f"x.{name}", pk=("id",), fields=fields, receivers=receivers))
    return Schema.of(models)


@pytest.mark.parametrize(
    ("makes", "refers", "loaded", "waits"),
    [
        ({"a": "b"}, {"b": "a"}, "abc", "b"),
        ({"a": "b"}, {"b": "a"}, "bc", ""),  # nothing is saved that makes any
        ({"a": "b"}, {"b": "a"}, "ac", ""),  # none is loaded that could collide
        ({"a": "b"}, {"b": "a", "c": "b", "d": "c"}, "abcde", "bcd"),  # and what refers to those
        ({"a": "b", "b": "c"}, {"b": "a"}, "abc", "bc"),  # a row that is made makes one
        ({"a": "b", "b": "c"}, {"b": "a"}, "ac", "c"),  # though none of its model is loaded
        ({"a": "b", "b": "c"}, {"b": "a"}, "bc", "c"),
        (dict.fromkeys("abcde", "e"), {}, "abcde", "e"),  # a log of all that is saved, itself included
        (dict.fromkeys("abcde", "e"), {}, "e", ""),
        ({"a": "b", "b": "a"}, {}, "ab", ""),  # no order of the two would help
        ({"a": "b"}, {"a": "b"}, "ab", ""),  # a cannot be loaded without b
        ({"a": "bc"}, {"a": "b", "d": "c"}, "abcd", "cd"),
    ],
)
def test_what_waits(makes: dict[str, str], refers: dict[str, str], loaded: str, waits: str) -> None:
    found = waiting(site(makes, refers), [f"x.{name}" for name in loaded], lambda label: set())
    assert found == {f"x.{name}" for name in waits}


def test_a_receiver_that_looks_at_raw_keeps_nothing_waiting() -> None:
    assert waiting(site({"a": "b"}, {"b": "a"}, checks_raw=True), ["x.a", "x.b"], lambda label: set()) == set()


def test_what_refers_generically_waits_too() -> None:
    found = waiting(site({"a": "b"}, {}), ["x.a", "x.b", "x.c"], lambda label: {"x.b"} if label == "x.c" else set())
    assert found == {"x.b", "x.c"}


def test_rows_between_a_model_that_waits_and_another_wait_with_it() -> None:
    many = Relation(kind="m2m", to="x.d", auto_through=True)
    models = dict(site({"a": "b"}, {"b": "a"}).models)
    models["x.b"] = Model(label="x.b", pk=("id",), fields={"tags": Field(column="", relation=many)})
    found = waiting(Schema(models=models), ["x.a", "x.b", "x.d"], lambda label: set())
    assert found == {"x.b", "x.b_tags"}


def test_proxies_wait_and_are_waited_for_as_their_models_are() -> None:
    models = dict(site({"a": "b"}, {"b": "a"}).models)
    models |= {f"x.{one}proxy": Model(label=f"x.{one}proxy", proxy_for=f"x.{one}") for one in "ab"}
    found = waiting(Schema(models=models), ["x.aproxy", "x.Bproxy", "x.c"], lambda label: set())
    assert found == {"x.Bproxy"}
