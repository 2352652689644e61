"""`fixtureflow check` and `ff.check`: what a person and a program are told, in a pipe and by exit codes."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest
from check.judging import told
from running import PROGRAM, run, run_here
from support.projects import PROJECTS

import fixtureflow as ff
from fixtureflow.checks.kinds import KINDS

SCHEMA = json.dumps(
    {
        "models": {
            "shop.item": {
                "pk": ["id"],
                "complete": ["fields", "relations"],
                "fields": {
                    "id": {"type": "integer", "auto": True},
                    "name": {"type": "text", "max_length": 5},
                    "size": {"type": "integer", "null": False},
                    "weight": {"type": "float", "null": True},
                },
            },
        }
    }
)
GOOD = '{"model": "shop.item", "pk": 1, "fields": {"name": "a", "size": 1, "weight": 0.5}}'
LONG = '{"model": "shop.item", "pk": 2, "fields": {"name": "äöüßäö", "size": 1, "weight": NaN}}'
OTHER = '{"model": "shop.item", "pk": 3, "fields": {"naem": "b", "size": null, "weight": 1.5}}'
FAULTY = f"[{GOOD}, {LONG}, {OTHER}]".encode()


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.json"
    path.write_text(SCHEMA)
    return path


def test_faults_are_told_by_kind_model_and_field_with_their_place_and_what_mends_them(schema: Path) -> None:
    found = run_here("check", "--schema", schema, stdin=FAULTY)
    first, second = FAULTY.index(LONG.encode()), FAULTY.index(OTHER.encode())
    assert found.code == 1
    assert found.out.decode() == (
        "error: unknown-field: a field that the model does not have\n"
        "  shop.item.naem: 1; renamed to name?\n"
        f'    pk 3: "b" in <stdin>, record 3, byte {second}\n'
        "  mend: rename --field OLD=NEW, or rename --drop FIELD\n"
        "error: null: null where the column may not be null\n"
        "  shop.item.size: 1\n"
        f"    pk 3 in <stdin>, record 3, byte {second}\n"
        "  mend: rename --fill FIELD=JSON\n"
        "error: too-long: a text longer than its column (SQLite does not mind)\n"
        "  shop.item.name: 1\n"
        f'    pk 2: "äöüßäö" (6 characters, 5 fit) in <stdin>, record 2, byte {first}\n'
        "  mend: widen the column in a migration, or rename --cut FIELD\n"
        "warning: nan: NaN or Infinity where the database has no such number: in JSON on all, in a float on MariaDB "
        "and MySQL; SQLite makes NaN a null\n"
        "  shop.item.weight: 1\n"
        f'    pk 2: "NaN" (MariaDB and MySQL have none) in <stdin>, record 2, byte {first}\n'
        "  mend: rename --null-nan FIELD\n"
    )
    assert found.said[-1].startswith("fixtureflow: 3 records of 1 model: 3 errors, 1 warning in ")


def test_a_program_is_told_the_same_as_json(schema: Path) -> None:
    found = run_here("check", "--json", "--backend", "mysql", "--schema", schema, stdin=FAULTY)
    told = json.loads(found.out)
    assert (found.code, told["records"], told["models"], told["errors"], told["warnings"]) == (1, 3, 1, 4, 0)
    assert list(told["kinds"]) == ["unknown-field", "null", "too-long", "nan"]
    for name, kind in told["kinds"].items():
        assert kind == {**kind, "name": name, "said": KINDS[name].said, "mend": KINDS[name].mend}
    long = told["findings"][2]
    assert (long["problem"], long["model"], long["field"], long["level"]) == ("too-long", "shop.item", "name", "error")
    assert (long["count"], long["examples"][0]["pk"]) == (1, 2)
    assert FAULTY[long["examples"][0]["byte"] :].startswith(LONG.encode())


@pytest.mark.parametrize(
    ("options", "code", "kinds"),
    [
        ([], 1, ["unknown-field", "null", "too-long", "nan"]),
        (["--only", "nan"], 0, ["nan"]),
        (["--only", "nan", "--backend", "mysql"], 1, ["nan"]),
        (["--only", "null", "--only", "nan"], 1, ["null", "nan"]),
        (["--skip", "null", "--skip", "too-long", "--skip", "unknown-field"], 0, ["nan"]),
        (["--only", "dangling"], 0, []),
    ],
)
def test_the_exit_code_is_that_of_errors_that_are_looked_for(
    options: list[str], code: int, kinds: list[str], schema: Path
) -> None:
    found = run_here("check", "--json", "--schema", schema, *options, stdin=FAULTY)
    assert (found.code, list(json.loads(found.out)["kinds"])) == (code, kinds)


def test_without_faults_nothing_is_printed(schema: Path) -> None:
    found = run_here("check", "--schema", schema, stdin=f"[{GOOD}]".encode())
    assert (found.code, found.out) == (0, b"")
    assert found.said[-1].startswith("fixtureflow: 1 record of 1 model: 0 errors, 0 warnings in ")


def test_of_no_records_there_is_nothing_to_say(schema: Path) -> None:
    for options in ([], ["--schema", schema], ["--backend", "postgresql"]):
        found = run_here("check", *options, stdin=b"[]")
        assert (found.code, found.out) == (0, b"")
        assert "0 records of 0 models: 0 errors, 0 warnings" in found.said[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["--only", "typo"], 2, "there is no kind of fault 'typo'; there are bad-record, unknown-model,"),
        (["--skip", "nulls"], 2, "there is no kind of fault 'nulls'"),
        (["--backend", "oracle"], 2, "'oracle' is not one of"),
        (["nowhere.json"], 1, "nowhere.json: cannot be read"),
        (["--schema", "nowhere.toml"], 1, "nowhere.toml"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(arguments: list[str], code: int, problem: str) -> None:
    found = run_here("check", *arguments, stdin=b"[]")
    assert (found.code, found.out, problem in "\n".join(found.said)) == (code, b"", True), found.said


def test_what_is_no_fixture_is_an_error_not_a_finding(schema: Path) -> None:
    found = run("check", "--schema", schema, stdin=FAULTY[:-20])
    assert (found.code, found.out) == (1, b"")
    assert "the file is cut short" in found.said[-1]


def test_a_pipe_is_checked_in_several_files_of_any_layout_at_once(schema: Path, tmp_path: Path) -> None:
    """What another verb writes is checked as it comes; what comes twice stands in two files."""
    path = tmp_path / "more.jsonl"
    path.write_bytes(f"{GOOD}\n{OTHER}\n".encode())
    with subprocess.Popen([*PROGRAM, "pretty", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pretty:
        assert pretty.stdin is not None and pretty.stdout is not None
        pretty.stdin.write(FAULTY)
        pretty.stdin.close()
        found = subprocess.run(
            [*PROGRAM, "check", "-q", "--json", "--schema", str(schema), "-", str(path)],
            stdin=pretty.stdout,
            capture_output=True,
        )
    groups = {one["problem"]: one for one in json.loads(found.stdout)["findings"]}
    assert (found.returncode, found.stderr) == (1, b"")
    assert {name: group["count"] for name, group in groups.items()} == {
        **{"unknown-field": 2, "null": 2, "too-long": 1, "nan": 1},
        "duplicate-pk": 2,
    }
    assert [example["file"] for example in groups["null"]["examples"]] == ["<stdin>", str(path)]


def test_the_project_says_what_is_right() -> None:
    label = '{"model": "articles.label", "pk": 1, "fields": {"name": "a", "colour": "red"}}'
    found = run(
        "check", "--json", "--settings", "mysite.settings", stdin=f"[{label}]".encode(), cwd=PROJECTS / "tokens"
    )
    (group,) = json.loads(found.out)["findings"]
    assert (found.code, group["problem"], group["field"], group["level"]) == (1, "unknown-field", "colour", "error")


def test_a_schema_that_a_person_wrote_leaves_to_presets_what_they_know(schema: Path) -> None:
    """One that was made from a project has all models there are."""
    rows = '[{"model": "auth.group", "pk": 1, "fields": {"name": null}}, {"model": "a.b", "pk": 1, "fields": {}}]'
    unknown = [("error", "unknown-model", "a.b", 1)]
    null = [("error", "null", "auth.group.name", 1)]
    assert told(ff.check(ff.read(io.BytesIO(rows.encode())), ff.sources_from([schema]))) == unknown + null
    schema.write_text(json.dumps({"about": "mysite.settings (Django 5.2)", **json.loads(SCHEMA)}))
    missing = [("warning", "unknown-model", "auth.group", 1)]
    assert told(ff.check(ff.read(io.BytesIO(rows.encode())), ff.sources_from([schema]))) == unknown + missing


def test_every_kind_is_documented_with_what_would_have_been_said_and_what_mends_it() -> None:
    found = run_here("check", "--kinds")
    assert found.code == 0
    text = found.out.decode()
    for kind in KINDS.values():
        assert kind.what and kind.said and kind.mend
        entry = f"{kind.name} ({kind.level})\n  {kind.what}\n  otherwise: {kind.said}\n  mend: {kind.mend}\n"
        assert entry in text


def test_the_library_finds_the_same(schema: Path) -> None:
    found = ff.check(ff.read(io.BytesIO(FAULTY)), ff.sources_from([schema]), skip=["unknown-field"])
    assert (found.ok, found.records, found.models, found.errors, found.warnings) == (False, 3, 1, 2, 1)
    assert told(found) == [
        ("error", "null", "shop.item.size", 1),
        ("error", "too-long", "shop.item.name", 1),
        ("warning", "nan", "shop.item.weight", 1),
    ]
    assert found.as_dict() == json.loads(found.json())
    assert found.text().splitlines()[0] == "error: null: null where the column may not be null"
    with pytest.raises(ff.UsageError, match="there is no kind of fault 'typo'"):
        ff.check([], only=["typo"])
