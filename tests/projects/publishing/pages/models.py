"""A small site of Wagtail pages: a blog with tags, images, people as snippets and a body of blocks."""

from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.blocks import CharBlock, ListBlock, RichTextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page


class Person(models.Model):
    name = models.CharField(max_length=80)


class BlogIndexPage(Page):
    intro = RichTextField(blank=True)


class BlogPageTag(TaggedItemBase):
    content_object = ParentalKey("BlogPage", related_name="tagged_items", on_delete=models.CASCADE)


class BlogPage(Page):
    date = models.DateField()
    intro = models.CharField(max_length=250, blank=True)
    body = StreamField(
        [("heading", CharBlock()), ("text", RichTextBlock()), ("list", ListBlock(CharBlock()))], blank=True
    )
    picture = models.ForeignKey("wagtailimages.Image", models.SET_NULL, null=True, blank=True, related_name="+")
    authors = ParentalManyToManyField(Person, blank=True)
    tags = ClusterTaggableManager(through=BlogPageTag)


class BlogPageLink(Orderable):
    page = ParentalKey(BlogPage, related_name="links", on_delete=models.CASCADE)
    url = models.URLField()
    leads_to = models.ForeignKey("wagtailcore.Page", models.SET_NULL, null=True, blank=True, related_name="+")
