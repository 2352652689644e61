"""What stands inside pages and revisions of Wagtail leads, in the new database, to what it led to in the old one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stories.steps import prepared_and_loaded
from support.projects import dumpdata, manage

LEFT_OUT = ("--exclude", "wagtailsearch", "--exclude", "wagtailcore.pagelogentry")

# A draft whose link is deleted on the page, after which another page is the last to have one.
OLD_DRAFT = """
from wagtail.models import Page
from issues.models import ArticlePage, ArticlePageLink
page = ArticlePage.objects.get(slug="article-1")
gone = page.links.create(label="Gone", leads_to=page)
page.title = "With a link that is gone"
page.save_revision()
ArticlePageLink.objects.filter(pk=gone.pk).delete()
"""
# The new site has rows of the same numbers: pages, images, links, and tags.
THEIRS = """
from datetime import date
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Page
from issues.models import ArticlePage, ArticlePageLink, Author
home = Page.objects.get(slug="home")
page = home.add_child(instance=ArticlePage(title="Theirs", slug="theirs", date=date(2025, 1, 1)))
for number in range({links}):
    page.links.add(ArticlePageLink(label=f"Theirs {{number}}", leads_to=home))
    Image.objects.create(title=f"Theirs {{number}}", file="theirs.png", width=1, height=1)
    Document.objects.create(title=f"Theirs {{number}}", file="theirs.pdf")
    Author.objects.create(name=f"Theirs {{number}}")
    page.tags.add(f"theirs {{number}}")
page.save()
"""
LINKS = """
from issues.models import ArticlePageLink
print(list(ArticlePageLink.objects.filter(page__slug="theirs").values_list("pk", "label", "page")))
"""
PUBLISH = """
from issues.models import ArticlePage
page = ArticlePage.objects.get(slug="article-1")
page.latest_revision.publish()
assert {link.label for link in ArticlePage.objects.get(pk=page.pk).links.all()} == {"More", "Gone"}
"""
# What pages and revisions hold by what it leads to, as Wagtail understands it.
TOLD = """
import json
from wagtail.models import Revision
from issues.models import ArticlePage
def blocks(page):
    for model, pk, path, content_path in page._meta.get_field("body").extract_references(page.body):
        one = model.objects.get(pk=pk)
        yield path, content_path, one.name if model.__name__ == "Author" else one.title
def told(revision):
    page = revision.as_object()
    yield from blocks(page)
    yield from (page.pk == revision.content_object.pk, page.title, page.picture and page.picture.title)
    yield page.owner and page.owner.username
    yield sorted(author.name for author in page.authors.all())
    live = page.specific_class.objects.get(pk=page.pk)
    for name in ("links", "tagged_items"):
        theirs = {child.pk for child in getattr(live, name).all()}
        for child in getattr(page, name).all():
            yield child.pk in theirs
            if name == "tagged_items":
                yield child.tag.name, child.content_object.pk == page.pk
            else:
                yield child.label, child.page.pk == page.pk, child.leads_to.url_path
                yield child.document and child.document.title
articles = [r for r in Revision.objects.order_by("created_at", "pk") if isinstance(r.as_object(), ArticlePage)]
pages = ArticlePage.objects.exclude(slug="theirs").order_by("path")
revisions = [list(told(r)) for r in articles if r.as_object().slug != "theirs"]
print(json.dumps({"pages": [list(blocks(page)) for page in pages], "revisions": revisions}))
"""


@pytest.fixture(scope="module")
def source(scratch_databases: Any) -> str:
    url: str = scratch_databases.make("sqlite", "magazine", populated=True)
    shell(url, OLD_DRAFT)
    return url


def shell(url: str, code: str) -> str:
    return manage("magazine", url, "shell", "-v0", "-c", code).decode()


def test_blocks_and_revisions_lead_where_they_led(source: str, scratch_on: Any, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "magazine", occupied=True)
    shell(target, THEIRS.format(links=30))
    dump = tmp_path / "dump.json"
    dump.write_bytes(dumpdata("magazine", source))
    done = prepared_and_loaded("magazine", dump, target, *LEFT_OUT)[0]
    before, after = json.loads(shell(source, TOLD)), json.loads(shell(target, TOLD))
    assert len(before["pages"][0]) == 14
    assert after == before
    theirs = shell(target, LINKS)
    shell(target, PUBLISH)
    assert shell(target, LINKS) == theirs
    assert any(line.startswith("fixtureflow: rewritten inside: issues.articlepage.body: ") for line in done.said)
    left = {line.split()[3] for line in done.said if line.startswith("fixtureflow: not rewritten: ")}
    assert not left & {"issues.articlepage.body", "wagtailcore.revision.content"}
