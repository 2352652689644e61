"""The rows of the old site, which has been at work for years."""

from datetime import UTC, datetime
from decimal import Decimal

from cms.api import add_plugin, assign_user_to_page, create_page, create_page_content
from cms.models import GlobalPagePermission
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from filer.models import Folder, Image

from blocks.models import Topic

NOW = datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=UTC)


def populate():
    site = Site.objects.get()
    site.domain, site.name = "harbour.example", "Harbour"
    site.save()
    ann = User.objects.create(username="ann", email="ann@harbour.example", is_superuser=True, is_staff=True)
    bob = User.objects.create(username="bob", email="bob@harbour.example", is_staff=True)
    editors = Group.objects.create(name="editors")
    editors.permissions.set(Permission.objects.filter(codename__endswith="_page"))
    bob.groups.add(editors)
    Permission.objects.get(codename="change_offer").user_set.add(bob)
    pictures = Folder.objects.create(name="pictures", owner=ann)
    ships = Folder.objects.create(name="ships", owner=bob, parent=pictures)
    images = [
        Image.objects.create(
            folder=folder, owner=ann, original_filename=name, name=name, file=name, mime_type="image/png", _width=4
        )
        for folder, name in ((pictures, "harbour.png"), (ships, "ferry.png"), (ships, "tug.png"))
    ]
    topics = [Topic.objects.create(name=name) for name in ("ferries", "fares", "winter")]
    home = create_page("Home", "page.html", "en", created_by=ann, in_navigation=True)
    home.set_as_homepage()
    pages = [home]
    for title, parent in (("Ferries", home), ("Fares", home), ("Winter", None), ("Islands", None), ("Contact", home)):
        above = parent or pages[-1]
        pages.append(create_page(title, "page.html", "en", created_by=bob, parent=above, in_navigation=True))
    create_page_content("de", "Start", home, created_by=ann)
    create_page_content("de", "Fähren", pages[1], created_by=bob)
    for number, page in enumerate(pages):
        for content in page.pagecontent_set(manager="admin_manager").order_by("pk"):
            fill(content, number, pages, images, topics)
    assign_user_to_page(pages[1], bob, can_change=True)
    GlobalPagePermission.objects.create(group=editors).sites.add(site)
    LogEntry.objects.create(
        user=bob,
        content_type=ContentType.objects.get_for_model(home),
        object_id=pages[2].pk,
        object_repr="Fares",
        action_flag=CHANGE,
        action_time=NOW,
    )


def fill(content, number, pages, images, topics):
    language = content.language
    content.rescan_placeholders()
    here = {one.slot: one for one in content.get_placeholders()}
    columns = add_plugin(here["content"], "ColumnsPlugin", language, width=2)
    add_plugin(here["content"], "WordsPlugin", language, target=columns, body=f"naïve {number} 🎉")
    teaser = add_plugin(
        here["content"],
        "TeaserPlugin",
        language,
        target=columns,
        headline=f"Go to {number}",
        leads_to=pages[number - 1],
        picture=images[number % 3],
    )
    teaser.topics.set(topics[: number % 4])
    inner = add_plugin(here["content"], "ColumnsPlugin", language, target=teaser, width=1)
    offer = add_plugin(
        here["content"],
        "OfferPlugin",
        language,
        target=inner,
        headline="Half fare",
        price=Decimal("4.50"),
        leads_to=pages[-1],
        picture=images[0],
    )
    offer.topics.set(topics[1:])
    offer.see_also.add(teaser)
    add_plugin(here["aside"], "WordsPlugin", language, body="Call us")
