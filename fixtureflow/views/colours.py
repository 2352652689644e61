"""The colours of model graphs: one for cycles, one for each app."""

from __future__ import annotations

from colorsys import hls_to_rgb

from fixtureflow.views.graph import Graph

__all__ = ["CYCLE", "GREY", "INK", "Shades"]

CYCLE = "#c0392b"
INK = "#2c3e50"
GREY = "#8395a7"


class Shades:
    """A hue for each app of a picture, far from the others' and from red."""

    def __init__(self, graph: Graph) -> None:
        apps = sorted({_app(label) for label in graph.nodes})
        self._hues = {app: 0.08 + 0.84 * (at * 0.618034 % 1) for at, app in enumerate(apps)}

    def __call__(self, label: str, light: float) -> str:
        parts = hls_to_rgb(self._hues[_app(label)], light, 0.4)
        return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _app(label: str) -> str:
    return label.partition(".")[0]
