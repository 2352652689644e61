"""Notes."""

from django.db import models


class TopicManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Topic(models.Model):
    """Its natural key is not unique."""

    name = models.CharField(max_length=40)
    broader = models.ForeignKey("self", models.CASCADE, null=True)

    objects = TopicManager()

    def natural_key(self):
        return (self.name,)


class VisibleManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)


class Note(models.Model):
    """Its default manager leaves rows out, and so does dumpdata without `--all`."""

    topic = models.ForeignKey(Topic, models.CASCADE)
    text = models.TextField()
    written_at = models.DateTimeField(null=True)
    hidden = models.BooleanField(default=False)

    objects = VisibleManager()
    everything = models.Manager()


class Remark(models.Model):
    note = models.ForeignKey(Note, models.CASCADE)


class Link(models.Model):
    """Each needs the next: by natural keys such a loop cannot be loaded in any order."""

    name = models.CharField(max_length=40)
    next = models.ForeignKey("self", models.CASCADE)

    objects = TopicManager()

    def natural_key(self):
        return (self.name,)
