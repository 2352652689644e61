"""Rows in the way of `populate`'s: the same ones under other numbers, and other ones under the same numbers."""

from datetime import UTC, date, datetime

from django.contrib.auth.models import Group, User
from django.core.management.color import no_style
from django.db import connection

from columns.models import Invoice, Line
from constraints.models import Account, Booking, Coupon, Handle
from inheritance.models import NewsPage, Page, Pizzeria, Place, Restaurant
from naturals.models import Author, Book, Chapter, Folder, Keyword
from relations.models import Airport, Badge, Category, Company, Country, Employee, Flight, Note, Person, Seat, Tag
from support.content_types import reverse_content_types

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def occupy():
    reverse_content_types()
    occupy_users()
    occupy_relations()
    occupy_inheritance()
    occupy_naturals()
    occupy_constraints()
    Invoice.objects.create(pk=1, customer="Local", order=1).lines.add(Line.objects.create(pk=2, price=5, quantity=5))
    numbered = [
        Account,
        Airport,
        Author,
        Book,
        Category,
        Folder,
        Group,
        Invoice,
        Keyword,
        Line,
        Page,
        Person,
        Place,
        User,
    ]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), numbered):
            cursor.execute(statement)


def occupy_users():
    Group.objects.create(pk=7, name="readers")
    Group.objects.create(pk=1, name="local")
    for pk, name in ((1, "bo"), (2, "local")):
        User.objects.create(pk=pk, username=name, password="!", date_joined=MOMENT)


def occupy_relations():
    countries = [Country.objects.create(code=code, name=f"Local {code}") for code in ("DE", "loc")]
    airports = [
        Airport.objects.create(pk=pk, iata=iata, country=countries[0])
        for pk, iata in ((1, "LOC"), (2, "ZRH"), (30, "AMS"))
    ]
    person = Person.objects.create(pk=2, name="Local person", born_in=countries[1])
    Badge.objects.create(person=person, colour="green")
    flight = Flight.objects.create(origin=airports[0], destination=airports[1])
    Seat.objects.create(flight=flight, number="1A", passenger=person)
    root = Category.objects.create(pk=2, name="Local root")
    Category.objects.create(pk=1, name="Local leaf", parent=root)
    company = Company.objects.create(name="Local company")
    company.boss = Employee.objects.create(name="Local boss", company=company)
    company.save()
    Tag.objects.create(name="local", content_object=person)
    Note.objects.create(text="local", target=countries[1])


def occupy_inheritance():
    Place.objects.create(pk=1, name="Local place", created_at=MOMENT)
    Restaurant.objects.create(pk=4, name="Local restaurant", created_at=MOMENT)
    Pizzeria.objects.create(pk=3, name="Local pizzeria", oven="gas", created_at=MOMENT)
    Page.objects.create(pk=1, slug="news-0")
    NewsPage.objects.create(pk=2, slug="page-0", body="Local news")


def occupy_naturals():
    authors = [Author.objects.create(pk=pk, name=name) for pk, name in ((1, "Brontë"), (2, "Local"), (9, "Zoë"))]
    for pk, author in zip((3, 2, 1), authors, strict=True):
        book = Book.objects.create(pk=pk, title="Book 0", author=author)
    Chapter.objects.create(number=0, book=book)
    Keyword.objects.create(pk=2, namespace="ns0", word="w:0")
    root = Folder.objects.create(pk=5, name="")
    Folder.objects.create(pk=1, name="etc", parent=root)


def occupy_constraints():
    account = Account.objects.create(pk=1, email="account1@example.com", bank="LOCAL", number="1")
    # Another's e-mail address, and the bank and number of a third.
    Account.objects.create(pk=2, email="account2@example.com", bank="BANK1", number=f"{3:010}")
    Booking.objects.create(account=account, room=1, day=date(2024, 2, 29), seat=1)
    Coupon.objects.create(code="code0", active=True)
    Handle.objects.create(account=account, name="HANDLE0", domain="EXAMPLE.COM")
