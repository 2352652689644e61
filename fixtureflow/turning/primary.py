"""Primary keys left out, as `dumpdata --natural-primary` does, or only where nothing breaks; and given again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from fixtureflow.edit import with_values, without
from fixtureflow.references.links import Place, place_of
from fixtureflow.reread.stretch import Stretch
from fixtureflow.reread.texts import Texts
from fixtureflow.schema.model import Relation
from fixtureflow.turning.generic import GenericKeys
from fixtureflow.turning.plan import NO_KEY, Plan, Primary
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

    def __init__(self, label: str, found: Callable[[Stretch], list[bytes]], link: str, left: Counter[str]) -> None:
        self._label = label
        self._found = found
        """The pks of the records of a stretch; empty, or a mark, where none is known."""
        self._link = link
        """The field that names a multi-table child's parent as long as the record has no pk."""
        self._left = left

    def faults(self, pks: list[bytes]) -> dict[int, bytes]:
        """None: without a pk a record with a natural key can be loaded all the same."""
        return {}

    def apply(self, raws: list[bytes], pks: list[bytes], style: Style, stretch: Stretch) -> list[bytes]:
        if _NO_PK.isdisjoint(pks):
            return raws
        out = list(raws)
        for at, (pk, new) in enumerate(zip(pks, self._found(stretch), strict=True)):
            if pk not in _NO_PK:
                continue
            if not new or new[:1] == b"!":
                self._left[self._label] += 1
                continue
            out[at] = with_pk(without_pk(raws[at]), new, style)
            if self._link:
                out[at] = with_values(out[at], {"fields": lambda fields: without(fields, {self._link})})
        return out


_NO_PK = frozenset((b"", b"null"))


class Primaries:
    """Which models' pks are left out (`dropped`), and which with natural keys keep them, and why (`kept`)."""

    def __init__(self, plan: Plan, tables: Tables, primary: Primary, left_out: Iterable[str]) -> None:
        left = set(left_out)
        wanted = plan.labels if primary == "safe" or left else []
        self.generic = GenericKeys(plan.schema, tables).targets(wanted)
        """For each model, the models that its generic keys lead to (`*` where that is not known), if that matters."""
        self.dropped, self.kept = plan.without_pk(primary, self.generic)
        self.without_pk: Counter[str] = Counter()
        """The records that stay without a pk, on the way back."""
        self._of: dict[str, Without | Again] = {
            label: again for label, again in _again(plan, tables, self.without_pk) if label not in left
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


def _again(plan: Plan, tables: Tables, left: Counter[str]) -> Iterator[tuple[str, Again]]:
    for label in plan.labels if plan.back else ():
        model, natural = plan.schema.concrete(label), plan.natural(label)
        parent = plan.parent_link(label)
        if model is None or natural == NO_KEY or len(model.pk or ()) != 1:
            continue
        # A multi-table child without a pk names its parent's record.
        if parent is not None:
            link, relation = parent
            yield label, Again(label, _by_link(plan, tables, link, relation), link, left)
        elif not isinstance(natural, str) and not model.parents:
            yield label, Again(label, _by_natural_key(tables, model.label, natural.fields), "", left)
        else:
            yield label, Again(label, lambda stretch: [b""] * stretch.run.count, "", left)


def _by_natural_key(tables: Tables, label: str, paths: tuple[str, ...]) -> Callable[[Stretch], list[bytes]]:
    def found(stretch: Stretch) -> list[bytes]:
        # Made only if a record lacks its pk, which costs a look at all records.
        keys, pks = (tables.table(Place(label, ""), label, paths, back=back) for back in (False, True))
        return [
            b"" if text[:1] == b"!" else pks.store.find(json.loads(b"[%b]" % text)) or b""
            for text in keys.texts_of(stretch)
        ]

    return found


def _by_link(plan: Plan, tables: Tables, link: str, relation: Relation) -> Callable[[Stretch], list[bytes]]:
    natural = plan.natural(relation.to)
    texts = Texts([link])

    def found(stretch: Stretch) -> list[bytes]:
        links = [b"" if text == b"null" else text for text in texts.columns(stretch)[1]]
        if isinstance(natural, str):
            return [b"" if text[:1] == b"[" else text for text in links]
        parents = tables.table(place_of(plan.schema, relation), relation.to, natural.fields, back=True)
        return [parents.store.find(json.loads(text)) or b"" if text[:1] == b"[" else text for text in links]

    return found
