"""The model graph: what it holds, how it is narrowed, and that nothing in the picture lies on something else."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from running import run_here

from fixtureflow.errors import SchemaError
from fixtureflow.schema.file import dump
from fixtureflow.schema.model import Field, Guess, Model, Relation, Schema
from fixtureflow.views.dot import dot
from fixtureflow.views.drawing import drawn
from fixtureflow.views.graph import Graph, model_graph, narrowed
from fixtureflow.views.layered import placed
from fixtureflow.views.mermaid import mermaid

DUMP = Path(__file__).parents[2] / "samples" / "tokens" / "dump.json"


def schema(**relations: str) -> Schema:
    """`a_b="c d?"`: model `app.a` has a field `b` that points at `app.c`, and so on; `?` for null, `*` for many."""
    models: dict[str, dict[str, Field]] = {}
    for where, to in relations.items():
        source, _, name = where.partition("_")
        target = to.rstrip("?*")
        models.setdefault(f"app.{target}", {})
        kind = "m2m" if to.endswith("*") else "fk"
        field = Field(null=to.endswith("?"), relation=Relation(kind=kind, to=f"app.{target}"))  # type: ignore[arg-type]
        models.setdefault(f"app.{source}", {})[name] = field
    return Schema(models={label: Model(fields=fields) for label, fields in models.items()})


def some_models(count: int, seed: int = 3) -> Schema:
    rng = random.Random(seed)
    labels = [f"app{at // 12}.model{at}" for at in range(count)]
    models = {}
    for at, label in enumerate(labels):
        near = labels[max(0, at - 12) : at]
        targets = rng.sample(near, min(len(near), rng.choice([0, 1, 1, 2, 3])))
        targets += [labels[0]] * (rng.random() < 0.3) + [label] * (rng.random() < 0.1)
        targets += labels[at + 3 : at + 4] * (rng.random() < 0.05)
        fields = {
            f"field{n}": Field(null=rng.random() < 0.3, relation=Relation(kind="fk", to=to))
            for n, to in enumerate(targets)
        }
        models[label] = Model(fields=fields)
    return Schema(models=models)


def test_cycles_are_marked() -> None:
    graph = model_graph(schema(a_b="b", b_a="a?", c_a="a", d_parent="d?"))
    assert {edge.field for edge in graph.edges if edge.cycle} == {"a", "b", "parent"}
    assert [edge.cycle for edge in graph.edges if edge.source == "app.c"] == [False]
    assert {label for label, node in graph.nodes.items() if node.cycle} == {"app.a", "app.b", "app.d"}


def test_only_models_with_records_are_drawn_and_what_they_point_at() -> None:
    graph = model_graph(schema(a_b="b", c_d="d"), {"app.a": 7})
    assert {label: node.records for label, node in graph.nodes.items()} == {"app.a": 7, "app.b": 0}


def test_a_proxy_stands_for_its_model_and_a_many_to_many_table_for_its_field() -> None:
    m2m = Relation(kind="m2m", to="a.proxy", through="a.between", auto_through=True)
    models = {
        "a.one": Model(fields={"many": Field(relation=m2m)}),
        "a.real": Model(),
        "a.proxy": Model(proxy_for="a.real"),
        "a.between": Model(fields={"one": Field(relation=Relation(kind="fk", to="a.one"))}),
    }
    graph = model_graph(Schema(models=models))
    assert list(graph.nodes) == ["a.one", "a.real"]
    assert [(edge.source, edge.target) for edge in graph.edges] == [("a.one", "a.real")]


def test_narrowed_to_an_app_or_to_neighbours() -> None:
    graph = model_graph(schema(a_b="b", b_c="c", c_d="d", x_y="y"))
    assert narrowed(graph, models=["app.B"]).nodes.keys() == {"app.a", "app.b", "app.c"}
    assert narrowed(graph, models=["app.a"], neighbours=2).nodes.keys() == {"app.a", "app.b", "app.c"}
    assert narrowed(graph, models=["app.a"], neighbours=0).nodes.keys() == {"app.a"}
    assert narrowed(graph, apps=["app.x"]).nodes.keys() == {"app.x", "app.y"}
    assert narrowed(graph) == graph


def test_a_name_that_is_not_there_is_said() -> None:
    graph = model_graph(schema(a_b="b"))
    with pytest.raises(SchemaError, match=r"did you mean app\.a"):
        narrowed(graph, models=["app.aa"])
    with pytest.raises(SchemaError, match="no model in the graph is like 'nope'"):
        narrowed(graph, apps=["nope"])


def test_mermaid_names_fields_and_cycles() -> None:
    text = mermaid(model_graph(schema(a_b="b", a_c="c*", b_a="a?"), {"app.a": 1200, "app.b": 1, "app.c": 1}))
    assert '  app__a["app.a<br/>1,200"]:::cycle' in text
    assert '  app__a -->|"b"| app__b' in text and '  app__a -.->|"c *"| app__c' in text
    assert "  linkStyle 0,2 stroke:#c0392b,color:#c0392b" in text


def test_dot_names_fields_and_cycles() -> None:
    text = dot(model_graph(schema(a_b="b", b_a="a?", c_a="a", c_parent="c"), {"app.a": 1200, "app.b": 0, "app.c": 1}))
    assert '<td port="f0" align="left">a → app.a</td>' in text and ">1,200<" in text and ">no records<" in text
    assert '"app.c":f0:w -> "app.a":name:e [color="#' in text
    assert '"app.b":f0 -> "app.a":name [color="#c0392b", penwidth=1.6, style=dashed];' in text
    assert "parent → itself" in text and '-> "app.c"' not in text


def test_guesses_are_marked() -> None:
    relation = Relation(kind="fk", to="a.b", guess=Guess(confidence=0.9))
    graph = model_graph(Schema(models={"a.a": Model(fields={"b": Field(relation=relation)}), "a.b": Model()}))
    assert '|"b ?"|' in mermaid(graph) and "b → a.b ?" in drawn(graph, "svg").decode()


@pytest.mark.parametrize("count", [1, 5, 50, 150])
def test_boxes_do_not_overlap_and_no_line_crosses_a_box(count: int) -> None:
    picture = placed(model_graph(some_models(count)))
    for one, other in combinations(picture.boxes, 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart_x or one.y + one.height <= other.y or other.y + other.height <= one.y
    for line in picture.lines:
        assert all(one[0] != other[0] for one, other in pairwise(line.points))
        for x, y in line.points[1:-1]:
            assert not any(b.x < x < b.x + b.width and b.y < y < b.y + b.height for b in picture.boxes)
    for box in picture.boxes:
        assert box.x >= 0 and box.x + box.width <= picture.width
        assert box.y >= 0 and box.y + box.height <= picture.height


def test_what_is_pointed_at_stands_left_but_for_the_way_back_of_a_cycle() -> None:
    boxes = {box.node.label: box for box in placed(model_graph(schema(a_b="b", b_c="c", c_a="a?", d_a="a"))).boxes}
    assert boxes["app.c"].x < boxes["app.b"].x < boxes["app.a"].x < boxes["app.d"].x


def test_models_with_more_records_are_larger() -> None:
    picture = placed(model_graph(schema(a_b="b", c_b="b"), {"app.a": 5, "app.b": 20_000, "app.c": 5_000_000}))
    sizes = {box.node.label: box.title for box in picture.boxes}
    assert sizes["app.a"] < sizes["app.b"] < sizes["app.c"]


def test_the_svg_is_well_formed_whatever_the_names() -> None:
    models = {"a.<b>": Model(fields={'"&': Field(relation=Relation(kind="fk", to="a.<b>"))}), "ä.ö": Model()}
    ET.fromstring(drawn(model_graph(Schema(models=models)), "svg"))
    assert drawn(Graph(), "svg")


def test_no_name_breaks_the_text_that_it_stands_in() -> None:
    field = Field(relation=Relation(kind="fk", to="b.a_c"))
    graph = model_graph(Schema(models={"b_a.c": Model(fields={'x"]\n\x1b[2J': field}), "b.a_c": Model()}))
    assert 'b_a__c -->|"x#quot;]\\n\\x1b[2J"| b__a_c' in mermaid(graph)
    assert ">x&quot;]\\n\\x1b[2J → b.a_c</td>" in dot(graph)
    ET.fromstring(drawn(graph, "svg"))


def test_the_tables_of_dot_are_well_formed_whatever_the_names() -> None:
    models = {"a.<b>\\": Model(fields={'"&': Field(relation=Relation(kind="fk", to="ä.ö"))}), "ä.ö": Model()}
    lines = dot(model_graph(Schema(models=models))).splitlines()
    tables = [line[line.index("<table") : line.rindex(">")] for line in lines if "<table" in line]
    assert [ET.fromstring(table).findtext(".//b") for table in tables] == ["a.<b>\\", "ä.ö"]
    assert any(line.startswith('  "a.<b>\\\\":f0:w -> "ä.ö":name:e') for line in lines)


def test_the_same_schema_gives_the_same_picture() -> None:
    assert drawn(model_graph(some_models(40)), "svg") == drawn(model_graph(some_models(40)), "svg")


def test_png_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    done = run_here("graph", DUMP, "--format", "png")
    assert done.code == 2 and "pip install 'fixtureflow[plot]'" in done.error


@pytest.mark.parametrize(
    ("name", "start"), [("g.svg", b"<svg"), ("g.png", b"\x89PNG"), ("g.dot", b"digraph"), ("g.mmd", b"flowchart")]
)
def test_the_name_of_the_file_tells_the_form(tmp_path: Path, name: str, start: bytes) -> None:
    done = run_here("graph", DUMP, "-o", tmp_path / name)
    assert done.code == 0 and (tmp_path / name).read_bytes().startswith(start)


def test_a_name_that_tells_no_form_is_refused_unless_the_form_is_chosen(tmp_path: Path) -> None:
    done = run_here("graph", DUMP, "-o", tmp_path / "g.pdf")
    assert done.code == 2 and "nothing is drawn as .pdf; name it .svg" in done.error
    assert not (tmp_path / "g.pdf").exists()
    assert run_here("graph", DUMP, "-o", tmp_path / "g.pdf", "--format", "dot").code == 0
    assert run_here("graph", DUMP, "-o", tmp_path / "graph").code == 0


def test_neighbours_of_nothing_is_refused() -> None:
    done = run_here("graph", DUMP, "--neighbours", "2")
    assert done.code == 2 and done.error.startswith("--neighbours says how far from --model")


def test_a_schema_alone_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_bytes(dump(schema(a_b="b")))
    done = run_here("graph", "-q", "--schema", tmp_path / "schema.json", cwd=tmp_path)
    assert done.code == 0 and b'app__a["app.a"]' in done.out


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    done = run_here("graph", cwd=tmp_path)
    assert done.code == 2 and done.error.startswith("nothing to draw")


def test_mermaid_of_many_models_says_how_to_see_more(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_bytes(dump(some_models(50)))
    said = [run_here("graph", "--schema", tmp_path / "schema.json", *more).said for more in ((), ("--app", "app1"))]
    assert "narrow them with --app or --model" in said[0][-1]
    assert not any("narrow them" in line for line in said[1])
