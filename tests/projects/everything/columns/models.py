"""Every portable kind of column, and tables and columns with names of their own."""

import uuid

from django.db import models
from django.db.models import F


class Plain(models.Model):
    """Every column may not be null."""

    id = models.SmallAutoField(primary_key=True)
    big = models.BigIntegerField()
    binary = models.BinaryField()
    boolean = models.BooleanField()
    char = models.CharField(max_length=40)
    date = models.DateField()
    datetime = models.DateTimeField()
    decimal = models.DecimalField(max_digits=20, decimal_places=5)
    duration = models.DurationField()
    email = models.EmailField()
    file = models.FileField(upload_to="files")
    float = models.FloatField()
    integer = models.IntegerField()
    ip = models.GenericIPAddressField()
    json = models.JSONField()
    positive_big = models.PositiveBigIntegerField()
    positive = models.PositiveIntegerField()
    positive_small = models.PositiveSmallIntegerField()
    slug = models.SlugField()
    small = models.SmallIntegerField()
    text = models.TextField()
    time = models.TimeField()
    url = models.URLField()
    uuid = models.UUIDField()


class Nullable(models.Model):
    """The same columns, each of which may be null."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    big = models.BigIntegerField(null=True)
    binary = models.BinaryField(null=True)
    boolean = models.BooleanField(null=True)
    char = models.CharField(max_length=40, null=True)
    date = models.DateField(null=True)
    datetime = models.DateTimeField(null=True)
    decimal = models.DecimalField(max_digits=20, decimal_places=5, null=True)
    duration = models.DurationField(null=True)
    float = models.FloatField(null=True)
    ip = models.GenericIPAddressField(null=True)
    json = models.JSONField(null=True)
    text = models.TextField(null=True)
    time = models.TimeField(null=True)
    uuid = models.UUIDField(null=True, unique=True)


class Line(models.Model):
    """A generated column, and columns whose default is the database's."""

    price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.IntegerField(db_default=1)
    total = models.GeneratedField(
        expression=F("price") * F("quantity"),
        output_field=models.DecimalField(max_digits=20, decimal_places=2),
        db_persist=True,
    )
    state = models.CharField(max_length=10, db_default="new")


class Invoice(models.Model):
    """Names that SQL must quote: capitals, spaces, reserved words."""

    number = models.AutoField(primary_key=True, db_column="Invoice No")
    customer = models.CharField(max_length=40, db_column="Customer Name")
    order = models.IntegerField(db_column="order")
    replaces = models.OneToOneField("self", models.SET_NULL, null=True, db_column="previous")
    lines = models.ManyToManyField(Line, db_table="Legacy Invoice Lines")

    class Meta:
        db_table = "Legacy Invoice"


class Payment(models.Model):
    invoice = models.ForeignKey(Invoice, models.CASCADE, db_column="inv")
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "select"
        unique_together = [("invoice", "amount")]
