"""`--target django:ALIAS --target-settings MODULE`: the database that a project's settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import run_here
from support.projects import PROJECTS, dumpdata

import fixtureflow as ff
from fixtureflow.connection import _place, connected, shown
from fixtureflow.schema.django.databases import database_url

TOKENS = PROJECTS / "tokens"
DJANGO = ("--target", "django:default", "--target-settings", "mysite.settings")

BROKEN = """
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "data/site.sqlite3"},
    "old": {"ENGINE": "django.db.backends.oracle", "NAME": "x", "PASSWORD": "hunter22"},
    "far": {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "USER": "me", "PASSWORD": "hunt/er:22@",
            "HOST": "127.0.0.1", "PORT": 1},
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with three databases; the default is a file beside it that is not there yet."""
    folder = tmp_path / "site"
    (folder / "data").mkdir(parents=True)
    (folder / "shop_settings.py").write_text(BROKEN)
    monkeypatch.chdir(folder)
    return folder


def test_it_is_the_database_that_the_settings_name(
    scratch: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    dump = tmp_path / "dump.json"
    dump.write_bytes(dumpdata("tokens", source))
    monkeypatch.setenv("DATABASE_URL", target)
    by_url = run_here("filter", dump, "--target", target, "--renumber", cwd=TOKENS)
    by_settings = run_here("filter", dump, *DJANGO, "--renumber", cwd=TOKENS)
    assert by_settings.code == 0, by_settings.said
    assert by_settings.out == by_url.out
    monkeypatch.setenv("FIXTUREFLOW_SCRUB_KEY", "0123456789abcdef")
    for verb, *rest in (
        *(["schema"], ["check"], ["sequences"], ["graph"], ["order"], ["dedupe"], ["merge"], ["diff", dump]),
        *(["rename", "--strip-nul", "*"], ["subset", "--sample", "10%"], ["scrub", "--preset", "all"]),
    ):
        named, asked = (run_here(verb, *rest, *way, dump, cwd=TOKENS) for way in (("--target", target), DJANGO))
        assert (asked.code, asked.out) == (named.code, named.out), asked.said
        assert asked.code == 0, (verb, asked.said)


def test_a_relative_file_is_in_the_projects_folder(project: Path, scratch_on: Callable[..., str]) -> None:
    made = Path(scratch_on("sqlite", "tokens").removeprefix("sqlite:///"))
    (project / "data" / "site.sqlite3").write_bytes(made.read_bytes())
    url = ff.project_database("shop_settings", path=project)
    assert url == f"sqlite:///{project}/data/site.sqlite3"
    with connected(url):
        pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--target", "django:other", "--target-settings", "shop_settings"),
            "no database 'other'; it has default",
        ),
        (("--target", "django:old", "--target-settings", "shop_settings"), "its ENGINE, django.db.backends.oracle"),
        (("--target", "django", "--target-settings", "shop_settings"), "there is no SQLite file"),
        (("--target", "django:", "--target-settings", "no.settings"), "cannot import settings no.settings"),
        (("--target", "django:far", "--target-settings", "shop_settings"), "check that the server runs"),
        (("--target", "django:default"), "of which project?"),
        (("--target", "x.sqlite3", "--target-settings", "shop_settings"), "--target django:default"),
        (("--target-settings", "shop_settings"), "--target django:default"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(project: Path, arguments: tuple[str, ...], said: str) -> None:
    (project / "dump.json").write_text("[]")
    done = run_here("filter", "dump.json", *arguments, "-o", "out.json", cwd=project)
    assert done.code in (1, 2)
    assert said in done.error
    assert "hunt" not in done.error
    assert not (project / "out.json").exists()


ENTRIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"ENGINE": "django.db.backends.postgresql", "NAME": "a/b", "USER": "u@x", "PASSWORD": "p/?#%@:", "HOST": "h"},
        {"backend": "postgresql", "name": "a/b", "user": "u@x", "password": "p/?#%@:", "host": "h"},
    ),
    (
        {"ENGINE": "django.contrib.gis.db.backends.postgis", "NAME": "n", "HOST": "/run/postgresql", "PORT": 5433},
        {"backend": "postgresql", "name": "n", "host": "/run/postgresql", "port": "5433"},
    ),
    (
        {
            "ENGINE": "django_prometheus.db.backends.postgresql",
            "NAME": "n",
            "HOST": "::1",
            "OPTIONS": {"sslmode": "require", "options": "-c search_path=a,b", "pool": True, "connect_timeout": 3},
        },
        {
            "backend": "postgresql",
            "name": "n",
            "host": "::1",
            "options": {"sslmode": "require", "options": "-c search_path=a,b", "connect_timeout": "3"},
        },
    ),
    (
        {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"service": "mine"}},
        {"backend": "postgresql", "options": {"service": "mine"}},
    ),
    (
        {
            "ENGINE": "django.db.backends.mysql",
            "HOST": "/run/mysqld.sock",
            "OPTIONS": {"database": "n", "user": "u", "passwd": "p", "ssl": {"ca": "/ca.pem"}, "init_command": "SET x"},
        },
        {
            "backend": "mysql",
            "name": "n",
            "user": "u",
            "password": "p",
            "host": "/run/mysqld.sock",
            "options": {"ssl_ca": "/ca.pem", "init_command": "SET x"},
        },
    ),
    (
        {"ENGINE": "django.contrib.gis.db.backends.spatialite", "NAME": "file:/srv/a%20b.sqlite3?mode=rw"},
        {"backend": "sqlite", "name": "/srv/a b.sqlite3"},
    ),
]


@pytest.mark.parametrize(("entry", "parts"), ENTRIES)
def test_an_entry_is_a_url_with_the_same_parts(entry: dict[str, Any], parts: dict[str, Any]) -> None:
    url = database_url(entry, Path("/srv"))
    place = _place(url)
    assert {name: getattr(place, name) for name in parts} == parts
    password = parts.get("password", "")
    assert len(password) < 2 or password not in shown(url)
