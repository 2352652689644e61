"""From a dump and a target to a folder that loads; the real loaddata is the judge."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest
from running import run, run_here
from support.clients import run_sql
from support.compare import identity_differences, rows
from support.projects import NO_TOKENS, ManageError, dumpdata, loaddata, manage
from support.schemas import schema_of
from support.sql import execute

import fixtureflow as ff
from fixtureflow.matching.links import with_links
from fixtureflow.matching.resolve import Resolver
from fixtureflow.references.links import links_of
from fixtureflow.schema.file import dump as as_file
from fixtureflow.schema.model import Field, Model, Receiver, Relation

Scratch = Callable[..., str]

NEW_ROWS = """
from django.contrib.auth.models import Group, User
from articles.models import Label
for n in range(3):
    for model, name in ((User, "username"), (Group, "name"), (Label, "name")):
        model.objects.create(**{name: f"fresh{n}"})
"""


@pytest.mark.parametrize("parts", [False, True], ids=["whole", "parts"])
def test_what_is_ready_loads_and_new_rows_collide_with_nothing(scratch: Scratch, tmp_path: Path, parts: bool) -> None:
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    dump, before = dumpdata("tokens", source), rows("tokens", target)
    with pytest.raises(ManageError, match=r"IntegrityError|DeserializationError"):
        loaddata("tokens", target, dump, env=NO_TOKENS)
    ready = ff.prepare(
        ff.read(io.BytesIO(dump)), tmp_path / "ready", target=target, schema=schema_of("tokens"), parts=parts
    )
    assert not ready.rejected
    assert (len(ready.files) > 1) is parts
    for name in ready.files:
        loaddata("tokens", target, (tmp_path / "ready" / name).read_bytes(), env=NO_TOKENS)
    run_sql(target, tmp_path / "ready" / "sequences.sql")

    after = rows("tokens", target)
    assert all(after[label][key] == row for label, there in before.items() for key, row in there.items())
    missing = [line for line in identity_differences("tokens", source, target, subset=True) if line.endswith("missing")]
    assert [line for line in missing if not line.startswith("authtoken.token ")] == []
    manage("tokens", target, "shell", "-v0", "-c", NEW_ROWS, env=NO_TOKENS)


@pytest.mark.parametrize("parts", [False, True], ids=["whole", "parts"])
def test_of_json_lines_it_makes_what_loads(scratch_on: Scratch, tmp_path: Path, parts: bool) -> None:
    source, target = scratch_on("sqlite", "tokens", populated=True), scratch_on("sqlite", "tokens", occupied=True)
    (tmp_path / "all.jsonl").write_bytes(dumpdata("tokens", source, "--format", "jsonl"))
    prepare = partial(ff.prepare, ff.read(tmp_path / "all.jsonl"), schema=schema_of("tokens"), parts=parts)
    ready = prepare(tmp_path / "ready", target=target)
    assert not ready.rejected
    for name in ready.files:
        loaddata("tokens", target, tmp_path / "ready" / name, env=NO_TOKENS)
    missing = [line for line in identity_differences("tokens", source, target, subset=True) if line.endswith("missing")]
    assert [line for line in missing if not line.startswith("authtoken.token ")] == []
    again = prepare(tmp_path / "again", target=target, include="auth.user")
    assert (again.records, again.files) == (0, [])


def test_the_folder_and_the_next_steps(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "tokens", occupied=True)
    (tmp_path / "all.json").write_bytes(dumpdata("tokens", scratch_on("sqlite", "tokens", populated=True)))
    options = ("prepare", tmp_path / "all.json", "--target", target, "-d", tmp_path / "ready")
    done = run(*options)
    assert done.code == 0, done.said
    files = {path.name for path in (tmp_path / "ready").iterdir()}
    assert files == {"fixture.json", "report.json", "report.html", "sequences.sql", "manifest.json"}
    assert f"next: python manage.py loaddata {tmp_path}/ready/fixture.json" in str(done.said)
    again = run(*options)
    assert again.code == 1
    assert "--force" in str(again.said)
    assert run(*options, "--force").code == 0


def test_what_has_no_place_is_rejected_and_told(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite", "tokens", occupied=True)
    (tmp_path / "all.json").write_bytes(dumpdata("tokens", scratch_on("sqlite", "tokens", populated=True)))
    done = run("prepare", tmp_path / "all.json", "--target", target, "-d", tmp_path / "ready", "--no-renumber")
    assert done.code == 1
    rejects = json.loads((tmp_path / "ready" / "rejects.json").read_bytes())
    assert f"{len(rejects)} records rejected" in str(done.said)


def test_what_is_put_off_can_be_prepared_by_the_line_that_is_said(
    scratch_on: Scratch, postgresql: Scratch, tmp_path: Path
) -> None:
    """With the same options, and without the password."""
    target = postgresql("tokens", occupied=True).replace("postgres@", "postgres:secret@")
    (tmp_path / "all.json").write_bytes(dumpdata("tokens", scratch_on("sqlite", "tokens", populated=True)))
    schema = tmp_path / "schema.json"
    schema.write_bytes(as_file(schema_of("tokens")))
    options = ["--schema", str(schema), "--prefer", "fixture:auth.user", "--dangling", "null", "--parts"]
    done = run_here("prepare", tmp_path / "all.json", "--target", target, *options, "-d", tmp_path / "ready")
    assert [record["model"] for record in json.loads((tmp_path / "ready" / "second.json").read_bytes())] == [
        "authtoken.token"
    ] * 3
    (line,) = [line.partition("next: ")[2] for line in done.said if "second.json" in line]
    shown = target.replace(":secret@", ":***@")
    assert shlex.split(line) == [
        *("fixtureflow", "prepare", str(tmp_path / "ready" / "second.json")),
        *("--target", shown, "--lookup", shown, *options[:4]),
        *("--dangling", "null", "--parts", "-d", str(tmp_path / "ready2")),
    ]
    assert not any("secret" in line for line in done.said)
    html = (tmp_path / "ready" / "report.html").read_text()
    assert "Put off: authtoken.token 3: receivers make such rows" in html
    assert "secret" not in html


def test_what_was_put_off_keeps_its_generic_keys(scratch: Scratch, tmp_path: Path) -> None:
    """It refers to content types and rows of the target by then, and has none of them beside it."""
    source, target = scratch("tokens", populated=True), scratch("tokens", occupied=True)
    known = schema_of("tokens")
    makes = Receiver(path="accounts.receivers.log", makes=("admin.logentry",), checks_raw=False)
    user = msgspec.structs.replace(known.models["auth.user"], receivers=(makes,))
    known = msgspec.structs.replace(known, models={**known.models, "auth.user": user})

    dump = ff.read(io.BytesIO(dumpdata("tokens", source)))
    first = ff.prepare(dump, tmp_path / "ready", target=target, schema=known)
    assert first.waiting == {"admin.logentry": 13}
    loaddata("tokens", target, first.folder / "fixture.json", env=NO_TOKENS)
    second = ff.prepare(ff.read(first.second), tmp_path / "ready2", target=target, lookup=target, schema=known)
    assert second.waiting == {}
    assert second.rejected == 0
    loaddata("tokens", target, second.folder / "fixture.json", env=NO_TOKENS)
    lost = identity_differences("tokens", source, target, subset=True)
    assert [line for line in lost if line.startswith("admin.logentry ")] == []


def test_each_step_deletes_only_what_its_own_records_replace(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite")
    keyed = "(key text PRIMARY KEY, u_id integer NOT NULL UNIQUE REFERENCES app_u (id))"
    tables = ["app_u (id integer PRIMARY KEY, name text UNIQUE)", f"app_tok {keyed}", f"app_badge {keyed}"]
    execute(target, *(f"CREATE TABLE {one}" for one in tables), "INSERT INTO app_u VALUES (1, 'bob')")
    execute(target, "INSERT INTO app_tok VALUES ('new tok', 1)", "INSERT INTO app_badge VALUES ('new badge', 1)")
    makes = {"u": (Receiver(path="app.makes", makes=("app.tok",), checks_raw=False),)}
    names = ("u", "tok", "badge")
    known = ff.Schema.of([Model(label=f"app.{one}", table=f"app_{one}", receivers=makes.get(one)) for one in names])
    users = [{"model": "app.u", "pk": pk, "fields": {"name": name}} for pk, name in ((7, "bob"), (8, "ann"))]
    keys = [{"model": f"app.{one}", "pk": f"old {one}", "fields": {"u": 7}} for one in ("tok", "badge")]

    def prepared(dump: Path, folder: str, rows: str) -> str:
        made = ff.prepare(ff.read(dump), tmp_path / folder, target=target, schema=known, prefer="fixture:app")
        assert made.rejected == 0
        told = json.loads((made.folder / "report.json").read_bytes())
        assert all(one["in"] == one["out"] + one.get("put off", 0) for one in told["models"].values())
        assert any(f"to be deleted: 1 row of {rows}: look at delete-first.sql" in line for line in told["notes"])
        return (made.folder / "delete-first.sql").read_text()

    (tmp_path / "dump.json").write_text(json.dumps(users + keys))
    first = prepared(tmp_path / "dump.json", "ready", "app.badge")
    assert ("new badge" in first, "app_tok" in first) == (True, False)
    run_sql(target, tmp_path / "ready" / "delete-first.sql")
    second = prepared(tmp_path / "ready" / "second.json", "ready2", "app.tok")
    assert ("new tok" in second, "app_badge" in second) == (True, False)


def test_every_record_is_after_all_that_it_refers_to_whatever_changed(scratch_on: Scratch, tmp_path: Path) -> None:
    """The database is the judge: rows go in one by one, and each reference is looked at when its row does."""
    target = scratch_on("sqlite")
    execute(
        target,
        "CREATE TABLE app_owner (id integer PRIMARY KEY, name text UNIQUE)",
        "CREATE TABLE app_item (id integer PRIMARY KEY, name text, up_id integer REFERENCES app_item (id), "
        "owner_id integer NOT NULL REFERENCES app_owner (id))",
        "CREATE TABLE app_note (id integer PRIMARY KEY AUTOINCREMENT, name text UNIQUE, "
        "up_name text REFERENCES app_note (name))",
        "INSERT INTO app_owner VALUES (1, 'bob')",
        "INSERT INTO app_item VALUES (1, 'theirs', NULL, 1)",
        "INSERT INTO app_note VALUES (5, 'b', NULL)",
    )

    def item(pk: int, up: int | None, owner: int) -> dict[str, object]:
        return {"model": "app.item", "pk": pk, "fields": {"name": f"i{pk}", "up": up, "owner": owner}}

    def note(name: str, up: str | None) -> dict[str, object]:
        return {"model": "app.note", "fields": {"name": name, "up": up}}

    owners = [{"model": "app.owner", "pk": pk, "fields": {"name": name}} for pk, name in ((7, "bob"), (8, "ann"))]
    dump = [item(1, 3, 7), note("a", "d"), owners[0], item(2, 1, 8), note("b", None), note("c", "a"), owners[1]]
    dump += [item(3, None, 8), note("d", "b")]
    to_name = Field(relation=Relation(kind="fk", to="app.note", to_field="name"), column="up_name")
    known = ff.Schema.of(
        [
            Model(label="app.note", table="app_note", pk=("id",), fields={"up": to_name}),
            *(Model(label=f"app.{name}", table=f"app_{name}") for name in ("item", "owner")),
        ]
    )
    made = ff.prepare(ff.read(io.BytesIO(json.dumps(dump).encode())), tmp_path / "ready", target=target, schema=known)
    out = json.loads((made.folder / "fixture.json").read_bytes())
    assert (made.rejected, made.records, len(out)) == (0, 7, 7)
    with contextlib.closing(sqlite3.connect(target.removeprefix("sqlite:///"), isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        for one in out:
            fields = one["fields"]
            if one["model"] == "app.note":
                database.execute("INSERT INTO app_note (name, up_name) VALUES (:name, :up)", fields)
            elif one["model"] == "app.owner":
                database.execute("INSERT INTO app_owner VALUES (:pk, :name)", {"pk": one["pk"], **fields})
            else:
                database.execute("INSERT INTO app_item VALUES (:pk, :name, :up, :owner)", {"pk": one["pk"], **fields})
        items = "SELECT i.name, u.name, o.name FROM app_item i LEFT JOIN app_item u ON u.id = i.up_id"
        found = database.execute(f"{items} JOIN app_owner o ON o.id = i.owner_id ORDER BY 1").fetchall()
        notes = database.execute("SELECT name, up_name FROM app_note ORDER BY name").fetchall()
    assert found == [("i1", "i3", "bob"), ("i2", "i1", "ann"), ("i3", None, "ann"), ("theirs", None, "bob")]
    assert notes == [("a", "d"), ("b", None), ("c", "a"), ("d", "b")]


@pytest.mark.parametrize("project", ["everything", "swapped", "tokens"])
def test_it_is_the_same_whether_or_not_cycles_wait_for_the_other_models(
    project: str, scratch_on: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all.json").write_bytes(dumpdata(project, scratch_on("sqlite", project, populated=True)))
    target, early = scratch_on("sqlite", project, occupied=True), []
    settled = Resolver.is_settled
    monkeypatch.setattr(Resolver, "is_settled", lambda *given: early.append(found := settled(*given)) or found)
    prepare = partial(ff.prepare, ff.read(tmp_path / "all.json"), target=target, schema=schema_of(project), force=True)
    first = contents(prepare(tmp_path / "ready").folder)
    monkeypatch.setattr(Resolver, "is_settled", lambda *_: False)
    assert first == contents(prepare(tmp_path / "ready").folder)
    assert any(early)


def contents(folder: Path) -> dict[str, list[bytes]]:
    """The lines of its files, those of a report in any order."""
    texts = {path.name: path.read_bytes().splitlines() for path in folder.iterdir()}
    return {name: sorted(lines) if name.startswith("report.") else lines for name, lines in texts.items()}


@pytest.mark.parametrize("project", ["everything", "tokens"])
def test_numbers_are_set_past_those_that_are_in_the_fixture(scratch: Scratch, project: str, tmp_path: Path) -> None:
    source, target, known = scratch(project, populated=True), scratch(project, occupied=True), schema_of(project)
    made = ff.prepare(ff.read(io.BytesIO(dumpdata(project, source))), tmp_path / "ready", target=target, schema=known)
    assert made.matched.resolver
    known, fixture = with_links(made.matched.resolver.schema), ff.read(tmp_path / "ready" / "fixture.json")
    expected = ff.sequences(fixture, known, target=target).sql()
    assert (tmp_path / "ready" / "sequences.sql").read_text() == expected != ""


@pytest.mark.parametrize(
    ("pk", "said"),
    [
        ("abc", "record 2, byte 58, app.item pk=abc: the primary key is no integer"),
        ([1, 2], "record 2, byte 58, app.item pk=[1, 2]: the primary key is no integer"),
        (10**40, f"record 2, app.item pk={10**40}: the primary key does not fit its column"),
    ],
)
def test_a_key_that_no_counter_makes_is_told_by_its_place(
    pk: object, said: str, scratch_on: Scratch, tmp_path: Path
) -> None:
    with pytest.raises(ff.InputError) as error:
        items_prepared(with_items(scratch_on("sqlite")), tmp_path, (3, "a"), (pk, "c"), (1, "d"))
    assert f"dump.json, {said}" in str(error.value)


def test_a_new_key_past_a_large_one_counts(scratch_on: Scratch, tmp_path: Path) -> None:
    made = items_prepared(with_items(scratch_on("sqlite")), tmp_path, (2**31 + 5, "a"), (1, "d"))
    assert f'max("id"), 0), {2**31 + 6})' in (made.folder / "sequences.sql").read_text()


def test_a_new_key_that_does_not_fit_is_told_by_the_record_that_is_to_have_it(
    scratch_on: Scratch, tmp_path: Path
) -> None:
    target = with_items(scratch_on("sqlite"), (1, "theirs"), (2**63 - 1, "the last"))
    with pytest.raises(
        ff.InputError, match=rf"dump\.json, record 2, app\.item pk={2**63}: the primary key does not fit"
    ):
        items_prepared(target, tmp_path, (3, "a"), (1, "d"))


@pytest.mark.parametrize("labels", [("app.item", "app.special"), ("app.special", "app.item")])
def test_a_key_that_does_not_fit_is_told_of_the_model_that_has_it(
    labels: tuple[str, str], scratch_on: Scratch, tmp_path: Path
) -> None:
    target = with_items(scratch_on("sqlite"))
    special = Model(label="app.special", proxy_for="app.item")
    rows = [(5, "a"), (2**63, "c")]
    with pytest.raises(ff.InputError, match=rf"dump\.json, record 2, {labels[1]} pk={2**63}: the primary key does"):
        items_prepared(target, tmp_path, *rows, labels=labels, more=[special])


def test_a_key_that_no_counter_makes_may_belong_to_a_row_of_the_target(scratch_on: Scratch, tmp_path: Path) -> None:
    made = items_prepared(with_items(scratch_on("sqlite")), tmp_path, (3, "a"), ("abc", "b"), (1, "d"))
    assert 'max("id"), 0), 4)' in (made.folder / "sequences.sql").read_text()


def with_items(target: str, *rows: tuple[int, str]) -> str:
    """A table that numbers its rows."""
    execute(target, "CREATE TABLE app_item (id integer PRIMARY KEY AUTOINCREMENT, name text UNIQUE)")
    for pk, name in rows or [(1, "theirs"), (2, "b")]:
        execute(target, f"INSERT INTO app_item VALUES ({pk}, '{name}')")
    return target


def items_prepared(
    target: str, folder: Path, *rows: tuple[object, str], labels: Sequence[str] = (), more: Sequence[Model] = ()
) -> ff.Prepared:
    """Prepares items (pk, name), of these labels if they are not all plain items."""
    names = labels or ["app.item"] * len(rows)
    dump = [{"model": label, "pk": pk, "fields": {"name": name}} for label, (pk, name) in zip(names, rows, strict=True)]
    (folder / "dump.json").write_text(json.dumps(dump))
    known = ff.Schema.of([Model(label="app.item", table="app_item"), *more])
    return ff.prepare(ff.read(folder / "dump.json"), folder / "ready", target=target, schema=known)


def test_the_lists_of_the_targets_rows_come_after_the_records_they_name(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite")
    execute(
        target,
        "CREATE TABLE app_p (id integer PRIMARY KEY, name text UNIQUE, up_id integer)",
        "CREATE TABLE app_p_friends (id integer PRIMARY KEY, from_p_id integer, to_p_id integer)",
        "INSERT INTO app_p VALUES (1, 'a', NULL), (2, 'b', NULL)",
    )
    friends = Relation(kind="m2m", to="app.p", through_table="app_p_friends", through_columns=("from_p_id", "to_p_id"))
    up = Field(relation=Relation(kind="fk", to="app.p"), null=True)
    known = ff.Schema.of([Model(label="app.p", table="app_p", fields={"up": up, "friends": Field(relation=friends)})])
    rows = [(1, "a", None, [2, 10]), (2, "b", None, []), (11, "d", 10, []), (10, "c", 1, [])]
    dump = [
        {"model": "app.p", "pk": pk, "fields": {"name": name, "up": up, "friends": friends}}
        for pk, name, up, friends in rows
    ]
    made = ff.prepare(ff.read(io.BytesIO(json.dumps(dump).encode())), tmp_path / "ready", target=target, schema=known)
    out = json.loads((made.folder / "fixture.json").read_bytes())
    assert [(one["pk"], one["fields"]["friends"]) for one in out] == [(10, []), (11, []), (1, [2, 10])]


@pytest.mark.parametrize("name", ["x" * 300 + ".json", "nowhere.json", "."])
def test_an_input_that_is_no_file_is_said(scratch_on: Scratch, tmp_path: Path, name: str) -> None:
    done = run("prepare", tmp_path / name, "--target", scratch_on("sqlite", "tokens"), "-d", tmp_path / "ready")
    assert (done.code, done.error.startswith(str(tmp_path))) == (1, True)


def test_ids_inside_what_is_put_off_are_named(scratch_on: Scratch, tmp_path: Path) -> None:
    target = scratch_on("sqlite")
    tokens = "app_tok (key text PRIMARY KEY, data text, u_id integer NOT NULL UNIQUE REFERENCES app_u (id))"
    tables = ["app_u (id integer PRIMARY KEY, name text UNIQUE)", tokens]
    execute(target, *(f"CREATE TABLE {one}" for one in tables), "INSERT INTO app_u VALUES (1, 'theirs')")
    makes = (Receiver(path="app.makes", makes=("app.tok",), checks_raw=False),)
    data = Field(type="text", holds_ids=("app.u",))
    known = ff.Schema.of(
        [
            Model(label="app.u", table="app_u", receivers=makes),
            Model(label="app.tok", table="app_tok", fields={"data": data}),
        ]
    )
    dump = [{"model": "app.u", "pk": 1, "fields": {"name": "ours"}}]
    dump += [{"model": "app.tok", "pk": "key", "fields": {"data": "user 1", "u": 1}}]
    made = ff.prepare(ff.read(io.BytesIO(json.dumps(dump).encode())), tmp_path / "ready", target=target, schema=known)
    assert made.waiting == {"app.tok": 1}
    line = "not rewritten: app.tok.data of 1 record may hold ids of app.u inside"
    assert line in json.loads((made.folder / "report.json").read_bytes())["notes"]


def test_what_the_rows_between_models_refer_to_is_known_and_not_guessed() -> None:
    known = with_links(schema_of("everything"))
    for label, ends in {
        "auth.user_groups": {"user": "auth.user", "group": "auth.group"},
        "relations.person_friends": {"from_person": "relations.person", "to_person": "relations.person"},
    }.items():
        assert {link.field: link.to.model for link in links_of(known, label)} == ends


def test_a_fault_leaves_no_folder(scratch_on: Scratch, tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text('[{"model": "auth.user", "pk": 1, "fields": {}}, {')
    target = scratch_on("sqlite", "tokens", occupied=True)
    done = run("prepare", tmp_path / "all.json", "--target", target, "-d", tmp_path / "ready")
    assert done.code == 1
    assert "Traceback" not in str(done.said)
    assert not (tmp_path / "ready").exists()


def test_without_a_target_it_is_wrong_usage(tmp_path: Path) -> None:
    done = run("prepare", "-d", tmp_path / "ready", stdin=b"[]")
    assert (done.code, "--target" in str(done.said)) == (2, True)


def test_another_fixture_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(ff.UsageError, match="prepared for a database"):
        ff.prepare([], tmp_path / "ready", target=str(tmp_path / "other.json"))
    assert not (tmp_path / "ready").exists()
