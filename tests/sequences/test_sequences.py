"""Sequences that rows with numbers of their own have left behind, set right by the statements that are printed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from running import run_here
from support.clients import run_sql
from support.projects import dumpdata, manage
from support.schemas import schema_of
from support.sql import execute, query

import fixtureflow as ff
from fixtureflow.schema.model import Field, Model, Schema
from fixtureflow.values.stored import Backend

Scratch = Callable[..., str]
APPS = ["auth", "contenttypes", "columns", "constraints", "inheritance", "naturals", "relations"]

# A serial, an identity, a small one, names to be quoted, and a many-to-many table with a name of its own.
ROWS = [
    ("relations_club", {"id": 70, "name": "'raw'"}),
    ("auth_group", {"id": 71, "name": "'raw'"}),
    ("Legacy Invoice", {"Invoice No": 72, "Customer Name": "'raw'", "order": 1}),
    ("columns_line", {"id": 73, "price": 1}),
    ("Legacy Invoice Lines", {"id": 74, "invoice_id": 72, "line_id": 73}),
    ("select", {"id": 75, "amount": 1, "inv": 72}),
]
NEW = """
from columns.models import *; from relations.models import *; from django.contrib.auth.models import Group
line, invoice = Line.objects.create(price=2), Invoice.objects.create(customer="new", order=2)
invoice.lines.add(line)
print(Club.objects.create(name="new").pk, Group.objects.create(name="new").pk, invoice.pk, line.pk,
      Invoice.lines.through.objects.get(line=line).pk, Payment.objects.create(invoice=invoice, amount=2).pk)
"""


def insert(url: str) -> None:
    quote = "`" if url.startswith("mysql") else '"'
    for table, row in ROWS:
        columns = ", ".join(f"{quote}{name}{quote}" for name in row)
        execute(url, f"INSERT INTO {quote}{table}{quote} ({columns}) VALUES ({', '.join(map(str, row.values()))})")


def new_objects(url: str) -> list[int]:
    return list(map(int, manage("everything", url, "shell", "-v0", "-c", NEW).split()))


def printed(url: str, tmp_path: Path, *arguments: str) -> Path:
    file = tmp_path / "sequences.sql"
    done = run_here("sequences", *arguments, "--target", url, "-o", str(file))
    assert done.code == 0, done.said
    return file


@pytest.mark.parametrize("how", ["client", "driver"])
def test_a_new_object_gets_the_number_after_the_highest(scratch: Scratch, tmp_path: Path, how: str) -> None:
    url = scratch("everything")
    insert(url)
    for _ in range(2):
        if how == "client":
            run_sql(url, printed(url, tmp_path))
        else:
            execute(url, *ff.sequences(target=url).statements)
    assert new_objects(url) == [71, 72, 73, 74, 75, 76]


def test_without_the_statements_it_collides(postgresql: Scratch) -> None:
    url = postgresql("everything")
    insert(url)
    execute(url, "INSERT INTO relations_club (id, name) VALUES (1, 'raw')")
    with pytest.raises(AssertionError, match=r"Key \(id\)=\(1\) already exists"):
        new_objects(url)


def test_the_highest_keys_of_a_dump_count_before_it_is_loaded(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    for pk in (80, 79):
        execute(source, f"INSERT INTO relations_club (id, name) VALUES ({pk}, 'raw')")
    dump = io.BytesIO(dumpdata("everything", source, "relations.club", "columns.payment", "columns.invoice"))
    file = tmp_path / "sequences.sql"
    file.write_text(ff.sequences(ff.read(dump), schema_of("everything"), target=target).sql())
    run_sql(target, file)
    club, _, invoice, *_, payment = new_objects(target)
    assert (club, invoice, payment) == (81, 5, 5)


MOVE_AHEAD = {
    "postgresql": [
        "SELECT setval('relations_club_id_seq', 1000)",
        # Nothing has been taken from this one yet.
        "ALTER SEQUENCE auth_group_id_seq RESTART WITH 1000",
        "ALTER TABLE columns_line ALTER COLUMN id RESTART WITH 1000",
    ],
    "mariadb": [f"ALTER TABLE {name} AUTO_INCREMENT = 1001" for name in ("relations_club", "auth_group")],
    "sqlite": [f"UPDATE sqlite_sequence SET seq = 1000 WHERE name = '{name}'" for name in ("relations_club",)],
}


@pytest.mark.parametrize("known", ["target", "schema"])
def test_a_sequence_is_never_lowered(scratch: Scratch, backend: str, known: str) -> None:
    url = scratch("everything")
    insert(url)
    execute(url, *MOVE_AHEAD[backend])
    if known == "target":
        found = ff.sequences(target=url)
    else:
        dialect: Backend = {"mariadb": "mysql"}.get(backend, backend)  # type: ignore[assignment]
        found = ff.sequences(schema=schema_of("everything"), dialect=dialect)
    for _ in range(2):
        execute(url, *found.statements)
    expected = {"postgresql": [1001, 1000, 73, 1000], "mariadb": [1001, 1001, 73, 74], "sqlite": [1001, 72, 73, 74]}
    assert new_objects(url)[:4] == expected[backend]


def test_the_tables_are_those_of_djangos_own_command(postgresql: Scratch) -> None:
    url = postgresql("everything", populated=True)
    django = {
        (table, column)
        for app in APPS
        for table, column in re.findall(
            r"""pg_get_serial_sequence\('"([^']+)"','([^']+)'\)""",
            manage("everything", url, "sqlsequencereset", app).decode(),
        )
    }
    assert len(django) > 50
    dump = ff.read(io.BytesIO(dumpdata("everything", url)))
    by_schema = ff.sequences(dump, schema_of("everything"), dialect="postgresql")
    by_project = ff.sequences(schema=schema_of("everything"), dialect="postgresql")
    by_target = ff.sequences(target=url)
    assert {(one.table, one.column) for one, _ in by_project.resets} == django
    assert {(one.table, one.column) for one, _ in by_schema.resets} == django
    assert {(one.table, one.column) for one, _ in by_target.resets} == django | {("django_migrations", "id")}


@pytest.mark.parametrize("backend", ["mariadb", "sqlite"])
def test_what_is_not_behind_is_left_out_where_loading_moves_the_counter(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    dump = ff.read(io.BytesIO(dumpdata("everything", source, "relations.club")))
    found = ff.sequences(dump, target=target)
    assert [(one.table, one.column) for one, _ in found.resets] == [("relations_club", "id")]
    assert found.ahead > 30
    empty = ff.sequences(target=source)
    assert (empty.resets, empty.sql()) == ([], "")


HOSTILE = [
    """we"ird'ta\\ble`; DROP TABLE x; -- %s :v""",
    "new\nline\\",
    "\\.",
    "select",
    "Ünï%%cöde",
]


@pytest.mark.parametrize("known", ["target", "schema"])
@pytest.mark.parametrize("name", HOSTILE)
def test_names_may_hold_anything(scratch: Scratch, backend: str, tmp_path: Path, name: str, known: str) -> None:
    url = scratch()
    quoted = f"`{name.replace('`', '``')}`" if backend == "mariadb" else '"' + name.replace('"', '""') + '"'
    kind = {
        "postgresql": "serial PRIMARY KEY",
        "mariadb": "integer AUTO_INCREMENT PRIMARY KEY",
        "sqlite": "integer PRIMARY KEY AUTOINCREMENT",
    }[backend]
    execute(url, f"CREATE TABLE {quoted} ({quoted} {kind}, a text)")
    execute(url, f"INSERT INTO {quoted} ({quoted}, a) VALUES (5, 'raw')")
    field = Field(column=name, type="integer", auto=True)
    schema = Schema.of([Model(label="app.model", table=name, pk=("id",), fields={"id": field})])
    dump = ff.read(io.BytesIO(b'[{"model": "app.model", "pk": 7, "fields": {}}]'))
    dialect: Backend = {"mariadb": "mysql"}.get(backend, backend)  # type: ignore[assignment]
    found = ff.sequences(dump, schema, dialect=dialect) if known == "schema" else ff.sequences(dump, schema, target=url)
    file = tmp_path / "sequences.sql"
    file.write_text(found.sql())
    run_sql(url, file)
    execute(url, *found.statements)
    execute(url, f"INSERT INTO {quoted} (a) VALUES ('new')")
    assert query(url, f"SELECT {quoted} FROM {quoted} WHERE a = 'new'") == [(8,)]


def test_a_table_in_another_schema_is_the_one_that_is_set(postgresql: Scratch, tmp_path: Path) -> None:
    """As with django-tenants: each schema has the same tables, and psql is not told which is meant."""
    url = postgresql()
    for schema in ("public", '"Ten""ant"'):
        execute(
            url, f"CREATE SCHEMA IF NOT EXISTS {schema}", f"CREATE TABLE {schema}.shop_item (id serial PRIMARY KEY)"
        )
        execute(url, f"INSERT INTO {schema}.shop_item (id) VALUES (50)")
    run_sql(url, printed(f"{url}?options=-csearch_path%3D%22Ten%22%22ant%22", tmp_path))
    for schema, following in (("public", 1), ('"Ten""ant"', 51)):
        execute(url, f"INSERT INTO {schema}.shop_item DEFAULT VALUES")
        assert query(url, f"SELECT id FROM {schema}.shop_item WHERE id <> 50") == [(following,)]


def test_a_table_that_names_its_schema_as_django_lets_it(postgresql: Scratch) -> None:
    url = postgresql()
    execute(url, "CREATE SCHEMA shop", "CREATE TABLE shop.item (id serial PRIMARY KEY)")
    execute(url, "INSERT INTO shop.item VALUES (50)")
    field = Field(column="id", type="integer", auto=True)
    schema = Schema.of([Model(label="shop.item", table='shop"."item', pk=("id",), fields={"id": field})])
    execute(url, *ff.sequences(schema=schema, dialect="postgresql").statements)
    execute(url, "INSERT INTO shop.item DEFAULT VALUES")
    assert query(url, "SELECT max(id) FROM shop.item") == [(51,)]


def test_a_sequence_that_no_column_owns_is_found_by_the_default_that_asks_it(postgresql: Scratch) -> None:
    url = postgresql()
    execute(
        url,
        "CREATE SEQUENCE numbers",
        "CREATE TABLE a (id integer PRIMARY KEY DEFAULT nextval('numbers'))",
        "CREATE TABLE b (id integer PRIMARY KEY DEFAULT nextval('numbers'))",
        "INSERT INTO a VALUES (30)",
        "INSERT INTO b VALUES (20)",
    )
    execute(url, *ff.sequences(target=url).statements)
    execute(url, "INSERT INTO b DEFAULT VALUES")
    assert query(url, "SELECT max(id) FROM b") == [(31,)]


def test_a_sequence_that_is_used_up_stays_so(postgresql: Scratch) -> None:
    url = postgresql()
    execute(url, "CREATE TABLE a (id smallserial PRIMARY KEY)", "INSERT INTO a VALUES (32767)")
    for _ in range(2):
        execute(url, *ff.sequences(target=url).statements)
    assert query(url, "SELECT last_value, is_called FROM a_id_seq") == [(32767, True)]


ITEM = Schema.of(
    [
        Model(
            label="shop.item",
            table="shop_item",
            pk=("id",),
            fields={"id": Field(column="id", type="integer", maximum=2**15 - 1, auto=True)},
        )
    ]
)


def floor_of(*pks: object) -> str:
    records = [{"model": "shop.item", "pk": pk, "fields": {}} for pk in pks]
    return ff.sequences(ff.read(io.BytesIO(json.dumps(records).encode())), ITEM, dialect="postgresql").sql()


@pytest.mark.parametrize("pks", [(3, 12, 7), ("12",), ("3", 12), (12.0, 3), (-5, 12), (None, 12)])
def test_keys_are_read_as_loaddata_reads_them(pks: tuple[object, ...]) -> None:
    assert 'greatest(max("id"), 12)' in floor_of(*pks)


@pytest.mark.parametrize("pks", [(-5,), (0,), (None,)])
def test_without_a_key_above_none_the_table_alone_counts(pks: tuple[object, ...]) -> None:
    assert 'AS seq, max("id") AS top' in floor_of(*pks)


@pytest.mark.parametrize(
    ("pk", "said"),
    [
        (40000, "record 2, shop.item pk=40000: the primary key does not fit its column, which ends at 32767"),
        (10**40, "the primary key does not fit its column"),
        ("abc", "record 2, byte 48, shop.item pk=abc: the primary key is no integer"),
        ([1, 2], "the primary key is no integer"),
    ],
)
def test_a_key_that_the_column_cannot_hold(pk: object, said: str) -> None:
    with pytest.raises(ff.InputError) as error:
        floor_of(1, pk)
    assert said in str(error.value)


@pytest.mark.parametrize("last", [40000, "40000"])
def test_a_key_is_told_by_its_place_in_the_dump_although_others_are_left_out(tmp_path: Path, last: object) -> None:
    def item(pk: object) -> dict[str, object]:
        return {"model": "shop.item", "pk": pk, "fields": {"name": f"n{pk}"}}

    (tmp_path / "dump.json").write_text(json.dumps([item(1), item(2), item(3), item(last)]))
    (tmp_path / "there.json").write_text(json.dumps([item(1), item(3)]))
    left = ff.filter(ff.read(tmp_path / "dump.json"), target=str(tmp_path / "there.json"), schema=ITEM)
    with pytest.raises(ff.InputError, match=r"record 4, shop\.item pk=40000: the primary key does not fit"):
        ff.sequences(left, ITEM, dialect="postgresql")


def test_a_model_whose_table_nobody_knows() -> None:
    dump = b'[{"model": "shop.order", "pk": 1, "fields": {}}]'
    done = run_here("sequences", "-", "--dialect", "sqlite", stdin=dump)
    assert done.code == 1
    assert done.error.startswith("no table is known of shop.order; give --target URL")
    assert done.out == b""


def test_a_model_without_a_table_in_the_target_is_named(scratch_on: Scratch) -> None:
    url = scratch_on("sqlite", "swapped")
    done = run_here("sequences", "-", "--target", url, stdin=b'[{"model": "shop.order", "pk": 1, "fields": {}}]')
    assert done.code == 0
    assert "fixtureflow: no table of the target is known to be that of shop.order" in done.said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which database is it for?; give --target URL, or --dialect and a schema"),
        (["--dialect", "sqlite"], "nothing is known of any table; give --target URL, INPUT, --settings or --schema"),
    ],
)
def test_a_call_that_says_too_little(arguments: list[str], said: str) -> None:
    done = run_here("sequences", *arguments)
    assert (done.code, done.error) == (2, said)


def test_a_dialect_beside_another_target(scratch_on: Scratch) -> None:
    done = run_here("sequences", "--dialect", "mysql", "--target", scratch_on("sqlite", "swapped"))
    assert (done.code, done.error) == (2, "the target is sqlite, not mysql; leave out --dialect")
