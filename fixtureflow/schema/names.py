"""Which models a field's name fits: the half of the evidence for a relation that values cannot give.

Small integers are pks of every table, so `status: 1` is a relation only where there is a model to be the status of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Fit", "How", "fits", "is_plain"]

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


def fits(field: str, own: str, labels: Iterable[str], *, many: bool = False) -> list[Fit]:
    """The models of `labels` that `field` of the model `own` may point at, best first; `many` for lists.

    Among equals the model of the field's own app comes first.
    """
    app, _, model = own.partition(".")
    words = [word for word in field.lower().removesuffix("_ptr").removesuffix("_id").split("_") if word]
    whole = "".join(words)
    endings = {"".join(words[at:]) for at in range(1, len(words))}
    if many:
        whole_forms = set(_singular(whole))
        ending_forms = {form for ending in endings for form in _singular(ending)}
    else:
        whole_forms, ending_forms = {whole}, endings
    name = "_".join(words)
    found = []
    for label in labels:
        other = label.partition(".")[2].replace("_", "")
        how = _how(other, whole_forms, ending_forms, model.replace("_", ""), app.replace("_", ""))
        if how is None and label == own and (name in _SELF or words[0] in ("parent", "reply", "answer")):
            how = "self"
        if how is None and other.endswith(_PERSONS) and (name in _PEOPLE or words[-1] in _PEOPLE):
            how = "alias"
        if how is not None:
            weight = _WEIGHTS[how] if how != "alias" or other.endswith("user") else 0.6
            found.append(Fit(label, how, weight - 0.05 * (how == "alias" and not other.endswith(("user", "person")))))
    return sorted(found, key=lambda fit: (-fit.weight, fit.label.partition(".")[0] != app, fit.label))


def _how(other: str, whole: set[str], endings: set[str], model: str, app: str) -> How | None:
    if other in whole:
        return "exact"
    if any(other in (model + form, app + form) for form in whole):
        return "own"
    if other in endings and len(other) > 2:
        return "suffix"
    if any(len(form) > 3 and other.endswith(form) for form in whole):
        return "ending"
    return None


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
