"""Models whose records wait for the others to be loaded, since receivers make rows of them meanwhile.

A receiver that ignores `raw` makes a token for each user that loaddata saves, and the fixture's own token for that user
then collides. So tokens, and all that refers to them, are loaded once it is known which ones have been made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import networkx as nx

from fixtureflow.ordering.graph import model_graph
from fixtureflow.schema.model import Schema
from fixtureflow.target.standing import through_labels

__all__ = ["waiting"]


def waiting(schema: Schema, loaded: Iterable[str], generic: Callable[[str], set[str]]) -> set[str]:
    """Of the labels `loaded` those that wait for the others, and the many-to-many tables that wait with them.

    `generic` tells where the generic keys of a model lead. Models that need each other cannot be parted: they never
    wait for each other, and so each time fewer are left.
    """
    makes = nx.DiGraph(_makes(schema))
    names = {label: _concrete(schema, label) for label in loaded}
    labels = dict.fromkeys(names.values())
    senders = [label for label in labels if label in makes]
    if not senders:
        return set()
    leads: dict[str, set[str]] = {name: set() for name in labels}
    for label, name in names.items():
        leads[name] |= generic(label)
    graph = model_graph(schema, labels, leads).reverse()
    for label, (model, relation) in through_labels(schema).items():
        graph.add_edges_from((end, label) for end in (model.label, _concrete(schema, relation.to)) if end in graph)
    graph.add_edges_from(makes.edges)
    part = {label: at for at, found in enumerate(nx.strongly_connected_components(graph)) for label in found}
    wait: set[str] = set()
    for sender in senders:
        for one in (sender, *nx.descendants(makes, sender)):
            for made in makes[one]:
                if made in labels and part[made] != part[one]:
                    wait |= {made, *nx.descendants(graph, made)}
    return {label for label, name in names.items() if name in wait} | (wait - schema.models.keys() - labels.keys())


def _makes(schema: Schema) -> Iterator[tuple[str, str]]:
    """What saving a row of a model makes rows of, in loaddata too."""
    for label, model in schema.models.items():
        for receiver in model.receivers or ():
            for made in () if receiver.checks_raw else receiver.makes:
                for one in (_concrete(schema, made), *(parent.label for parent in schema.ancestors(made))):
                    yield _concrete(schema, label), one


def _concrete(schema: Schema, label: str) -> str:
    model = schema.concrete(label)
    return model.label if model else label
