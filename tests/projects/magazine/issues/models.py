from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.models import DraftStateMixin, Orderable, Page, RevisionMixin
from wagtail.snippets.blocks import SnippetChooserBlock
from wagtail.snippets.models import register_snippet


@register_snippet
class Author(DraftStateMixin, RevisionMixin, models.Model):
    name = models.CharField(max_length=80, unique=True)


class FigureBlock(blocks.StructBlock):
    image = ImageBlock()
    text = blocks.RichTextBlock()
    credit = SnippetChooserBlock("issues.Author", required=False)


class HomePage(Page):
    welcome = RichTextField(blank=True)
    featured = models.ForeignKey("ArticlePage", models.SET_NULL, null=True, blank=True, related_name="+")


class IndexPage(Page):
    intro = RichTextField(blank=True)


class ArticlePageTag(TaggedItemBase):
    content_object = ParentalKey("ArticlePage", related_name="tagged_items", on_delete=models.CASCADE)


class ArticlePage(Page):
    date = models.DateField()
    body = StreamField(
        [
            ("heading", blocks.CharBlock()),
            ("text", blocks.RichTextBlock()),
            ("picture", ImageChooserBlock()),
            ("document", DocumentChooserBlock()),
            ("related", blocks.ListBlock(blocks.PageChooserBlock())),
            ("gallery", blocks.ListBlock(FigureBlock())),
            ("aside", blocks.StreamBlock([("figure", FigureBlock()), ("page", blocks.PageChooserBlock())])),
        ],
        blank=True,
    )
    picture = models.ForeignKey("wagtailimages.Image", models.SET_NULL, null=True, blank=True, related_name="+")
    authors = ParentalManyToManyField(Author, blank=True)
    tags = ClusterTaggableManager(through=ArticlePageTag)


class ArticlePageLink(Orderable):
    page = ParentalKey(ArticlePage, related_name="links", on_delete=models.CASCADE)
    label = models.CharField(max_length=80)
    leads_to = models.ForeignKey("wagtailcore.Page", models.SET_NULL, null=True, blank=True, related_name="+")
    document = models.ForeignKey("wagtaildocs.Document", models.SET_NULL, null=True, blank=True, related_name="+")
