"""Fixtures with one fault each, or with something that looks like one, for the project `everything`.

A case is a name and the text of a fixture. What kind of fault it has is asserted; whether a database trips over it, the
database says.
"""

from __future__ import annotations

import json
from typing import Any

Record = dict[str, Any]

PLAIN = {
    "big": 0,
    "binary": "",
    "boolean": False,
    "char": "",
    "date": "2024-02-29",
    "datetime": "2024-02-29T23:59:59.123Z",
    "decimal": "1.50000",
    "duration": "1 02:03:04",
    "email": "",
    "file": "",
    "float": 0.5,
    "integer": 1,
    "ip": "192.0.2.1",
    "json": {},
    "positive_big": 1,
    "positive": 1,
    "positive_small": 1,
    "slug": "",
    "small": 1,
    "text": "",
    "time": "12:30:00",
    "url": "",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
}
KEY = "6f1e0a4e-2c8d-4f0b-9a3c-5d7e8f901234"


def row(model: str, pk: Any = None, /, **fields: Any) -> Record:
    record = {"model": model, "pk": pk, "fields": fields}
    if pk is None:
        del record["pk"]
    return record


def plain(**changes: Any) -> list[Record]:
    return [row("columns.plain", 1, **{**PLAIN, **changes})]


def nullable(**changes: Any) -> list[Record]:
    return [row("columns.nullable", KEY, **changes)]


def without(name: str) -> list[Record]:
    return [row("columns.plain", 1, **{field: value for field, value in PLAIN.items() if field != name})]


NATURAL_AUTHOR = row("naturals.author", 1, name="A")
BOOK = row("naturals.book", 1, title="T", author=1)
CONTENT_TYPE = ["naturals", "author"]

# Of a value: is it right, wrong, or does it depend on the database?
VALUES: dict[str, list[Any]] = {
    "big": [2**63 - 1, -(2**63), 2**63, "12", "x", 1.0, 1.5, True, "", [], {}, None, 10**30, " 7 ", "1_0"],
    "binary": ["AAA=", "AAA", "A A A =", "é", None, "", "===="],
    "boolean": [0, 1, 2, "t", "True", "true", "TRUE", "1", "", None, 1.0, "yes", []],
    "char": ["x" * 40, "x" * 41, "x" * 40 + "  ", "é" * 40, "🎉" * 40, 5, 10**50, None, True, [1], "a\0b", "\ud800"],
    "date": ["2024-2-9", "2024-02-30", "29.02.2024", "", None, "0001-01-01", "9999-12-31", "20240229", 5, "0000-01-01"],
    "datetime": [
        "2024-02-29",
        "2024-02-29 23:59",
        "2024-02-29T23:59:59",
        "2024-02-29T23:59:59+02:00",
        "2024-02-29T24:00:00Z",
        "2024-02-30T00:00:00Z",
        "yesterday",
        "",
        None,
        5,
        "2024-02-29T23:59:60Z",
    ],
    "decimal": [
        "999999999999999.99999",
        "1000000000000000",
        "0.123456789",
        "1e3",
        "x",
        "",
        "NaN",
        "Infinity",
        5,
        1.5,
        None,
        True,
        "-1.5",
        [],
        "999999999999999.999999",
    ],
    "duration": ["P1DT2H", "00:01", "5", 5, "", "x", None, "-1 02:03:04.5", "P3Y", "1 day", "10000000000 00:00:00"],
    "float": [1, "1.5", "x", "", None, float("nan"), float("inf"), "nan", 10**400, True],
    "integer": [2**31 - 1, 2**31, -(2**31) - 1, "2147483648"],
    "ip": ["::1", "::ffff:192.0.2.1", "192.0.2.256", "x", "", None, " 192.0.2.1", "2001:DB8::1", 5, "01.2.3.4"],
    "json": [
        None,
        "text",
        [1, None],
        {"a": {"b": ["x\0y"]}},
        {"a\0": 1},
        [float("nan")],
        {"a": float("inf")},
        "\ud83d",
    ],
    "positive": [-1, 2**31 - 1, 2**31],
    "positive_small": [-1, 32767, 32768, 65535, 65536],
    "slug": ["x" * 50, "x" * 51, "not a slug!"],
    "small": [-32768, -32769, 32767, 32768],
    "text": ["x" * 100_000, "a\0b", 5, None, {"a": 1}, "\\u0000", "🎉"],
    "time": ["12:30", "25:00:00", "12:30:00.5", "x", "", None, 5, "12:30:00Z"],
    "uuid": ["123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "x", "", None, 5, "0" * 31],
    "url": ["x" * 200, "x" * 201, "nowhere"],
}

VALUE_CASES = {
    f"{field}={json.dumps(value)[:40]}": plain(**{field: value}) for field in VALUES for value in VALUES[field]
}
NULLABLE = ("big", "binary", "boolean", "char", "decimal", "duration", "float", "ip", "json", "time", "uuid")
NULLABLE_CASES = {
    f"nullable {field}={json.dumps(value)[:40]}": nullable(**{field: value})
    for field in NULLABLE
    for value in (None, "", float("nan"))
}
MISSING_CASES = {f"without {field}": without(field) for field in PLAIN}

# name → (the kind that is told where a database trips, records)
CASES: dict[str, tuple[str, list[Record]]] = {
    "no fields": ("bad-record", [{"model": "naturals.author", "pk": 1}]),
    "fields are a list": ("bad-record", [{"model": "naturals.author", "pk": 1, "fields": []}]),
    "too many digits": ("bad-record", []),  # written below, as json.dumps cannot
    "unknown model": ("unknown-model", [row("naturals.writer", 1, name="A")]),
    "unknown app": ("unknown-model", [row("shop.item", 1, name="A")]),
    "unknown field": ("unknown-field", [row("naturals.author", 1, nmae="A")]),
    "another field too": ("unknown-field", [row("naturals.author", 1, name="A", born=1970)]),
    "a reverse relation": ("unknown-field", [row("naturals.author", 1, name="A", pk=7)]),
    "column for field": ("", [NATURAL_AUTHOR, row("naturals.book", 1, title="T", author_id=1, translators=[])]),
    "inherited field": ("", [row("inheritance.place", 1, name="P", created_at="2024-02-29T00:00:00Z"),
                             row("inheritance.restaurant", 1, stars=1, name="P")]),
    "generated field": ("", [row("columns.line", 1, price="1.00", total="nonsense")]),
    "pk of the wrong type": ("bad-value", [row("naturals.author", "x", name="A")]),
    "pk as text": ("", [row("naturals.author", "7", name="A")]),
    "pk out of range": ("out-of-range", [row("columns.plain", 40_000, **PLAIN)]),
    "no pk": ("", [row("naturals.author", name="A")]),
    "no pk where Django has a default": ("", [row("relations.country", name="A")]),
    "a null pk where Django has a default": ("", [{"model": "relations.country", "pk": None, "fields": {"name": "A"}}]),
    "no pk where the pk is a relation": ("null", [row("relations.badge", colour="red")]),
    "a pk that is a relation, in its field": ("", [row("relations.person", 1, name="A"),
                                                   row("relations.badge", person=1, colour="red")]),
    "a pk too long": ("too-long", [row("relations.country", "ABCD", name="A")]),
    "a null foreign key": ("null", [row("relations.employee", 1, name="A", company=None)]),
    "a missing foreign key": ("missing-field", [row("relations.employee", 1, name="A")]),
    "a foreign key of the wrong type": ("bad-value", [row("relations.employee", 1, name="A", company="x")]),
    "a list where there is no natural key": ("bad-value", [
        row("relations.company", 1, name="C"), row("relations.employee", 1, name="A", company=["C"])]),
    "a list of no list": ("bad-value", [row("relations.person", 1, name="A", friends=5)]),
    "a null list": ("null", [row("relations.person", 1, name="A", friends=None)]),
    "a null in a list": ("null", [row("relations.person", 1, name="A", friends=[None])]),
    "a bad key in a list": ("bad-value", [row("relations.person", 1, name="A", friends=["x"])]),
    "a missing list": ("", [row("relations.person", 1, name="A")]),
    "dangling": ("dangling", [row("relations.employee", 1, name="A", company=9),
                              row("relations.company", 1, name="C")]),
    "dangling, nullable": ("dangling", [
        row("relations.company", 1, name="C", boss=9), row("relations.employee", 1, name="A", company=1)]),
    "dangling in a list": ("dangling", [row("relations.person", 1, name="A", friends=[9])]),
    "dangling parent": ("dangling", [
        row("inheritance.place", 1, name="P", created_at="2024-02-29T00:00:00Z"),
        row("inheritance.restaurant", 9, stars=1)]),
    "dangling one-to-one pk": ("dangling", [
        row("relations.person", 1, name="A"), row("relations.badge", 9, colour="red")]),
    "dangling to_field": ("dangling", [
        row("relations.country", "DE", name="A"), row("relations.airport", 1, iata="FRA", country="DE"),
        row("relations.flight", 1, origin="XXX")]),
    "to_field": ("", [
        row("relations.country", "DE", name="A"), row("relations.airport", 1, iata="FRA", country="DE"),
        row("relations.flight", 1, origin="FRA", destination=None)]),
    "dangling by natural key": ("dangling", [NATURAL_AUTHOR, row("naturals.book", 1, title="T", author=["B"])]),
    "dangling by natural key in a list": ("dangling", [
        NATURAL_AUTHOR, row("naturals.book", 1, title="T", author=["A"], translators=[["B"]])]),
    "dangling without a constraint": ("", [row("relations.visit", 1, person=9, countries=["XX"])]),
    "dangling generic": ("", [row("relations.tag", 1, name="T", content_type=CONTENT_TYPE, object_id=9),
                              NATURAL_AUTHOR]),
    "a content type that migrate makes": ("", [row("relations.note", 1, text="", target_type=CONTENT_TYPE)]),
    "a content type that nothing makes": ("dangling", [
        row("relations.note", 1, text="", target_type=["shop", "item"])]),
    "a permission that migrate makes": ("", [NATURAL_AUTHOR, BOOK, row(
        "naturals.review", 1, book=1, quotes=[], keywords=[], permission=["add_author", *CONTENT_TYPE])]),
    "a permission that nothing makes": ("dangling", [NATURAL_AUTHOR, BOOK, row(
        "naturals.review", 1, book=1, quotes=[], keywords=[], permission=["praise_author", *CONTENT_TYPE])]),
    "the same pk twice": ("", [row("naturals.author", 1, name="A"), row("naturals.author", "1", name="B")]),
    "the same record twice": ("", [NATURAL_AUTHOR, NATURAL_AUTHOR]),
    "unique": ("duplicate-unique", [row("naturals.author", 1, name="A"), row("naturals.author", 2, name="A")]),
    "unique, another case": ("duplicate-unique", [
        row("naturals.author", 1, name="Ann"), row("naturals.author", 2, name="ANN")]),
    "unique, an accent": ("duplicate-unique", [
        row("naturals.author", 1, name="Rene"), row("naturals.author", 2, name="René")]),
    "unique, a space": ("duplicate-unique", [
        row("naturals.author", 1, name="Ann"), row("naturals.author", 2, name="Ann ")]),
    "unique nulls": ("", [
        row("constraints.account", 1, email="a", phone=None, bank="b", number="1"),
        row("constraints.account", 2, email="b", phone=None, bank="b", number="2")]),
    "unique together": ("duplicate-unique", [
        row("constraints.account", 1, email="a", bank="b", number="1"),
        row("constraints.account", 2, email="b", bank="b", number="1")]),
    "unique date": ("duplicate-unique", [
        row("constraints.account", 1, email="a", bank="b", number="1"),
        row("constraints.booking", 1, account=1, room=1, day="2024-02-09", seat=1),
        row("constraints.booking", 2, account=1, room=2, day="2024-2-9", seat=1)]),
    "unique one-to-one": ("duplicate-unique", [
        row("relations.country", "DE", name="A"), row("relations.person", 1, name="A"),
        row("relations.passport", 1, holder=1, issued_by="DE"),
        row("relations.passport", 2, holder="1", issued_by="DE")]),
    "unique uuid": ("duplicate-unique", [row("columns.nullable", "0" * 32, uuid=KEY), row(
        "columns.nullable", "1" * 32, uuid=KEY.replace("-", "").upper())]),
    "unique condition": ("duplicate-unique", [
        row("constraints.coupon", 1, code="A", active=True), row("constraints.coupon", 2, code="A", active=True)]),
    "unique condition that does not hold": ("", [
        row("constraints.coupon", 1, code="A", active=True), row("constraints.coupon", 2, code="A", active=False)]),
    "unique expression": ("duplicate-unique", [
        row("constraints.account", 1, email="a", bank="b", number="1"),
        row("constraints.handle", 1, account=1, name="Ann", domain="x"),
        row("constraints.handle", 2, account=1, name="ann", domain="X")]),
    "unique nulls that are not distinct": ("duplicate-unique", [
        row("constraints.desk", 1, room=None, number=1), row("constraints.desk", 2, room=None, number=1)]),
    "unique, two of which Python has one hash": ("", [
        row("constraints.desk", 1, room=1, number=-1), row("constraints.desk", 2, room=1, number=-2)]),
    "unique, taken over": ("", [
        row("naturals.author", 1, name="A"), row("naturals.author", 1, name="A")]),
    "the same natural key without pk": ("", [row("naturals.author", name="A"), row("naturals.author", name="A")]),
    "forward, not null": ("forward-reference", [
        row("naturals.book", 1, title="T", author=["A"], translators=[]), NATURAL_AUTHOR]),
    "forward by pk": ("", [row("naturals.book", 1, title="T", author=1, translators=[]), NATURAL_AUTHOR]),
    "forward in a list": ("", [
        NATURAL_AUTHOR, row("naturals.book", 1, title="T", author=["A"], translators=[["B"]]),
        row("naturals.author", 2, name="B")]),
    "forward, nullable": ("", [
        row("naturals.review", 1, author=["A"], book=1, quotes=[], keywords=[]), NATURAL_AUTHOR,
        row("naturals.book", 1, title="T", author=1, translators=[])]),
    "forward in its own natural key": ("forward-reference", [
        row("naturals.book", title="T", author=1, translators=[]), NATURAL_AUTHOR]),
    "backward in its own natural key": ("", [
        NATURAL_AUTHOR, row("naturals.book", title="T", author=1, translators=[])]),
    "cycle by pk": ("", [
        row("relations.company", 1, name="C", boss=1), row("relations.employee", 1, name="A", company=1)]),
    "cycle with itself": ("", [row("relations.category", 1, name="C", parent=1)]),
}  # fmt: skip


def text_of(records: list[Record]) -> str:
    """As dumpdata writes it; half a surrogate pair can only be escaped."""
    text = json.dumps(records, ensure_ascii=False)
    return text if text.isprintable() or text.encode("utf-8", "ignore").decode() == text else json.dumps(records)


FIXTURES: dict[str, str] = {
    name: text_of(records)
    for name, records in {
        **VALUE_CASES,
        **NULLABLE_CASES,
        **MISSING_CASES,
        **{name: records for name, (_, records) in CASES.items()},
    }.items()
}
FIXTURES["too many digits"] = '[{"model": "columns.plain", "pk": 1, "fields": {"json": %s}}]' % ("9" * 5000)
