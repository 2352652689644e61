"""What becomes of records as CSV files, and what is said of those that cannot be written."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bulk.loading import fixture
from running import PROGRAM, limited, run, run_here

import fixtureflow as ff
from fixtureflow.reader import read
from fixtureflow.schema.model import Field, Model, Relation, Schema
from fixtureflow.values.stored import Backend

ITEM = Model(
    label="shop.item",
    table="shop_item",
    pk=("id",),
    fields={
        "id": Field(column="id", type="integer", null=False, auto=True),
        "name": Field(column="item_name", type="text", null=False),
        "text": Field(column="text", type="text", null=True),
        "weight": Field(column="weight", type="float", null=True),
        "key": Field(column="key", type="binary", null=True),
        "seen": Field(column="seen", type="datetime", null=True),
        "live": Field(column="live", type="boolean", null=True),
        "length": Field(column="length", type="integer", null=True),
        "twice": Field(column="twice", type="integer", generated=True),
        "parent": Field(
            column="parent_id", type="integer", null=True, relation=Relation(kind="fk", to="shop.item", to_field="")
        ),
        "related": Field(
            column="",
            relation=Relation(
                kind="m2m",
                to="shop.item",
                auto_through=True,
                through_table="shop_item_related",
                through_columns=("from_item_id", "to_item_id"),
            ),
        ),
    },
    complete=("fields", "relations"),
)
SCHEMA = Schema.of([ITEM])
ROW = {"pk": 1, "name": "one"}


def written(dump: bytes, folder: Path, dialect: Backend = "postgresql", **options: Any) -> dict[str, str]:
    """The files by their names without numbers."""
    import io

    done = ff.split_to_csv(read(io.BytesIO(dump)), folder, SCHEMA, dialect=dialect, **options)
    return {file.name[4:-4]: (folder / file.name).read_text() for file in done.files}


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("postgresql", '1,"a ""b""","",0.1,"\\x00ff","2024-02-29 12:00:00+00:00",t,7,'),
        ("mysql", '1,"a ""b""","",0.1,"00ff","2024-02-29 12:00:00",1,7,NULL'),
        ("sqlite", '1,"a ""b""","",7205759403792794*2^-56,"[0,255]","2024-02-29 12:00:00",1,7,\\N'),
    ],
)
def test_each_database_gets_its_own_form(tmp_path: Path, dialect: Backend, expected: str) -> None:
    row = {
        "pk": 1,
        "name": 'a "b"',
        "text": "",
        "weight": 0.1,
        "key": "AP8=",
        "seen": "2024-02-29T12:00:00Z",
        "live": True,
        "length": "7",
        "twice": 14,
        "parent": None,
    }
    files = written(fixture("shop.item", [row]), tmp_path / "parts", dialect)
    head = '"id","item_name","text","weight","key","seen","live","length","parent_id"'
    assert files == {"shop_item": f"{head}\n{expected}\n"}


def test_many_to_many_lists_are_rows_of_their_table_each_once(tmp_path: Path) -> None:
    rows = [{**ROW, "related": [2, 3, 2]}, {"pk": 2, "name": "two", "related": []}, {"pk": 3, "name": "three"}]
    files = written(fixture("shop.item", rows), tmp_path / "parts")
    assert files["shop_item_related"] == '"from_item_id","to_item_id"\n1,2\n1,3\n'


def test_any_csv_reader_reads_the_files(tmp_path: Path) -> None:
    names = ['a "b"', "c,d", "e\nf", "g\\", ""]
    files = written(fixture("shop.item", [{"pk": n, "name": name} for n, name in enumerate(names)]), tmp_path / "parts")
    rows = list(csv.DictReader(files["shop_item"].splitlines(keepends=True)))
    assert [row["item_name"] for row in rows] == names


def test_the_manifest_lists_the_files(tmp_path: Path) -> None:
    written(fixture("shop.item", [ROW]), tmp_path / "parts")
    manifest = json.loads((tmp_path / "parts" / "manifest.json").read_bytes())
    assert (manifest["database"], manifest["records"]) == ("postgresql", 1)
    assert [file["name"] for file in manifest["files"]] == ["001_shop_item.csv", "load.sql"]
    assert manifest["files"][0]["rows"] == 1
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"001_shop_item.csv", "load.sql", "manifest.json"}


def test_records_of_several_models_may_be_mixed(tmp_path: Path) -> None:
    """Each model's rows keep their order."""
    records = [{"model": m, "pk": n, "fields": f} for n in range(1, 400) for m, f in MIXED]
    done = ff.split_to_csv(records_of(records), tmp_path / "parts", SCHEMA, dialect="sqlite")
    assert [(file.table.name, file.rows) for file in done.files] == [("shop_item", 399), ("auth_group", 399)]
    for file in done.files:
        lines = (tmp_path / "parts" / file.name).read_text().splitlines()[1:]
        assert [int(line.partition(",")[0]) for line in lines] == list(range(1, 400))


MIXED = [("shop.item", {"name": "x"}), ("auth.group", {"name": "x", "permissions": []})]


def records_of(records: list[Any]) -> ff.Reading:
    import io

    return ff.read(io.BytesIO(json.dumps(records).encode()))


NUL = "a text with a NUL character, which cannot be loaded"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"length": "x"}, 'field length: "x" is not an integer; if the column holds durations, say so with --settings'),
        ({"length": [1]}, "field length: [1] is not an integer; mend the record"),
        ({"seen": "soon"}, 'field seen: "soon" is not a date and time'),
        ({"live": "perhaps"}, 'field live: "perhaps" is neither true nor false'),
        ({"key": "A"}, 'field key: "A" is not base64'),
        ({"parent": ["one"]}, 'field parent: ["one"] is a natural key, and rows loaded in bulk need pks; turn it with'),
        ({"related": [["one"]]}, 'field related: [["one"]] is a natural key'),
        ({"related": 5}, "field related: 5 is not a list"),
        ({"related": [None]}, "field related: [null] is a list with null in it"),
        ({"text": "a\0b"}, f'field text: "a\\u0000b" is {NUL}'),
        ({"text": "\ud800"}, 'field text: "\\ud800" is a text with half a surrogate pair, which is no character'),
    ],
)
def test_a_value_without_a_form_is_said_with_its_place(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    dump = fixture("shop.item", [ROW, {"pk": 2, "name": "two", **fields}])
    with pytest.raises(ff.InputError) as error:
        written(dump, tmp_path / "parts")
    assert str(error.value).startswith(f"<stream>, record 2, byte 61, shop.item pk=2, {said}")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize(("dialect", "value"), [("mysql", "1e999"), ("mysql", "NaN"), ("sqlite", "NaN")])
def test_a_float_that_the_database_has_not(tmp_path: Path, dialect: Backend, value: str) -> None:
    dump = b'[{"model": "shop.item", "pk": 1, "fields": {"name": "x", "weight": %b}}]' % value.encode()
    with pytest.raises(ff.InputError, match=r"field weight: .* is no number that"):
        written(dump, tmp_path / "parts", dialect)


@pytest.mark.parametrize(("dialect", "cells"), [("postgresql", ["inf", "nan"]), ("sqlite", ["9e999"])])
def test_a_float_that_json_has_not(tmp_path: Path, dialect: Backend, cells: list[str]) -> None:
    values = {"inf": "Infinity", "nan": "NaN", "9e999": "Infinity"}
    rows = [f'{{"model": "shop.item", "pk": 1, "fields": {{"name": "x", "weight": {values[c]}}}}}' for c in cells]
    files = written(f"[{', '.join(rows)}]".encode(), tmp_path / "parts", dialect)
    assert [line.split(",")[3] for line in files["shop_item"].splitlines()[1:]] == cells


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_a_geometry_where_it_is_no_text(tmp_path: Path, dialect: Backend) -> None:
    place = Field(column="place", type="geometry")
    model = Model(
        label="a.b", table="a_b", pk=("id",), fields={"id": Field(column="id", type="integer"), "place": place}
    )
    dump = records_of([{"model": "a.b", "pk": 1, "fields": {"place": "SRID=4326;POINT (1 2)"}}])
    with pytest.raises(ff.InputError, match=r"field place: .* is a geometry, which only PostGIS takes as a text"):
        ff.split_to_csv(dump, tmp_path / "parts", Schema.of([model]), dialect=dialect)


def test_an_integer_that_sqlite_would_make_a_float(tmp_path: Path) -> None:
    with pytest.raises(ff.InputError, match="field length: 9223372036854775808 is too large for SQLite"):
        written(fixture("shop.item", [{**ROW, "length": 2**63}]), tmp_path / "parts", "sqlite")


def test_a_nul_that_mariadb_takes(tmp_path: Path) -> None:
    files = written(fixture("shop.item", [{**ROW, "text": "a\0b"}]), tmp_path / "parts", "mysql")
    assert '"a\0b"' in files["shop_item"]


def test_what_may_not_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(ff.InputError, match=r"record 1, byte 1, shop\.item pk=1, field name: is left out, and neither"):
        written(fixture("shop.item", [{"pk": 1}]), tmp_path / "parts")


@pytest.mark.parametrize("head", ['"pk": null, ', ""])
def test_a_record_without_a_key(tmp_path: Path, head: str) -> None:
    dump = f'[{{"model": "shop.item", {head}"fields": {{"name": "x"}}}}]'.encode()
    with pytest.raises(
        ff.InputError, match=r"shop\.item: has no primary key, .*; give it one with fixtureflow natural"
    ):
        written(dump, tmp_path / "parts")


def test_all_that_no_table_takes_is_named_at_once(tmp_path: Path) -> None:
    """With the column that may be meant."""
    dump = fixture("shop.item", [ROW, {"pk": 2, "name": "two", "lengt": 5, "colour": "red"}])[:-1] + b", "
    dump += fixture("shop.order", [{"pk": 1}])[1:-1] + b", " + fixture("shop.item", [{**ROW, "size": 1}])[1:]
    with pytest.raises(ff.InputError) as error:
        written(dump, tmp_path / "parts")
    assert str(error.value) == (
        "<stream>, record 2, byte 61: nothing is known of a table or column for shop.item.lengt (length?), "
        "shop.item.colour, shop.item.size, shop.order (no table); rename or drop it, or say where it goes with "
        "--target, --settings or --schema"
    )
    assert not (tmp_path / "parts").exists()


def test_a_key_that_stands_twice_counts_as_for_loaddata(tmp_path: Path) -> None:
    dump = b'[{"model": "shop.item", "pk": 9, "pk": 1, "fields": {"name": "x", "name": "y"}}]'
    assert '1,"y"' in written(dump, tmp_path / "parts")["shop_item"]


def test_a_folder_with_parts_stays_unless_forced(tmp_path: Path) -> None:
    ff.split(records_of([{"model": "a.b", "pk": 1, "fields": {}}]), tmp_path / "parts")
    with pytest.raises(ff.OutputError, match="holds the parts of an earlier split"):
        written(fixture("shop.item", [ROW]), tmp_path / "parts")
    written(fixture("shop.item", [ROW]), tmp_path / "parts", force=True)
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"001_shop_item.csv", "load.sql", "manifest.json"}
    ff.split(records_of([{"model": "a.b", "pk": 1, "fields": {}}]), tmp_path / "parts", force=True)
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"a.b.json", "manifest.json"}


def test_the_command_says_what_it_wrote_and_how_to_load_it(tmp_path: Path) -> None:
    dump = b'[{"model": "auth.group", "pk": 1, "fields": {"name": "x", "permissions": [3]}}]'
    done = run_here("split", "-", "--to", "csv", "--dialect", "sqlite", "-d", "new parts", stdin=dump, cwd=tmp_path)
    assert (done.code, done.out) == (0, b"")
    assert done.said[:-1] == [
        "fixtureflow: new parts/001_auth_group.csv: 1 row, 18 bytes",
        "fixtureflow: new parts/002_auth_group_permissions.csv: 1 row, 31 bytes",
        "fixtureflow: load them: cd 'new parts' && sqlite3 DATABASE < load.sql",
    ]
    assert done.said[-1].startswith("fixtureflow: 1 record in, 2 rows out, in 2 files in ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "csv"], "which database is it for?; give --target URL, or --dialect and a schema"),
        (["--to", "csv", "--by", "app", "--number"], "--by, --number and --to csv exclude each other"),
        (["--dialect", "sqlite"], "--dialect is for --to csv"),
    ],
)
def test_a_call_that_means_nothing(tmp_path: Path, options: list[str], said: str) -> None:
    done = run_here("split", "-", "-d", str(tmp_path / "parts"), *options, stdin=b"[]")
    assert (done.code, done.error) == (2, said)
    assert not (tmp_path / "parts").exists()


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/none"
    done = run_here("split", "-", "--to", "csv", "--target", url, "-d", str(tmp_path / "parts"), stdin=b"[]")
    assert done.code == 1
    assert "secret" not in done.error
    assert not (tmp_path / "parts").exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    rows = [{"model": "auth.group", "pk": n, "fields": {"name": "x" * 50, "permissions": []}} for n in range(20_000)]
    dump.write_text(json.dumps(rows))
    done = run(
        *("split", dump, "--to", "csv", "--dialect", "mysql", "-d", tmp_path / "parts"),
        preexec_fn=limited("RLIMIT_FSIZE", 300_000),
    )
    assert done.code == 1
    assert "cannot be written: File too large" in done.error
    assert not (tmp_path / "parts").exists()


def test_a_run_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    command = [*PROGRAM, "split", "-", "--to", "csv", "--dialect", "mysql", "-d", str(tmp_path / "parts")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(b'[{"model": "auth.group", "pk": 1, "fields": {"name": "x"}},')
        process.stdin.flush()
        while not (tmp_path / "parts").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert not (tmp_path / "parts").exists()


def test_a_cut_file_leaves_nothing(tmp_path: Path) -> None:
    dump = b'[{"model": "auth.group", "pk": 1, "fields": {"name": "x"}}, {"model": "auth'
    done = run_here("split", "-", "--to", "csv", "--dialect", "mysql", "-d", str(tmp_path / "parts"), stdin=dump)
    assert (done.code, "the file is cut short" in done.error) == (1, True)
    assert not (tmp_path / "parts").exists()
