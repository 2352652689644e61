"""The stored form of a value, asked of the databases in which Django has stored it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
import sqlalchemy as sql
from django.utils.dateparse import parse_datetime, parse_duration
from support.projects import dumpdata

from fixtureflow.connection import connected
from fixtureflow.schema.database import from_database
from fixtureflow.schema.model import Field
from fixtureflow.values.stored import Backend, storer

TO_THE_MILLISECOND = ("datetime", "time")


def test_every_value_is_found_by_its_stored_form(scratch: Callable[..., str], backend: str) -> None:
    url = scratch("everything", populated=True)
    records = json.loads(dumpdata("everything", url, "columns.plain", "columns.nullable"))
    asked = 0
    with connected(url) as connection:
        schema = from_database(connection)
        for record in records:
            model = schema.models[record["model"]]
            assert model.pk
            key = _stored(model.fields[model.pk[0]], record["pk"], backend)
            for name, value in record["fields"].items():
                if value is None or (backend == "sqlite" and name == "decimal"):  # kept as a float there
                    continue
                # SQLite and MariaDB keep durations as integers, and so their schema has them.
                field = Field(type="duration") if name == "duration" else model.fields[name]
                stored = _stored(field, value, backend)
                quote = connection.dialect.identifier_preparer.quote_identifier
                kind = "CHAR" if backend == "mariadb" else "TEXT"
                where = f"{model.pk[0]} = {_bound(connection, model.table, model.pk[0])}".replace(":v", ":key")
                if name in TO_THE_MILLISECOND or field.type == "json":
                    query = f"SELECT CAST({quote(name)} AS {kind}) FROM {model.table} WHERE {where}"
                    found = connection.execute(sql.text(query), {"key": key}).scalar_one()
                    if field.type == "json":
                        assert json.loads(found) == json.loads(stored)
                    else:
                        digits = stored.removesuffix("+00:00")
                        assert found.startswith(digits.removesuffix("000") if "." in digits else digits)
                else:
                    bound = _bound(connection, model.table, quote(name))
                    query = f"SELECT 1 FROM {model.table} WHERE {where} AND {quote(name)} = {bound}"
                    assert connection.execute(sql.text(query), {"key": key, "v": stored}).all(), (name, stored)
                asked += 1
    assert asked > 60


def _stored(field: Field, value: object, backend: str) -> Any:
    return storer(field, "mysql" if backend == "mariadb" else backend)(value)  # type: ignore[arg-type]


def _bound(connection: sql.Connection, table: str | None, column: str) -> str:
    """The value as one of the column's type: of PostgreSQL's, text is none."""
    if connection.dialect.name != "postgresql":
        return ":v"
    kind = connection.execute(sql.text(f"SELECT CAST(pg_typeof({column}) AS text) FROM {table} LIMIT 1")).scalar_one()
    return f"CAST(:v AS {kind})"


@pytest.mark.parametrize(
    ("kind", "value", "backend", "stored"),
    [
        ("integer", "12", "sqlite", 12),
        ("integer", 2**70, "sqlite", 2**70),
        ("decimal", "1.50", "sqlite", "1.50"),
        ("decimal", "1E+2", "mysql", "100"),
        ("boolean", "t", "mysql", 1),
        ("boolean", True, "postgresql", True),
        ("date", "2024-2-9", "sqlite", "2024-02-09"),
        ("time", "1:2", "sqlite", "01:02:00"),
        ("time", "12:30:00+02:00", "sqlite", "12:30:00"),
        ("decimal", True, "sqlite", "1"),
        ("duration", "", "sqlite", 0),
        ("datetime", "2024-02-29T23:59:59.999Z", "sqlite", "2024-02-29 23:59:59.999000"),
        ("datetime", "2024-02-29T23:59:59+02:00", "mysql", "2024-02-29 21:59:59"),
        ("datetime", "2024-02-29 3:4", "mysql", "2024-02-29 03:04:00"),
        ("datetime", "2024-02-29", "sqlite", "2024-02-29 00:00:00"),
        ("datetime", "2024-02-29T23:59:59.999Z", "postgresql", "2024-02-29 23:59:59.999000+00:00"),
        ("duration", "P1DT00H00M01S", "sqlite", 86_401_000_000),
        ("duration", "-P1DT00H00M01S", "sqlite", -86_401_000_000),
        ("duration", "-1 23:59:59.5", "mysql", -500_000),
        ("duration", "1 00:00:01", "postgresql", "86401000000 microseconds"),
        ("uuid", "12345678-1234-5678-1234-567812345678", "sqlite", "12345678123456781234567812345678"),
        ("uuid", "12345678123456781234567812345678", "postgresql", "12345678-1234-5678-1234-567812345678"),
        ("ip", "2001:0DB8:0::1", "sqlite", "2001:db8::1"),
        ("ip", "::ffff:0a0a:0a0a", "sqlite", "::ffff:10.10.10.10"),
        ("binary", "AAE=", "sqlite", b"\0\1"),
        ("json", {"a": [1, None]}, "sqlite", '{"a": [1, null]}'),
        (None, "x", "sqlite", "x"),
    ],
)
def test_a_stored_form(kind: Any, value: object, backend: Backend, stored: object) -> None:
    assert storer(Field(type=kind), backend)(value) == stored


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "1.5"),
        ("integer", []),
        ("decimal", "a"),
        ("decimal", "NaN"),
        ("float", "a"),
        ("boolean", "yes"),
        ("boolean", []),
        ("date", "2024-02-30"),
        ("date", 1),
        ("time", "25:00"),
        ("datetime", "2024-02-29T25:00:00"),
        ("datetime", "0001-01-01T00:00:00+05:00"),
        ("duration", 5),
        ("decimal", "Infinity"),
        ("boolean", "true"),
        ("date", "2024-02-29T10:00:00"),
        ("time", "24:00"),
        ("duration", "1 week"),
        ("uuid", "123"),
        ("ip", "1::2::3"),
        ("binary", "A"),
    ],
)
def test_a_value_that_django_refuses(kind: Any, value: object) -> None:
    with pytest.raises(ValueError, match=r"^(not|neither|out of range)"):
        storer(Field(type=kind), "sqlite")(value)


def test_dates_and_durations_are_read_as_django_reads_them() -> None:
    for text in ["1", "01:02", "1:02:03.4", "3 days 1:02:03", "-3 00:00:01", "P3DT1H", "-PT5M", "2 days -01:02:03"]:
        wanted = parse_duration(text)
        assert wanted is not None
        microseconds = (wanted.days * 86_400 + wanted.seconds) * 1_000_000 + wanted.microseconds
        assert storer(Field(type="duration"), "sqlite")(text) == microseconds, text
    for text in ["2024-02-29T1:02", "2024-02-29 01:02:03.4 +0230", "2024-02-29T01:02:03,123456789Z"]:
        moment = parse_datetime(text)
        assert moment is not None
        naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        assert storer(Field(type="datetime"), "sqlite")(text) == str(naive), text
