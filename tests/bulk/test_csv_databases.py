"""Real dumps, as CSV files, through the real psql, mariadb and sqlite3: the rows are those that loaddata makes."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bulk.loading import bulk_load, dialect_of, empty, fixture
from django.contrib.postgres.fields import ArrayField, DateRangeField, IntegerRangeField
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange
from django.utils.duration import duration_iso_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import run_here
from support.clients import ClientError, run_sql
from support.compare import row_differences
from support.projects import NO_TOKENS, dumpdata, loaddata, manage
from support.schemas import schema_of
from support.sql import execute, query

import fixtureflow as ff
from fixtureflow.schema.model import Field, Model, Relation, Schema

Scratch = Callable[..., str]

NEW = """
from relations.models import *; from columns.models import *
print(Club.objects.create(name="new").pk, Invoice.objects.create(customer="new", order=1).pk)
Person.objects.first().friends.add(Person.objects.last())
"""


@pytest.mark.parametrize("project", ["everything", "tokens", "swapped"])
def test_a_dump_comes_back_as_it_was(scratch: Scratch, tmp_path: Path, project: str) -> None:
    source, target = scratch(project, populated=True), scratch(project)
    if project == "everything":
        manage(project, source, "make_loops")
    # A dump cuts moments to milliseconds: so the first one is loaded once as Django does.
    loaded = scratch(project)
    empty(project, loaded)
    loaddata(project, loaded, dumpdata(project, source), env=NO_TOKENS)
    dump = dumpdata(project, loaded)
    empty(project, target)
    done = bulk_load(dump, tmp_path / "parts", target, schema_of(project))
    assert in_order(dumpdata(project, target), project) == in_order(dump, project)
    assert row_differences(project, loaded, target) == []
    assert done.records == len(json.loads(dump))


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_a_dump_moves_from_sqlite(scratch_on: Scratch, backend: str, tmp_path: Path) -> None:
    source, loaded, target = (
        scratch_on("sqlite", "everything", populated=True),
        scratch_on(backend, "everything"),
        scratch_on(backend, "everything"),
    )
    for url in (loaded, target):
        empty("everything", url)
    dump = dumpdata("everything", source, "--indent", "2")
    loaddata("everything", loaded, dump)
    bulk_load(dump, tmp_path / "parts", target, schema_of("everything"))
    found, expected = dumpdata("everything", target), dumpdata("everything", loaded)
    assert in_order(found, "everything") == in_order(expected, "everything")


def in_order(dump: bytes, project: str) -> list[bytes]:
    """The records with many-to-many lists in order, which databases give out as it comes."""
    records = json.loads(dump)
    for record in records:
        for name, relation in schema_of(project).models[record["model"]].relations():
            if relation.kind == "m2m" and name in record["fields"]:
                record["fields"][name].sort()
    return [json.dumps(record).encode() for record in records]


def test_the_target_alone_tells_enough_of_plain_models(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens")
    empty("tokens", target)
    dump = tmp_path / "dump.json"
    dump.write_bytes(dumpdata("tokens", source))
    done = run_here("split", dump, "--to", "csv", "--target", target, "-d", tmp_path / "parts")
    assert done.code == 0, done.said
    run_sql(target, tmp_path / "parts" / "load.sql")
    assert row_differences("tokens", source, target) == []


def test_what_migrate_has_made_is_named(scratch: Scratch, tmp_path: Path) -> None:
    """It can be left out: the same content types have the same numbers here."""
    source, target = scratch("tokens", populated=True), scratch("tokens")
    (tmp_path / "dump.json").write_bytes(dumpdata("tokens", source))
    dump = ff.read(tmp_path / "dump.json")
    done = ff.split_to_csv(dump, tmp_path / "all", target=target)
    assert set(done.occupied) == {"django_content_type", "auth_permission", "django_site"}
    kept = ff.filter(dump, exclude=["contenttypes", "auth.permission", "sites"])
    done = ff.split_to_csv(kept, tmp_path / "parts", target=target)
    assert done.occupied == []
    execute(target, "INSERT INTO django_site (id, domain, name) VALUES (2, 'a', 'a')")
    run_sql(target, tmp_path / "parts" / "load.sql")
    assert row_differences("tokens", source, target, ignore=["sites.site"]) == []


def test_a_new_object_does_not_collide_afterwards(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    empty("everything", target)
    bulk_load(dumpdata("everything", source), tmp_path / "parts", target, schema_of("everything"))
    assert manage("everything", target, "shell", "-v0", "-c", NEW).split() == [b"4", b"5"]


def test_without_a_target_a_project_and_a_dialect_will_do(scratch: Scratch, backend: str, tmp_path: Path) -> None:
    source, target = scratch("everything", populated=True), scratch("everything")
    dump = dumpdata("everything", source)
    empty("everything", target)
    records = ff.read(io.BytesIO(dump))
    ff.split_to_csv(records, tmp_path / "parts", schema_of("everything"), dialect=dialect_of(backend))
    run_sql(target, tmp_path / "parts" / "load.sql")
    assert row_differences("everything", source, target) == []


# What a CSV file, a client or a server may take for something else.
TEXTS = [
    *("", " ", "NULL", "null", "\\N", "\\\\N", "\\", "\\.", '"', '""', "'", ",", "a,b", '","', "\n", "\r", "\r\n"),
    *("\t", 'say "hi"', "a\n\\.\nb", "\\.\n", "a\r\n\\.\r\nb", "C:\\dir\\", "ends\\", "\ufeff", "\x7f\x80\x1a"),
    *("é👩👩👧\u2028", "-- x", "/* x */", ";", "%s", ":v", "@c0", "{}", "{1,NULL}", "\\x00", "[0,255]", "0*2^0", "1e3"),
]


def test_texts_that_mean_something_to_a_loader(scratch: Scratch, tmp_path: Path) -> None:
    target = scratch("everything")
    rows = [{"pk": str(uuid.UUID(int=n)), "text": text, "char": text[:40]} for n, text in enumerate(TEXTS)]
    rows += [{"pk": str(uuid.UUID(int=1000)), "text": None, "char": None}]
    bulk_load(fixture("columns.nullable", rows), tmp_path / "parts", target, schema_of("everything"))
    found = {
        record["pk"]: record["fields"] for record in json.loads(dumpdata("everything", target, "columns.nullable"))
    }
    assert {row["pk"]: found[row["pk"]]["text"] for row in rows} == {row["pk"]: row["text"] for row in rows}
    assert {row["pk"]: found[row["pk"]]["char"] for row in rows} == {row["pk"]: row["char"] for row in rows}


def test_rows_that_psql_would_end_at_have_a_file_of_their_own(postgresql: Scratch, tmp_path: Path) -> None:
    target = postgresql("everything")
    rows = [{"pk": n, "customer": "a\n\\.\nb" if n % 2 else 'a "b"\\.', "order": 1} for n in range(1, 5)]
    done = bulk_load(fixture("columns.invoice", rows), tmp_path / "parts", target, schema_of("everything"))
    assert [(file.table.name, file.rows, file.escaped) for file in done.files] == [
        ("Legacy Invoice", 2, True),
        ("Legacy Invoice", 2, False),
    ]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
json_values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(st.none() | inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
VALUES = {
    "big": st.integers(-(2**63), 2**63 - 1),
    "binary": st.binary(max_size=50).map(lambda value: base64.b64encode(value).decode()),
    "boolean": st.booleans(),
    "char": texts,
    "date": st.dates().map(str),
    "datetime": st.datetimes(datetime(1, 1, 3)).map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    "decimal": st.integers(-(10**14), 10**14).map(lambda n: f"{n / 10**5:.5f}"),
    "duration": st.integers(-(10**15), 10**15).map(lambda n: duration_iso_string(timedelta(microseconds=n))),
    # psycopg writes -0.0 into the SQL of loaddata as a number without a sign.
    "float": st.floats(allow_nan=False, allow_infinity=False).map(lambda one: one or 0.0),
    "ip": st.ip_addresses().map(str),
    "json": json_values,
    "text": texts,
    "time": st.times().map(lambda time: time.isoformat(timespec="milliseconds")),
    "uuid": st.uuids(version=4).map(str),
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {"pk": st.uuids(version=4).map(str)} | {name: st.none() | some for name, some in VALUES.items()}
    ),
    min_size=20,
    max_size=60,
    unique_by=(itemgetter("pk"), lambda row: row["uuid"] or row["pk"]),
)


def test_any_value_is_stored_as_loaddata_stores_it(scratch: Scratch, tmp_path: Path) -> None:
    loaded, target = scratch("everything"), scratch("everything")

    @settings(max_examples=5, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def check(rows: list[dict[str, Any]]) -> None:
        dump = fixture("columns.nullable", rows)
        for url in (loaded, target):
            execute(url, "DELETE FROM columns_nullable")
        loaddata("everything", loaded, dump)
        bulk_load(dump, tmp_path / "parts", target, schema_of("everything"), force=True)
        assert dumpdata("everything", target, "columns.nullable") == dumpdata("everything", loaded, "columns.nullable")

    check()


def test_what_a_record_leaves_out_gets_the_default_of_the_database_or_null(scratch: Scratch, tmp_path: Path) -> None:
    """Not all records leave out the same: each kind has a file of its own."""
    target = scratch("everything")
    lines = [
        {"pk": 1, "price": "1.00"},
        {"pk": 2, "price": "2.00", "quantity": 5},
        {"pk": 3, "price": "3.00", "state": "old", "total": "99.00"},
        {"pk": 4, "price": "4.00"},
    ]
    bulk_load(fixture("columns.line", lines), tmp_path / "lines", target, schema_of("everything"))
    found = query(target, "SELECT id, quantity, state FROM columns_line ORDER BY id")
    assert found == [(1, 1, "new"), (2, 5, "new"), (3, 1, "old"), (4, 1, "new")]
    people = [{"pk": 1, "name": "ann"}, {"pk": 2, "name": "bo", "born_in": None, "friends": [1, 1]}]
    bulk_load(fixture("relations.person", people), tmp_path / "people", target, schema_of("everything"))
    assert query(target, "SELECT id, born_in_id FROM relations_person ORDER BY id") == [(1, None), (2, None)]
    assert query(target, "SELECT from_person_id, to_person_id FROM relations_person_friends") == [(2, 1)]


def test_all_is_loaded_or_nothing(scratch: Scratch, tmp_path: Path) -> None:
    """The second table has a row already."""
    target = scratch("everything")
    execute(target, "INSERT INTO relations_club (id, name) VALUES (2, 'there')")
    dump = fixture("naturals.author", [{"pk": 1, "name": "ann"}])[:-1] + b", "
    dump += fixture("relations.club", [{"pk": 1, "name": "one"}, {"pk": 2, "name": "two"}])[1:]
    with pytest.raises(ClientError, match=r"duplicate|Duplicate|UNIQUE|002_relations_club.csv: not all of its 2 rows"):
        bulk_load(dump, tmp_path / "parts", target, schema_of("everything"))
    assert query(target, "SELECT count(*) FROM naturals_author") == [(0,)]
    assert query(target, "SELECT name FROM relations_club") == [("there",)]


def test_a_value_that_does_not_fit_stops_all(mariadb: Scratch, tmp_path: Path) -> None:
    """MariaDB would cut it, with no more than a warning, since the file is the client's."""
    target = mariadb("everything")
    dump = fixture("relations.club", [{"pk": 1, "name": "x" * 81}])
    with pytest.raises(ClientError, match=r"001_relations_club\.csv: not all of its 1 rows went in unchanged"):
        bulk_load(dump, tmp_path / "parts", target, schema_of("everything"))
    assert query(target, "SELECT count(*) FROM relations_club") == [(0,)]


def test_references_to_nothing_stop_all_and_are_named(scratch: Scratch, tmp_path: Path) -> None:
    """Categories refer to categories: MariaDB does not look at them while they are loaded."""
    target = scratch("everything")
    dump = fixture("relations.category", [{"pk": 1, "name": "one", "parent": 2}, {"pk": 2, "name": "two", "parent": 3}])
    with pytest.raises(ClientError, match=r"relations_category.*parent|FOREIGN KEY"):
        bulk_load(dump, tmp_path / "parts", target, schema_of("everything"))
    assert query(target, "SELECT count(*) FROM relations_category") == [(0,)]


def test_sqlite_tells_which_table_refers_to_nothing(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "everything")
    dump = fixture("relations.category", [{"pk": 1, "name": "one", "parent": 2}])
    ff.split_to_csv(ff.read(io.BytesIO(dump)), tmp_path / "parts", schema_of("everything"), target=target)
    script = tmp_path / "parts" / "load.sql"
    script.write_text(script.read_text().replace("COMMIT;", "ROLLBACK;"))
    assert run_sql(target, script) == "relations_category|1|relations_category|0\n"


def test_a_file_that_is_missing_stops_all(scratch: Scratch, tmp_path: Path) -> None:
    source, target = scratch("swapped", populated=True), scratch("swapped")
    empty("swapped", target)
    dump = ff.read(io.BytesIO(dumpdata("swapped", source)))
    done = ff.split_to_csv(dump, tmp_path / "parts", schema_of("swapped"), target=target)
    (tmp_path / "parts" / done.files[-1].name).unlink()
    with pytest.raises(ClientError, match=done.files[-1].name):
        run_sql(target, tmp_path / "parts" / "load.sql")
    assert query(target, "SELECT count(*) FROM accounts_member") == [(0,)]


def test_arrays_and_ranges(postgresql: Scratch, tmp_path: Path) -> None:
    """As Django's own fields write them to a fixture."""
    target = postgresql()
    execute(
        target,
        "CREATE TABLE shop_item (id serial PRIMARY KEY, words text[], numbers integer[], truths boolean[],"
        " span int4range, days daterange)",
    )
    words = ['a "b"', "c\\d", "", "NULL", "e,f", "{}", None, "é\n"]
    row = {
        "pk": 1,
        "words": written(ArrayField(models.TextField()), words),
        "numbers": written(ArrayField(models.IntegerField()), [1, None, -3]),
        "truths": written(ArrayField(models.BooleanField()), [True, False]),
        "span": written(IntegerRangeField(), NumericRange(1, None)),
        "days": written(DateRangeField(), DateRange(date(2024, 2, 29), date(2024, 3, 1))),
    }
    none = {"pk": 2, "words": None, "numbers": "[]", "span": '{"empty": true}'}
    arrays = {name: Field(column=name, type="array", null=True) for name in ("words", "numbers", "truths")}
    ranges = {name: Field(column=name, type="range", null=True) for name in ("span", "days")}
    fields = {"id": Field(column="id", type="integer"), **arrays, **ranges}
    schema = Schema.of([Model(label="shop.item", table="shop_item", pk=("id",), fields=fields)])
    bulk_load(fixture("shop.item", [row, none]), tmp_path / "parts", target, schema)
    assert query(target, "SELECT words, numbers, truths, span, days FROM shop_item ORDER BY id") == [
        (words, [1, None, -3], [True, False], NumericRange(1, None), DateRange(date(2024, 2, 29), date(2024, 3, 1))),
        (None, [], None, NumericRange(empty=True), None),
    ]


def written(field: Any, value: Any) -> Any:
    """The value as the field's `value_to_string`, which serializers call, writes it."""
    field.set_attributes_from_name("value")
    return field.value_to_string(SimpleNamespace(value=value))


HOSTILE = """we"ird'ta\\ble`/../../x; DROP TABLE x; -- %s :v"""


def test_names_may_hold_anything(scratch: Scratch, backend: str, tmp_path: Path) -> None:
    url = scratch()
    quoted = f"`{HOSTILE.replace('`', '``')}`" if backend == "mariadb" else '"' + HOSTILE.replace('"', '""') + '"'
    execute(
        url, f"CREATE TABLE {quoted} (id integer PRIMARY KEY, {quoted} text, parent integer REFERENCES {quoted} (id))"
    )
    fields = {"id": Field(column="id", type="integer"), "name": Field(column=HOSTILE, type="text")}
    fields["parent"] = Field(
        column="parent", type="integer", null=True, relation=Relation(kind="fk", to="app.model", to_field="")
    )
    schema = Schema.of([Model(label="app.model", table=HOSTILE, pk=("id",), fields=fields)])
    done = bulk_load(
        fixture("app.model", [{"pk": 1, "name": "x", "parent": 2}, {"pk": 2, "name": HOSTILE}]),
        tmp_path / "parts",
        url,
        schema,
    )
    assert query(url, f"SELECT id, {quoted} FROM {quoted} ORDER BY id") == [(1, "x"), (2, HOSTILE)]
    assert [file.name for file in done.files] == ["001_we_ird_ta_ble_x_DROP_TABLE_x_--_s_v.csv"]


def test_a_table_in_another_schema_is_the_one_that_is_filled(postgresql: Scratch, tmp_path: Path) -> None:
    url = postgresql()
    for name in ("public", "tenant"):
        execute(url, f"CREATE SCHEMA IF NOT EXISTS {name}")
        execute(url, f"CREATE TABLE {name}.auth_group (id serial PRIMARY KEY, name text)")
    dump = ff.read(io.BytesIO(fixture("auth.group", [{"pk": 5, "name": "x"}])))
    ff.split_to_csv(dump, tmp_path / "parts", target=f"{url}?options=-csearch_path%3Dtenant")
    run_sql(url, tmp_path / "parts" / "load.sql")
    assert query(url, "SELECT nextval('tenant.auth_group_id_seq'), count(*) FROM tenant.auth_group") == [(6, 1)]
    assert query(url, "SELECT count(*) FROM public.auth_group") == [(0,)]


def test_a_line_break_in_a_name_is_said_where_a_client_cannot_take_it(postgresql: Scratch, tmp_path: Path) -> None:
    url = postgresql()
    execute(url, 'CREATE TABLE "a\nb" (id integer PRIMARY KEY)')
    schema = Schema.of([Model(label="app.model", table="a\nb", pk=("id",), fields={"id": Field(column="id")})])
    with pytest.raises(ff.SchemaError, match="a line break in the name"):
        bulk_load(fixture("app.model", [{"pk": 1}]), tmp_path / "parts", url, schema)
    assert not (tmp_path / "parts").exists()
