"""Rows of the new site: its administrators have signed up, and one of them has tried what a page looks like."""

from django.contrib.auth.models import User
from wagtail.images.models import Image
from wagtail.models import Collection, Page

from issues.models import Author, IndexPage


def occupy():
    admin = User.objects.create(username="admin", email="admin@magazine.example", is_superuser=True, is_staff=True)
    User.objects.create(username="ann", email="ann@new.example", is_staff=True)
    Collection.get_first_root_node().add_child(name="Trials")
    Image.objects.create(title="Trial", file="trial.png", width=1, height=1, uploaded_by_user=admin)
    Author.objects.create(name="Somebody")
    home = Page.objects.get(slug="home")
    trial = home.add_child(instance=IndexPage(title="A trial", slug="trial", owner=admin))
    trial.save_revision(user=admin).publish()
