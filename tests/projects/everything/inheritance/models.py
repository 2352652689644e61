"""Abstract, multi-table (two levels deep) and proxy models."""

from django.db import models


class Timestamped(models.Model):
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Place(Timestamped):
    name = models.CharField(max_length=80)


class Restaurant(Place):
    stars = models.PositiveSmallIntegerField(default=0)


class Pizzeria(Restaurant):
    oven = models.CharField(max_length=40)
    suppliers = models.ManyToManyField("Supplier")


class Supplier(Place):
    """A parent link with a name and a column of its own."""

    location = models.OneToOneField(
        Place, models.CASCADE, parent_link=True, primary_key=True, db_column="location_no", related_name="supplies_from"
    )
    delivers = models.BooleanField(default=True)


class Waiter(Timestamped):
    """A foreign key to a model in the middle of the inheritance."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE)
    moonlights_at = models.ForeignKey(Pizzeria, models.SET_NULL, null=True, related_name="moonlighters")


class Landmark(Place):
    """A proxy: it has a content type and permissions, but no table and no records."""

    class Meta:
        proxy = True


class Inspection(models.Model):
    """A foreign key to a proxy."""

    landmark = models.ForeignKey(Landmark, models.CASCADE)
    passed = models.BooleanField(null=True)


class PageManager(models.Manager):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Page(models.Model):
    slug = models.SlugField(unique=True)

    objects = PageManager()

    def natural_key(self):
        return (self.slug,)


class NewsPage(Page):
    """A child of a model with a natural key, which it inherits."""

    body = models.TextField()
    related = models.ManyToManyField(Page, related_name="news")
