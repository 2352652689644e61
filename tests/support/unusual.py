"""Rows of the project `unusual`, whose databases are not there, dumped by Django from one in memory.

    python -m support.unusual FOLDER

writes plain.json, natural.json (`--natural-foreign`) and both.json (with `--natural-primary` too) into the folder.
Keys that raise or ask the database for more have no rows.
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import django
from django.conf import settings

MOMENT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)


def main(folder: Path) -> None:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.LOGGING_CONFIG = None
    settings.DATABASES = {"default": memory, "archive": dict(memory)}
    settings.DATABASE_ROUTERS = []
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.models.signals import post_save

    post_save.receivers = []
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW a_view AS SELECT id, code AS label_id FROM odd_ownlabel WHERE 0")
    populate()
    for name, options in (("plain", {}), ("natural", FOREIGN), ("both", {**FOREIGN, "use_natural_primary_keys": True})):
        call_command("dumpdata", output=str(folder / f"{name}.json"), verbosity=0, **options)


FOREIGN = {"use_natural_foreign_keys": True}


def populate() -> None:
    from django.contrib.auth.models import Group, Permission, User
    from django.contrib.contenttypes.models import ContentType
    from hooks.models import Basket, Profile
    from keys import models as keys
    from odd import models as odd

    users = User.objects.bulk_create([User(username=f"user {n}", password="!", date_joined=MOMENT) for n in range(3)])
    Profile.objects.bulk_create([Profile(user=user) for user in users])
    Basket.objects.bulk_create([Basket(user=user) for user in users[:2]])
    Group.objects.bulk_create([Group(name="all")])
    Group.objects.get().permissions.set(Permission.objects.all()[::7])
    make_keys(keys, ContentType.objects.order_by("-pk"))
    make_odd(odd, ContentType.objects.order_by("model"))


def make_keys(keys, content_types) -> None:
    typed = [
        keys.Typed(
            name=name,
            day=date(1999, 12, 30 + n % 2),
            at=MOMENT + timedelta(days=n),
            number=-n,
            price=Decimal(n) / 4,
            key=uuid.uuid5(uuid.NAMESPACE_URL, name),
            live=n == 1,
            shown=n != 1,
        )
        for n, name in enumerate(("plain", 'quotes " and \\', "Grüße 日本語 \u2028", "}, {"))
    ]
    keys.Typed.objects.bulk_create(typed)
    lowered = keys.Lowered.objects.bulk_create([keys.Lowered(name=name) for name in ("Same", "same", "Other")])
    for model in (keys.ById, keys.Optional, keys.Shorter):
        model.objects.bulk_create([model(name=f"{n}", typed=one) for n, one in enumerate(typed)])
    keys.Optional.objects.bulk_create([keys.Optional(name="without")])
    keys.Nested.objects.bulk_create([keys.Nested(name=f"{n}", typed=one) for n, one in enumerate(lowered)])
    keys.ThroughComputed.objects.bulk_create([keys.ThroughComputed(name="x", lowered=one) for one in lowered])
    for model in (keys.Stripped, keys.Plainly, keys.Constant, keys.FallsBack, keys.NotFound, keys.OnlyFound):
        model.objects.bulk_create([model(name=f" {n}") for n in range(2)])
    keys.Duration.objects.bulk_create([keys.Duration(name="x", length=timedelta(days=1, microseconds=1))])
    root = keys.Climbs.objects.bulk_create([keys.Climbs(name="root")])[0]
    keys.Climbs.objects.bulk_create([keys.Climbs(name="leaf", parent=root)])
    keys.OfType.objects.bulk_create([keys.OfType(name="of", content_type=one) for one in content_types[:5]])
    for n in range(3):
        cafe = keys.Cafe.objects.create(name=f"Café {n}", street=f'"{n}"')
        keys.Table.objects.bulk_create([keys.Table(name=f"{seat}", cafe=cafe) for seat in range(2)])


def make_odd(odd, content_types) -> None:
    odd.Archived.objects.bulk_create([odd.Archived(custom="x", whole=1, changed=MOMENT, endless="e", stored=2)])
    labels = odd.OwnLabel.objects.bulk_create([odd.OwnLabel(code=f"c{n}") for n in range(3)])
    other = odd.Other.objects.create()
    odd.Between.objects.bulk_create([odd.Between(other=other, label=label) for label in labels])
    odd.Pointed.objects.bulk_create([odd.Pointed(content_type=one, object_id=1) for one in content_types[:4]])
    odd.Child.objects.create(content_type=content_types[5], object_id=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
