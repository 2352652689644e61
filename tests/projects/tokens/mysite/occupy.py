"""Rows in the way of `populate`'s: the same ones under other numbers, and other ones under the same numbers."""

import uuid
from datetime import UTC, datetime

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.management.color import no_style
from django.db import connection
from rest_framework.authtoken.models import Token

from articles.models import Article, Comment, Label
from support.content_types import reverse_content_types

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def occupy():
    reverse_content_types()
    # bob is 2 there, żółw is 3; 3 is somebody else here, and nobody there.
    users = [
        User.objects.create(pk=pk, username=name, email=f"{pk}@local.example", password="!", date_joined=MOMENT)
        for pk, name in ((1, "bob"), (2, "żółw"), (3, "local"), (40, "no-token"))
    ]
    Token.objects.all().delete()
    for user in users:
        Token.objects.create(key=f"{user.pk:040}", user=user)
    Token.objects.update(created=MOMENT)
    staff, local = Group.objects.create(pk=1, name="staff"), Group.objects.create(pk=2, name="local")
    staff.permissions.set(Permission.objects.filter(codename="add_user"))
    users[0].groups.set([staff, local])
    Site.objects.create(pk=2, domain="local.example", name="Local")
    Site.objects.create(pk=5, domain="beispiel.example", name="Another name")
    for pk, name in ((1, "local"), (3, "news"), (4, "pk")):
        Label.objects.create(pk=pk, name=name)
    for name in ("article 0", "local article"):
        article = Article.objects.create(
            id=uuid.uuid5(uuid.NAMESPACE_URL, name), title=name, created_at=MOMENT, author=users[2]
        )
        article.labels.set(Label.objects.all())
        first = Comment.objects.create(article=article, author=users[0], text=f"on {name}")
        Comment.objects.create(article=article, text="an answer", answer_to=first)
    LogEntry.objects.create(
        action_time=MOMENT,
        user=users[0],
        content_type=ContentType.objects.get_for_model(Site),
        object_id="2",
        object_repr="Local",
        action_flag=ADDITION,
    )
    reset_sequences([User, Group, Site, Label])


def reset_sequences(models):
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
