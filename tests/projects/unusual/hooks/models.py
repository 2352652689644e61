from django.conf import settings
from django.db import models


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)


class Basket(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="baskets")


class Audit(models.Model):
    text = models.TextField()


class Watched(models.Model):
    name = models.CharField(max_length=10)


class Quiet(models.Model):
    """Set off by nothing but what is connected for all models."""
