"""A dump of a site with people, as large as you like, the same each time: `python make.py PEOPLE > dump.json`."""

import json
import sys
import uuid

NAMES = ["Ann", "Bob", "Żółw", "D'Arc", "Eve", "İpek", "Zoë"]


def records(people):
    for n in range(1, people + 1):
        name = NAMES[n % len(NAMES)]
        yield (
            "auth.user",
            n,
            {
                "password": f"pbkdf2_sha256$1000000$salt$hash{n}=",
                "last_login": None,
                "is_superuser": n == 1,
                "username": f"{name.lower()}{n}",
                "first_name": name,
                "last_name": f"of the House No. {n}",
                "email": f"{n}@people.example",
                "is_staff": n == 1,
                "is_active": True,
                "date_joined": f"2024-02-{n % 28 + 1:02}T12:00:00Z",
                "groups": [],
                "user_permissions": [],
            },
        )
    for n in range(1, people + 1):
        yield "authtoken.token", f"{n:040x}", {"user": n, "created": "2024-03-01T12:00:00Z"}
    for n in range(1, 2 * people + 1):
        yield (
            "articles.article",
            article(n),
            {
                "title": f"Article {n}",
                "body": "All that there is to say. " * (n % 40),
                "data": {"read": n},
                "price": f"{n % 100}.0000",
                "rating": n / 4,
                "views": n,
                "published_on": "2024-03-01",
                "created_at": "2024-03-01T12:00:00Z",
                "author": n % people + 1,
                "labels": [],
                "sites": [1],
            },
        )
    for n in range(1, 4 * people + 1):
        yield (
            "articles.comment",
            n,
            {
                "article": article(n * 7 % (2 * people) + 1),
                "author": n % people + 1 if n % 5 else None,
                "answer_to": n // 2 if n % 3 == 0 else None,
                "text": f"Write to me: {n % people + 1}@people.example",
                "likes": [n % people + 1] if n % 2 else [],
            },
        )
    yield "sites.site", 1, {"domain": "old.example", "name": "Old"}


def article(n):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"article {n}"))


if __name__ == "__main__":
    before = "["
    for model, pk, fields in records(int(sys.argv[1])):
        sys.stdout.write(before + json.dumps({"model": model, "pk": pk, "fields": fields}))
        before = ", "
    print("]")
