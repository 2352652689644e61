"""`fixtureflow schema`, as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from running import run_here
from support.projects import PROJECTS, manage

from fixtureflow.schema import file

DUMP = Path(__file__).parents[2] / "samples" / "tokens" / "dump.json"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIXTUREFLOW_SCHEMA", raising=False)


def test_the_schema_of_a_dump_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    done = run_here("schema", "--infer", DUMP, "-o", tmp_path / "schema.json")
    assert done.code == 0 and done.out == b""
    assert "articles.label" in file.read(tmp_path / "schema.json").models
    again = run_here("schema", DUMP, "--schema", tmp_path / "schema.json")
    assert again.code == 0
    assert file.parse(again.out) == file.read(tmp_path / "schema.json")


def test_what_presets_know_is_not_written(tmp_path: Path) -> None:
    """A file wins over the project, and so must not say what only a preset does."""
    assert "auth.user" not in file.parse(run_here("schema", "--infer", DUMP).out).models


def test_stdin_is_read_when_it_is_named() -> None:
    done = run_here("schema", "-", stdin=DUMP.read_bytes())
    assert done.code == 0 and "articles.label" in json.loads(done.out)["models"]


def test_explain_tells_the_source_of_each_fact() -> None:
    done = run_here("schema", DUMP, "--explain", "auth.user", "--explain", "Articles")
    text = done.out.decode()
    assert done.code == 0
    assert "  groups.relation = m2m to auth.group  (preset auth)" in text.splitlines()
    assert "articles.label" in text and "(the dump)" in text


def test_presets_can_be_looked_up_without_a_dump() -> None:
    done = run_here("schema", "--explain", "auth.permission")
    assert done.code == 0 and done.said == [] and b'pk = ["id"]  (preset auth)' in done.out


def test_explain_suggests_what_was_meant() -> None:
    done = run_here("schema", DUMP, "--explain", "auth.usr")
    assert done.code == 1 and done.error == "no source knows a model like 'auth.usr'; did you mean auth.user?"


def test_diff_of_a_file_with_itself_is_empty(tmp_path: Path) -> None:
    run_here("schema", DUMP, "-o", tmp_path / "a.json")
    done = run_here("schema", "--diff", tmp_path / "a.json", tmp_path / "a.json")
    assert (done.code, done.out) == (0, b"") and "no difference" in done.said[-1]


def test_diff_shows_a_field_that_a_dump_still_has(tmp_path: Path) -> None:
    """The cause of `LeagueEvent has no field named 'byo_time'`."""
    dump, model = tmp_path / "dump.json", tmp_path / "project.json"
    dump.write_text('[{"model": "league.event", "pk": 1, "fields": {"name": "x", "byo_time": 3}}]')
    fields = {"id": {"type": "integer"}, "name": {"type": "text"}}
    event = {"pk": ["id"], "complete": ["fields"], "fields": fields}
    model.write_text(json.dumps({"models": {"league.event": event}}))
    done = run_here("schema", "--diff", dump, model)
    assert done.code == 1
    assert done.out.decode().splitlines() == [f"league.event.byo_time: field only in dump {dump}"]


def test_diff_does_not_miss_models_that_a_dump_has_no_rows_of(tmp_path: Path) -> None:
    dump, model = tmp_path / "dump.json", tmp_path / "project.json"
    dump.write_text('[{"model": "a.b", "pk": 1, "fields": {}}]')
    model.write_text('{"models": {"a.b": {}, "a.c": {"table": "a_c"}}}')
    assert run_here("schema", "--diff", dump, model).code == 0
    assert run_here("schema", "--diff", model, dump).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no source"),
        (("--infer",), "nothing to infer from"),
        (("--diff", "a.json", "b.json", "--infer"), "--diff takes its two schemas alone"),
        (("--diff", "missing.json", "other.json"), "missing.json: no such file, and no database URL"),
        (("--diff", "db.sqlite3", "db.sqlite3"), "there is no file db.sqlite3; cannot import settings db.sqlite3"),
        (("--diff", "settings:my.site", "settings:my.site"), "cannot import settings my.site: no module named 'my'"),
        (("--schema", "missing.json"), "missing.json: No such file"),
        (("--unapplied",), "--unapplied goes with --settings"),
        (("--unapplied", "--settings", "mysite.settings", "a.json"), "--unapplied goes with --settings"),
        (("--database", "other", "--settings", "mysite.settings"), "--unapplied goes with --settings"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = run_here("schema", *arguments)
    assert done.code in (1, 2) and said in done.error


@pytest.mark.parametrize("arguments", [("--target", "{}"), ("--diff", "{}", "target:{}")])
def test_no_password_is_shown(arguments: tuple[str, ...]) -> None:
    url = "postgresql://me:s3cret@127.0.0.1:1/none"
    done = run_here("schema", *[argument.format(url) for argument in arguments])
    assert done.code == 1 and "s3cret" not in done.error


def test_diff_tells_what_its_sides_are_by_their_prefix(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_text('{"about": "x", "models": {}}')
    assert run_here("schema", "--diff", f"schema:{odd}", odd).code == 0
    assert run_here("schema", "--diff", f"dump:{odd}", odd).code == 1


# A project.


def test_unapplied_migrations_are_listed_and_tell_by_the_exit_code(
    scratch: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = scratch("swapped")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(PROJECTS / "swapped")
    done = run_here("schema", "--settings", "mysite.settings", "--unapplied")
    assert (done.code, done.out) == (0, b"") and "has all migrations" in done.said[-1]
    manage("swapped", url, "migrate", "orders", "zero", "--verbosity=0")
    done = run_here("schema", "--settings", "mysite.settings", "--unapplied")
    assert done.code == 1 and done.out.decode().splitlines() == ["orders.0001_initial"]
    assert "lacks 1 migration; apply them: python manage.py migrate" in done.said[-1]


def test_a_project_s_schema_connects_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/none")
    monkeypatch.chdir(PROJECTS / "swapped")
    assert run_here("schema", "--settings", "mysite.settings", "-o", tmp_path / "schema.json").code == 0
    done = run_here("schema", "--settings", "mysite.settings", "--unapplied")
    assert done.code == 1 and "cannot be asked" in done.error and "s3cret" not in done.error


def test_receivers_that_make_rows_in_loaddata_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECTS / "tokens")
    done = run_here("schema", "--settings", "mysite.settings", "-o", tmp_path / "schema.json")
    receiver = "accounts.receivers.create_auth_token (it does not look at `raw`)"
    assert done.said[0] == f"fixtureflow: saving auth.user makes rows of authtoken.token, in loaddata too: {receiver}"
    assert "fixtureflow filter --exclude authtoken.token" in done.said[1] and 'if kwargs.get("raw")' in done.said[1]


def test_natural_keys_that_are_code_are_said_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECTS / "everything")
    done = run_here("schema", "--settings", "mysite.settings", "-o", tmp_path / "schema.json")
    assert "naturals.keyword (its value 1 of 1 is computed from namespace, word)" in done.said[0]
    assert "dumpdata --natural-foreign" in done.said[1] and len(done.said) == 3
