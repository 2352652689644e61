from cms.models import CMSPlugin
from django.db import models


class Topic(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Columns(CMSPlugin):
    """Holds other plugins."""

    width = models.PositiveSmallIntegerField(default=2)


class Words(CMSPlugin):
    body = models.TextField()


class Teaser(CMSPlugin):
    headline = models.CharField(max_length=80)
    leads_to = models.ForeignKey("cms.Page", models.SET_NULL, null=True, related_name="+")
    picture = models.ForeignKey("filer.Image", models.SET_NULL, null=True, related_name="+")
    topics = models.ManyToManyField(Topic)

    def copy_relations(self, old_instance):
        self.topics.set(old_instance.topics.all())


class Offer(Teaser):
    """Its row has three parts."""

    price = models.DecimalField(max_digits=8, decimal_places=2)
    see_also = models.ManyToManyField(Teaser, related_name="+")
