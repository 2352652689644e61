"""Every kind of constraint.

What a database cannot hold, Django leaves out of its tables: MariaDB has no conditional and no expression constraints;
only PostgreSQL has deferrable ones, and, from 15 on, nulls that are not distinct.
"""

from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Lower


class Account(models.Model):
    """A unique column, a nullable unique one, and a named constraint over two."""

    email = models.EmailField(unique=True)
    phone = models.CharField(max_length=20, unique=True, null=True)
    bank = models.CharField(max_length=11)
    number = models.CharField(max_length=30)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bank", "number"], name="account_number_in_bank")]


class Booking(models.Model):
    """`unique_together`, twice, one of them over a relation."""

    account = models.ForeignKey(Account, models.CASCADE)
    room = models.IntegerField()
    day = models.DateField()
    seat = models.IntegerField(null=True)

    class Meta:
        unique_together = [("room", "day", "seat"), ("account", "day")]


class Coupon(models.Model):
    """Unique among the active ones only."""

    code = models.CharField(max_length=20)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], condition=Q(active=True), name="coupon_active_code")]


class Handle(models.Model):
    """Unique without regard to case, and within an account on an expression of two columns."""

    account = models.ForeignKey(Account, models.CASCADE)
    name = models.CharField(max_length=40)
    domain = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), Lower("domain").desc(), name="handle_any_case"),
            models.UniqueConstraint("account", Lower("domain"), name="handle_domain_in_account"),
        ]


class Desk(models.Model):
    """Two rows without a room are the same: nulls are not distinct."""

    room = models.CharField(max_length=20, null=True)
    number = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], nulls_distinct=False, name="desk_nulls_not_distinct")
        ]


class Track(models.Model):
    """Positions may be swapped within a transaction: the constraint is deferred to the commit."""

    title = models.CharField(max_length=40)
    position = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position"], deferrable=Deferrable.DEFERRED, name="track_position"),
            models.CheckConstraint(condition=Q(position__gte=0), name="track_position_not_negative"),
        ]


class Interval(models.Model):
    """Checks between two columns, and numbers with limits."""

    low = models.SmallIntegerField()
    high = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(high__gte=F("low")), name="interval_low_to_high")]


class UniqueForMonth(models.Model):
    """What only Django's forms check is no constraint of the database."""

    slug = models.SlugField(unique_for_month="day")
    day = models.DateField()
