"""The proof that `scrub` changed what it was to change, and nothing else: `diff` of a real dump before and after."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from scrub.test_scrub_loads import KEY, RULES, scrubbed
from support.projects import dumpdata
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]


def changed(before: bytes, after: bytes, project: str, **options: Any) -> tuple[set[tuple[str, str]], ff.Diff]:
    """(model, field) of each difference; rows that only one side has are told as the field `+` or `-`."""
    found = ff.diff(ff.read(io.BytesIO(before)), ff.read(io.BytesIO(after)), schema_of(project), **options)
    places = set()
    for one in found.differences():
        places |= {(one.model, field) for field in one.fields} if one.fields else {(one.model, one.kind)}
    return places, found


@pytest.fixture(scope="module")
def dumps(scratch_databases: Any) -> dict[bool, bytes]:
    url = scratch_databases.make("sqlite", "tokens", populated=True)
    return {natural: dumpdata("tokens", url, *(["--natural-foreign"] if natural else [])) for natural in (False, True)}


NO_NAMES = {
    "auth.user.email": "email",
    "auth.user.password": "password",
    "auth.user.first_name": "first_name",
    "auth.user.last_name": "last_name",
    **RULES,
}


@pytest.mark.parametrize("natural", [False, True], ids=["pks", "natural"])
@pytest.mark.parametrize("by_identity", [False, True], ids=["by pk", "by identity"])
def test_only_the_scrubbed_fields_differ(natural: bool, by_identity: bool, dumps: dict[bool, bytes]) -> None:
    dump = dumps[natural]
    safe, found = scrubbed(dump, "tokens", rule=NO_NAMES)
    places, compared = changed(dump, safe, "tokens", by_identity=by_identity)
    assert places == set(found.scrubbed) and len(places) >= 6
    counted = {label: (model.added, model.removed) for label, model in compared.models.items()}
    assert set(counted.values()) == {(0, 0)}
    for model, field in places:
        assert (
            sum(field in one.fields and one.model == model for one in compared.differences())
            == found.scrubbed[model, field]
        )


@pytest.mark.parametrize("natural", [False, True], ids=["pks", "natural"])
def test_what_rows_are_known_by_is_scrubbed_too(natural: bool, dumps: dict[bool, bytes]) -> None:
    """By pk a user with another name is the same user; what refers to it by that name has followed."""
    dump = dumps[natural]
    safe, found = scrubbed(dump, "tokens", rule=NO_NAMES | {"auth.user.username": "username"})
    places, _ = changed(dump, safe, "tokens")
    assert ("auth.user", "username") in places
    assert places == {*found.scrubbed, *found.followed}
    assert bool(found.followed) is natural


def test_by_identity_the_rows_whose_names_are_scrubbed_are_known_by_pk(dumps: dict[bool, bytes]) -> None:
    safe, found = scrubbed(dumps[False], "tokens", rule=NO_NAMES | {"auth.user.username": "username"})
    places, compared = changed(dumps[False], safe, "tokens", by_identity=True, by_pk=["auth.user"])
    assert places == set(found.scrubbed) and ("auth.user", "username") in places
    assert {(model.added, model.removed) for model in compared.models.values()} == {(0, 0)}
    assert changed(dumps[False], safe, "tokens", by_identity=True)[1].models["auth.user"].added > 0


def test_a_record_that_no_rule_names_is_the_same_by_all_accounts(dumps: dict[bool, bytes]) -> None:
    safe, _ = scrubbed(dumps[False], "tokens", rule={"auth.user.email": "email"}, key=KEY)
    places, compared = changed(dumps[False], safe, "tokens", by_identity=True)
    assert places == {("auth.user", "email")}
    assert [label for label, model in compared.models.items() if model.changed] == ["auth.user"]
    assert len(json.loads(safe)) == sum(model.same + model.changed for model in compared.models.values())
