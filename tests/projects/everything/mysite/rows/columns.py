"""Values at the limits of their columns, as far as all three databases hold them (SQLite: decimals of 15 digits)."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from columns import models as m

PLAIN = [
    {
        "big": 0,
        "binary": b"",
        "boolean": False,
        "char": "",
        "date": date(1, 1, 1),
        "datetime": datetime(1970, 1, 1, tzinfo=UTC),
        "decimal": Decimal(0),
        "duration": timedelta(0),
        "email": "",
        "file": "",
        "float": 0.0,
        "integer": 0,
        "ip": "::1",
        "json": {},
        "positive_big": 0,
        "positive": 0,
        "positive_small": 0,
        "slug": "",
        "small": 0,
        "text": "",
        "time": time(0),
        "url": "",
        "uuid": uuid.UUID(int=0),
    },
    {
        "big": 2**63 - 1,
        "binary": bytes(range(256)),
        "boolean": True,
        "char": "Ω" * 40,
        "date": date(9999, 12, 31),
        "datetime": datetime(2038, 1, 19, 3, 14, 8, 999999, tzinfo=UTC),
        "decimal": Decimal("9999999999.99999"),
        "duration": timedelta(days=100, hours=23, microseconds=1),
        "email": "a+b@xn--bcher-kva.example",
        "file": "files/ü }, {.txt",
        "float": 1.7976931348623157e308,
        "integer": 2**31 - 1,
        "ip": "192.0.2.255",
        "json": [{"model": "columns.plain", "pk": 1, "fields": {}}],
        "positive_big": 2**63 - 1,
        "positive": 2**31 - 1,
        "positive_small": 2**15 - 1,
        "slug": "a-b_c",
        "small": 2**15 - 1,
        "text": '"}},\n{"model": "columns.plain"',
        "time": time(23, 59, 59, 999999),
        "url": "https://example.com/?q=%7D&r=[]",
        "uuid": uuid.UUID(int=2**128 - 1),
    },
    {
        "big": -(2**63),
        "binary": b"\x00\xff}, {",
        "boolean": True,
        "char": " spaces ",
        "date": date(1900, 2, 28),
        "datetime": datetime(1582, 10, 15, 0, 0, 0, 1000, tzinfo=UTC),
        "decimal": Decimal("-0.00001"),
        "duration": -timedelta(days=1, seconds=1, milliseconds=5),
        "email": 'quoted"}@example.com',
        "file": "a/b/c",
        "float": 5e-324,
        "integer": -(2**31),
        "ip": "2001:db8::ff00:42:8329",
        "json": "a string",
        "positive_big": 1,
        "positive": 1,
        "positive_small": 1,
        "slug": "1",
        "small": -(2**15),
        "text": "tab\tnewline\nreturn\r 👩‍👩‍👧",
        "time": time(12, 30),
        "url": "http://[2001:db8::1]/",
        "uuid": uuid.UUID("123e4567-e89b-12d3-a456-426614174000"),
    },
]


def populate():
    for n, values in enumerate(PLAIN):
        m.Plain.objects.create(**values)
        kept = {f.name: values[f.name] for f in m.Nullable._meta.fields if f.name in values}
        m.Nullable.objects.create(id=uuid.uuid5(uuid.NAMESPACE_URL, f"kept {n}"), **kept)
        m.Nullable.objects.create(id=uuid.uuid5(uuid.NAMESPACE_URL, f"null {n}"))
    lines = [m.Line.objects.create(price=Decimal(n) / 4, quantity=n, state=f"state {n}") for n in range(5)]
    lines.append(m.Line.objects.create(price=1))
    invoices = [m.Invoice.objects.create(customer=f"Customer {n}", order=-n) for n in range(4)]
    for n, invoice in enumerate(invoices):
        invoice.lines.set(lines[n:])
        m.Payment.objects.create(invoice=invoice, amount=Decimal("0.10") * n)
    invoices[0].replaces = invoices[3]
    invoices[0].save()
