"""One schema of what was given, where it is looked for, and what is said of assumptions."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import PROJECTS, dumpdata

import fixtureflow as ff
from fixtureflow.errors import SchemaError
from fixtureflow.schema.model import Relation, Schema
from fixtureflow.schema.sources import gather, schema_files, sources_from
from fixtureflow.schema.survey import survey

DUMP = Path(__file__).parents[2] / "samples" / "tokens" / "dump.json"
NO_RELATION = '[models."shop.line".fields.order]\nrelation = "none"\n'


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dump with a relation to guess; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIXTUREFLOW_SCHEMA", raising=False)
    rows = [f'{{"model": "shop.order", "pk": {pk}, "fields": {{}}}}' for pk in (10, 20, 30)]
    rows += [f'{{"model": "shop.line", "pk": {pk}, "fields": {{"order": {pk * 10}}}}}' for pk in (1, 2, 3)]
    dump = tmp_path / "dump.json"
    dump.write_text(f"[{', '.join(rows)}]")
    return dump


def order(schema: Schema) -> Relation | str | None:
    return schema.models["shop.line"].fields["order"].relation


def test_presets_and_guesses_are_what_is_left_without_a_source(lines: Path) -> None:
    merged = gather(records=ff.read(lines, DUMP), given=sources_from())
    found = order(merged.schema)
    assert isinstance(found, Relation) and found.guess and found.to == "shop.order"
    token = merged.schema.models["authtoken.token"].fields["user"].relation
    assert isinstance(token, Relation) and not token.guess


def test_what_is_assumed_is_said_in_a_few_lines(lines: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "fixtureflow"):
        gather(records=ff.read(lines), given=sources_from())
    said = caplog.text
    assert len(caplog.records) <= 3
    assert "shop.line.order → shop.order" in said and "--settings mysite.settings" in said
    caplog.clear()
    gather(records=ff.read(lines), given=sources_from(), quiet=True)
    assert not caplog.records


@pytest.mark.parametrize("how", ["option", "variable", "pyproject"])
def test_a_schema_file_is_found_and_wins(lines: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    Path("mine.toml").write_text(NO_RELATION)
    if how == "variable":
        monkeypatch.setenv("FIXTUREFLOW_SCHEMA", "mine.toml")
    if how == "pyproject":
        Path("pyproject.toml").write_text('[tool.fixtureflow]\nschema = ["mine.toml"]\n')
    merged = gather(records=ff.read(lines), given=sources_from(["mine.toml"] if how == "option" else ()))
    assert order(merged.schema) == "none"


def test_the_later_of_several_files_wins(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("first.toml").write_text(NO_RELATION)
    Path("second.toml").write_text('[models."shop.line".fields.order.relation]\nkind = "fk"\nto = "shop.other"\n')
    monkeypatch.setenv("FIXTUREFLOW_SCHEMA", os.pathsep.join(["first.toml", "second.toml"]))
    found = order(gather(records=ff.read(lines), given=sources_from()).schema)
    assert isinstance(found, Relation) and found.to == "shop.other"
    assert order(gather(records=ff.read(lines), given=sources_from(["first.toml"])).schema) == "none"


@pytest.mark.parametrize("text", ["[tool.fixtureflow]\nschema = 1", "[tool.fixtureflow]\nschema = [1]", "[tool"])
def test_a_faulty_pyproject_is_named(lines: Path, text: str) -> None:
    Path("pyproject.toml").write_text(text)
    with pytest.raises(SchemaError, match=r"pyproject\.toml"):
        schema_files()


@pytest.mark.parametrize("how", ["FIXTUREFLOW_SCHEMA", "pyproject.toml"])
def test_who_names_a_file_that_is_not_there_is_said(lines: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "FIXTUREFLOW_SCHEMA":
        monkeypatch.setenv(how, "gone.json")
    else:
        Path(how).write_text('[tool.fixtureflow]\nschema = "gone.json"\n')
    with pytest.raises(SchemaError, match=rf"^gone\.json: no such file, but {re.escape(how)}"):
        sources_from()


@pytest.mark.parametrize("text", ["", "[tool.other]\na = 1", "[tool]\nfixtureflow = {}"])
def test_a_pyproject_without_a_word_of_us_is_nothing(lines: Path, text: str) -> None:
    Path("pyproject.toml").write_text(text)
    assert schema_files() == []


def test_a_survey_stands_for_the_records(lines: Path) -> None:
    assert gather(records=survey(ff.read(lines))).schema == gather(records=ff.read(lines), given=sources_from()).schema


def test_a_pipe_is_read_once(lines: Path) -> None:
    with lines.open("rb") as file:
        assert order(gather(records=ff.read(file), given=sources_from()).schema)


def test_labels_alone_bring_in_their_presets_and_what_these_point_at() -> None:
    labels = gather(["authtoken.token"]).schema.models.keys()
    assert {"authtoken.token", "auth.user", "contenttypes.contenttype"} <= labels
    assert "cms.page" not in labels


def test_a_project_leaves_nothing_to_guess(
    scratch_on: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tmp_path / "dump.json"
    dump.write_bytes(dumpdata("everything", scratch_on("sqlite", "everything", populated=True)))
    monkeypatch.chdir(PROJECTS / "everything")
    merged = gather(records=ff.read(dump), given=sources_from(settings="mysite.settings"), quiet=True)
    assert not any(source.kind == "inferred" for source in merged.sources)


def test_a_database_is_a_source(scratch_on: Callable[..., str]) -> None:
    url = scratch_on("sqlite", "tokens", populated=True)
    merged = gather(["articles.article"], given=sources_from(target=url), quiet=True)
    assert merged.schema.models["articles.article"].table == "articles_article"
    assert [source.kind for source in merged.sources if source.kind == "database"]
