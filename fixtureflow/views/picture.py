"""A placed model graph as SVG, and as PNG by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

from fixtureflow.errors import UsageError
from fixtureflow.views.colours import CYCLE, GREY, INK, Shades
from fixtureflow.views.graph import Graph, count_text, row_text
from fixtureflow.views.layered import ROW, Box, Line, Picture, placed

__all__ = ["Paint", "png", "svg"]

LEGEND = "red: in a cycle · dashed: may be empty · *: many · ¹: one to one · ?: a guess"
_FONT = "DejaVu Sans, Verdana, sans-serif"


Paint: TypeAlias = Callable[[str, str, bool], str]
"""The attributes that give a part its colours, as `Colours` does: which part, of which model, is it in a cycle?"""


class Colours:
    """The parts of a picture, in colours that are written into it."""

    def __init__(self, graph: Graph) -> None:
        self._shade = Shades(graph)

    def __call__(self, part: str, label: str = "", cycle: bool = False) -> str:
        if part in ("line", "border"):
            return f'stroke="{CYCLE if cycle else self._shade(label, 0.5 if part == "line" else 0.45)}"'
        found = {"ground": "white", "card": "white", "count": GREY, "name": INK}.get(part)
        if part == "head":
            found = self._shade(label, 0.9)
        elif part == "arrow":
            found = CYCLE if cycle else self._shade(label, 0.5)
        return f'fill="{found or (CYCLE if cycle else INK)}"'


def svg(graph: Graph, paint: Paint | None = None) -> str:
    """The graph as a picture that can be zoomed and searched."""
    picture, paint = placed(graph), paint or Colours(graph)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" '
        f'width="{picture.width:.0f}" height="{picture.height:.0f}" font-family="{_FONT}">',
        f'<rect width="100%" height="100%" {paint("ground", "", False)}/>\n<g fill="none">',
    ]
    parts += [_svg_line(line, paint) for line in _back_to_front(picture)]
    parts.append("</g>")
    parts += [_svg_box(box, paint) for box in picture.boxes]
    grey = paint("count", "", False)
    legend = f'<text x="20" y="{picture.height - 8:.0f}" font-size="10" {grey}>{escape(LEGEND)}</text>'
    return "\n".join([*parts, legend, "</svg>"]) + "\n"


def _back_to_front(picture: Picture) -> list[Line]:
    """Lines of cycles lie on top."""
    return sorted(picture.lines, key=lambda line: line.edge.cycle)


def _svg_line(line: Line, paint: Paint) -> str:
    (x, y), *rest = line.points
    path = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        middle = (x + to_x) / 2
        path.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    edge = line.edge
    dash = ' stroke-dasharray="5 3"' if edge.null else ""
    title = escape(f"{edge.source}.{row_text(edge)}")
    return (
        f'<path d="{" ".join(path)}" {paint("line", edge.target, edge.cycle)} stroke-width="{_width(line)}"{dash}>'
        f"<title>{title}</title></path>"
        f'<path d="{_arrow(line)}" {paint("arrow", edge.target, edge.cycle)}/>'
    )


def _width(line: Line) -> float:
    return 1.8 if line.edge.cycle else 1.1


def _arrow(line: Line) -> str:
    (before, _), (x, y) = line.points[-2:]
    back = x + 7 if before > x else x - 7
    return f"M{x:.1f} {y:.1f} L{back:.1f} {y - 3.5:.1f} L{back:.1f} {y + 3.5:.1f}Z"


def _svg_box(box: Box, paint: Paint) -> str:
    node = box.node
    dash = ' stroke-dasharray="4 3"' if node.records == 0 else ""
    border = f'{paint("border", node.label, node.cycle)} stroke-width="{2 if node.cycle else 1}"{dash}'
    lines = [
        f'<g transform="translate({box.x:.1f} {box.y:.1f})">',
        f'<rect width="{box.width:.1f}" height="{box.height:.1f}" rx="4" {paint("card", node.label, node.cycle)}/>',
        f'<rect width="{box.width:.1f}" height="{box.head:.1f}" rx="4" {paint("head", node.label, node.cycle)}/>',
        f'<rect width="{box.width:.1f}" height="{box.height:.1f}" rx="4" fill="none" {border}/>',
        f'<text x="8" y="{box.title + 3:.1f}" font-size="{box.title}" font-weight="bold" '
        f"{paint('name', node.label, False)}>{escape(node.label)}</text>",
    ]
    if count_text(node):
        grey = paint("count", node.label, False)
        lines.append(f'<text x="8" y="{box.head - 4:.1f}" font-size="10" {grey}>{escape(count_text(node))}</text>')
    for at, edge in enumerate(box.edges):
        y, ink = box.head + ROW * (at + 0.5) + 4, paint("row", node.label, edge.cycle)
        lines.append(f'<text x="8" y="{y:.1f}" font-size="10.5" {ink}>{escape(row_text(edge))}</text>')
    return "\n".join([*lines, "</g>"])


def png(graph: Graph, *, scale: float = 1.5) -> bytes:
    """The same picture as pixels. Raises UsageError without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise UsageError(
            "PNG needs matplotlib", advice="pip install 'fixtureflow[plot]', or take `format=\"svg\"`"
        ) from None
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    picture, shade = placed(graph), Shades(graph)
    scale = min(scale, 16_000 / max(picture.width, picture.height))
    figure = Figure(figsize=(picture.width / 100, picture.height / 100), dpi=100 * scale)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, picture.width)
    axes.set_ylim(picture.height, 0)
    axes.axis("off")
    for line in _back_to_front(picture):
        _png_line(axes, line, shade)
    for box in picture.boxes:
        _png_box(axes, box, shade)
    axes.text(20, picture.height - 8, LEGEND, fontsize=10 * POINTS, color=GREY, family="DejaVu Sans")
    data = io.BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()


POINTS = 0.72
"""Of a font, in a pixel of the picture: matplotlib counts 72 to the inch, the picture 100."""


def _png_line(axes: Any, line: Line, shade: Shades) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    (x, y), *rest = line.points
    vertices, codes = [(x, y)], [Path.MOVETO]
    for to_x, to_y in rest:
        middle = (x + to_x) / 2
        vertices += [(middle, y), (middle, to_y), (to_x, to_y)]
        codes += [Path.CURVE4] * 3
        x, y = to_x, to_y
    colour = CYCLE if line.edge.cycle else shade(line.edge.target, 0.5)
    style = (0, (5, 3)) if line.edge.null else "solid"
    path = Path(vertices, codes)
    axes.add_patch(PathPatch(path, fill=False, edgecolor=colour, linewidth=_width(line) * POINTS, linestyle=style))
    before = line.points[-2][0]
    back = x + 7 if before > x else x - 7
    axes.add_patch(Polygon([(x, y), (back, y - 3.5), (back, y + 3.5)], closed=True, facecolor=colour, linewidth=0))


def _png_box(axes: Any, box: Box, shade: Shades) -> None:
    from matplotlib.patches import Rectangle

    node = box.node
    border, width = (CYCLE, 2.0) if node.cycle else (shade(node.label, 0.45), 1.0)
    corner = (box.x, box.y)
    axes.add_patch(Rectangle(corner, box.width, box.height, facecolor="white", linewidth=0, zorder=3))
    axes.add_patch(Rectangle(corner, box.width, box.head, facecolor=shade(node.label, 0.9), linewidth=0, zorder=3))
    style = (0, (4, 3)) if node.records == 0 else "solid"
    axes.add_patch(
        Rectangle(
            corner,
            box.width,
            box.height,
            fill=False,
            edgecolor=border,
            linewidth=width * POINTS,
            linestyle=style,
            zorder=4,
        )
    )

    def write(text: str, y: float, size: float, colour: str, weight: str = "normal") -> None:
        font = {"fontsize": size * POINTS, "color": colour, "fontweight": weight, "family": "DejaVu Sans"}
        axes.text(box.x + 8, box.y + y, text, va="baseline", zorder=5, parse_math=False, **font)

    write(node.label, box.title + 3, box.title, INK, "bold")
    if count_text(node):
        write(count_text(node), box.head - 4, 10, GREY)
    for at, edge in enumerate(box.edges):
        write(row_text(edge), box.head + ROW * (at + 0.5) + 4, 10.5, CYCLE if edge.cycle else INK)
