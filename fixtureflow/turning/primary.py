"""Primary keys left out, as `dumpdata --natural-primary` does, or only where nothing breaks; and given again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from fixtureflow.references.links import Place, place_of
from fixtureflow.reread.stretch import Stretch
from fixtureflow.schema.model import Model
from fixtureflow.turning.generic import GenericKeys
from fixtureflow.turning.plan import Plan, Primary
from fixtureflow.turning.rewrite import Style, listed, with_field, with_pk, without_pk
from fixtureflow.turning.tables import Table, Tables, decoded

__all__ = ["Again", "Primaries", "Without"]


class Without:
    """What becomes of the pks of one model's records."""

    def __init__(self, table: Table | None, link: str, parent: Table | None, order: list[str]) -> None:
        self.table = table
        """The model's natural keys, where its pks are left out."""
        self.link = link
        """The field that gets a multi-table child's link to its parent, and `parent` the natural keys there."""
        self.parent = parent
        self.order = order

    def faults(self, pks: list[bytes]) -> dict[int, bytes]:
        """The records that keep their pk since their natural key is none: by place, what stands for it."""
        if self.table is None:
            return {}
        find = self.table.store.find
        keys = [None if value is None else find(value) for value in decoded(pks)]
        return {at: key for at, key in enumerate(keys) if key is not None and key[:1] == b"!"}

    def apply(self, raws: list[bytes], pks: list[bytes], style: Style, stretch: Stretch) -> list[bytes]:
        """The records without their pk, and with the link to their parent."""
        kept = self.faults(pks)
        out: list[bytes] = []
        for at, (raw, pk, value) in enumerate(zip(raws, pks, decoded(pks), strict=True)):
            new = raw
            if self.link and value is not None:
                natural = self.parent.store.find(value) if self.parent else None
                text = pk if natural is None or natural[:1] == b"!" else listed(natural, style, style.line)
                new = with_field(new, self.link, text, self.order, style)
            out.append(new if self.table is None or at in kept else without_pk(new))
        return out


class Again:
    """What becomes of one model's records that have no pk, on the way back: they get the one that is found."""

    def __init__(self, tables: Tables, model: Model, paths: tuple[str, ...]) -> None:
        self._tables = tables
        self._model = model
        self._paths = paths

    def faults(self, pks: list[bytes]) -> dict[int, bytes]:
        """None: without a pk a record with a natural key can be loaded all the same."""
        if not _NO_PK.isdisjoint(pks):
            self._made()  # now, since it may have something to tell
        return {}

    def apply(self, raws: list[bytes], pks: list[bytes], style: Style, stretch: Stretch) -> list[bytes]:
        if _NO_PK.isdisjoint(pks):
            return raws
        keys, found = self._made()
        texts = keys.texts_of(stretch)
        out = list(raws)
        for at, pk in enumerate(pks):
            if pk in _NO_PK and texts[at][:1] != b"!":
                new = found.store.find(json.loads(b"[%b]" % texts[at]))
                if new is not None and new[:1] != b"!":
                    out[at] = with_pk(without_pk(raws[at]), new, style)
        return out

    def _made(self) -> tuple[Table, Table]:
        place = Place(self._model.label, "")
        keys, found = (self._tables.table(place, self._model.label, self._paths, back=back) for back in (False, True))
        return keys, found


_NO_PK = frozenset((b"", b"null"))


class Primaries:
    """Which models' pks are left out (`dropped`), and which with natural keys keep them, and why (`kept`)."""

    def __init__(self, plan: Plan, tables: Tables, primary: Primary, left_out: Iterable[str]) -> None:
        left = set(left_out)
        wanted = plan.labels if primary == "safe" or left else []
        self.generic = GenericKeys(plan.schema, tables).targets(wanted)
        """For each model, the models that its generic keys lead to (`*` where that is not known), if that matters."""
        self.dropped, self.kept = plan.without_pk(primary, self.generic)
        self._of: dict[str, Without | Again] = {
            label: again for label, again in _again(plan, tables) if label not in left
        }
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

    def of(self, label: str) -> Without | Again | None:
        return self._of.get(label)


def _again(plan: Plan, tables: Tables) -> Iterator[tuple[str, Again]]:
    for label in plan.labels if plan.back else ():
        model, natural = plan.schema.concrete(label), plan.natural(label)
        # A multi-table child without a pk names its parent's record.
        if model is not None and not isinstance(natural, str) and len(model.pk or ()) == 1 and not model.parents:
            yield label, Again(tables, model, natural.fields)
