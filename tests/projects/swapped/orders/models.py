from django.conf import settings
from django.db import models


class Profile(models.Model):
    member = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    newsletter = models.BooleanField(default=False)


class Order(models.Model):
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="orders")
    shared_with = models.ManyToManyField(settings.AUTH_USER_MODEL)
    total = models.DecimalField(max_digits=10, decimal_places=2)
