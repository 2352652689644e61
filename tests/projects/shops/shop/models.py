from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from mptt.models import MPTTModel, TreeForeignKey
from treebeard.mp_tree import MP_Node


class Category(MPTTModel):
    """A tree, and nothing unique but the number."""

    name = models.CharField(max_length=40)
    parent = TreeForeignKey("self", models.CASCADE, null=True, related_name="children")


class Section(MP_Node):
    """A tree whose paths say who is whose parent."""

    name = models.CharField(max_length=40)


class Product(models.Model):
    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    category = TreeForeignKey(Category, models.CASCADE)
    sections = models.ManyToManyField(Section)
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)


class Order(models.Model):
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    products = models.ManyToManyField(Product)
    ordered_at = models.DateTimeField()


class Review(models.Model):
    """Of anything."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    of = GenericForeignKey()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField()
