from django.db import models
from taggit.managers import TaggableManager


class Food(models.Model):
    tags = TaggableManager()
