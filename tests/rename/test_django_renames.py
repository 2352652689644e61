"""Real dumps renamed: as Django's own migrations rename the tables, and loaded by the real loaddata into the project
that has the new names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from support.compare import rows
from support.projects import ManageError, dumpdata, run_python
from support.schemas import schema_of

import fixtureflow as ff

Scratch = Callable[..., str]

MODELS = {"articles.label": "articles.topic", "articles.article": "articles.story"}
FIELDS = {
    "articles.label.name": "word",
    "articles.article.title": "heading",
    "articles.article.labels": "topics",
    "articles.comment.article": "story",
}
REST: dict[str, Any] = {
    "drop": ["articles.article.price", "articles.article.rating"],
    "default": {"articles.article.language": "en"},
    "cut": {"articles.article.title": 100},
}
PRESS = {"DJANGO_SETTINGS_MODULE": "mysite.press"}


def renamed(dump: bytes, **rules: Any) -> bytes:
    out = io.BytesIO()
    schema = schema_of("tokens")
    ff.write(ff.rename(ff.read(io.BytesIO(dump)), schema, **rules), out)
    return out.getvalue()


def django(url: str, *command: str, **options: Any) -> bytes:
    return run_python("renamed", url, "-m", "django", *command, **options)


def loaded(url: str, dump: bytes, **options: Any) -> None:
    django(url, "loaddata", "--format=json", "-", stdin=dump, **options)


def without(dump: bytes, *models: str) -> list[Any]:
    return [record for record in json.loads(dump) if record["model"] not in models]


def test_it_does_to_a_dump_what_migrations_do_to_the_tables(scratch: Scratch) -> None:
    url = scratch("tokens", populated=True)
    before = dumpdata("tokens", url)
    django(url, "migrate", "--verbosity=0")
    # Django 5.2 leaves the old permissions as they are and makes new ones.
    stale = ("auth.permission", "auth.group", "auth.user")
    expected = without(django(url, "dumpdata"), *stale)
    after = without(renamed(before, model=MODELS, field=FIELDS, **REST), *stale)
    assert repr(in_order(after)) == repr(in_order(expected))


def in_order(dump: list[Any]) -> list[Any]:
    """A new field comes last in the one, and stands among the others by its model in the other."""
    return sorted(
        ({**record, "fields": dict(sorted(record["fields"].items()))} for record in dump), key=partial(json.dumps)
    )


@pytest.mark.parametrize("app", [{}, {"articles": "press"}], ids=["models", "app"])
def test_the_project_with_the_new_names_loads_it_with_all_its_permissions(
    app: dict[str, str], scratch: Scratch
) -> None:
    source, target = scratch("tokens", populated=True), scratch()
    env = PRESS if app else {}
    django(target, "migrate", "--verbosity=0", env=env)
    models = {old: new.replace("articles.", "press.") for old, new in MODELS.items()} if app else MODELS
    wipe = "from django.contrib.contenttypes.models import ContentType as C; C.objects.all().delete()"
    django(target, "shell", "-c", wipe, env=env)
    loaded(target, renamed(dumpdata("tokens", source), model=models, app=app, field=FIELDS, **REST), env=env)
    counted = "from django.contrib.auth.models import Permission as P; print(P.objects.count())"
    before = django(target, "shell", "-c", counted, env=env)
    # What `migrate` finds missing it makes: content types or permissions that had kept their old names.
    django(target, "migrate", "--verbosity=0", env=env)
    assert django(target, "shell", "-c", counted, env=env) == before
    assert_same_content(source, target, env)


def test_by_natural_keys_it_loads_beside_what_migrate_has_made(scratch: Scratch) -> None:
    source, target = scratch("tokens", populated=True), scratch()
    django(target, "migrate", "--verbosity=0", env=PRESS)
    options = ["--natural-foreign", "--exclude=contenttypes", "--exclude=auth.permission", "--exclude=sites"]
    dump = dumpdata("tokens", source, *options)
    models = {old: new.replace("articles.", "press.") for old, new in MODELS.items()}
    with pytest.raises(ManageError):
        loaded(target, dump, env=PRESS)
    dump = json.dumps(without(dump, "articles.article", "articles.comment")).encode()
    loaded(target, renamed(dump, model=models, app={"articles": "press"}, field=FIELDS, **REST), env=PRESS)
    asked = (
        "from django.contrib.auth.models import Group; from django.contrib.admin.models import LogEntry;"
        "print(sorted('.'.join(p.natural_key()) for p in Group.objects.get(name='editors').permissions.all()));"
        "print(sorted({'.'.join(e.content_type.natural_key()) for e in LogEntry.objects.all()}))"
    )
    permissions, types = django(target, "shell", "-c", asked, env=PRESS).decode().splitlines()[-2:]
    actions = ("add", "change", "delete", "view")
    expected = [f"{action}_{name}.press.{name}" for action in actions for name in ("comment", "story", "topic")]
    assert permissions == repr(sorted(expected))
    assert types == "['auth.group', 'auth.user', 'press.story', 'sites.site']"


def assert_same_content(source: str, target: str, env: dict[str, str]) -> None:
    """The rows of both, the old ones under the new names."""
    ours = rows("tokens", source)
    theirs = json.loads(run_python("renamed", target, "-m", "support.snapshot", "rows", env=env))
    app = "press" if env else "articles"
    for old, new in (("article", "story"), ("label", "topic"), ("comment", "comment")):
        expected, found = ours[f"articles.{old}"], theirs[f"{app}.{new}"]
        assert found.keys() == expected.keys()
        for key, row in found.items():
            was = {"heading": "title", "word": "name", "story_id": "article_id"}
            columns = {name: value for name, value in row.items() if name != "language"}
            same = {name: expected[key][was.get(name, name)] for name in columns}
            if "heading" in same:
                same["heading"] = same["heading"][:100]
            assert columns == same
    assert len(theirs[f"{app}.story_topics"]) == len(ours["articles.article_labels"]) > 0
    for label in ("auth.user_user_permissions", "auth.group_permissions", "admin.logentry", "authtoken.token"):
        assert theirs[label] == ours[label] and ours[label]


@pytest.mark.parametrize("settings", ["mysite.settings", "mysite.press"])
def test_the_migrations_are_those_of_the_models(settings: str) -> None:
    django("sqlite:///:memory:", "makemigrations", "--check", "--dry-run", env={"DJANGO_SETTINGS_MODULE": settings})


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_what_a_database_refuses_it_takes_once_it_is_mended(backend: str, scratch_on: Scratch) -> None:
    """SQLite has all of this."""
    target = scratch_on(backend)
    django(target, "migrate", "--verbosity=0")
    fields = {
        "heading": "é" * 101,
        "body": "",
        "data": {"deep": [float("nan")]},
        "views": 0,
        "created_at": "2024-01-01",
    }
    story = {"model": "articles.story", "pk": "12345678123456781234567812345678"}
    user = {"model": "auth.user", "pk": 1, "fields": {"username": "bob", "password": "!", "date_joined": "2024-01-01"}}
    dump = json.dumps([user, {**story, "fields": {**fields, "author": 1, "language": "en"}}]).encode()
    rules: dict[str, Any] = {"null_nan": "*", "cut": {"articles.story": "max_length"}}
    if backend == "postgresql":
        dump, rules["strip_nul"] = dump.replace(b'"body": "', rb'"body": "\u0000'), "articles"
    schema = schema_of("renamed")
    for left_out in rules:
        out = io.BytesIO()
        ff.write(ff.rename(ff.read(io.BytesIO(dump)), schema, **{k: v for k, v in rules.items() if k != left_out}), out)
        with pytest.raises(ManageError, match=r"JSON|json|NUL|too long"):
            loaded(target, out.getvalue())
    out = io.BytesIO()
    ff.write(ff.rename(ff.read(io.BytesIO(dump)), schema, **rules), out)
    loaded(target, out.getvalue())
