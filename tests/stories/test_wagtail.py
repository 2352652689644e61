"""A Wagtail site moves to another database, which has Wagtail's root, home page, site and collection already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stories.steps import checked, follow, prepared
from support.compare import identity_differences, rows
from support.projects import ManageError, dumpdata, loaddata, manage, migrate, populate

BACKENDS = ("postgresql", "mariadb")
# An index of each database's own, which `manage.py update_index` fills.
INSIDE = "wagtailcore.revision.content"
"""Ids that stand in it are rewritten: NEW_ROWS shows that they lead where they did."""
INDEX = ("wagtailsearch.indexentry", "wagtailsearch.sqliteftsindexentry")
SEARCH = ("--exclude", "wagtailsearch")
# Where a page stands among others follows from the tree, and its number of children too.
PLACES = [f"wagtailcore.{model}.{column}" for model in ("page", "collection") for column in ("path", "numchild")]
# Wagtail keeps the log of its own home page, which was deleted; its number is that of the new one in each new database.
DELETED = 'wagtailcore.pagelogentry {"action": "wagtail.delete"'

NEW_ROWS = """
from datetime import date
from django.contrib.auth.models import Group, User
from wagtail.images.models import Image
from wagtail.models import Collection, Page, Site
from issues.models import ArticlePage, ArticlePageLink, Author, HomePage, IndexPage
assert not any(map(any, (Page.find_problems(), Collection.find_problems())))
user = User.objects.create(username="new")
site = Site.objects.get(is_default_site=True)
assert isinstance(site.root_page.specific, HomePage), site.root_page.specific
index = IndexPage.objects.child_of(site.root_page).get(slug="issues")
page = ArticlePage(title="New", slug="new", date=date(2025, 1, 1), owner=user)
page.picture = Image.objects.create(title="new", file="new.png", width=1, height=1)
index.add_child(instance=page)
page.tags.add("new")
page.authors.add(Author.objects.create(name="new"))
page.links.add(ArticlePageLink(label="new", leads_to=index))
page.save_revision(user=user).publish()
Collection.get_first_root_node().add_child(name="new")
assert not any(map(any, (Page.find_problems(), Collection.find_problems())))
# The newest revision of each page is one of its own.
for each in Page.objects.exclude(latest_revision=None):
    assert each.latest_revision.content_object.pk == each.pk
    inside = each.latest_revision.content
    assert (inside["pk"], inside["content_type"]) == (each.pk, each.content_type_id)
"""


@pytest.fixture(scope="module")
def source(scratch_databases: Any) -> str:
    """The old site, whose apps came one after another, so that its content types have numbers of their own."""
    url: str = scratch_databases.make("sqlite")
    for app in ("auth", "wagtailimages"):
        manage("magazine", url, "migrate", app, "--verbosity=0")
    migrate("magazine", url)
    populate("magazine", url)
    return url


@pytest.fixture
def dump(source: str, tmp_path: Path) -> Path:
    path = tmp_path / "dump.json"
    path.write_bytes(dumpdata("magazine", source))
    return path


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_site_moves(
    backend: str, source: str, dump: Path, scratch_on: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, occupied = scratch_on(backend, "magazine"), scratch_on(backend, "magazine", occupied=True)
    without_index = dumpdata("magazine", source, "-e", "wagtailsearch")
    with pytest.raises(ManageError, match=r"Invalid model identifier: wagtailsearch\.sqliteftsindexentry"):
        loaddata("magazine", target, dump)
    with pytest.raises(ManageError, match=r"IntegrityError.*Could not load"):
        loaddata("magazine", target, without_index)

    told = prepared(dump, target, tmp_path / "none")
    assert "the target has no table of wagtailsearch.sqliteftsindexentry; leave it out with --exclude" in told.error
    monkeypatch.setenv("DATABASE_URL", target)
    small = tmp_path / "small.json"
    small.write_bytes(without_index)
    for known in ({}, {"target": source}, {"target": target}, {"target": target, "project": "magazine"}):
        assert checked(small, **known).code == 0, known

    done = prepared(dump, target, tmp_path / "ready", *SEARCH)
    assert done.code == 1
    assert "fixtureflow: 1 record rejected" in str(done.said)
    assert _replaced(done.said) == [
        "wagtailcore.collection",
        "wagtailcore.page",
        "wagtailcore.page",
        "wagtailcore.site",
    ]
    follow("magazine", target, done.said)
    (found,) = identity_differences("magazine", source, target, ignore=(*INDEX, INSIDE))
    assert found.startswith(DELETED)
    manage("magazine", target, "shell", "-v0", "-c", NEW_ROWS)

    _beside(source, dump, occupied, tmp_path / "beside")


def _beside(source: str, dump: Path, target: str, folder: Path) -> None:
    """The same site into a database in which people have begun to work."""
    before = rows("magazine", target)
    done = prepared(dump, target, folder, *SEARCH)
    inside = {line.split()[3]: line for line in done.said if line.startswith("fixtureflow: not rewritten: ")}
    counts = {
        "issues.homepage.welcome": 2,
        "issues.articlepage.body": 8,
        "wagtailcore.revision.content": 10,
        "wagtailcore.pagelogentry.data": 21,
    }
    assert {field: int(line.split()[5]) for field, line in inside.items()} == counts
    assert "wagtailimages.image" in inside["issues.articlepage.body"]
    follow("magazine", target, done.said)

    after = rows("magazine", target)
    # What takes the place of rows that migrate makes was told above; a parent's number of children is counted anew.
    for label in before.keys() - {"wagtailcore.site", "wagtailcore.collection", "wagtailcore.page", *INDEX}:
        assert {key: after[label].get(key) for key in before[label]} == before[label], label
    assert {key: row["title"] for key, row in after["wagtailcore.page"].items()}["3"] == "A trial"
    # Ann has signed up at both, and keeps what she said last.
    found = identity_differences("magazine", source, target, subset=True, ignore=(*PLACES, *INDEX, INSIDE))
    assert {line.partition(": ")[0] for line in found if not line.startswith(DELETED)} == {'auth.user ["ann"]'}
    manage("magazine", target, "shell", "-v0", "-c", NEW_ROWS)


def _replaced(said: list[str]) -> list[str]:
    return [line.split()[2] for line in said if line.startswith("fixtureflow: replaced: ")]
