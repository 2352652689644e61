"""Presets say what the packages say, and come only where their models are."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import msgspec
import pytest

from fixtureflow.errors import SchemaError
from fixtureflow.schema import presets
from fixtureflow.schema.merge import Source, merge
from fixtureflow.schema.model import Relation, Schema

SCRIPT = Path(__file__).with_name("introspect.py")
ROOT = SCRIPT.parents[2]


@cache
def packages() -> dict[str, Schema]:
    """Of each installed app the preset as it is made from the package, in a process of its own."""
    return msgspec.json.decode(introspected(), type=dict[str, Schema])


def introspected(*options: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", str(SCRIPT), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("app", presets.names())
def test_a_preset_says_what_the_installed_package_says(app: str) -> None:
    pytest.importorskip("django")
    preset = presets.preset(app).schema
    package = packages().get(app)
    if package is None:
        pytest.skip(f"{preset.about} is not installed")
    if preset.models != package.models and preset.about != package.about:
        pytest.skip(f"the preset is of {preset.about}, and {package.about}, which is installed, differs from it")
    assert preset.models == package.models


def test_the_models_said_to_be_filled_by_migrate_are_those_with_rows_in_a_new_database() -> None:
    pytest.importorskip("django")
    sources = [Source("preset", app, schema) for app, schema in packages().items()]
    said = {label for label, model in merge(sources).schema.models.items() if model.filled_by_migrate}
    assert said == set(introspected("--migrate").split())


def test_a_preset_comes_only_with_one_of_its_models() -> None:
    loaded = presets.load(["auth.User", "account.invoice", "shop.order"])
    assert [source.name for source in loaded] == ["preset auth"]


def test_all_presets_merge_and_each_relation_leads_to_a_preset_or_a_named_app() -> None:
    schema = merge(presets.load()).schema
    missing = {
        relation.to
        for model in schema.models.values()
        for _, relation in model.relations()
        if not schema.model(relation.to)
    }
    assert missing == set()


def test_an_unknown_preset_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(SchemaError, match=r"there is no preset 'nothing'; there are .*auth"):
        presets.preset("nothing")


def test_the_facts_that_a_fresh_database_collides_on_are_known() -> None:
    schema = merge(presets.load()).schema
    permission = schema.models["auth.permission"]
    assert permission.filled_by_migrate
    assert permission.natural_key is not None
    assert permission.natural_key.fields == ("codename", "content_type__app_label", "content_type__model")
    token = schema.models["authtoken.token"]
    assert token.pk == ("key",)
    assert [unique.fields for unique in token.uniques or ()] == [("user",)]
    user = token.fields["user"].relation
    assert isinstance(user, Relation)
    assert (user.kind, user.to, user.swappable) == ("o2o", "auth.user", "AUTH_USER_MODEL")
    assert schema.models["admin.logentry"].generic_keys
    assert [row["domain"] for row in schema.models["sites.site"].placeholders or ()] == ["example.com"]
