"""A model graph for Graphviz: `dot -Tsvg`."""

from __future__ import annotations

from html import escape

from fixtureflow.errors import one_line
from fixtureflow.views.colours import CYCLE, GREY, INK, Shades
from fixtureflow.views.graph import Edge, Graph, Node, count_text, magnitude, row_text

__all__ = ["dot"]

_HEAD = """digraph models {
  rankdir=RL; ranksep=0.9; nodesep=0.2;
  node [shape=plain, fontname="Helvetica,Arial,sans-serif", fontsize=11]; edge [arrowsize=0.7];"""


def dot(graph: Graph) -> str:
    """Each model a table of its fields, from whose rows the arrows leave: labels on arrows lie on one another."""
    shade = Shades(graph)
    rows: dict[str, list[Edge]] = {label: [] for label in graph.nodes}
    for edge in graph.edges:
        rows[edge.source].append(edge)
    lines = [_HEAD]
    lines += [f"  {_id(label)} [label=<{_table(node, rows[label], shade)}>];" for label, node in graph.nodes.items()]
    for label, edges in rows.items():
        lines += [f"  {_arrow(edge, at, shade)}" for at, edge in enumerate(edges) if edge.target != label]
    return "\n".join([*lines, "}"]) + "\n"


def _table(node: Node, edges: list[Edge], shade: Shades) -> str:
    colour, width = (CYCLE, 2) if node.cycle else (shade(node.label, 0.45), 1)
    dashed = ' style="dashed"' if node.records == 0 else ""
    title = _font(f"<b>{_text(node.label)}</b>", size=11 + 3 * magnitude(node))
    if count_text(node):
        title += "<br/>" + _font(count_text(node), size=9, colour=GREY)
    rows = [f'<td port="name" bgcolor="{shade(node.label, 0.9)}">{title}</td>']
    for at, edge in enumerate(edges):
        text = _text(row_text(edge))
        rows.append(f'<td port="f{at}" align="left">{_font(text, colour=CYCLE) if edge.cycle else text}</td>')
    border = f'border="{width}" cellborder="0" cellspacing="0" cellpadding="3" color="{colour}"{dashed}'
    return f"<table {border}>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _font(text: str, *, size: int = 11, colour: str = INK) -> str:
    return f'<font point-size="{size}" color="{colour}">{text}</font>'


def _arrow(edge: Edge, at: int, shade: Shades) -> str:
    """From the left side of a row to the right side of a name; a cycle has to go back, and may as it is shortest."""
    from_side, to_side = ("", "") if edge.cycle else (":w", ":e")
    colour = f'"{CYCLE}", penwidth=1.6' if edge.cycle else f'"{shade(edge.target, 0.5)}"'
    style = ", style=dashed" if edge.null else ""
    ends = f"{_id(edge.source)}:f{at}{from_side} -> {_id(edge.target)}:name{to_side}"
    return f"{ends} [color={colour}{style}];"


def _id(label: str) -> str:
    text = one_line(label).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _text(text: str) -> str:
    return escape(one_line(text))
