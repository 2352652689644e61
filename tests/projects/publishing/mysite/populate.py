"""The rows."""

from datetime import UTC, date, datetime
from itertools import count

import reversion
from allauth.account.models import EmailAddress
from cms.api import create_page, create_page_content
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sessions.models import Session
from django.contrib.sites.models import Site
from easy_thumbnails.models import Source, Thumbnail
from filer.models import File, Folder
from guardian.shortcuts import assign_perm
from rest_framework.authtoken.models import Token
from wagtail.contrib.redirects.models import Redirect as WagtailRedirect
from wagtail.images.models import Image
from wagtail.models import Collection, GroupPagePermission, Locale, Page
from wagtail.models import Site as WagtailSite

from pages import models as m

NOW = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)


def populate():
    users = django_apps()
    django_cms(users)
    wagtail(users)


def django_apps():
    group = Group.objects.create(name="editors")
    group.permissions.set(Permission.objects.filter(codename__startswith="add_")[:5])
    users = []
    for n in range(4):
        user = User.objects.create_user(f"user{n}", f"user{n}@example.com", "secret")
        user.groups.add(group)
        Token.objects.create(user=user)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=bool(n))
        users.append(user)
    site = Site.objects.first() or Site.objects.create(domain="example.com", name="example.com")
    page = FlatPage.objects.create(url="/about/", title="About", content="<p>äöü 🎉</p>")
    page.sites.add(site)
    Redirect.objects.create(site=site, old_path="/old/", new_path="/new/")
    Session.objects.create(session_key="k" * 32, session_data="e30:", expire_date=NOW)
    about = ContentType.objects.get_for_model(page)
    LogEntry.objects.create(
        user=users[0], content_type=about, object_id=page.pk, object_repr="About", action_flag=ADDITION, action_time=NOW
    )
    assign_perm("flatpages.change_flatpage", users[1], page)
    assign_perm("flatpages.change_flatpage", group, page)
    reversion.register(FlatPage)
    with reversion.create_revision():
        page.title = "About us"
        page.save()
        reversion.set_user(users[0])
    folder = Folder.objects.create(name="pictures", owner=users[0])
    File.objects.create(folder=folder, name="a.txt", original_filename="a.txt", owner=users[0], file="a.txt")
    source = Source.objects.create(name="a.png", storage_hash="0" * 40, modified=NOW)
    Thumbnail.objects.create(source=source, name="a.thumb.png", storage_hash="0" * 40, modified=NOW)
    return users


def django_cms(users):
    home = create_page("Home", "page.html", "en", created_by=users[0])
    create_page_content("de", "Start", home, created_by=users[0])
    for n in range(3):
        create_page(f"Page {n}", "page.html", "en", created_by=users[0], parent=home)
    for content in home.pagecontent_set(manager="admin_manager").all():
        content.placeholders.create(slot="content")


def wagtail(users):
    Locale.objects.get_or_create(language_code="en")
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    collection = Collection.get_first_root_node().add_child(name="Pictures")
    image = Image.objects.create(
        title="Café", file="c.png", width=1, height=1, collection=collection, uploaded_by_user=users[0]
    )
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root")
    index = root.add_child(instance=m.BlogIndexPage(title="Blog", slug="blog", intro="<p>Hello</p>"))
    WagtailSite.objects.get_or_create(hostname="localhost", port=80, root_page=index, is_default_site=True)
    people = [m.Person.objects.create(name=name) for name in ("Ann", "Bob")]
    numbers = count(1)
    for n in range(5):
        body = [("heading", f"Title {n}"), ("text", "<p>naïve 東京 🎉</p>"), ("list", ["a", "b"])]
        page = m.BlogPage(title=f"Post {n}", slug=f"post-{n}", date=date(2024, 2, 29), intro="…", body=body)
        page.picture = image if n else None
        page.owner = users[n % 4]
        index.add_child(instance=page)
        page.authors.set(people[: n % 3])
        page.tags.add("news", f"tag {n}")
        page.links.add(m.BlogPageLink(url=f"https://example.com/{next(numbers)}", leads_to=index))
        page.save()
        revision = page.save_revision(user=users[0])
        if n % 2:
            revision.publish()
    child = page.add_child(instance=m.BlogPage(title="Reply", slug="reply", date=date(2024, 3, 1), intro="", body=[]))
    child.copy_for_translation(Locale.objects.get_or_create(language_code="de")[0], copy_parents=True)
    WagtailRedirect.objects.create(old_path="/was", redirect_page=child)
    permission = Permission.objects.get(codename="change_page", content_type__app_label="wagtailcore")
    GroupPagePermission.objects.create(group=Group.objects.get(), page=index, permission=permission)
