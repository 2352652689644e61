"""The same rows each time. NaN and infinities are left out where the database has none (SQLite keeps NaN as NULL)."""

import hashlib
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.contrib.sites.models import Site
from django.db import connection
from rest_framework.authtoken.models import Token

from articles.models import Article, Comment, Label

MOMENT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)

TEXTS = [
    "plain",
    "",
    " leading and trailing ",
    'quotes " and \\ backslashes \\" \\\\',
    '}, {"model": "auth.user", "pk": 1, "fields": {',
    '[{"model": "articles.label", "pk": 1, "fields": {"name": "not a record"}}]',
    "]}\n]\n[\n{",
    "lines\nand\r\nreturns\tand tabs",
    "Grüße, Ελλάδα, עברית, 日本語, 👩‍👩‍👧 e\u0301 \u2028\u2029 \ufeff",
    "NaN Infinity null true",
    "control \x01\x1f \x7f",
    "long " * 2000,
]

DATA = [
    {},
    [],
    None,
    "}, {",
    {"model": "auth.user", "pk": 1, "fields": {"username": "not a record"}},
    [{"model": "auth.user", "pk": n, "fields": {"groups": [n]}} for n in range(5)],
    {"deep": [[[[{"a": {"b": {"c": [{}, [], "", 0, -0.5, 1e300, True, False, None]}}}]]]]},
    {"": "empty key", "ключ": "значение", 'quote"': "\\", "pk": {"pk": {"pk": [1, 2]}}},
    {"big": 2**63 - 1, "bigger": 2**80, "text": '👍 }, {"model": "x.y"'},
]


def populate():
    users = make_users()
    sites = [Site.objects.get(pk=1), Site.objects.create(domain="beispiel.example", name="Beispiel")]
    labels = [Label.objects.create(name=name) for name in ("news", "Ünïcode", "}, {", "model", "pk")]
    articles = make_articles(users, labels, sites)
    make_comments(users, articles)
    make_log(users, articles)
    for user in users[:3]:
        Session.objects.create(
            session_key=hashlib.md5(f"session {user.username}".encode()).hexdigest(),
            session_data=f"eyJfYXV0aF91c2VyX2lkIjoi{user.pk}:signature",
            expire_date=MOMENT + timedelta(days=14),
        )


def make_users():
    editors, staff = Group.objects.create(name="editors"), Group.objects.create(name="staff")
    editors.permissions.set(Permission.objects.filter(content_type__app_label="articles"))
    staff.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    users = []
    for n, name in enumerate(("admin", "bob", "żółw", "d'arc", "eve+test@example.com", "no-token")):
        user = User.objects.create(
            username=name,
            email=f"user{n}@example.com",
            password="pbkdf2_sha256$1000000$salt$" + "a" * 43 + "=",
            first_name=name.title(),
            is_superuser=n == 0,
            is_staff=n < 2,
            last_login=MOMENT + timedelta(hours=n) if n % 2 else None,
            date_joined=MOMENT - timedelta(days=n),
        )
        user.groups.set([editors, staff][: n % 3])
        user.user_permissions.set(Permission.objects.filter(codename__endswith="_comment")[: n % 4])
        users.append(user)
    # The receiver's tokens are random; these are not.
    Token.objects.all().delete()
    for user in users[:-1]:
        Token.objects.create(key=hashlib.sha1(user.username.encode()).hexdigest(), user=user)
    Token.objects.update(created=MOMENT)
    return users


def make_articles(users, labels, sites):
    # MariaDB has no NaN and no infinities at all.
    ratings = [None, 0.1, -0.0, 1e-7, 1e22, 123456789.123456789]
    if connection.vendor != "mysql":
        ratings += [float("inf"), float("-inf")]
    if connection.vendor == "postgresql":
        ratings += [float("nan")]
    articles = []
    for n in range(60):
        article = Article.objects.create(
            id=uuid.uuid5(uuid.NAMESPACE_URL, f"article {n}"),
            title=f"{n}: {TEXTS[n % len(TEXTS)]}"[:200],
            body=TEXTS[n % len(TEXTS)],
            data=DATA[n % len(DATA)],
            price=None if n % 7 == 0 else Decimal(n) ** 5 / Decimal(10000),
            rating=ratings[n % len(ratings)],
            views=(-1) ** n * (2**63 - 1) // (n + 1),
            published_on=None if n % 5 == 0 else date(1999 + n % 30, 1 + n % 12, 28),
            created_at=MOMENT + timedelta(days=n, microseconds=n),
            author=users[n % len(users)],
        )
        article.labels.set(labels[n % 3 : n % 6])
        article.sites.set(sites[: n % 3])
        articles.append(article)
    return articles


def make_comments(users, articles):
    comments = []
    for n in range(80):
        comment = Comment.objects.create(
            article=articles[n * 7 % len(articles)],
            author=None if n % 9 == 0 else users[n % len(users)],
            answer_to=None if n % 4 == 0 else comments[n // 2],
            text=TEXTS[(n + 3) % len(TEXTS)],
        )
        comment.likes.set(users[n % 4 : n % 7])
        comments.append(comment)
    # Answers to later comments, so that the order of the primary keys is not the order of the references.
    for n in (4, 8, 12):
        Comment.objects.filter(pk=comments[n].pk).update(answer_to=comments[n + 61])


def make_log(users, articles):
    targets = [*articles[:5], *users, Group.objects.get(name="staff"), Site.objects.get(domain="beispiel.example")]
    for n, target in enumerate(targets):
        LogEntry.objects.create(
            action_time=MOMENT + timedelta(minutes=n),
            user=users[n % 2],
            content_type=ContentType.objects.get_for_model(target),
            object_id=str(target.pk),
            object_repr=str(target)[:200],
            action_flag=ADDITION if n % 2 else CHANGE,
            change_message='[{"added": {}}]',
        )
