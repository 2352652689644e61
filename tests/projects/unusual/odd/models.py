"""Columns, relations and models that few projects have."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class LowerField(models.CharField):
    """A field made from one of Django's."""


class WholeField(models.Field):
    """A field made from nothing that says itself what it is."""

    def get_internal_type(self):
        return "SmallIntegerField"


class PointField(models.Field):
    """A field made from nothing."""

    def db_type(self, connection):
        return "point"


class Archived(models.Model):
    """Routed to another database."""

    custom = LowerField(max_length=12)
    whole = WholeField()
    point = PointField()
    changed = models.DateTimeField(auto_now=True)
    optional = models.CharField(max_length=5, null=True)
    endless = models.TextField(max_length=100)
    state = models.IntegerField(default=1)
    stored = models.IntegerField(db_default=1)


class ArchivedProxy(Archived):
    class Meta:
        proxy = True


class Label(models.Model):
    """Swapped out for the one below."""

    class Meta:
        swappable = "ODD_LABEL_MODEL"


class OwnLabel(models.Model):
    code = models.CharField(max_length=8, unique=True)


class View(models.Model):
    """A view of the database: Django neither makes it nor its constraints."""

    label = models.ForeignKey(settings.ODD_LABEL_MODEL, models.DO_NOTHING)

    class Meta:
        managed = False
        db_table = "a_view"


class Pointed(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey(for_concrete_model=False)


class Child(Pointed):
    """Its generic key is its parent's."""


class Other(models.Model):
    """A many-to-many by way of a unique column, through a model that states a constraint of its own."""

    labels = models.ManyToManyField(OwnLabel, through="Between")


class Between(models.Model):
    other = models.ForeignKey(Other, models.CASCADE)
    label = models.ForeignKey(OwnLabel, models.CASCADE, to_field="code", db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["other", "label"], name="between", deferrable=models.Deferrable.IMMEDIATE)
        ]
