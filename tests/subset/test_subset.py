"""Some records and all they need; which ones, by example."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from running import run, run_here

import fixtureflow as ff
from fixtureflow.schema.file import parse

SCHEMA = """
[models."auth.user".fields.username]
[models."blog.page"]
pk = ["id"]
tree = {kind = "materialized_path", columns = {path = "path", numchild = "numchild"}, steplen = 2}
[models."blog.page".fields]
id = {type = "integer"}
path = {}
[models."blog.essay"]
pk = ["page_ptr"]
parents = ["blog.page"]
[models."blog.essay".fields]
page_ptr = {relation = {kind = "o2o", to = "blog.page", parent_link = true}}
author = {relation = {kind = "fk", to = "auth.user"}}
[models."blog.comment".fields]
page = {relation = {kind = "fk", to = "blog.page"}}
author = {relation = {kind = "fk", to = "auth.user"}}
[models."blog.log".fields]
page = {relation = {kind = "fk", to = "blog.page"}}
[models."shop.item"]
pk = ["a", "b"]
fields = {a = {}, b = {}}
"""


def record(model: str, pk: Any, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


DUMP = [
    record("auth.user", 1, username="ann"),
    record("auth.user", 2, username="bo, jr"),
    record("auth.user", 3, username="3"),
    record("blog.page", 1, path="aa"),
    record("blog.page", 2, path="aaaa"),
    record("blog.page", 3, path="aaab"),
    record("blog.page", 4, path="bb"),
    record("blog.essay", 2, author=["ann"]),
    record("blog.essay", 3, author=2),
    record("blog.comment", 1, page=2, author=3),
    record("blog.comment", 2, page=3, author=1),
    record("blog.comment", 3, page=4, author=9),
    record("blog.log", "1", page=2),
    record("shop.item", [1, 2]),
]


def taken(*start: str, dump: list[Any] = DUMP, **options: Any) -> tuple[list[str], ff.Subset]:
    text = io.BytesIO(json.dumps(dump).encode())
    found = ff.subset(ff.read(text), parse(SCHEMA.encode(), "toml"), start=start, **options)
    return [f"{r.model.partition('.')[2]} {json.dumps(r.pk)}" for r in found], found


def test_what_a_record_refers_to_comes_along_and_what_that_refers_to() -> None:
    # A page with the pages above it, and an essay with the page that it is a part of.
    assert taken("blog.essay:3")[0] == ["user 2", "page 1", "page 3", "essay 3"]
    assert taken("blog.page:3")[0] == ["user 2", "page 1", "page 3", "essay 3"]
    assert taken("blog.page:1")[0] == ["page 1"]
    assert taken("blog.comment:1")[0] == ["user 1", "user 3", "page 1", "page 2", "essay 2", "comment 1"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("auth.user:1,2", ["user 1", "user 2"]),
        ("auth.user: 2 , 1,", ["user 1", "user 2"]),
        ('auth.user:["1", 2]', ["user 1", "user 2"]),
        ("auth.user:ann", ["user 1"]),
        ('auth.user:["bo, jr"]', ["user 2"]),
        ('auth.user:[["ann"]]', ["user 1"]),
        ("auth.user:3", ["user 3"]),
        ("Auth.User", None),
        ("auth.User:1", ["user 1"]),
        ("auth", ["user 1", "user 2", "user 3"]),
        ("*.user", ["user 1", "user 2", "user 3"]),
        ("shop.item:[[1, 2]]", ["item [1, 2]"]),
        ("blog.log:1", ["user 1", "page 1", "page 2", "essay 2", 'log "1"']),
    ],
)
def test_records_are_named_by_their_keys(start: str, expected: list[str] | None) -> None:
    assert taken(start)[0] == (expected or ["user 1", "user 2", "user 3"])


def test_what_refers_to_the_start_comes_along_but_not_what_refers_to_what_is_only_needed() -> None:
    found, _ = taken("auth.user:1", follow_reverse="*")
    assert found == [
        # ann, her essay with its page, and what refers to that page: a comment (with its author), a line of the log;
        "user 1", "user 2", "user 3", "page 1", "page 2", "page 3", "essay 2", "essay 3", "comment 1",
        # her own comment with its page, and so that page's essay and its author. But nothing else of them.
        "comment 2", 'log "1"',
    ]  # fmt: skip
    assert taken("auth.user:3", follow_reverse="*")[0] == [
        "user 1", "user 3", "page 1", "page 2", "essay 2", "comment 1",
    ]  # fmt: skip
    assert taken("auth.user:2", follow_reverse=["blog.essay", "blog.log"])[0] == [
        "user 2",
        "page 1",
        "page 3",
        "essay 3",
    ]
    # An essay is its page, so what refers to the page refers to it.
    assert 'log "1"' in taken("blog.essay:2", follow_reverse="blog.log")[0]


def test_the_same_row_again_comes_along() -> None:
    dump = [*DUMP, record("auth.user", "2", username="bo"), record("shop.item", [1, "2"])]
    assert taken("blog.essay:3", dump=dump)[0] == ["user 2", "page 1", "page 3", "essay 3", 'user "2"']


def test_what_is_not_there_is_told() -> None:
    _, found = taken("blog.comment")
    assert {f"{link.model}.{link.field}": count for link, count in found.missing.items()} == {"blog.comment.author": 1}
    _, found = taken("blog.comment:1", dump=[r for r in DUMP if r["model"] != "auth.user"])
    assert {(link.model, link.to.model) for link in found.absent} == {
        ("blog.comment", "auth.user"),
        ("blog.essay", "auth.user"),
    }
    assert found.cut_trees == ["blog.page"]


def test_a_record_that_is_named_and_not_there_is_an_error() -> None:
    with pytest.raises(ff.InputError, match=r"the input has no auth\.user:9, auth\.user:x, blog\.post:1;"):
        taken("auth.user:1,9,x", "blog.post:1")


def test_a_sample_is_of_what_the_patterns_match() -> None:
    dump = [record("auth.user", n) for n in range(1000)] + [record("shop.item", [n, n]) for n in range(1000)]
    found, _ = taken("auth", dump=dump, sample="10%")
    assert 60 < len(found) < 140 and all(one.startswith("user") for one in found)
    assert taken("auth", dump=dump, sample=0.1)[0] == found
    assert taken("auth", dump=dump, sample="10%", seed=1)[0] != found
    # A larger share holds the smaller one; without a pattern it is a share of all; what is named is always there.
    larger, _ = taken(dump=dump, sample="20%")
    assert set(found) < set(larger) and any(one.startswith("item") for one in larger)
    assert "user 0" in taken("auth", "auth.user:0", dump=dump, sample="0.1%")[0]


WRONG = [
    ([], "nothing to begin with"),
    (["--from", "auth.user:"], "names no primary key"),
    (["--from", "auth:1"], "'auth' is no model"),
    (["--from", 'auth.user:["x"'], "is no JSON list"),
    (["--from", "a.b.c"], "is no pattern"),
    (["--sample", "0"], "is no share"),
    (["--sample", "10"], "write 1%, or 0.01"),
    (["--sample", "many"], "is no share"),
]


@pytest.mark.parametrize(("options", "problem"), WRONG)
def test_what_can_be_no_record_is_wrong_usage(options: list[str], problem: str) -> None:
    found = run_here("subset", *options, stdin=b"[]")
    assert (found.code, problem in found.error) == (2, True), found.said


def test_the_command_says_how_many_of_how_many(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text(SCHEMA)
    found = run(
        *("subset", "--from", "blog.comment:1", "--from", "news", "--schema", "schema.toml", "--format", "jsonl"),
        stdin=json.dumps(DUMP, indent=1).encode(),
        cwd=tmp_path,
    )
    assert found.code == 0 and found.out.count(b"\n") == 6
    assert [line.removeprefix("fixtureflow: ") for line in found.said[:-1]] == [
        "pattern 'news' matched no model",
        "auth.user: 2 of 3",
        "blog.page: 2 of 4",
        "blog.essay: 1 of 2",
        "blog.comment: 1 of 3",
        "none of blog.log 1, shop.item 1",
        "nothing is known of what they refer to: blog.page",
        "not a record in the input of what they may refer to: auth.group (auth.user.groups), "
        "auth.permission (auth.user.user_permissions)",
        "blog.page: numchild counts children that are left out; fix_tree() sets it right",
    ]
    assert found.said[-1].startswith("fixtureflow: 14 records in, 6 out, 8 left out in ")


def test_a_subset_of_a_pipe_that_another_stage_has_thinned_out() -> None:
    text = io.BytesIO(json.dumps(DUMP).encode())
    kept = ff.filter(ff.read(text), exclude="blog.log")
    found = ff.subset(kept, parse(SCHEMA.encode(), "toml"), start="blog.essay:2", follow_reverse="*")
    assert [record.model for record in found].count("blog.comment") == 1
    assert [json.loads(record.raw) for record in found] == [r for r in DUMP if DUMP.index(r) in (0, 2, 3, 4, 7, 9)]


def test_a_short_record_between_two_that_are_taken_is_left_out() -> None:
    dump = [record("a.one", 1), record("a.two", 1), record("a.three", 1)]
    out = io.BytesIO()
    found = ff.subset(ff.read(io.BytesIO(json.dumps(dump).encode())), start=["a.one", "a.three"])
    ff.write(found, out)
    assert [one["model"] for one in json.loads(out.getvalue())] == ["a.one", "a.three"]
