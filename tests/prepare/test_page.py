"""The page that tells what was made of a dump: what stands on it and what does not, whatever the dump's size."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from running import run
from support.scratch import ScratchDatabases

import fixtureflow as ff
from fixtureflow.schema.file import parse
from fixtureflow.views.page.drawing import DRAWN
from fixtureflow.views.page.grid import LIMIT

ARTICLE = "5f2b1d6c-0a57-4b3f-9c55-6f1f5d1a7b10"
MARKED = """
UPDATE auth_user SET username = 'marker-bob', email = 'marker-old@example.com' WHERE id = 1;
UPDATE auth_user SET username = 'marker-local' WHERE id = 3;
DELETE FROM authtoken_token;
INSERT INTO authtoken_token VALUES ('marker-there-1', '2024-01-01', 1), ('marker-there-3', '2024-01-01', 3);
"""


@pytest.fixture
def target(scratch_databases: ScratchDatabases) -> str:
    """User 1 is bob, 2 is żółw, 3 is local; label 1 is local, 3 is news."""
    return scratch_databases.make("sqlite", "tokens", occupied=True)


def sql(url: str, script: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.executescript(script)
    connection.close()


def record(model: str, pk: Any, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def user(pk: int, name: str, **fields: Any) -> dict[str, Any]:
    return record("auth.user", pk, username=name, password="marker-!", email=f"{name}@example.com", groups=[], **fields)


def token(key: str, owner: int) -> dict[str, Any]:
    return record("authtoken.token", key, user=owner, created="2024-01-01T00:00:00Z")


def article(pk: str, author: Any) -> dict[str, Any]:
    return record(
        "articles.article", pk, title="marker-title", body="", created_at="2024-01-01T00:00:00Z", author=author
    )


def page(folder: Path, target: str, *records: dict[str, Any], **options: Any) -> str:
    """The page on a dump of some records."""
    (folder / "dump.json").write_text(json.dumps(records))
    made = ff.prepare(ff.read(folder / "dump.json"), folder / "ready", target=target, force=True, **options)
    return made.page.read_text(encoding="utf-8")


def words(html: str, section: str) -> str:
    """What a person reads of a section."""
    inside = html.partition(f'<section id="{section}">')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", inside).split())


def test_no_value_of_the_data_is_in_it_unless_asked_for(target: str, tmp_path: Path) -> None:
    sql(target, MARKED)
    records = [
        user(2, "marker-bob", first_name="marker-first"),
        user(1, "marker-renumbered"),
        user(70, "marker-new"),
        user(71, "marker-new"),
        token("marker-remapped", 2),
        token("marker-changed", 1),
        token("marker-lost", 999),
        token("marker-there-3", 2),
        article(ARTICLE, 70),
        article("5f2b1d6c-0a57-4b3f-9c55-6f1f5d1a7b11", ["marker-nobody"]),
        record(
            "articles.comment", 1, article="marker-article", author=None, answer_to=None, text="marker-text", likes=[]
        ),
    ]
    hidden = page(tmp_path, target, *records)
    told = (tmp_path / "ready" / "report.json").read_text()
    for value in ("marker-lost", "marker-there-1", "marker-there-3", "marker-nobody", "marker-article"):
        assert value in told, value
    assert "marker" not in hidden
    assert words(hidden, "rejected").count("hidden") >= 4
    shown = page(tmp_path, target, *records, show_values=True)
    for value in ("marker-remapped", "marker-there-1", "marker-changed", "marker-nobody", "marker-article"):
        assert value in shown, value


def test_each_rejected_record_stands_there_with_its_reason_and_the_row_in_its_way(target: str, tmp_path: Path) -> None:
    html = page(tmp_path, target, user(70, "ann"), user(71, "ann"), user(1, "zed"), token("k", 999), renumber=False)
    assert "<h1>1 of 4 records is ready; 3 have no place.</h1>" in html
    rejected = words(html, "rejected")
    assert "auth.user 71 another record of the dump has the same key of the dump: username of pk 70" in rejected
    assert "auth.user 1 its pk is another row&#x27;s in the target (--renumber) pk 1" in rejected
    assert "hidden refers to auth.user that is neither in the dump nor in the target user: 999" in rejected
    assert " dump.json, record 4 " in rejected
    line = int(rejected.split()[-1])
    told = (tmp_path / "ready" / "report.json").read_text().splitlines()[line - 1]
    assert json.loads(told)["value"] == 999


def test_what_was_assumed_is_named(target: str, tmp_path: Path) -> None:
    html = page(tmp_path, target, user(70, "ann"), article(ARTICLE, 3), token("k", 70))  # the token's user is there
    expected = "articles.article.author auth.user not in the dump, taken to be the target&#x27;s rows 1"
    assert expected in words(html, "assumed")
    assert json.loads((tmp_path / "ready" / "report.json").read_text())["assumed"] == [
        {
            "field": "articles.article.author",
            "to": "auth.user",
            "how": "not in the dump, taken to be the target's rows",
            "keys": 1,
        }
    ]


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ((), "There was no record in the dump"),
        ((user(70, "ann"),), "The one record is ready"),
        ((user(70, "ann"), user(71, "eve")), "All 2 records are ready"),
        ((user(2, "bob"),), "The record is in the database already"),
        ((user(70, "ann"), user(2, "bob")), "1 of 2 records is ready; the other 1 is in the database already"),
        ((user(70, "ann"), token("k", 999)), "1 of 2 records is ready; 1 has no place"),
    ],
)
def test_it_begins_with_what_came_of_it(
    target: str, tmp_path: Path, records: tuple[dict[str, Any], ...], sentence: str
) -> None:
    html = page(tmp_path, target, *records)
    assert f"<title>{sentence}</title>" in html
    assert f"<h1>{sentence}.</h1>" in html


def test_its_size_does_not_grow_with_the_dump_and_no_model_pushes_out_another(target: str, tmp_path: Path) -> None:
    labels = range(10_000, 10_000 + 3 * LIMIT)
    sql(target, "INSERT INTO articles_label VALUES " + ", ".join(f"({n}, 'l{n}')" for n in labels))
    records = [*(record("articles.label", n, name=f"l{n}") for n in labels), user(2, "żółw")]
    html = page(tmp_path, target, *records[LIMIT:])
    same = words(html, "same")
    assert f"{LIMIT + 1:,} records of {2 * LIMIT + 1:,} are not shown here: report.json has all." in same
    assert (same.count("articles.label"), same.count("auth.user")) == (LIMIT - 1, 1)
    assert len(page(tmp_path, target, *records)) < 1.02 * len(html)


def test_of_many_models_some_are_drawn_and_all_are_in_the_table(target: str, tmp_path: Path) -> None:
    places = range(DRAWN + 10)
    sql(target, "".join(f"CREATE TABLE shop_m{n} (id INTEGER PRIMARY KEY, to_id INTEGER);" for n in places))
    fields = [{"to": {"column": "to_id", "relation": {"kind": "fk", "to": f"shop.m{n + 1}"}}} for n in places[:-1]]
    models = {f"shop.m{n}": {"table": f"shop_m{n}", "pk": ["id"], "fields": one} for n, one in enumerate([*fields, {}])}
    schema = parse(json.dumps({"models": models}).encode(), name="schema")
    records = [record(f"shop.m{n}", 1, to=1) for n in places[:-1]] + [record(f"shop.m{places[-1]}", 1)]
    html = page(tmp_path, target, *records, record("shop.m5", 2, to=99), schema=schema)
    assert html.count('class="g-name') == DRAWN
    assert f"{DRAWN} of {len(places)} models are drawn" in words(html, "graph")
    assert "#65: 1 of 2 ready, 1 rejected" in words(html, "graph")
    assert re.findall(r'<th scope="row">(shop.m\d+)</th><td class="number">(\d+)<', html)[: len(places)] == [
        (f"shop.m{n}", str(len(places) - n)) for n in reversed(places)
    ]


def test_the_same_dump_makes_the_same_page(target: str, tmp_path: Path) -> None:
    records = [user(2, "bob"), token("k", 2), user(1, "zed"), token("l", 999)]
    first = page(tmp_path, target, *records, prefer="fixture:authtoken")
    assert "to be deleted: 1 row of authtoken.token: look at delete-first.sql" in first
    assert "dbshell &lt; " in words(first, "next")
    assert page(tmp_path, target, *records, prefer="fixture:authtoken") == first


def test_the_program_names_the_page_and_puts_values_on_it_only_if_told_to(target: str, tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text(json.dumps([token("marker", 999)]))
    options = ("prepare", tmp_path / "dump.json", "--target", target, "-d", tmp_path / "ready")
    done = run(*options)
    assert f"fixtureflow: to look at: {tmp_path}/ready/report.html" in done.said
    assert "marker" not in (tmp_path / "ready" / "report.html").read_text()
    assert run(*options, "--force", "--show-values").code == 1
    assert "marker" in (tmp_path / "ready" / "report.html").read_text()
