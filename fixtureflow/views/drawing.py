"""A model graph in one of the forms that a person asks for."""

from __future__ import annotations

from typing import Literal, TypeAlias

from fixtureflow.views.dot import dot
from fixtureflow.views.graph import Graph
from fixtureflow.views.mermaid import mermaid
from fixtureflow.views.picture import png, svg

__all__ = ["Form", "drawn"]

Form: TypeAlias = Literal["mermaid", "dot", "svg", "png"]


def drawn(graph: Graph, form: Form) -> bytes:
    """The graph in one of the forms. Raises UsageError for PNG without matplotlib."""
    if form == "png":
        return png(graph)
    return {"mermaid": mermaid, "dot": dot, "svg": svg}[form](graph).encode()
