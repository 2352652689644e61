"""Primary keys left out, as `dumpdata --natural-primary` leaves them out, or only where nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fixtureflow.references.links import Place, place_of
from fixtureflow.schema.model import Relation
from fixtureflow.turning.plan import Plan, Primary
from fixtureflow.turning.rewrite import Style, listed, with_field, without_pk
from fixtureflow.turning.tables import NULL, Table, Tables, decoded, paths_of

__all__ = ["Primaries", "Without"]

CONTENT_TYPE = "contenttypes.contenttype"


class Without:
    """What becomes of the pks of one model's records."""

    def __init__(self, table: Table | None, link: str, parent: Table | None, order: list[str]) -> None:
        self.table = table
        """The model's natural keys, where its pks are left out."""
        self.link = link
        """The field that gets a multi-table child's link to its parent, and `parent` the natural keys there."""
        self.parent = parent
        self.order = order

    def apply(self, raws: list[bytes], pks: list[bytes], style: Style) -> tuple[list[bytes], dict[int, bytes]]:
        """The records, and those that keep their pk since their natural key is none: by place, what stands for it."""
        out: list[bytes] = []
        faults: dict[int, bytes] = {}
        for at, (raw, pk, value) in enumerate(zip(raws, pks, decoded(pks), strict=True)):
            new = raw
            if self.link and value is not None:
                natural = self.parent.store.find(value) if self.parent else None
                text = pk if natural is None or natural[:1] == b"!" else listed(natural, style, style.line)
                new = with_field(new, self.link, text, self.order, style)
            if self.table is not None:
                key = self.table.store.find(value) if value is not None else None
                if key is not None and key[:1] == b"!":
                    faults[at] = key
                else:
                    new = without_pk(new)
            out.append(new)
        return out, faults


class Primaries:
    """Which models' pks are left out (`dropped`), and which with natural keys keep them, and why (`kept`)."""

    def __init__(self, plan: Plan, tables: Tables, primary: Primary, left_out: Iterable[str]) -> None:
        left = set(left_out)
        self.generic = _generic_targets(plan, tables) if primary == "safe" or left else {}
        """For each model, the models that its generic keys lead to (`*` where that is not known), if that matters."""
        self.dropped, self.kept = plan.without_pk(primary, self.generic)
        self._of: dict[str, Without] = {}
        for label in plan.labels if primary != "keep" else ():
            model = plan.schema.concrete(label)
            if model is None or label in left:
                continue
            own, parent, link = None, None, ""
            natural = self.dropped.get(label)
            try:
                if natural is not None:
                    own = tables.table(Place(model.label, ""), model.label, natural.fields)
                found = plan.parent_link(label) if primary == "django" else None
                if found is not None:
                    link, relation = found
                    key = plan.natural(relation.to)
                    if not isinstance(key, str):
                        parent = tables.table(place_of(plan.schema, relation), relation.to, key.fields)
            except LookupError:
                self.kept[label] = "its natural key cannot be followed"
                self.dropped.pop(label, None)
                continue
            if own is not None or link:
                self._of[label] = Without(own, link, parent, list(model.fields))

    def of(self, label: str) -> Without | None:
        return self._of.get(label)


def _generic_targets(plan: Plan, tables: Tables) -> dict[str, set[str]]:
    """For each model, the models that its generic keys lead to; `*` where a content type is not known."""
    found: dict[str, set[str]] = {}
    for label in plan.labels:
        model = plan.schema.concrete(label)
        for key in (model.generic_keys or ()) if model else ():
            found.setdefault(label, set()).update(_targets(plan, tables, label, key.content_type))
    return found


def _targets(plan: Plan, tables: Tables, label: str, name: str) -> set[str]:
    model = plan.schema.concrete(label)
    field = model.fields.get(name) if model else None
    if model is None or field is None or not isinstance(field.relation, Relation):
        return {"*"}
    natural = paths_of(plan.schema, CONTENT_TYPE)
    try:
        types = tables.table(place_of(plan.schema, field.relation), CONTENT_TYPE, natural)
    except LookupError:
        return {"*"}
    texts = {text for columns in tables.sources[0].columns(model, [name]) for text in set(columns[1])}
    labels = set()
    for text in texts - {b"null", b""}:
        value = json.loads(text)
        key = text[1:-1] if isinstance(value, list) else types.store.find(value) or NULL
        labels.add("*" if key[:1] == b"!" else ".".join(map(str, json.loads(b"[%b]" % key))))
    return labels
