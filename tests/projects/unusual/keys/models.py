"""Natural keys that are no plain list of fields, and some that are though they do not look it."""

from django.contrib.contenttypes.models import ContentType
from django.db import models


class KeyManager(models.Manager):
    def get_by_natural_key(self, *key):
        raise NotImplementedError


class Base(models.Model):
    name = models.CharField(max_length=40)

    objects = KeyManager()

    class Meta:
        abstract = True


class Typed(Base):
    """Of each type a value; dates and numbers as they are, or as the text that dumpdata writes anyway."""

    day = models.DateField()
    at = models.DateTimeField()
    number = models.IntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    key = models.UUIDField()
    live = models.BooleanField()
    shown = models.BooleanField()

    def natural_key(self):
        day = self.day.isoformat()
        return [self.shown, day, self.at, self.number, self.price, str(self.key), self.live, self.name]


class Lowered(Base):
    def natural_key(self):
        return (self.name.lower(),)


class Stripped(Base):
    def natural_key(self):
        return (self.name.strip(),)


class NumberAsText(Base):
    number = models.IntegerField()

    def natural_key(self):
        return (str(self.number),)


class Plainly(Base):
    """The comma is missing: a text, which loaddata takes for a primary key."""

    def natural_key(self):
        return self.name


class Empty(Base):
    def natural_key(self):
        return ()


class Constant(Base):
    def natural_key(self):
        return ("constant", self.name)


class Nested(Base):
    typed = models.ForeignKey(Lowered, models.CASCADE)

    def natural_key(self):
        return (self.name, [self.typed_id, self.name])


class ById(Base):
    """Names a relation by its number, which is another one elsewhere."""

    typed = models.ForeignKey(Typed, models.CASCADE)

    def natural_key(self):
        return (self.typed_id, self.name)


class ByPk(Base):
    def natural_key(self):
        return (self.pk,)


class ThroughComputed(Base):
    lowered = models.ForeignKey(Lowered, models.CASCADE)

    def natural_key(self):
        return (self.name, *self.lowered.natural_key())


class Optional(Base):
    """A relation that may be empty, and then gives None in its place: still a list of fields."""

    typed = models.ForeignKey(Typed, models.CASCADE, null=True)

    def natural_key(self):
        return (self.typed.name if self.typed else None, self.name)


class Shorter(Base):
    """A relation that may be empty, and then is left out."""

    typed = models.ForeignKey(Typed, models.CASCADE, null=True)

    def natural_key(self):
        return (self.typed.name, self.name) if self.typed else (self.name,)


class FallsBack(Base):
    title = models.CharField(max_length=40, blank=True)

    def natural_key(self):
        return (self.title or "untitled",)


class Depends(Base):
    """Another field decides which of two it is."""

    kind = models.CharField(max_length=10)
    title = models.CharField(max_length=40)

    def natural_key(self):
        return (self.title if self.kind == "titled" else self.name,)


class Asks(Base):
    def natural_key(self):
        return (self.name, Asks.objects.filter(name=self.name).count())


class Writes(Base):
    def natural_key(self):
        self.save()
        return (self.name,)


class Raises(Base):
    def natural_key(self):
        raise ValueError("not today")


class WantsMore(Base):
    def natural_key(self, more):
        return (self.name,)


class Climbs(Base):
    """Goes up the tree in a loop."""

    parent = models.ForeignKey("self", models.CASCADE, null=True)

    def natural_key(self):
        names, node = [], self
        while node:
            names.append(node.name)
            node = node.parent
        return tuple(names)


class Duration(Base):
    """Written in one form as a field, and in another within a key."""

    length = models.DurationField()

    def natural_key(self):
        return (self.length,)


class OfType(Base):
    content_type = models.ForeignKey(ContentType, models.CASCADE)

    def natural_key(self):
        return self.content_type.natural_key() + (self.name,)  # noqa: RUF005


class WithInit(Base):
    """Its `__init__` would ask the database."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        WithInit.objects.count()

    def natural_key(self):
        return (self.name,)


class NotFound(models.Model):
    """It can be written, but nothing looks it up again."""

    name = models.CharField(max_length=40)

    def natural_key(self):
        return (self.name,)


class OnlyFound(Base):
    """It can be looked up, but is never written."""


class Place(Base):
    def natural_key(self):
        return (self.name,)


class Cafe(Place):
    """Through the link to its parent, and by an inherited field."""

    street = models.CharField(max_length=40)

    def natural_key(self):
        return (self.place_ptr.name, self.street, self.name)


class Table(Base):
    """Through a relation to a multi-table child, and its primary key."""

    cafe = models.ForeignKey(Cafe, models.CASCADE)

    def natural_key(self):
        return (*self.cafe.natural_key(), self.name)

    natural_key.dependencies = ["keys.Cafe"]
