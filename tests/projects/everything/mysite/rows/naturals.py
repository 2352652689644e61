from django.contrib.auth.models import Permission

from naturals import models as m


def populate():
    authors = [m.Author.objects.create(name=name) for name in ("Zoë", "Brontë", "}, {", "A, B", "[1]")]
    books = [m.Book.objects.create(title=f"Book {n % 4}", author=authors[n % 5]) for n in range(10)]
    for n, book in enumerate(books):
        book.translators.set(authors[n % 3 : n % 5])
    chapters = [m.Chapter.objects.create(number=n % 3, book=books[n // 3]) for n in range(18)]
    quotes = [m.Quote.objects.create(line=-n, chapter=chapters[n], quoted_by=authors[n % 5]) for n in range(12)]
    keywords = [m.Keyword.objects.create(namespace=f"ns{n % 2}", word=f"w:{n}") for n in range(6)]
    folders = make_folders()
    permissions = [None, *Permission.objects.filter(content_type__app_label="naturals").order_by("codename")]
    for n in range(15):
        review = m.Review.objects.create(
            author=[*authors, None][n % 6],
            book=books[n % 10],
            chapter=[*chapters, None][n * 5 % 19],
            folder=[None, *folders][n % 7],
            permission=permissions[n % len(permissions)],
        )
        review.quotes.set(quotes[n % 4 : n % 9])
        review.keywords.set(keywords[n % 5 :])


def make_folders():
    # A dump is in the order of the keys, so a parent must have the lower one: loaddata looks a natural key up as it
    # comes to it.
    folders = []
    for n, name in enumerate(("", "etc", "usr", "ssh", "etc", "etc")):
        folders.append(m.Folder.objects.create(name=name, parent=folders[(n - 1) // 2] if n else None))
    return folders
