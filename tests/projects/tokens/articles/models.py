import uuid

from django.conf import settings
from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Article(models.Model):
    """Values that a reader of JSON may stumble over: text with JSON in it, objects that look like records, NaN."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict, null=True)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    rating = models.FloatField(null=True)
    views = models.BigIntegerField(default=0)
    published_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="articles")
    labels = models.ManyToManyField(Label, blank=True)
    sites = models.ManyToManyField("sites.Site", blank=True)


class Comment(models.Model):
    article = models.ForeignKey(Article, models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    answer_to = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.TextField()
    likes = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="liked")
