"""Fields of a fixture that the models it is for do not have, told by the first record of each model.

dumpdata gives each record of a model the same fields, so that one tells what has been renamed since.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from fixtureflow.errors import InputError
from fixtureflow.findings import Group
from fixtureflow.reread.catalogue import Catalogue
from fixtureflow.schema.merge import Source
from fixtureflow.views.check import check

__all__ = ["drift"]

RENAMED = "renamed to "


def drift(catalogue: Catalogue, sources: Iterable[Source], labels: Iterable[str]) -> list[str]:
    """What seems to have been renamed, a line each, for records of the models `labels`.

    Where a project or a file says that there is no such field, loaddata would stop at it: raises InputError.
    """
    firsts = [stretch.records()[0] for label in labels if (stretch := next(catalogue.stretches(label), None))]
    found = check(firsts, sources, only=["unknown-field"], quiet=True)
    if found.errors:
        groups = [group for group in found.groups() if group.level == "error"]
        named = ", ".join(f"{group.where} ({group.hint})" if group.hint else group.where for group in groups[:5])
        more = f" and {len(groups) - 5} more" if len(groups) > 5 else ""
        raise InputError(f"has fields that the models do not have: {named}{more}", advice=_mend(groups))
    seem = [group for group in found.groups() if group.hint.startswith(RENAMED)]
    return [f"no such column in the target: {group.where}; {group.hint} {_mend([group])}" for group in seem]


def _mend(groups: list[Group]) -> str:
    words = ["fixtureflow", "rename"]
    for group in groups[:5]:
        new = group.hint.removeprefix(RENAMED).rstrip("?")
        words += ["--field", f"{group.where}={new}"] if new else ["--drop", group.where]
    return shlex.join(words) + (" …" if len(groups) > 5 else "")
