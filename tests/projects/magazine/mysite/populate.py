"""The rows of the old site."""

from datetime import date

from django.contrib.auth.models import Group, Permission, User
from django.core.files.base import ContentFile
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, GroupPagePermission, Locale, Page, Site

from issues.models import ArticlePage, ArticlePageLink, Author, HomePage, IndexPage


def populate():
    ann = User.objects.create(username="ann", email="ann@magazine.example", is_superuser=True, is_staff=True)
    bob = User.objects.create(username="bob", email="bob@magazine.example", is_staff=True)
    bob.groups.add(Group.objects.get(name="Editors"))
    archive = Collection.get_first_root_node().add_child(name="Archive")
    old = archive.add_child(name="Before 2020")
    images = [
        Image.objects.create(title=f"Cover {n}", file=f"cover{n}.png", width=4, height=3, collection=collection)
        for n, collection in enumerate((archive, old, Collection.get_first_root_node()))
    ]
    documents = [
        Document.objects.create(title="Terms", file=ContentFile(b"...", name="terms.pdf"), collection=old),
        Document.objects.create(title="Index", file=ContentFile(b"..", name="index.pdf"), uploaded_by_user=bob),
    ]
    images[0].tags.add("cover", "spring")
    documents[0].tags.add("cover")
    home = new_home(ann)
    authors = [Author.objects.create(name=name) for name in ("Cleo", "Dan")]
    index = home.add_child(instance=IndexPage(title="Issues", slug="issues", intro="<p>All of them</p>", owner=ann))
    articles = [write(index, number, images, documents, authors, bob) for number in range(6)]
    home.featured = articles[2]
    home.welcome = f'<p>Read <a linktype="page" id="{articles[1].pk}">this</a></p>'
    home.save()
    home.save_revision(user=ann).publish()
    german, _ = Locale.objects.get_or_create(language_code="de")
    translated = articles[0].copy_for_translation(german, copy_parents=True)
    translated.title = "Über Fähren 🎉"
    translated.save_revision(user=bob)
    articles[5].copy(update_attrs={"title": "A copy", "slug": "copy"}, user=bob)
    authors[0].save_revision(user=ann)
    Redirect.objects.create(old_path="/was", redirect_page=articles[4])
    Redirect.objects.create(old_path="/out", redirect_link="https://example.com/")
    permission = Permission.objects.get(codename="change_page", content_type__app_label="wagtailcore")
    GroupPagePermission.objects.create(group=Group.objects.get(name="Editors"), page=index, permission=permission)


def new_home(owner):
    """As everybody does: Wagtail's own page goes, and the first page of the site takes its place."""
    root = Page.get_first_root_node()
    Site.objects.all().delete()
    root.get_children().get(slug="home").delete()
    root.refresh_from_db()
    home = root.add_child(instance=HomePage(title="Magazine", slug="home", owner=owner))
    Site.objects.create(hostname="localhost", port=80, root_page=home, is_default_site=True, site_name="Magazine")
    return home


def write(index, number, images, documents, authors, editor):
    article = ArticlePage(title=f"Article {number}", slug=f"article-{number}", date=date(2024, 2, number + 1))
    article.owner, article.picture = editor, images[number % 3] if number else None
    index.add_child(instance=article)
    link, picture = f'<a linktype="page" id="{index.pk}">東京</a>', f'<embed embedtype="image" id="{images[0].pk}"/>'
    article.body = [
        ("heading", f"Number {number}"),
        ("text", f"<p>naïve {link} {picture}</p>"),
        ("picture", images[number % 3]),
        ("document", documents[number % 2]),
        ("related", [index]),
        ("gallery", [figure(images[1], authors[0], link), figure(images[2], None, picture)]),
        ("aside", [("figure", figure(images[0], authors[1], link)), ("page", index)]),
    ]
    article.authors.set(authors[: number % 3])
    article.tags.add("news", f"tag {number}")
    article.links.add(ArticlePageLink(label="More", leads_to=index, document=documents[0]))
    article.save()
    revision = article.save_revision(user=editor)
    if number % 2:
        revision.publish()
    return article


def figure(image, credit, html):
    image.contextual_alt_text, image.decorative = "A cover", False
    return {"image": image, "text": f"<p>{html}</p>", "credit": credit}
