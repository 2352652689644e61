"""Rows of the new site: its administrators have signed up, and one of them has tried what a page looks like."""

from cms.api import add_plugin, create_page
from django.contrib.auth.models import User
from filer.models import Folder

from blocks.models import Topic


def occupy():
    admin = User.objects.create(username="admin", email="admin@harbour.example", is_superuser=True, is_staff=True)
    User.objects.create(username="ann", email="ann@new.example", is_staff=True)
    Folder.objects.create(name="trial", owner=admin)
    Topic.objects.create(name="trial")
    Topic.objects.create(name="winter")
    page = create_page("A trial", "page.html", "en", created_by=admin)
    content = page.pagecontent_set(manager="admin_manager").get()
    content.rescan_placeholders()
    slot = content.get_placeholders().first()
    add_plugin(slot, "WordsPlugin", "en", body="Does it work?")
    add_plugin(slot, "TeaserPlugin", "en", headline="Soon", leads_to=page)
