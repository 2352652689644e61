"""What could lead a record astray, in the smallest tables that show it."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import fixtureflow as ff
from fixtureflow.matching import batch
from fixtureflow.schema.model import Field, Model, NaturalKey, Relation

TYPES = """
CREATE TABLE django_content_type (id integer PRIMARY KEY AUTOINCREMENT, app_label varchar(100), model varchar(100),
  UNIQUE (app_label, model));
"""
ID = "id integer PRIMARY KEY AUTOINCREMENT"


def row(model: str, pk: Any, **fields: Any) -> dict[str, Any]:
    return {"model": f"app.{model}", "pk": pk, "fields": fields}


class Case:
    """A target, and what is filtered against it."""

    def __init__(self, folder: Path, *statements: str) -> None:
        self.folder = folder
        self.target = str(folder / "target.sqlite3")
        with sqlite3.connect(self.target) as database:
            database.executescript(TYPES + ";".join(statements))
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE 'app\\_%' ESCAPE '\\' ORDER BY name"
            )
            for (name,) in tables.fetchall():
                database.execute("INSERT INTO django_content_type VALUES (NULL, 'app', ?)", (name[4:],))
        database.close()

    def kept(self, *records: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        options = {"rejects": self.folder / "rejects.json", **options}
        kept = ff.filter(ff.read(io.BytesIO(json.dumps(records).encode())), target=self.target, **options)
        return [record.value() for record in kept]


@pytest.fixture(params=[1, 5_000], autouse=True)
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "ROWS", request.param)


USERS = f"CREATE TABLE app_u ({ID}, name text NOT NULL UNIQUE, email text UNIQUE)"


def test_two_records_of_one_pk_are_an_error_whatever_becomes_of_them(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (9, 'bob', NULL)")
    with pytest.raises(ff.InputError, match=r"two records are app\.u pk 1.*dedupe"):
        case.kept(row("u", 1, name="bob"), row("u", 1, name="alice"))


def test_of_records_with_one_key_the_first_that_stays_counts(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (1, 'bob', NULL)")
    records = [row("u", pk, name="x", email=None) for pk in (1, 2, 3)]
    assert case.kept(*records) == [records[1]]


def test_a_key_through_a_cycle_of_models_is_looked_up_whoever_comes_first(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_cat ({ID}, name text NOT NULL UNIQUE, best_id integer REFERENCES app_prod (id))",
        f"CREATE TABLE app_prod ({ID}, cat_id integer NOT NULL REFERENCES app_cat (id), slug text NOT NULL, "
        "UNIQUE (cat_id, slug))",
        "INSERT INTO app_cat VALUES (50, 'c', NULL)",
        "INSERT INTO app_prod VALUES (60, 50, 's')",
    )
    records = [row("prod", 1, cat=1, slug="s"), row("cat", 1, name="c", best=1)]
    assert case.kept(*records) == case.kept(*reversed(records)) == []


def test_a_multi_table_child_goes_with_its_parent_in_a_cycle_too(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_p ({ID}, name text NOT NULL UNIQUE, best_id integer REFERENCES app_c (p_ptr_id))",
        "CREATE TABLE app_c (p_ptr_id integer PRIMARY KEY REFERENCES app_p (id), x text)",
        "INSERT INTO app_p VALUES (1, 'x', NULL)",
    )
    stay = [row("p", 2, name="z", best=2), row("c", 2, x="1")]
    assert case.kept(row("p", 1, name="y", best=None), row("c", 1, x="1"), *stay) == stay


def test_references_within_a_cycle_are_settled_where_most_are_unchanged(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_a ({ID}, name text NOT NULL UNIQUE, b_id integer NOT NULL REFERENCES app_b (id))",
        f"CREATE TABLE app_b ({ID}, a_id integer REFERENCES app_a (id), x_id integer REFERENCES app_a (id))",
        "INSERT INTO app_a VALUES (1, 'x', 1)",
    )
    stay = [row("a", 2, name="z", b=2), row("b", 1, a=None, x=None), row("b", 2, a=2, x=None)]
    assert case.kept(row("a", 1, name="y", b=1), *stay) == stay


def test_a_lookup_that_waits_is_not_taken_for_a_record(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_cat ({ID}, name text NOT NULL, slug text UNIQUE, "
        "parent_id integer REFERENCES app_cat (id), UNIQUE (parent_id, name))",
        "INSERT INTO app_cat VALUES (70, 'a', 'a', NULL)",
        "INSERT INTO app_cat VALUES (71, 'b', NULL, 70)",
    )
    lookup = tmp_path / "old.json"
    old = [("b", None, 2, 1), ("gone", None, 5, 2), ("a", "a", 1, None)]
    lookup.write_text(json.dumps([row("cat", pk, name=n, slug=s, parent=parent) for n, s, pk, parent in old]))
    records = [row("cat", 3, name="c", slug=None, parent=2), row("cat", 6, name="f", slug=None, parent=5)]
    assert case.kept(*records, lookup=lookup) == [row("cat", 3, name="c", slug=None, parent=71)]


def test_what_refers_to_a_lost_record_is_not_the_row_that_refers_to_another(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_c ({ID}, t text NOT NULL, u_id integer REFERENCES app_u (id))",
        "INSERT INTO app_u VALUES (5, 'bob', NULL)",
        "INSERT INTO app_c VALUES (1, 'hi', 5)",
    )
    assert case.kept(row("u", 5, name="zed", email=None), row("c", 1, t="hi", u=5)) == []
    rejects = json.loads((tmp_path / "rejects.json").read_bytes())
    assert [record["model"] for record in rejects] == ["app.u", "app.c"]


def test_two_records_that_would_take_one_key_of_a_preferred_model(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (1, 'a', 'old')")
    records = [row("u", 5, name="n", email="e2"), row("u", 1, name="a", email="e2")]
    assert case.kept(*records, prefer="fixture:app.u") == records[:1]


def test_a_row_is_deleted_only_for_a_record_that_is_kept(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        USERS,
        "CREATE TABLE app_tok (key text PRIMARY KEY, u_id integer NOT NULL UNIQUE REFERENCES app_u (id), "
        "by_id integer NOT NULL REFERENCES app_u (id))",
        "INSERT INTO app_u VALUES (1, 'bob', NULL)",
        "INSERT INTO app_tok VALUES ('k1', 1, 1)",
    )
    statements = tmp_path / "delete.sql"
    bob = row("u", 1, name="bob", email=None)
    options = {"prefer": "fixture:app.tok", "delete_sql": statements}
    assert case.kept(bob, row("tok", "k2", u=1, by=99), **options) == []
    assert "DELETE" not in statements.read_text()
    assert case.kept(bob, row("tok", "k2", u=1, by=1), **options) == [row("tok", "k2", u=1, by=1)]
    assert 'DELETE FROM "app_tok" WHERE "key" IN (\'k1\');' in statements.read_text()


def test_rows_are_deleted_after_those_that_refer_to_them_and_not_while_others_do(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        "CREATE TABLE app_land (code text PRIMARY KEY, name text UNIQUE)",
        "CREATE TABLE app_flag (key text PRIMARY KEY, title text UNIQUE, land_id text REFERENCES app_land (code))",
        f"CREATE TABLE app_city ({ID}, land_id text REFERENCES app_land (code) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO app_land VALUES ('de', 'Germany')",
        "INSERT INTO app_flag VALUES ('old', 'stripes', 'de')",
        "INSERT INTO app_city VALUES (1, 'de')",
    )
    statements = tmp_path / "delete.sql"
    records = [row("land", "DE", name="Germany"), row("flag", "new", title="stripes", land="DE")]
    assert case.kept(*records, prefer="fixture:app", delete_sql=statements) == records
    deleted = [line for line in statements.read_text().splitlines() if line.startswith(("DELETE", "-- 1 row of"))]
    assert [line.partition("FROM ")[2][:10] for line in deleted if line.startswith("DELETE")] == [
        '"app_flag"',
        '"app_land"',
    ]
    assert "-- 1 row of app_city refers to them by land_id: delete or change those first" in deleted
    with closing(sqlite3.connect(case.target)) as database:
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            database.executescript(statements.read_text())
        database.rollback()
        assert database.execute("SELECT count(*) FROM app_land, app_flag, app_city").fetchone() == (1,)
        database.execute("DELETE FROM app_city")
        database.commit()
        database.executescript(statements.read_text())
        assert database.execute("SELECT count(*) FROM app_land").fetchone() == (0,)


def test_a_reference_by_another_field_takes_the_value_of_the_row(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_country ({ID}, code text NOT NULL UNIQUE, name text NOT NULL UNIQUE)",
        f"CREATE TABLE app_city ({ID}, country_id text NOT NULL REFERENCES app_country (code))",
        "INSERT INTO app_country VALUES (5, 'FR', 'France')",
    )
    records = [row("country", 1, code="XX", name="France"), row("city", 1, country="XX")]
    assert case.kept(*records) == [row("city", 1, country="FR")]


def test_a_natural_key_in_a_reference_by_another_field_becomes_the_value_of_the_row(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_mail ({ID}, "
        "to_id text UNIQUE REFERENCES app_u (email), by_id text REFERENCES app_u (email))",
        "INSERT INTO app_u VALUES (7, 'ann', 'changed'), (8, 'eve', NULL), (9, 'bob', 'bob')",
        "INSERT INTO app_mail VALUES (5, 'changed', 'bob')",
    )
    relations = {
        name: Relation(kind=kind, to="app.u", to_field="email") for name, kind in (("to", "o2o"), ("by", "fk"))
    }
    fields = {name: Field(column=f"{name}_id", relation=relation) for name, relation in relations.items()}
    known = ff.Schema.of(
        [
            Model(label="app.u", natural_key=NaturalKey(status="fields", fields=("name",))),
            Model(label="app.mail", fields=fields),
        ]
    )
    users = [row("u", pk, name=name, email=name) for pk, name in enumerate(("ann", "bob", "eve", "new"), 1)]
    pairs = (("ann", "bob"), ("bob", "ann"), ("eve", "bob"), ("new", "new"))
    mails = [row("mail", pk, to=[to], by=[by]) for pk, (to, by) in enumerate(pairs, 5)]
    assert case.kept(*users, *mails, schema=known) == [
        users[3],
        row("mail", 6, to=["bob"], by="changed"),
        mails[3],
    ]
    # Nothing by which the column could refer to eve.
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == [mails[2]]


def test_a_natural_key_that_the_targets_row_of_the_same_pk_has_not_becomes_its_pk(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_c ({ID}, u_id integer NOT NULL REFERENCES app_u (id))",
        "INSERT INTO app_u VALUES (1, 'renamed', 'bob@x')",
    )
    known = ff.Schema.of([Model(label="app.u", natural_key=NaturalKey(status="fields", fields=("name",)))])
    records = [row("u", 1, name="bob", email="bob@x"), row("c", 1, u=["bob"])]
    assert case.kept(*records, schema=known) == [row("c", 1, u=1)]


def test_the_number_of_a_record_that_was_dumped_without_it_is_not_the_targets_row(tmp_path: Path) -> None:
    """As `dumpdata --natural-primary` writes one-to-one fields that are the pk, and generic keys."""
    case = Case(
        tmp_path,
        USERS,
        "CREATE TABLE app_profile (u_id integer PRIMARY KEY REFERENCES app_u (id), bio text)",
        f"CREATE TABLE app_note ({ID}, content_type_id integer REFERENCES django_content_type (id), object_id integer)",
        "INSERT INTO app_u VALUES (1, 'zoe', NULL)",
    )
    bob = {"model": "app.u", "fields": {"name": "bob", "email": None}}
    others = [row("profile", 1, bio="of bob"), row("note", 1, content_type=["app", "u"], object_id=1)]
    assert case.kept(bob, *others) == [bob]
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == others
    # What was looked up in the old database is another matter.
    (tmp_path / "old.json").write_text(json.dumps([row("u", 1, name="zoe", email=None)]))
    assert case.kept(bob, *others, lookup=tmp_path / "old.json") == [bob, *others]


def test_the_parts_of_a_composite_key_need_not_be_fields(tmp_path: Path) -> None:
    case = Case(tmp_path, "CREATE TABLE app_k (t integer, n integer, x text, PRIMARY KEY (t, n))")
    assert case.kept(row("k", [7, 1], x="q")) == [row("k", [7, 1], x="q")]


def test_numbers_written_as_text_are_numbers_in_use(tmp_path: Path) -> None:
    case = Case(tmp_path, f"CREATE TABLE app_cat ({ID}, name text UNIQUE)", "INSERT INTO app_cat VALUES (4, 'x')")
    records = case.kept(row("cat", "5", name="five"), row("cat", 4, name="four"), renumber=True)
    assert [record["pk"] for record in records] == ["5", 6]


def test_a_proxy_and_its_model_share_their_keys(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS)
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"models": {"app.u": {"table": "app_u"}, "app.person": {"proxy_for": "app.u"}}}))
    records = [row("person", 20, name="b", email=None), row("u", 21, name="b", email=None)]
    assert len(case.kept(*records, schema=ff.sources_from([str(schema)]))) == 1


def test_a_field_of_which_nothing_is_known_may_be_a_reference(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_log ({ID}, who_id integer NOT NULL)",
        "INSERT INTO app_u VALUES (7, 'ann', NULL)",
    )
    records = [row("u", 1, name="ann", email=None), row("log", 2, who=1)]
    kept = ff.filter(ff.read(io.BytesIO(json.dumps(records).encode())), target=case.target)
    assert [record.value() for record in kept] == [records[1]]
    assert "left as they are: who of app.log, of which nothing is known (--settings, --schema)" in kept.messages()


def test_a_record_with_a_field_that_the_table_lacks_is_not_its_row(tmp_path: Path) -> None:
    case = Case(tmp_path, f"CREATE TABLE app_q ({ID}, sort integer)", "INSERT INTO app_q VALUES (1, 5), (2, 6)")
    assert case.kept(row("q", 1, sort=5), row("q", 2, sort=6, text="what?")) == []
    rejects = json.loads((tmp_path / "rejects.json").read_bytes())
    assert rejects == [row("q", 2, sort=6, text="what?")]


@pytest.mark.parametrize("dangling", ["reject", "null", "keep"])
def test_what_is_taken_to_be_the_targets_is_told_of_each_field(tmp_path: Path, dangling: str) -> None:
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_log ({ID}, a_id integer REFERENCES app_u, b_id integer REFERENCES app_u)",
        "INSERT INTO app_u VALUES (9, 'ann', NULL)",
    )
    records = json.dumps([row("log", 1, a=9, b=9), row("log", 2, a=9, b=None)]).encode()
    kept = ff.filter(ff.read(io.BytesIO(records)), target=case.target, dangling=dangling)
    assert b"".join(record.raw for record in kept) in records.replace(b"}}, ", b"}}")
    assumed = [line for line in kept.messages() if line.startswith("assumed")]
    text = "assumed: app.log.{} → app.u: 1 key not in the dump, taken to be the target's rows"
    assert assumed == [text.format("a"), text.format("b")]


def test_a_free_pk_is_not_that_of_something_deleted_which_a_generic_key_still_names(tmp_path: Path) -> None:
    log = (
        f"CREATE TABLE django_admin_log ({ID}, content_type_id integer REFERENCES django_content_type, object_id text)"
    )
    case = Case(tmp_path, USERS, log, "INSERT INTO app_u VALUES (1, 'ann', NULL)")
    kind = {"model": "contenttypes.contenttype", "pk": 5, "fields": {"app_label": "app", "model": "u"}}
    entries = [("5", "1"), ("5", "40"), ("5", "old"), (None, "90")]
    logs = [
        {"model": "admin.logentry", "pk": nth, "fields": {"content_type": of and int(of), "object_id": key}}
        for nth, (of, key) in enumerate(entries, start=1)
    ]
    kept = case.kept(kind, row("u", 1, name="bob", email=None), *logs, renumber=True)
    assert kept[0] == row("u", 41, name="bob", email=None)
    assert [one["fields"]["object_id"] for one in kept[1:]] == ["41", "40", "old", "90"]


def test_a_parent_in_a_tree_that_only_the_target_has_is_told(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE wagtailcore_page ({ID}, path text NOT NULL UNIQUE, depth integer, numchild integer, title text)",
        "INSERT INTO wagtailcore_page VALUES (1, '0001', 1, 2, 'Root'), (2, '00010001', 2, 0, 'A')",
        "INSERT INTO wagtailcore_page VALUES (3, '00010002', 2, 1, 'B'), (4, '000100020001', 3, 0, 'C')",
    )

    def page(pk: int, path: str) -> dict[str, Any]:
        fields = {"path": path, "depth": len(path) // 4, "numchild": 0, "title": f"ours {pk}"}
        return {"model": "wagtailcore.page", "pk": pk, "fields": fields}

    dump = [page(11, "000100010001"), page(12, "000100020001"), page(13, "0001000200010001"), page(14, "000100020002")]
    kept = ff.filter(ff.read(io.BytesIO(json.dumps(dump).encode())), target=case.target, renumber=True)
    assert [(r.pk, r.value()["fields"]["path"]) for r in kept] == [
        (11, "000100010001"),
        (12, "000100020003"),
        (13, "0001000200030001"),
        (14, "000100020002"),
    ]
    told = "assumed: wagtailcore.page in its tree: 2 parents not in the dump, taken to be the target's rows"
    assert told in kept.messages()


def test_a_free_pk_is_past_the_highest_where_some_are_below_zero(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (1, 'ann', NULL)")
    dump = [row("u", -1, name="a", email=None), row("u", 1, name="b", email=None), row("u", 2, name="c", email=None)]
    assert [one["pk"] for one in case.kept(*dump, renumber=True)] == [-1, 3, 2]


@pytest.mark.parametrize("kept", ["3", "999999999999999999999"])
def test_a_reference_to_something_deleted_that_is_kept_meets_no_other_row(tmp_path: Path, kept: str) -> None:
    log = f"CREATE TABLE app_log ({ID}, who_id integer REFERENCES app_u)"
    case = Case(tmp_path, USERS, log, "INSERT INTO app_u VALUES (1, 'ann', NULL)")
    dump = [row("u", 1, name="bob", email=None), row("u", 2, name="c", email=None), row("log", 1, who=int(kept))]
    found = case.kept(*dump, renumber=True, dangling="keep")
    assert found == [row("u", 4 if kept == "3" else 3, name="bob", email=None), *dump[1:]]


def test_a_key_deeper_down_in_another_layout_is_not_the_field(tmp_path: Path) -> None:
    log = f"CREATE TABLE app_log ({ID}, who_id integer REFERENCES app_u, data text)"
    case = Case(tmp_path, USERS, log, "INSERT INTO app_u VALUES (7, 'ann', NULL)")
    text = (
        b'[{"model": "app.u", "pk": 1, "fields": {"name": "ann", "email": null}},'
        b' {"model": "app.log", "pk": 1, "fields": {"who":1, "data": {"who": 1}}}]'
    )
    (record,) = ff.filter(ff.read(io.BytesIO(text)), target=case.target)
    assert record.raw == b'{"model": "app.log", "pk": 1, "fields": {"who":7, "data": {"who": 1}}}'


def test_a_text_that_ends_at_a_nul_in_sqlite_is_another(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (1, 'bob', NULL)")
    dump = row("u", 5, name="bob\0x", email=None)
    assert case.kept(dump) == [dump]


def test_half_a_surrogate_pair_is_reported_as_it_stands(tmp_path: Path) -> None:
    log = f"CREATE TABLE app_log ({ID}, who_id integer REFERENCES app_u)"
    case = Case(tmp_path, USERS, log)
    text = b'[{"model": "app.log", "pk": 1, "fields": {"who": "\\ud800"}}]'
    found = ff.filter(
        ff.read(io.BytesIO(text)), target=case.target, rejects=tmp_path / "no.json", report=tmp_path / "report.json"
    )
    assert list(found) == []
    assert json.loads((tmp_path / "report.json").read_bytes())["records"][0]["value"] == "\ud800"


def test_a_record_of_which_nobody_can_tell_whether_it_is_the_row_is_rejected(tmp_path: Path) -> None:
    note = f"CREATE TABLE app_note ({ID}, text text, who_id integer REFERENCES app_u)"
    case = Case(
        tmp_path, USERS, note, "INSERT INTO app_u VALUES (7, 'bob', NULL)", "INSERT INTO app_note VALUES (1, 'hi', 7)"
    )
    same, other = row("note", 1, text="hi", who=["bob"]), row("note", 1, text="ho", who=["bob"])
    assert case.kept(same, renumber=True) == []
    assert json.loads((tmp_path / "rejects.json").read_bytes()) == [same]
    assert case.kept(other, renumber=True) == [{**other, "pk": 2}]


def test_a_proxys_record_under_one_of_its_model(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        f"CREATE TABLE app_cat ({ID}, name text NOT NULL, parent_id integer REFERENCES app_cat (id), "
        "UNIQUE (parent_id, name))",
        "INSERT INTO app_cat VALUES (1, 'other', NULL)",
        "INSERT INTO app_cat VALUES (2, 'b', 1)",
    )
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"models": {"app.cat": {"table": "app_cat"}, "app.kind": {"proxy_for": "app.cat"}}}))
    records = [row("cat", 1, name="mine", parent=None), row("kind", 20, name="b", parent=1)]
    for given in (records, records[::-1]):
        kept = case.kept(*given, schema=ff.sources_from([str(schema)]), renumber=True)
        (mine,) = [record for record in kept if record["fields"]["name"] == "mine"]
        (below,) = [record for record in kept if record["fields"]["name"] == "b"]
        assert (mine["pk"] > 2, below["fields"]["parent"]) == (True, mine["pk"])


def test_a_cycle_of_which_only_proxies_are_in_the_dump(tmp_path: Path) -> None:
    case = Case(tmp_path, f"CREATE TABLE app_cat ({ID}, name text UNIQUE, parent_id integer REFERENCES app_cat (id))")
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"models": {"app.cat": {"table": "app_cat"}, "app.kind": {"proxy_for": "app.cat"}}}))
    records = [row("kind", 1, name="a", parent=2), row("kind", 2, name="b", parent=None)]
    assert case.kept(*records, schema=ff.sources_from([str(schema)])) == records


def test_a_row_that_migrate_makes_gives_way_to_the_record_of_the_same_key(tmp_path: Path) -> None:
    case = Case(tmp_path, USERS, "INSERT INTO app_u VALUES (9, 'root', NULL), (8, 'bob', NULL)")
    known = ff.Schema.of([Model(label="app.u", placeholders=({"name": "root"},))])
    ours = [row("u", 1, name="root", email="ours"), row("u", 2, name="bob", email="his")]
    assert case.kept(*ours, schema=known) == [row("u", 9, name="root", email="ours")]


def test_a_reference_without_a_constraint_may_lead_to_nothing_as_it_did(tmp_path: Path) -> None:
    case = Case(
        tmp_path, USERS, f"CREATE TABLE app_log ({ID}, user_id integer)", "INSERT INTO app_u VALUES (9, 'bob', '')"
    )
    field = Field(column="user_id", relation=Relation(kind="fk", to="app.u", constraint=False))
    known = ff.Schema.of([Model(label="app.log", fields={"user": field})])
    logs = [row("log", 1, user=1), row("log", 2, user=7)]
    assert case.kept(row("u", 1, name="bob", email=""), *logs, schema=known) == [row("log", 1, user=9), logs[1]]


def test_a_generic_key_that_only_two_columns_tell_is_followed(tmp_path: Path) -> None:
    types = "content_type_id integer NOT NULL REFERENCES django_content_type (id)"
    case = Case(
        tmp_path,
        USERS,
        f"CREATE TABLE app_mark ({ID}, {types}, object_id text)",
        "INSERT INTO app_u VALUES (9, 'bob', '')",
    )
    kind = {"model": "contenttypes.contenttype", "pk": 5, "fields": {"app_label": "app", "model": "u"}}
    mark = row("mark", 1, content_type=5, object_id="1")
    kept = case.kept(kind, row("u", 1, name="bob", email=""), mark)
    assert kept == [row("mark", 1, content_type=2, object_id="9")]


def test_a_content_type_of_which_nobody_knows_the_partner_is_named(tmp_path: Path) -> None:
    note = f"CREATE TABLE app_note ({ID}, ct_id integer REFERENCES django_content_type (id), oid integer)"
    case = Case(tmp_path, USERS, note, "INSERT INTO app_u VALUES (7, 'bob', NULL)")
    records = [row("u", 1, name="bob", email=None), row("note", 1, ct=["app", "u"], oid=1)]
    kept = ff.filter(ff.read(io.BytesIO(json.dumps(records).encode())), target=case.target)
    assert [record.value() for record in kept] == records[1:]
    told = "left as they are: what ct of app.note tells the content type of (--settings, --schema)"
    assert told in kept.messages()


def test_a_collection_of_wagtail_is_known_by_the_names_from_the_root_down(tmp_path: Path) -> None:
    table = "path text NOT NULL UNIQUE, depth integer, numchild integer, name text"
    case = Case(
        tmp_path,
        f"CREATE TABLE wagtailcore_collection ({ID}, {table})",
        f"CREATE TABLE app_may ({ID}, what text, c_id integer NOT NULL REFERENCES wagtailcore_collection (id), "
        "UNIQUE (what, c_id))",
        "INSERT INTO wagtailcore_collection VALUES (7, '0001', 1, 1, 'Root'), (8, '00010001', 2, 0, 'Old')",
        "INSERT INTO app_may VALUES (5, 'add', 7)",
    )
    root = {"path": "0001", "depth": 1, "numchild": 1, "name": "Root"}
    names = [{"model": "wagtailcore.collection", "pk": 1, "fields": root}]
    given = [row("may", 1, what="add", c=["Root"]), row("may", 2, what="see", c=["Root"])]
    assert [record["pk"] for record in case.kept(*names, *given) if "what" in record["fields"]] == [2]
    for odd in (5, None, [1]):  # has no place in the tree
        case.kept({**names[0], "fields": {**root, "path": odd}}, *given)
