"""The judge is the database: a target with rows in the way, plain loaddata fails or overwrites, and what `filter` has
matched with the target loads and leaves every row that was there as it was."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.compare import identities, identity_differences, rows
from support.projects import NO_TOKENS, ManageError, dumpdata, loaddata
from support.schemas import schema_of
from support.servers import postgresql_connection
from support.sql import execute

import fixtureflow as ff
from fixtureflow.matching import batch
from fixtureflow.schema.model import Field, Model, Relation

Scratch = Callable[..., str]


def matched(dump: bytes, target: str, project: str, **options: object) -> bytes:
    out = io.BytesIO()
    kept = ff.filter(ff.read(io.BytesIO(dump)), target=target, schema=schema_of(project), **options)  # type: ignore[call-overload]
    ff.write(kept, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("project", "natural"),
    [("tokens", []), ("tokens", ["--natural-foreign"]), ("everything", []), ("swapped", [])],
)
def test_a_dump_loads_beside_the_rows_that_are_there(
    scratch: Scratch, tmp_path: Path, project: str, natural: list[str]
) -> None:
    source, target = scratch(project, populated=True), scratch(project, occupied=True)
    dump = dumpdata(project, source, *natural)
    before, were = rows(project, target), identities(project, target)
    fixture = matched(
        dump, target, project, renumber=True, rejects=tmp_path / "rejects.json", report=tmp_path / "report.json"
    )
    rejects = [record["model"] for record in json.loads((tmp_path / "rejects.json").read_bytes())]
    report = json.loads((tmp_path / "report.json").read_bytes())
    with pytest.raises(ManageError, match=r"IntegrityError|DeserializationError"):
        loaddata(project, target, dump, env=NO_TOKENS)
    loaddata(project, target, fixture, env=NO_TOKENS)
    after = rows(project, target)
    for label, there in before.items():
        for key, row in there.items():
            assert after[label].get(key) == row, (label, key)
    # A row that was in the target keeps its columns, so only the others are the source's to the last.
    known = {(label, key) for label, there in were.items() for key in there}
    # A token is known by its key, and a user that has one keeps it.
    remapped = {
        _key(one) for one in report["records"] if one["case"] == "remapped" and one["model"] == "authtoken.token"
    }
    found = [
        line
        for line in identity_differences(project, source, target, subset=True)
        if _place(line) not in known and _place(line) not in remapped
    ]
    assert [line for line in found if not line.endswith(": missing")] == []
    # Two accounts of the source are one row of the target, each by another key: one is rejected, and what refers to it.
    # A handle has two keys: by its name it is a row of the target whose account is another one, and that is told.
    differing = [one["model"] for one in report["records"] if "account" in one.get("differs", ())]
    assert Counter(line.partition(" ")[0] for line in found) <= Counter([*rejects, *differing])
    assert len(rejects) < len(json.loads(dump)) / 10


def test_a_forward_reference_by_natural_key_finds_a_record_of_a_later_batch(
    scratch_on: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ROWS", 1)
    links = [{"model": "notes.link", "fields": {"name": a, "next": [b]}} for a, b in ("AB", "BC", "CC")]
    found = json.loads(matched(json.dumps(links).encode(), scratch_on("sqlite", "untidy"), "untidy"))
    assert found == links


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_key_that_the_database_takes_for_another_text_is_its_row(
    scratch_on: Callable[..., str], backend: str
) -> None:
    """MariaDB compares texts regardless of case; what refers to the row then refers to the text that it has."""
    target = scratch_on(backend)
    execute(
        target,
        "CREATE TABLE app_country (code varchar(6) PRIMARY KEY, name varchar(20) UNIQUE) COLLATE utf8mb4_unicode_ci",
        "CREATE TABLE app_flag (country_id varchar(6) PRIMARY KEY) COLLATE utf8mb4_unicode_ci",
        "CREATE TABLE app_city (id integer PRIMARY KEY, country_id varchar(6)) COLLATE utf8mb4_unicode_ci",
        "INSERT INTO app_country VALUES ('de', 'Germany')",
        "INSERT INTO app_flag VALUES ('de')",
    )
    country = Field(column="country_id", relation=Relation(kind="fk", to="app.country"))
    flag = Field(column="country_id", relation=Relation(kind="o2o", to="app.country"))
    known = ff.Schema.of(
        [
            Model(label="app.country", table="app_country"),
            Model(label="app.flag", table="app_flag", pk=("country",), fields={"country": flag}),
            Model(label="app.city", table="app_city", fields={"country": country}),
        ]
    )
    records: list[dict[str, object]] = [
        {"model": "app.country", "pk": "DE", "fields": {"name": "Germany"}},
        {"model": "app.flag", "pk": "DE", "fields": {}},
        {"model": "app.city", "pk": 1, "fields": {"country": "DE"}},
    ]
    for given, left in ((records, "de"), (records[1:], "DE")):
        kept = ff.filter(ff.read(io.BytesIO(json.dumps(given).encode())), target=target, schema=known)
        assert [record.value() for record in kept] == [{"model": "app.city", "pk": 1, "fields": {"country": left}}]


def _key(record: dict[str, object]) -> tuple[str, str]:
    return str(record["model"]), json.dumps([record["pk"]])


def _place(line: str) -> tuple[str, str]:
    label, _, rest = line.partition(" ")
    return label, rest[: (rest.find("]: ") if "]: " in rest else rest.index(": ") - 1) + 1]


def test_a_server_that_goes_away_leaves_the_old_output(postgresql: Callable[..., str], tmp_path: Path) -> None:
    source, target = (
        postgresql("tokens", populated=True),
        postgresql("tokens", occupied=True),
    )
    out = tmp_path / "safe.json"
    out.write_text("as it was")
    dump = io.BytesIO(dumpdata("tokens", source))
    kept = ff.filter(ff.read(dump), target=target, schema=schema_of("tokens"), renumber=True)

    def interrupted() -> Iterator[ff.Record]:
        for at, record in enumerate(kept):
            if at == 0:
                with closing(postgresql_connection(target)) as connection, connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
            yield record

    with pytest.raises(ff.TargetError, match="failed while it was read"):
        ff.write(interrupted(), out)
    assert out.read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["safe.json"]
