"""Natural keys: plain, through one relation, through relations of relations, through two, computed, of any length."""

from django.db import models


class AuthorManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Author(models.Model):
    name = models.CharField(max_length=80, unique=True)

    objects = AuthorManager()

    def natural_key(self):
        return (self.name,)


class BookManager(models.Manager):
    def get_by_natural_key(self, title, author):
        return self.get(title=title, author__name=author)


class Book(models.Model):
    """Through a relation."""

    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, models.CASCADE)
    translators = models.ManyToManyField(Author, related_name="translations")

    objects = BookManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["author", "title"], name="book_by_author_and_title")]

    def natural_key(self):
        return (self.title, *self.author.natural_key())

    natural_key.dependencies = ["naturals.author"]


class ChapterManager(models.Manager):
    def get_by_natural_key(self, number, *book):
        return self.get(number=number, book=Book.objects.get_by_natural_key(*book))


class Chapter(models.Model):
    """Through a relation whose own key runs through another."""

    number = models.PositiveIntegerField()
    book = models.ForeignKey(Book, models.CASCADE)

    objects = ChapterManager()

    class Meta:
        unique_together = [("book", "number")]

    def natural_key(self):
        return (self.number, *self.book.natural_key())

    natural_key.dependencies = ["naturals.book"]


class QuoteManager(models.Manager):
    def get_by_natural_key(self, line, number, title, author, quoted_by):
        chapter = Chapter.objects.get_by_natural_key(number, title, author)
        return self.get(line=line, chapter=chapter, quoted_by__name=quoted_by)


class Quote(models.Model):
    """Through two relations, one of them three models deep."""

    line = models.IntegerField()
    chapter = models.ForeignKey(Chapter, models.CASCADE)
    quoted_by = models.ForeignKey(Author, models.CASCADE)

    objects = QuoteManager()

    class Meta:
        unique_together = [("line", "chapter", "quoted_by")]

    def natural_key(self):
        return (self.line, *self.chapter.natural_key(), *self.quoted_by.natural_key())

    natural_key.dependencies = ["naturals.chapter", "naturals.author"]


class KeywordManager(models.Manager):
    def get_by_natural_key(self, key):
        namespace, _, word = key.partition(":")
        return self.get(namespace=namespace, word=word)


class Keyword(models.Model):
    """Computed: no field holds what the key says."""

    namespace = models.CharField(max_length=20)
    word = models.CharField(max_length=40)

    objects = KeywordManager()

    class Meta:
        unique_together = [("namespace", "word")]

    def natural_key(self):
        return (f"{self.namespace}:{self.word}",)


class FolderManager(models.Manager):
    def get_by_natural_key(self, *names):
        folder = None
        for name in names:
            folder = self.get(name=name, parent=folder)
        if folder is None:
            raise self.model.DoesNotExist("an empty path names no folder")
        return folder


class Folder(models.Model):
    """Variadic: the names from the root down, as many as the folder is deep."""

    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    objects = FolderManager()

    class Meta:
        unique_together = [("parent", "name")]

    def natural_key(self):
        return (*(self.parent.natural_key() if self.parent else ()), self.name)


class Review(models.Model):
    """Refers to all of them, and has no natural key itself."""

    author = models.ForeignKey(Author, models.SET_NULL, null=True)
    book = models.ForeignKey(Book, models.CASCADE)
    chapter = models.ForeignKey(Chapter, models.CASCADE, null=True)
    quotes = models.ManyToManyField(Quote)
    keywords = models.ManyToManyField(Keyword)
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True)
    permission = models.ForeignKey("auth.Permission", models.CASCADE, null=True)
