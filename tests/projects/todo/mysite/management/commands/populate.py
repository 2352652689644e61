from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import transaction

from lists.models import Chore, Folder, Item, List, Mark, Note, Reminder, Tag

BEGAN = datetime(2024, 2, 29, 12, tzinfo=UTC)


class Command(BaseCommand):
    help = "Fill the database, whose tables do not want anything unique yet, with the same rows each time."

    def handle(self, **options):
        with transaction.atomic():
            populate()


def populate():
    users = [User.objects.create(username=name, password="!", date_joined=BEGAN) for name in ("ann", "bob", "cleo")]
    tags = [Tag.objects.create(name=name) for name in ("home", "shop", "shop", "town", "home")]
    folders = [Folder.objects.create(name="all"), Folder.objects.create(name="all")]
    for parent in (0, 1, 2, 3, 4, 4):  # folders in folders that are the same
        folders.append(Folder.objects.create(name=f"deep {folder_depth(folders[parent])}", parent=folders[parent]))
    lists = [
        List.objects.create(owner=user, name=name, folder=folders[(number * 3) % len(folders)])
        for number, (user, name) in enumerate(
            [(users[0], "week"), (users[0], "week"), (users[1], "week"), (users[1], "big"), (users[0], "week")]
        )
    ]
    words = ["milk", "eggs", "milk", "a long text", "milk", "eggs (2)", "eggs", "a long text"]
    for number in range(40):
        kind = Chore if number % 5 == 0 else Item
        item = kind.objects.create(
            list=lists[number % len(lists)],
            text=(words[number * 7 // 5 % len(words)] + ["", "!", "?", ""][number // 5 % 4])[:12],
            changed_at=BEGAN + timedelta(hours=(number * 13) % 40),
            **({"minutes": number} if kind is Chore else {}),
        )
        item.tags.set([tags[number % 5], tags[(number + 2) % 5]] if number % 3 else [])
        if number % 4 < 2:
            Reminder.objects.create(item_id=item.pk, at=BEGAN + timedelta(days=number))
        Note.objects.create(item_id=item.pk, text=f"note {number}")
        Mark.objects.create(of=Item.objects.get(pk=item.pk), word=["soon", "late"][number % 2])
    for each in (*lists, *folders):
        Mark.objects.create(of=each, word="seen")


def folder_depth(folder):
    return 0 if folder.parent is None else 1 + folder_depth(folder.parent)
