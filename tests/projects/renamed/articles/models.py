import uuid

from django.conf import settings
from django.db import models


class Topic(models.Model):
    """Was Label, and `word` was `name`, and had twice the room."""

    word = models.CharField(max_length=20, unique=True)


class Story(models.Model):
    """Was Article; `price` and `rating` are no more, `language` is new."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    heading = models.CharField(max_length=100)
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict, null=True)
    views = models.BigIntegerField(default=0)
    published_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="articles")
    topics = models.ManyToManyField(Topic, blank=True)
    sites = models.ManyToManyField("sites.Site", blank=True)
    language = models.CharField(max_length=2)


class Comment(models.Model):
    story = models.ForeignKey(Story, models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    answer_to = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.TextField()
    likes = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="liked")
