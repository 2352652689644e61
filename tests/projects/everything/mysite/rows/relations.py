from datetime import UTC, date, datetime, timedelta

from django.contrib.auth.models import Group, Permission, User

from inheritance.models import Landmark, Pizzeria
from relations import models as m

MOMENT = datetime(2023, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def populate():
    make_users()
    countries = [m.Country.objects.create(code=code, name=f"Land {code}") for code in ("zz", "DE", "a-b", "10", "é")]
    people = make_people(countries)
    make_places(countries, people)
    make_clubs(people)
    make_trees(countries)
    make_companies()
    return countries, people


def make_users():
    group = Group.objects.create(name="readers")
    group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    for name in ("ann", "bo"):
        user = User.objects.create(username=name, password="!", date_joined=MOMENT)
        user.groups.add(group)
        user.user_permissions.set(Permission.objects.filter(codename__in=("add_book", "view_author")))


def make_people(countries):
    people = [m.Person.objects.create(name=f"Person {n}", born_in=[*countries, None][n % 6]) for n in range(12)]
    for n, person in enumerate(people):
        person.visited.set(countries[: n % 5])
        person.friends.add(*people[n + 1 : n + 3])
        person.follows.set([*people[: n % 3], *people[n:][: n % 2]])  # backward, and now and then themselves
        if n % 2:
            badge = m.Badge.objects.create(person=person, colour="red" if n % 3 else "blue")
            m.Scan.objects.create(badge=badge, at=MOMENT + timedelta(hours=n))
        if n % 3:
            m.Passport.objects.create(holder=person, issued_by=countries[n % 5])
        visit = m.Visit.objects.create(person=person)
        visit.countries.set(countries[n % 4 :])
    m.Passport.objects.create(holder=None, issued_by=countries[0])
    m.Passport.objects.create(holder=None, issued_by=countries[1])
    return people


def make_places(countries, people):
    airports = [
        m.Airport.objects.create(iata=iata, country=country)
        for iata, country in zip(("ZRH", "AMS", "1X1"), countries, strict=False)
    ]
    for n in range(6):
        flight = m.Flight.objects.create(origin=airports[n % 3], destination=[*airports, None][(n + 1) % 4])
        for number in ("1A", "10B", "2A"):
            m.Seat.objects.create(flight=flight, number=number, passenger=[*people, None][(n * 5) % 13])


def make_clubs(people):
    for n in range(3):
        club = m.Club.objects.create(name=f"Club {n}")
        for k, person in enumerate(people[n::3]):
            m.Membership.objects.create(
                club=club, person=person, invited_by=people[k] if k else None, since=date(2000 + k, 2, 28)
            )


def make_trees(countries):
    root = m.Region(code="root", country=countries[0])
    root.parent = root
    root.save(force_insert=True)
    for n in range(6):
        # Named so that a child sorts before its parent.
        root = m.Region.objects.create(code=f"r{9 - n}", country=countries[n % 5], parent=root)
    categories = [m.Category.objects.create(name=f"Category {n}") for n in range(15)]
    for n, category in enumerate(categories):
        # One tree with the first row as its root, one with the last.
        category.parent = categories[(n - 1) // 2] if 0 < n < 8 else categories[n + 1] if 8 <= n < 14 else None
        category.save()


def make_companies():
    companies = [m.Company.objects.create(name=f"Company {n}") for n in range(4)]
    employees = [m.Employee.objects.create(name=f"Employee {n}", company=companies[n % 3]) for n in range(6)]
    # The models form a cycle, the rows do not: a boss comes from the company before.
    for company, boss in zip(companies[1:], employees, strict=False):
        company.boss = boss
        company.save()


def make_loops():
    """Rows that no order can load one by one: each refers to the next and the last to the first."""
    company = m.Company.objects.create(name="Own boss")
    company.boss = m.Employee.objects.create(name="Boss", company=company)
    company.save()
    ring = [m.Category.objects.create(name=f"Ring {n}") for n in range(3)]
    for n, category in enumerate(ring):
        category.parent = ring[n - 1]
        category.save()


def point_generically(countries, people):
    for n, target in enumerate([*people[:4], Landmark.objects.get(name="Obelisk"), Pizzeria.objects.get(name="Roma")]):
        m.Tag.objects.create(name=f"tag {n}", content_object=target)
        m.Note.objects.create(text=f"note {n}", target=target)
    for target in (*countries[:3], User.objects.get(username="bo"), Permission.objects.first(), None):
        m.Note.objects.create(text=f"note on {target and target.pk}", target=target)
