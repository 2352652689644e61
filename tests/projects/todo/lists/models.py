from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q


class TagManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Tag(models.Model):
    name = models.CharField(max_length=20)

    objects = TagManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="tag_name")]

    def natural_key(self):
        return (self.name,)


class Folder(models.Model):
    """Two folders that come to be one bring theirs together, which may then be the same, too."""

    parent = models.ForeignKey("self", models.CASCADE, null=True)
    name = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="folder_in_parent"),
            models.UniqueConstraint(fields=["name"], condition=Q(parent=None), name="folder_at_top"),
        ]


class List(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    folder = models.ForeignKey(Folder, models.CASCADE, null=True)
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="list_of_owner")]


class Item(models.Model):
    list = models.ForeignKey(List, models.CASCADE)
    text = models.CharField(max_length=12)
    tags = models.ManyToManyField(Tag, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "text"], name="item_in_list")]


class Chore(Item):
    """Its row has two parts."""

    minutes = models.IntegerField()


class Reminder(models.Model):
    """One for each item."""

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True)
    at = models.DateTimeField()


class Note(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    text = models.TextField()


class Mark(models.Model):
    """A word on anything."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.CharField(max_length=40)
    of = GenericForeignKey()
    word = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content_type", "object_id", "word"], name="mark_once")]
