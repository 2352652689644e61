"""What is told of ids inside text and JSON: where they were rewritten, where they are not, known to be or seen there.

Which fields of a project's own hold Wagtail's rich text or blocks, or django CMS's text, their texts tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from fixtureflow.matching.inside import Inside
from fixtureflow.matching.plan import Plan
from fixtureflow.matching.resolve import Resolver
from fixtureflow.matching.walk import reads_all

__all__ = ["ids_inside"]

WRITERS = {"wagtailcore.page", "cms.cmsplugin"}
"""Models of the systems that write ids into texts."""
LAST = ("auth.permission", "contenttypes.contenttype")
"""Named last: they move in every new database, and seldom stand inside."""
SHOWN = 8

# <a linktype="page" id="3">, <embed embedtype="image" id="3">, <cms-plugin id="3">, data-cms-href="cms.page:3",
# and {"type": "picture", "value": 3} of a block; in the bytes quotes are escaped.
_MARKED = re.compile(r'linktype=|embedtype=|<cms-plugin |data-cms-href=|"type": ?"[^"]+", ?"value": ?\[?\d')
_MAY_BE_MARKED = re.compile(rb'linktype=|embedtype=|<cms-plugin |data-cms-href=|\\"value\\": ?\[?\d')


def ids_inside(resolver: Resolver, counts: Mapping[str, Mapping[str, int]], inside: Inside) -> Iterator[str]:
    """A line for each field of records that are kept; `counts` are those of records by model and case."""
    for (label, name), ids in inside.ids.items():
        if ids:
            yield f"rewritten inside: {label}.{name}: {ids:,} id{'s' if ids > 1 else ''}"
    changed = resolver.fates.changed & _referred(resolver)
    texts = not changed.issubset(LAST) and not WRITERS.isdisjoint(resolver.catalogue.models)
    for label, count in counts.items():
        plan = resolver.plans.get(label)
        if plan is None or not count.get("out"):
            continue
        found: dict[str, tuple[int, Iterable[str]]] = {}
        for name, field in plan.model.fields.items():
            if held := field.holds_ids:
                left = inside.unread[label, name] if reads_all(field) else count["out"]
                found[name] = left, changed if "*" in held else resolver.fates.changed.intersection(held)
        if texts:
            for name, records in _marked(resolver, label, plan).items():
                found.setdefault(name, (records, changed.difference(LAST)))
        for name, (records, moved) in found.items():
            if records and (names := sorted(moved, key=lambda to: (to in LAST, to))):
                some = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
                many = f"{records:,} record{'s' if records > 1 else ''}"
                more = "more " if inside.ids[label, name] else ""
                yield f"not rewritten: {label}.{name} of {many} may hold {more}ids of {some} inside"


def _referred(resolver: Resolver) -> set[str]:
    """Models that others refer to; of a page in several tables the first."""
    links = (link for plan in resolver.plans.values() if plan for link in plan.links)
    return {link.to.model for link in links if link.kind != "parent"}


def _marked(resolver: Resolver, label: str, plan: Plan) -> Counter[str]:
    """The model's records that hold ids inside a text, by field."""
    found: Counter[str] = Counter()
    fields = plan.model.fields.items()
    roomy = {name for name, field in fields if field.type == "json" or (field.type == "text" and not field.max_length)}
    for stretch in resolver.catalogue.stretches(label) if roomy else ():
        if _MAY_BE_MARKED.search(stretch.array()):
            for record in stretch.records():
                if _MAY_BE_MARKED.search(record.raw):
                    held = record.fields.items()
                    found.update(name for name, text in held if isinstance(text, str) and _MARKED.search(text))
    return found
