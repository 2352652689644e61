"""split loses and repeats nothing, tells the truth in its manifest, and touches no file that is not its own."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import limited, run, run_here

import fixtureflow as ff


def text_of(models: list[str], layout: str = "compact") -> bytes:
    rows = [{"model": model, "pk": n, "fields": {"t": "é" * (n % 7)}} for n, model in enumerate(models)]
    if layout == "jsonl":
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    if layout == "compact":
        return json.dumps(rows, ensure_ascii=False).encode()
    inner = ",\n".join(json.dumps(row, indent=2, ensure_ascii=False) for row in rows)
    return f"[\n{inner}\n]\n".encode()


def split(text: bytes, folder: Path, block: int = 128 * 1024, **options: Any) -> dict[str, Any]:
    ff.split(ff.read(io.BytesIO(text), block=block), folder, **options)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert isinstance(manifest, dict)
    return manifest


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def raws(*inputs: object) -> list[bytes]:
    return [record.raw for record in ff.read(*inputs)]  # type: ignore[arg-type]


SHOP = ["auth.group", "auth.user", "auth.user", "authtoken.token", "shop.order", "shop.orderline"]
models = st.lists(st.sampled_from(["a.x", "a.y", "a.Y", "b.x", "rest.r", "manifest.m", "авто.машина"]), max_size=25)


@given(
    models=models,
    layout=st.sampled_from(["compact", "indented", "jsonl"]),
    by=st.sampled_from(["model", "app"]),
    patterns=st.lists(st.sampled_from(["a", "b.x", "*.y", "none"]), max_size=2),
    number=st.booleans(),
    max_records=st.one_of(st.none(), st.integers(1, 4)),
    max_bytes=st.one_of(st.none(), st.integers(1, 400)),
    style=st.sampled_from([{}, {"indent": 2}, {"compact": True}, {"format": "jsonl"}, {"format": "json"}]),
    block=st.integers(1, 300),
)
def test_the_parts_are_the_records_each_once_in_order_and_the_manifest_is_true(
    tmp_path_factory: pytest.TempPathFactory,
    models: list[str],
    layout: str,
    by: Any,
    patterns: list[str],
    number: bool,
    max_records: int | None,
    max_bytes: int | None,
    style: dict[str, Any],
    block: int,
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    text = text_of(models, layout)
    if layout == "jsonl" and not models:
        return

    manifest = split(
        text,
        folder,
        block,
        by=by,
        model=patterns,
        number=number,
        max_records=max_records,
        max_bytes=max_bytes,
        **style,
    )

    parts = [folder / entry["name"] for entry in manifest["files"]]
    assert names(folder) == sorted([*(part.name for part in parts), "manifest.json"])
    before = [json.loads(raw) for raw in raws(io.BytesIO(text))]
    after = [[json.loads(raw) for raw in raws(part)] for part in parts]
    assert sorted((row for rows in after for row in rows), key=lambda row: row["pk"]) == before
    for rows in after:
        assert [row["pk"] for row in rows] == sorted(row["pk"] for row in rows)
    assert manifest["records"] == len(models)
    for entry, part, rows in zip(manifest["files"], parts, after, strict=True):
        data = part.read_bytes()
        assert entry["records"] == len(rows) > 0
        assert entry["bytes"] == len(data)
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert sum(entry["models"].values()) == len(rows)
        assert max_records is None or len(rows) <= max_records
        if max_bytes is not None and len(rows) > 1:
            assert len(data) <= max_bytes
    if not style:
        assert sorted(raw for part in parts for raw in raws(part)) == sorted(raws(io.BytesIO(text)))
    # Where nothing is interleaved, loading the parts in the manifest's order is loading the records in theirs.
    if not manifest["interleaved"]:
        assert [row for rows in after for row in rows] == before


def test_each_model_gets_a_file_of_its_name(tmp_path: Path) -> None:
    split(text_of(SHOP), tmp_path)

    assert names(tmp_path) == [
        "auth.group.json",
        "auth.user.json",
        "authtoken.token.json",
        "manifest.json",
        "shop.order.json",
        "shop.orderline.json",
    ]
    assert (tmp_path / "auth.user.json").read_bytes() == json.dumps(
        [{"model": "auth.user", "pk": n, "fields": {"t": "é" * n}} for n in (1, 2)], ensure_ascii=False
    ).encode()


def test_each_app_gets_a_file_of_its_name(tmp_path: Path) -> None:
    manifest = split(text_of(SHOP), tmp_path, by="app")

    assert [entry["name"] for entry in manifest["files"]] == ["auth.json", "authtoken.json", "shop.json"]
    assert manifest["files"][0]["models"] == {"auth.group": 1, "auth.user": 2}


def test_models_that_are_named_get_a_file_and_the_others_the_rest(tmp_path: Path) -> None:
    manifest = split(text_of(SHOP), tmp_path, model=["authtoken", "shop.ORDER"])

    assert [entry["name"] for entry in manifest["files"]] == ["rest.json", "authtoken.token.json", "shop.order.json"]
    assert [record.model for record in ff.read(tmp_path / "rest.json")] == [*SHOP[:3], "shop.orderline"]


def test_numbers_are_places_in_load_order(tmp_path: Path) -> None:
    split(text_of(["z.z", "a.a"]), tmp_path, number=True)

    assert names(tmp_path) == ["001_z.z.json", "002_a.a.json", "manifest.json"]


def test_parts_may_be_bounded_in_records(tmp_path: Path) -> None:
    manifest = split(text_of(["a.a"] * 5 + ["b.b"]), tmp_path, max_records=2)

    assert [(entry["name"], entry["records"]) for entry in manifest["files"]] == [
        ("a.a-0001.json", 2),
        ("a.a-0002.json", 2),
        ("a.a-0003.json", 1),
        ("b.b-0001.json", 1),
    ]


def test_a_record_larger_than_the_bound_stands_alone(tmp_path: Path) -> None:
    manifest = split(text_of(["a.a"] * 3), tmp_path, max_bytes=10)

    assert [entry["records"] for entry in manifest["files"]] == [1, 1, 1]


def test_apps_named_like_files_of_ours_do_not_get_in_their_way(tmp_path: Path) -> None:
    manifest = split(text_of(["rest.a", "rest_.a", "manifest.a", "x.a"]), tmp_path, by="app", model=["rest*", "man*"])

    assert [list(entry["models"]) for entry in manifest["files"]] == [["rest.a"], ["rest_.a"], ["manifest.a"], ["x.a"]]
    for entry in manifest["files"]:
        assert [record.model for record in ff.read(tmp_path / entry["name"])] == list(entry["models"])


def test_taking_turns_is_told(tmp_path: Path) -> None:
    manifest = split(text_of(["a.a", "b.b", "a.a", "c.c"]), tmp_path)
    done = run_here("split", "-d", "other", stdin=text_of(["a.a", "b.b", "a.a"]), cwd=tmp_path)

    assert manifest["interleaved"] == ["a.a"]
    assert any("order: records of a.a stood both before and after those of others" in line for line in done.said)


def test_what_is_there_is_not_overwritten_without_force(tmp_path: Path) -> None:
    split(text_of(SHOP), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    done = run_here("split", "-d", tmp_path, stdin=text_of(["auth.user"]))

    assert done.code == 1
    assert "holds the parts of an earlier split; choose another folder, or replace them with --force" in done.error
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_that_is_not_ours_is_not_overwritten_either(tmp_path: Path) -> None:
    (tmp_path / "shop.order.json").write_bytes(b"mine")

    done = run_here("split", "-d", tmp_path, stdin=text_of(SHOP))

    assert done.code == 1
    assert "shop.order.json is there already" in done.error
    assert names(tmp_path) == ["shop.order.json"]
    assert (tmp_path / "shop.order.json").read_bytes() == b"mine"


def test_force_replaces_the_parts_and_takes_stale_ones_away(tmp_path: Path) -> None:
    split(text_of(SHOP), tmp_path)
    (tmp_path / "mine.json").write_bytes(b"[]")
    (tmp_path / "notes.txt").write_bytes(b"mine")

    split(text_of(["auth.user", "new.model"]), tmp_path, force=True)

    assert names(tmp_path) == ["auth.user.json", "manifest.json", "mine.json", "new.model.json", "notes.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.json",
        "/outside.json",
        "..",
        ".",
        "",
        "sub/inside.json",
        "manifest.json",
        "folder.json",
        "\0",
        5,
        None,
        "..\\outside.json",
        "x" * 300 + ".json",
        "manifest.json/",
        "\ud800.json",
    ],
)
def test_a_hostile_manifest_takes_nothing_else_away(tmp_path: Path, name: object) -> None:
    folder = tmp_path / "parts"
    (folder / "sub").mkdir(parents=True)
    (folder / "folder.json").mkdir()
    kept = [tmp_path / "outside.json", folder / "sub" / "inside.json", folder / "notes.txt"]
    for path in kept:
        path.write_bytes(b"mine")
    (folder / "manifest.json").write_text(json.dumps({"files": [{"name": name}]}))

    manifest = split(text_of(["a.a"]), folder, force=True)

    assert [entry["name"] for entry in manifest["files"]] == ["a.a.json"]
    assert all(path.read_bytes() == b"mine" for path in kept)
    assert (folder / "folder.json").is_dir()
    assert (folder / "a.a.json").exists()


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"files": 5}', b'{"files": [5]}', b"\xff", b"[" * 100_000])
def test_a_manifest_of_no_sense_is_replaced(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(text)

    assert split(text_of(["a.a"]), tmp_path, force=True)["records"] == 1


def failing(after: int) -> Iterator[ff.Record]:
    yield from list(ff.read(io.BytesIO(text_of(["a.a", "b.b"] * 50))))[:after]
    raise ff.InputError("is damaged")


def test_nothing_is_left_where_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ff.InputError, match="is damaged"):
        ff.split(failing(60), tmp_path / "new" / "parts")

    assert names(tmp_path) == []


def test_parts_that_were_there_stay_where_it_fails(tmp_path: Path) -> None:
    split(text_of(SHOP), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(ff.InputError, match="is damaged"):
        ff.split(failing(60), tmp_path, force=True)

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_name_the_file_system_does_not_take_leaves_nothing(tmp_path: Path) -> None:
    long = "ж" * 100  # 200 bytes, twice
    with pytest.raises(ff.OutputError, match="too long"):
        split(text_of(["a.a", f"{long}.{long}"]), tmp_path)

    assert names(tmp_path) == []


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "parts").write_bytes(b"mine")

    done = run_here("split", "-d", "parts", stdin=text_of(SHOP), cwd=tmp_path)

    assert done.code == 1
    assert done.error.startswith("parts: cannot be written")


def test_hundreds_of_models_need_few_open_files(tmp_path: Path) -> None:
    some = [f"app{n % 20}.model{n}" for n in range(600)]

    done = run("split", "-d", "parts", stdin=text_of(some * 3), cwd=tmp_path, preexec_fn=limited("RLIMIT_NOFILE", 32))

    assert done.code == 0
    assert len(names(tmp_path / "parts")) == 601
    assert any("and 595 more stood both before and after those of others" in line for line in done.said)


def test_a_part_much_larger_than_what_is_held_is_written_piece_by_piece(tmp_path: Path) -> None:
    rows = [b'{"model": "a.m%d", "pk": %d, "fields": {"t": "%s"}}' % (n % 3, n, b"x" * 5000) for n in range(600)]
    text = b"[" + b", ".join(rows) + b"]"

    manifest = split(text, tmp_path)

    for n, entry in enumerate(manifest["files"]):
        assert raws(tmp_path / entry["name"]) == rows[n::3]
        assert entry["sha256"] == hashlib.sha256((tmp_path / entry["name"]).read_bytes()).hexdigest()


def test_runs_of_models_are_not_interleaved(tmp_path: Path) -> None:
    some = [model for model in ("a.a", "b.b", "c.c") for _ in range(100)]

    assert [key for key, _ in groupby(some)] == ["a.a", "b.b", "c.c"]
    assert split(text_of(some), tmp_path, block=64)["interleaved"] == []
