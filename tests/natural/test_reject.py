"""What --unresolved reject leaves out, it leaves out with all that refers to it; what is an error is known first."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import run_here

import fixtureflow as ff
from fixtureflow.schema.file import dump as schema_file
from fixtureflow.schema.model import Field, GenericKey, Model, NaturalKey, Relation, Schema

ID = Field(type="integer", auto=True)
Row = tuple[str, Any, dict[str, Any]]


def fk(to: str, **facts: Any) -> Field:
    return Field(null=True, relation=Relation(kind="fk", to=to, **facts))


def model(label: str, *key: str, child_of: str = "", **fields: Field) -> Model:
    natural = NaturalKey(status="fields", fields=key, lookup=True) if key else NaturalKey(status="none")
    fields = {"link": fk(child_of, parent_link=True), **fields} if child_of else {"id": ID, **fields}
    return Model(
        label=label,
        pk=("link",) if child_of else ("id",),
        parents=(child_of,) if child_of else (),
        fields=fields,
        complete=("relations",),
        natural_key=natural,
    )


note = model("lib.note", kind=fk("contenttypes.contenttype"), key=Field())
LIBRARY = Schema.of(
    [
        model("lib.country", "code", code=Field(type="text")),
        model("lib.author", "name", name=Field(type="text"), slug=Field(type="text"), country=fk("lib.country")),
        model("lib.loan", by=fk("lib.author")),
        model("lib.longloan", child_of="lib.loan", days=Field(type="integer")),
        model("lib.fine", loan=fk("lib.loan")),
        model("lib.reminder", fines=Field(column="", relation=Relation(kind="m2m", to="lib.fine", auto_through=True))),
        model("lib.badge", of=fk("lib.author", to_field="slug")),
        Model(
            label="lib.note",
            pk=("id",),
            fields=note.fields,
            complete=("relations",),
            generic_keys=(GenericKey(content_type="kind", object_id="key"),),
            natural_key=NaturalKey(status="none"),
        ),
        model("lib.tree", parent=fk("lib.tree"), country=fk("lib.country")),
    ]
)


def dump(*rows: Row) -> bytes:
    return json.dumps([{"model": label, "pk": pk, "fields": fields} for label, pk, fields in rows]).encode()


def left(text: bytes, schema: Schema = LIBRARY) -> tuple[list[str], list[str], ff.Natural]:
    """The records that come out, what was found, and the stage."""
    out = io.BytesIO()
    stage = ff.natural(ff.read(io.BytesIO(text)), schema, unresolved="reject")
    ff.write(stage, out)
    rows = json.loads(out.getvalue())
    assert len(rows) + stage.rejected == len(json.loads(text))
    return [f"{row['model']}:{row['pk']}" for row in rows], [str(found) for found in stage.findings], stage


COUNTRY: Row = ("lib.country", 1, {"code": "nl"})
ANN: Row = ("lib.author", 1, {"name": "Ann", "slug": "a", "country": 1})
LOST: Row = ("lib.author", 2, {"name": "Bo", "slug": "b", "country": 9})
CHAIN: list[Row] = [
    ("lib.loan", 1, {"by": 1}),
    ("lib.loan", 2, {"by": 2}),
    ("lib.fine", 1, {"loan": 1}),
    ("lib.fine", 2, {"loan": 2}),
    ("lib.reminder", 1, {"fines": [1]}),
    ("lib.reminder", 2, {"fines": [1, 2]}),
]


@pytest.mark.parametrize("turn", [1, -1])
def test_what_refers_to_a_record_left_out_is_left_out_too_and_so_on(turn: int) -> None:
    rows = [COUNTRY, ANN, LOST, *CHAIN][::turn]
    names, said, _ = left(dump(*rows))
    assert set(names) == {"lib.country:1", "lib.author:1", "lib.loan:1", "lib.fine:1", "lib.reminder:1"}
    assert sorted(said) == [
        "dangling: lib.author.country → lib.country: 1 (pk 2: 9); record left out",
        "refers to a record that is left out: lib.fine.loan → lib.loan: 1 (pk 2: 2); record left out",
        "refers to a record that is left out: lib.loan.by → lib.author: 1 (pk 2: 2); record left out",
        "refers to a record that is left out: lib.reminder.fines → lib.fine: 1 (pk 2: 2); record left out",
    ]


@pytest.mark.parametrize(
    "row",
    [
        ("lib.loan", 5, {"by": ["Bo"]}),  # a natural key already
        ("lib.badge", 5, {"of": "b"}),  # by another field
        ("lib.note", 5, {"kind": 3, "key": "2"}),
        ("lib.note", 5, {"kind": ["lib", "author"], "key": 2}),
    ],
)
def test_whatever_the_reference_is_by(row: Row) -> None:
    kind: Row = ("contenttypes.contenttype", 3, {"app_label": "lib", "model": "author"})
    kept = (row[0], 6, {name: {"b": "a", "2": "1", 2: 1}.get(str(value), value) for name, value in row[2].items()})
    kept[2].update({"by": ["Ann"]} if "by" in row[2] else {"key": 1} if "key" in row[2] else {})
    names, _, stage = left(dump(COUNTRY, kind, ANN, LOST, row, kept))
    assert f"{row[0]}:6" in names and f"{row[0]}:5" not in names and stage.rejected == 2


def test_a_multi_table_child_goes_with_its_parent() -> None:
    rows: list[Row] = [COUNTRY, LOST, ("lib.loan", 2, {"by": 2}), ("lib.longloan", 2, {"days": 3})]
    assert left(dump(*rows))[0] == ["lib.country:1"]


def test_what_is_dropped_after_it_has_served_takes_nothing_with_it() -> None:
    out = io.BytesIO()
    text = dump(COUNTRY, LOST, ("lib.loan", 2, {"by": 2}))
    stage = ff.natural(ff.read(io.BytesIO(text)), LIBRARY, unresolved="reject", drop="lib.author")
    ff.write(stage, out)
    assert [row["fields"] for row in json.loads(out.getvalue())] == [{"code": "nl"}, {"by": ["Bo"]}]


trees = st.lists(st.tuples(st.integers(0, 13), st.sampled_from([1, 1, 1, None, 9])), min_size=1, max_size=12)


@given(trees, st.randoms(use_true_random=False))
def test_exactly_what_leads_to_a_fault_is_left_out(tree: list[tuple[int, int | None]], random: Any) -> None:
    """Parents at random, loops among them; some records refer to a country that is not there."""
    nodes = {at: (parent if parent < len(tree) else None, country) for at, (parent, country) in enumerate(tree)}
    gone = {at for at, (_, country) in nodes.items() if country == 9}
    while more := {at for at, (parent, _) in nodes.items() if parent in gone and at not in gone}:
        gone |= more
    rows: list[Row] = [
        ("lib.tree", at, {"parent": parent, "country": country}) for at, (parent, country) in nodes.items()
    ]
    random.shuffle(rows)
    names, _, stage = left(dump(COUNTRY, *rows))
    assert set(names) == {"lib.country:1", *(f"lib.tree:{at}" for at in nodes.keys() - gone)}
    assert stage.rejected == len(gone)


def test_a_long_chain_is_followed_whichever_way_it_runs() -> None:
    rows: list[Row] = [("lib.tree", at, {"parent": at - 1, "country": 9 if at == 1 else 1}) for at in range(1, 5000)]
    for turn in (1, -1):
        names, _, stage = left(dump(COUNTRY, *rows[::turn]))
        assert names == ["lib.country:1"] and stage.rejected == 4999


# --unresolved error


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_an_error_is_known_before_the_first_byte_is_written(tmp_path: Path, form: str) -> None:
    """A JSONL that is cut short would load as far as it goes."""
    (tmp_path / "schema.json").write_bytes(schema_file(LIBRARY))
    text = dump(COUNTRY, ANN, LOST, *CHAIN, ("lib.loan", 7, {"by": 77}))
    done = run_here("natural", "--schema", "schema.json", "--format", form, stdin=text, cwd=tmp_path)
    assert done.code == 1 and done.out == b""
    assert "2 keys cannot be turned, the first dangling: lib.author.country" in done.error
    assert any("dangling: lib.loan.by → lib.author: 1 (pk 7: 77)" in line for line in done.said)


def test_an_error_gives_no_record_to_the_library() -> None:
    stage = ff.natural(ff.read(io.BytesIO(dump(COUNTRY, ANN, LOST))), LIBRARY)
    with pytest.raises(ff.InputError, match="1 key cannot be turned"):
        next(iter(stage))


# --to-pk of records without a pk


def natural(text: bytes, **options: Any) -> Any:
    out = io.BytesIO()
    ff.write(ff.natural(ff.read(io.BytesIO(text)), LIBRARY, **options), out)
    return out.getvalue()


ROWS = [COUNTRY, ANN, ("lib.author", 4, {"name": "Zoë", "slug": "z", "country": 1}), ("lib.loan", 1, {"by": 4})]


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_pks_that_were_left_out_are_found_where_rows_are_looked_up(tmp_path: Path, indent: int | None) -> None:
    (tmp_path / "old.json").write_bytes(dump(*ROWS))
    plain = io.BytesIO()
    ff.write(ff.read(tmp_path / "old.json"), plain, indent=indent)
    gone = natural(plain.getvalue(), natural_primary="django")
    assert gone.count(b'"pk"') == 1
    assert natural(gone, to_pk=True, lookup=tmp_path / "old.json") == plain.getvalue()


def test_a_reference_to_a_record_without_a_pk_is_told_as_that() -> None:
    gone = natural(dump(*ROWS), natural_primary="django")
    with pytest.raises(ff.InputError, match=r"its record has no primary key: lib\.author\.country → lib\.country"):
        natural(gone, to_pk=True)
    kept = json.loads(natural(gone, to_pk=True, unresolved="keep"))
    assert kept[-1] == {"model": "lib.loan", "pk": 1, "fields": {"by": ["Zoë"]}}
