"""Write a mixed dump of a given size, the same bytes each time: `python make_dump.py 200 dump.json [shuffled]`.

A content site as dumpdata writes it: users, tokens, posts with text in several scripts, a tree of comments, the admin's
log, and versions whose JSON fields and strings hold what looks like records.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_SOME_WORDS = (
    "the a of and to in is was for on with as by at from it an be this which or are not has its have new one more data "
    "model record table moved site server page time people first year years made name part city world school state "
    "über größte naïve café señora façade œuvre żółty дом город время 東京 移行 العربية 🎉"
)
WORDS = _SOME_WORDS.split()

# Of the dump's bytes, in the order dumpdata would write the models.
SHARES = {
    "admin.logentry": 0.10,
    "auth.user": 0.10,
    "authtoken.token": 0.04,
    "blog.comment": 0.22,
    "blog.post": 0.34,
    "versions.version": 0.20,
}

_ID = {"type": "integer", "null": False, "auto": True, "minimum": 1, "maximum": 2**31 - 1}
_TEXT = {"type": "text", "null": False}
_MOMENT = {"type": "datetime", "null": False}
_JSON = {"type": "json", "null": False}


def _to(model: str, *, null: bool = False) -> dict[str, Any]:
    return {"type": "integer", "null": null, "relation": {"kind": "fk", "to": model}}


def _model(unique: str = "", **fields: dict[str, Any]) -> dict[str, Any]:
    uniques = [{"fields": [unique]}] if unique else []
    return {"pk": ["id"], "complete": ["fields", "relations"], "fields": {"id": _ID, **fields}, "uniques": uniques}


# All that there is to say of its models; of the other apps presets say it. Comments are a tree, a third of whose
# parents come later.
SCHEMA = {
    "use_tz": True,
    "models": {
        "blog.comment": _model(
            post=_to("blog.post"),
            parent=_to("blog.comment", null=True),
            author=_to("auth.user"),
            text=_TEXT,
            created=_MOMENT,
        ),
        "blog.post": _model(
            unique="slug",
            title={**_TEXT, "max_length": 200},
            slug={**_TEXT, "max_length": 50},
            author=_to("auth.user"),
            body=_TEXT,
            published=_MOMENT,
            rating={"type": "float", "null": False},
            tags=_JSON,
        ),
        "versions.version": _model(
            object_id={**_TEXT, "max_length": 191},
            user=_to("auth.user"),
            created=_MOMENT,
            data=_JSON,
            serialized=_TEXT,
            note=_TEXT,
        ),
    },
}


# What the dump refers to and lacks; nothing else is amiss.
TYPES = [
    {"model": "contenttypes.contenttype", "pk": n, "fields": {"app_label": "blog", "model": f"model{n}"}}
    for n in range(1, 13)
] + [{"model": "auth.group", "pk": 1, "fields": {"name": "readers", "permissions": []}}]


def records(size: int, seed: int = 7) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """(model, pk, fields) until about `size` bytes have been given."""
    rng = random.Random(seed)
    users, posts, comments = (max(1, size // each) for each in (4_200, 6_000, 1_550))  # no more than there will be
    makers: dict[str, Callable[[int], tuple[Any, dict[str, Any]]]] = {
        "admin.logentry": lambda i: (i, _log_entry(rng, i, users)),
        "auth.user": lambda i: (i, _user(rng, i)),
        "authtoken.token": lambda i: (f"{rng.getrandbits(160):040x}", {"user": i, "created": _time(rng)}),
        "blog.comment": lambda i: (i, _comment(rng, i, users, posts, comments)),
        "blog.post": lambda i: (i, _post(rng, i, users)),
        "versions.version": lambda i: (i, _version(rng, i, users)),
    }
    for model, share in SHARES.items():
        left = size * share
        number = 0
        while left > 0 and not (model == "authtoken.token" and number == users):
            number += 1
            pk, fields = makers[model](number)
            left -= len(json.dumps(fields, ensure_ascii=False).encode()) + 50
            yield model, pk, fields


def write(path: Path, size: int, *, shuffled: bool = False) -> int:
    """Write the dump; returns the number of records. `shuffled` puts the same ones in another order, and escapes."""
    count = 0
    rows = records(size)
    if shuffled:
        rows = iter(random.Random(size).sample(every := list(rows), len(every)))
    with path.open("wb") as file:
        for model, pk, fields in rows:
            record = json.dumps({"model": model, "pk": pk, "fields": fields}, ensure_ascii=shuffled)
            file.write((b", " if count else b"[") + record.encode())
            count += 1
        file.write(b"]")
    return count


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def _time(rng: random.Random) -> str:
    day, second = rng.randrange(1, 29), rng.randrange(86_400)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{rng.randrange(1000):03d}"
    return f"{rng.randrange(2012, 2026)}-{rng.randrange(1, 13):02d}-{day:02d}T{clock}Z"


def _user(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "password": f"pbkdf2_sha256$600000${rng.getrandbits(132):033x}$",
        "last_login": _time(rng) if rng.random() < 0.8 else None,
        "is_superuser": number == 1,
        "username": f"user{number}",
        "first_name": rng.choice(WORDS).title(),
        "last_name": rng.choice(WORDS).title(),
        "email": f"user{number}@example.com",
        "is_staff": False,
        "is_active": True,
        "date_joined": _time(rng),
        "groups": [1],
        "user_permissions": [],
    }


def _log_entry(rng: random.Random, number: int, users: int) -> dict[str, Any]:
    return {
        "action_time": _time(rng),
        "user": rng.randint(1, users),
        "content_type": rng.randint(1, 12),
        "object_id": str(rng.randint(1, 10_000)),
        "object_repr": _text(rng, 4),
        "action_flag": rng.randint(1, 3),
        "change_message": json.dumps([{"changed": {"fields": [rng.choice(WORDS)]}}]),
    }


def _post(rng: random.Random, number: int, users: int) -> dict[str, Any]:
    return {
        "title": _text(rng, 7),
        "slug": f"post-{number}",
        "author": rng.randint(1, users),
        "body": "\n\n".join(_text(rng, rng.randint(20, 120)) for _ in range(rng.randint(1, 8))),
        "published": _time(rng),
        "rating": rng.random() * 5,
        "tags": rng.sample(range(1, 400), 4),
    }


def _comment(rng: random.Random, number: int, users: int, posts: int, comments: int) -> dict[str, Any]:
    return {
        "post": rng.randint(1, posts),
        "parent": rng.randint(1, min(number * 2, comments)) if number % 3 else None,
        "author": rng.randint(1, users),
        "text": _text(rng, rng.randint(5, 60)),
        "created": _time(rng),
    }


def _version(rng: random.Random, number: int, users: int) -> dict[str, Any]:
    inner = [{"model": "blog.post", "pk": number + at, "fields": {"title": _text(rng, 6)}} for at in range(4)]
    return {
        "object_id": str(number),
        "user": rng.randint(1, users),
        "created": _time(rng),
        "data": inner,
        "serialized": json.dumps(inner, ensure_ascii=False),
        "note": 'joined }, {"model": "auth.user", "pk": 1, "fields": {}}, {"model": ' + _text(rng, 3),
    }


if __name__ == "__main__":
    print(write(Path(sys.argv[2]), int(sys.argv[1]) * 1_000_000, shuffled="shuffled" in sys.argv[3:]), "records")
