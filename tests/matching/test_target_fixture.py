"""`filter --target other.json`: a fixture as the target, and so two sites' dumps made one."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from running import PROGRAM, run_here
from support.compare import identities, identity_differences, row_differences
from support.projects import NO_TOKENS, dumpdata, loaddata, manage
from support.schemas import schema_of
from support.scratch import ScratchDatabases

import fixtureflow as ff
from fixtureflow.schema.model import Field, Model, Relation, Schema, Unique
from fixtureflow.target.wording import in_sqlite

Scratch = Callable[..., str]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def sites(scratch_databases: ScratchDatabases) -> tuple[str, str]:
    """The databases of two sites of the project `tokens`."""
    make = partial(scratch_databases.make, "sqlite", "tokens")
    return make(populated=True), make(occupied=True)


@pytest.fixture(scope="module")
def dumps(sites: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Their dumps."""
    folder = tmp_path_factory.mktemp("dumps")
    files = folder / "one.json", folder / "other.json"
    for file, url in zip(files, sites, strict=True):
        file.write_bytes(dumpdata("tokens", url))
    return files


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, in which nothing may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.glob("fixtureflow-target-*")) == []


def kept(dump: Path | Rows, target: Path | str, **options: Any) -> tuple[bytes, Any]:
    if isinstance(dump, list):
        matched = ff.filter(ff.read(io.BytesIO(json.dumps(dump).encode())), target=str(target), **options)
    else:
        matched = ff.filter(ff.read(dump), target=str(target), **options)
    out = io.BytesIO()
    ff.write(matched, out)
    return out.getvalue(), matched


def fixture(folder: Path, *records: dict[str, Any]) -> Path:
    file = folder / "target.json"
    file.write_text(json.dumps(records))
    return file


@pytest.mark.parametrize("project", ["tokens", "everything"])
def test_a_dump_of_the_target_is_as_good_as_the_target(scratch_on: Scratch, tmp_path: Path, project: str) -> None:
    source = scratch_on("sqlite", project, populated=True)
    target = scratch_on("sqlite", project, occupied=True)
    dump, other = tmp_path / "dump.json", tmp_path / "other.json"
    dump.write_bytes(dumpdata(project, source))
    other.write_bytes(dumpdata(project, target))
    options = {"schema": schema_of(project), "renumber": True, "rejects": tmp_path / "rejects.json"}
    by_database, asked = kept(dump, target, **options)
    rejects = json.loads((tmp_path / "rejects.json").read_bytes())
    by_fixture, found = kept(dump, other, **options)
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == rejects
    assert {label: dict(counts) for label, counts in found.counts.items()} == {
        label: dict(counts) for label, counts in asked.counts.items()
    }
    assert json.loads(by_fixture) == json.loads(by_database)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_dumps_of_two_sites_load_as_one(scratch: Scratch, tmp_path: Path) -> None:
    one, other = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    dump, target = tmp_path / "one.json", tmp_path / "other.json"
    dump.write_bytes(dumpdata("tokens", one))
    target.write_bytes(dumpdata("tokens", other))
    fixture, matched = kept(dump, target, schema=schema_of("tokens"), renumber=True)
    both = scratch("tokens")
    manage(
        "tokens",
        both,
        "shell",
        "-c",
        "from django.contrib.contenttypes.models import ContentType as C; from django.contrib.sites.models import Site;"
        "C.objects.all().delete(); Site.objects.all().delete()",
    )
    loaddata("tokens", both, target, env=NO_TOKENS)
    loaddata("tokens", both, fixture, env=NO_TOKENS)
    # The other site's rows are there to the last column.
    assert row_differences("tokens", other, both, subset=True) == []
    # And so are the one site's, but for the columns of rows that both had.
    there = {(label, key) for label, rows in identities("tokens", other).items() for key in rows}
    found = [
        line
        for line in identity_differences("tokens", one, both, subset=True)
        if (line.partition(" ")[0], line.partition(" ")[2].partition("]: ")[0] + "]") not in there
        and not line.startswith("authtoken.token")
    ]
    assert found == []
    assert matched.rejected == 0
    assert matched.counts["authtoken.token"]["remapped"] == 2


def test_what_was_merged_once_is_there(dumps: tuple[Path, Path], tmp_path: Path) -> None:
    dump, target = dumps
    first, _ = kept(dump, target, schema=schema_of("tokens"), renumber=True)
    (tmp_path / "first.json").write_bytes(first)
    merged = tmp_path / "merged.json"
    ff.write(ff.read(target, tmp_path / "first.json"), merged)
    second, matched = kept(dump, merged, schema=schema_of("tokens"), renumber=True)
    by_number = {"admin.logentry", "articles.comment"}  # these have nothing else to be known by
    assert {record["model"] for record in json.loads(second)} <= by_number
    assert matched.added == 0


def test_references_by_natural_key_are_followed(
    sites: tuple[str, str], dumps: tuple[Path, Path], tmp_path: Path
) -> None:
    natural = tmp_path / "natural.json"
    natural.write_bytes(dumpdata("tokens", sites[1], "--natural-foreign"))
    options = {"schema": schema_of("tokens"), "renumber": True}
    assert kept(dumps[0], natural, **options)[0] == kept(dumps[0], dumps[1], **options)[0]


def test_what_a_natural_key_leads_to_has_to_be_there(
    sites: tuple[str, str], dumps: tuple[Path, Path], tmp_path: Path
) -> None:
    natural = tmp_path / "natural.json"
    natural.write_bytes(dumpdata("tokens", sites[1], "--natural-foreign", "-e", "contenttypes"))
    done = run_here("filter", dumps[0], "--target", natural, "-o", tmp_path / "out.json")
    assert done.code == 1
    assert "natural.json refers by natural key" in done.error and "natural --to-pk" in done.error
    assert not (tmp_path / "out.json").exists()


def test_a_target_without_pks_is_refused(sites: tuple[str, str], dumps: tuple[Path, Path], tmp_path: Path) -> None:
    natural = tmp_path / "natural.json"
    natural.write_bytes(dumpdata("tokens", sites[1], "--natural-primary"))
    done = run_here("filter", dumps[0], "--target", natural)
    assert done.code == 1 and "has no pk" in done.error


def test_nothing_is_left_after_an_interruption(dumps: tuple[Path, Path], tmp_path: Path, temporary: Path) -> None:
    dump = tmp_path / "long.jsonl"
    ff.write(ff.read(dumps[0]), dump, format="jsonl")
    dump.write_bytes(dump.read_bytes() * 200)
    arguments = ["filter", str(dump), "--target", str(dumps[1]), "-o", str(tmp_path / "out.json")]
    process = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(temporary.glob("fixtureflow-target-*/*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert not (tmp_path / "out.json").exists()


def test_models_are_matched_by_what_presets_know(tmp_path: Path) -> None:
    target = fixture(tmp_path, {"model": "auth.group", "pk": 4, "fields": {"name": "staff", "permissions": []}})
    dump = [
        {"model": "auth.group", "pk": 1, "fields": {"name": "staff", "permissions": []}},
        {"model": "auth.group", "pk": 4, "fields": {"name": "other", "permissions": []}},
        {"model": "auth.user", "pk": 1, "fields": {"username": "bob", "groups": [1, 4]}},
    ]
    out, _ = kept(dump, target, renumber=True)
    assert json.loads(out) == [
        {"model": "auth.group", "pk": 5, "fields": {"name": "other", "permissions": []}},
        {"model": "auth.user", "pk": 1, "fields": {"username": "bob", "groups": [4, 5]}},
    ]


def test_models_that_nobody_tells_the_keys_of_are_named(dumps: tuple[Path, Path]) -> None:
    _, matched = kept(*dumps, renumber=True)
    assert matched.messages()[0] == (
        "known by pk alone: articles.label, articles.article, articles.comment, whose unique keys nobody tells; "
        "--settings or --schema FILE would"
    )
    _, matched = kept(*dumps, renumber=True, schema=schema_of("tokens"))
    assert not matched.messages()[0].startswith("known by")


ITEM = Model(
    label="shop.item",
    pk=("id",),
    fields={
        "id": Field(column="id", type="uuid"),
        "name": Field(column="name", type="text"),
        "active": Field(column="active", type="boolean"),
        "tags": Field(
            column="", relation=Relation(kind="m2m", to="shop.tag", auto_through=True, through="shop.item_tags")
        ),
    },
    complete=("fields", "relations"),
    uniques=(Unique(fields=("name",), name="active_name", condition="(AND: ('active', True))"),),
)
TAG = Model(
    label="shop.tag",
    pk=("id",),
    fields={"id": Field(column="id", type="integer", auto=True), "name": Field(column="name", type="text")},
    complete=("fields", "relations"),
    uniques=(Unique(name="any_case", expressions=("Lower(F(name))",)), Unique(name="odd", expressions=("Odd(name)",))),
)
SHOP = Schema.of([ITEM, TAG])
ONE, TWO = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def item(pk: str, name: str, active: bool, *tags: int) -> dict[str, Any]:
    return {"model": "shop.item", "pk": pk, "fields": {"name": name, "active": active, "tags": list(tags)}}


def tag(pk: int, name: str) -> dict[str, Any]:
    return {"model": "shop.tag", "pk": pk, "fields": {"name": name}}


def test_conditions_and_expressions_count_where_sqlite_can_take_them(tmp_path: Path) -> None:
    target = fixture(tmp_path, item(ONE, "a", True), item(TWO.replace("2", "3"), "b", False), tag(7, "New"))
    four = TWO.replace("2", "4")
    dump = [item(TWO, "b", True), tag(1, "nEW"), item(four, "c", True, 1), item(TWO.replace("2", "5"), "a", True)]
    out, matched = kept(dump, target, schema=SHOP)
    assert [record["pk"] for record in json.loads(out)] == [TWO, four]
    assert json.loads(out)[1]["fields"]["tags"] == [7]
    said = matched.messages()
    assert [line for line in said if line.startswith("not checked")] == [
        "not checked: unique constraint odd of shop.tag, which the database cannot be asked for"
    ]


def test_lists_of_a_row_with_a_uuid_are_united(tmp_path: Path) -> None:
    target = fixture(tmp_path, tag(1, "x"), tag(2, "y"), item(ONE, "a", True, 1))
    out, matched = kept([tag(1, "x"), tag(2, "y"), item(ONE, "a", True, 1, 2)], target, schema=SHOP)
    assert json.loads(out) == [{"model": "shop.item_tags", "pk": None, "fields": {"item": ONE, "tag": 2}}]
    assert matched.added == 1


def test_rows_of_the_fixture_may_be_preferred(tmp_path: Path) -> None:
    target = fixture(tmp_path, tag(1, "x"), tag(2, "y"), item(ONE, "a", True, 1))
    dump = [tag(1, "x"), tag(2, "y"), item(ONE, "changed", True, 2)]
    out, _ = kept(dump, target, schema=SHOP, prefer="fixture:shop.item")
    assert json.loads(out) == [item(ONE, "changed", True, 2, 1)]


def test_there_is_nothing_to_delete_in_a_fixture(tmp_path: Path) -> None:
    with pytest.raises(ff.UsageError, match="the target is a fixture"):
        kept([tag(1, "x")], fixture(tmp_path, tag(1, "x")), schema=SHOP, delete_sql=tmp_path / "delete.sql")


@pytest.mark.parametrize(
    ("condition", "sql"),
    [
        ("(AND: ('active', True), ('name__in', ('a', \"b'c\")))", "(\"active\" = 1 AND \"name\" IN ('a', 'b''c'))"),
        ("(NOT (AND: ('name__isnull', True)))", 'NOT (("name" IS NULL))'),
        ("(OR: ('name', None), ('name__gte', 'x'))", '("name" IS NULL OR "name" >= \'x\')'),
        ("(AND: ('name__regex', 'x'))", "(AND: ('name__regex', 'x'))"),
        ("\"name\" = 'x'", "\"name\" = 'x'"),
    ],
)
def test_conditions_are_put_into_sql(condition: str, sql: str) -> None:
    assert in_sqlite(Unique(fields=("name",), condition=condition), ITEM).condition == sql


def test_a_target_of_no_records_has_no_rows(tmp_path: Path) -> None:
    assert json.loads(kept([tag(1, "x")], fixture(tmp_path), schema=SHOP)[0]) == [tag(1, "x")]


def test_odd_values_are_no_obstacle(tmp_path: Path) -> None:
    odd = {"model": "shop.odd", "pk": 1, "fields": {"n": 2**80, "t": "\ud800", "x": {"a": [1]}, "l": [[1], [2]]}}
    plain = {"model": "shop.odd", "pk": 2, "fields": {"n": 1, "t": "t", "x": {"a": [1]}, "l": [[1], [2]]}}
    out, matched = kept([odd, plain], fixture(tmp_path, odd, plain), renumber=True)
    assert [record["pk"] for record in json.loads(out)] == [3]
    assert matched.counts["shop.odd"]["same"] == 1


def test_what_is_neither_is_named(tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text("[]")
    (tmp_path / "text.txt").write_text("no fixture")
    for place, said in (("text.txt", "text.txt"), ("nowhere.json", "nowhere.json")):
        done = run_here("filter", "dump.json", "--target", place, cwd=tmp_path)
        assert done.code == 1 and said in done.error
