"""Which models a field's name fits: the half of the evidence for a relation that values cannot give.

Small integers are pks of every table, so `status: 1` is a relation only where there is a model to be the status of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Fit", "How", "Names", "is_plain"]

How: TypeAlias = Literal["exact", "self", "suffix", "own", "alias", "ending"]


class Fit(NamedTuple):
    """A model that a name may mean; `weight`, 0 to 1, is how often such a name does mean it."""

    label: str
    how: How
    weight: float


_WEIGHTS: dict[How, float] = {"exact": 0.92, "self": 0.9, "own": 0.85, "suffix": 0.85, "alias": 0.8, "ending": 0.6}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PEOPLE = _words(
    """
    actor admin approver assigned_to assignee author boss buyer by changed_by contact created_by creator customer
    deleted_by editor employee from_user granted_by holder invited_by last_edited_by last_modified_by locked_by
    manager member moderator modified_by operator owner passenger performed_by poster published_by receiver
    recipient reported_by requested_by reviewer sender submitted_by to_user updated_by uploaded_by uploader used_by
    """
)
_PERSONS = ("author", "customer", "employee", "member", "person", "user")
_SELF = _words(
    """
    alias_of ancestor children copy_of descendants followers following follows friends master next original parent
    parents predecessor previous related replaced_by reply_to root siblings sub_of successor superior translation_of
    """
)
_PLAIN = _words(
    """
    action amount count day depth duration format group_size height hour index kind language level lft limit line
    mode month number order page place position priority quantity rank rate rating revision rght round rows score
    sequence size sort stage state status step term total tree type unit value version volume weight width year
    """
)
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "media": "medium"}


def is_plain(field: str, how: How) -> bool:
    """Does such a name more often mean a plain number or word than a row (`order`, `last_page`, `status`)?"""
    return (how != "exact" or "_" not in field) and field.rpartition("_")[2] in _PLAIN


class Names:
    """The names of models, to be looked up by the forms that a field may give them."""

    def __init__(self, labels: Iterable[str]) -> None:
        self._whole: dict[str, list[str]] = defaultdict(list)
        self._ends: dict[str, list[str]] = defaultdict(list)
        self._persons: list[str] = []
        for label in labels:
            name = label.partition(".")[2].replace("_", "")
            self._whole[name].append(label)
            for at in range(1, len(name) - 3):
                self._ends[name[at:]].append(label)
            if name.endswith(_PERSONS):
                self._persons.append(label)

    def fits(self, field: str, own: str, *, many: bool = False) -> list[Fit]:
        """The models that `field` of the model `own` may point at, best first; `many` for lists.

        Among equals the model of the field's own app comes first.
        """
        app, _, model = own.partition(".")
        words = [word for word in field.lower().removesuffix("_ptr").removesuffix("_id").split("_") if word]
        if not words:
            return []
        forms = _forms("".join(words), many=many)
        endings = [form for at in range(1, len(words)) for form in _forms("".join(words[at:]), many=many)]
        name = "_".join(words)
        found: dict[str, Fit] = {}

        def add(how: How, labels: Iterable[str]) -> None:
            for label in labels:
                people = how == "alias" and not label.endswith("user")
                weight = 0.6 - 0.05 * (not label.endswith("person")) if people else _WEIGHTS[how]
                found.setdefault(label, Fit(label, how, weight))

        for form in forms:
            add("exact", self._whole.get(form, ()))
        for form in forms:
            add("own", self._whole.get(model.replace("_", "") + form, ()))
            add("own", self._whole.get(app.replace("_", "") + form, ()))
        for form in endings:
            add("suffix", self._whole.get(form, ()) if len(form) > 2 else ())
        for form in forms:
            add("ending", self._ends.get(form, ()))
        if name in _SELF or words[0] in ("parent", "reply", "answer"):
            add("self", [own])
        if name in _PEOPLE or words[-1] in _PEOPLE:
            add("alias", self._persons)
        return sorted(found.values(), key=lambda fit: (-fit.weight, fit.label.partition(".")[0] != app, fit.label))


def _forms(word: str, *, many: bool) -> list[str]:
    return list(dict.fromkeys(_singular(word))) if many else [word]


def _singular(word: str) -> Iterator[str]:
    yield word
    if word in _IRREGULAR:
        yield _IRREGULAR[word]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("es"):
        yield word[:-2]
    if word.endswith("s"):
        yield word[:-1]
