"""Every kind of relation."""

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Country(models.Model):
    """A primary key that is text."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=80)


class Region(models.Model):
    """A tree whose root refers to itself, since the parent may not be null."""

    code = models.CharField(max_length=10, primary_key=True)
    country = models.ForeignKey(Country, models.CASCADE)
    parent = models.ForeignKey("self", models.CASCADE, related_name="children")


class Airport(models.Model):
    iata = models.CharField(max_length=3, unique=True)
    country = models.ForeignKey(Country, models.PROTECT)


class Flight(models.Model):
    """Foreign keys that hold a unique column of the other model instead of its primary key."""

    origin = models.ForeignKey(Airport, models.CASCADE, to_field="iata", related_name="departures")
    destination = models.ForeignKey(Airport, models.CASCADE, to_field="iata", null=True, related_name="arrivals")


class Seat(models.Model):
    """A composite primary key, half of which is a relation."""

    pk = models.CompositePrimaryKey("flight_id", "number")
    flight = models.ForeignKey(Flight, models.CASCADE)
    number = models.CharField(max_length=4)
    passenger = models.ForeignKey("Person", models.SET_NULL, null=True)


class Person(models.Model):
    name = models.CharField(max_length=80)
    born_in = models.ForeignKey(Country, models.SET_NULL, null=True, related_name="natives")
    visited = models.ManyToManyField(Country, related_name="visitors")
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")
    notes = GenericRelation("Note", object_id_field="target_key", content_type_field="target_type")


class Badge(models.Model):
    """A one-to-one relation that is the primary key."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True)
    colour = models.CharField(max_length=20)


class Scan(models.Model):
    """A foreign key to a model whose primary key is itself a relation."""

    badge = models.ForeignKey(Badge, models.CASCADE)
    at = models.DateTimeField()


class Passport(models.Model):
    """A one-to-one relation beside a primary key of its own."""

    holder = models.OneToOneField(Person, models.CASCADE, null=True)
    issued_by = models.ForeignKey(Country, models.CASCADE)


class Club(models.Model):
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(
        Person, through="Membership", through_fields=("club", "person"), related_name="clubs"
    )


class Membership(models.Model):
    """An explicit many-to-many model, with two relations to the same model."""

    club = models.ForeignKey(Club, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    invited_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="invitations")
    since = models.DateField()


class Category(models.Model):
    """A tree."""

    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Company(models.Model):
    """Half of a cycle of two models: this side may be null."""

    name = models.CharField(max_length=80)
    boss = models.ForeignKey("Employee", models.SET_NULL, null=True, related_name="+")


class Employee(models.Model):
    """The half of the cycle that may not be null."""

    name = models.CharField(max_length=80)
    company = models.ForeignKey(Company, models.CASCADE)


class Tag(models.Model):
    """A generic foreign key with the usual names."""

    name = models.CharField(max_length=40)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    content_object = GenericForeignKey()


class Note(models.Model):
    """A generic foreign key with names of its own, nullable, its key as text: it may point at any kind of key."""

    text = models.TextField()
    target_type = models.ForeignKey(ContentType, models.CASCADE, null=True, related_name="+")
    target_key = models.CharField(max_length=64, null=True)
    target = GenericForeignKey("target_type", "target_key")


class Visit(models.Model):
    """Relations that the database does not know of."""

    person = models.ForeignKey(Person, models.DO_NOTHING, db_constraint=False)
    countries = models.ManyToManyField(Country, db_constraint=False)
