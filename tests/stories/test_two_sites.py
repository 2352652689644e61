"""Two sites become one: numbers mean other rows on each, some people are on both, and trees are planted in trees."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from stories.steps import prepared_and_loaded
from support.compare import identities, identity_differences, rows
from support.projects import dumpdata, loaddata, manage

Scratch = Callable[..., str]

# Where a node stands among others is not what it is; its parent and its children are compared by name.
PLACES = [f"shop.category.{name}" for name in ("lft", "rght", "tree_id")]
PLACES += [f"shop.section.{name}" for name in ("path", "numchild")]
TREES = """
import json
from shop.models import Category, Section
def above(node):
    parent = node.get_parent() if isinstance(node, Section) else node.parent
    return [*(above(parent) if parent else []), node.name]
told = {"categories": [above(node) for node in Category.objects.all()]}
told["sections"] = [above(node) for node in Section.objects.all()]
told["below"] = sorted([c.name, [one.name for one in c.get_descendants()]] for c in Category.objects.all())
told["problems"] = Section.find_problems()
print(json.dumps(told))
"""


def trees(url: str) -> dict[str, list[object]]:
    found = json.loads(manage("shops", url, "shell", "-v0", "-c", TREES))
    return {name: sorted(lines, key=str) for name, lines in found.items()}


def people(url: str) -> set[str]:
    return {row["username"] for row in rows("shops", url)["auth.user"].values()}


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_two_sites_become_one(scratch_on: Scratch, backend: str, tmp_path: Path) -> None:
    source, plain, target = (
        scratch_on("sqlite", "shops", populated=True),
        scratch_on(backend, "shops", occupied=True),
        scratch_on(backend, "shops", occupied=True),
    )
    dump = tmp_path / "one.json"
    dump.write_bytes(dumpdata("shops", source))
    had, ours, theirs = identities("shops", target, ignore=PLACES), trees(source), trees(target)
    assert people(source) == {"ann", "bob", "cleo"}
    assert people(target) == {"bob", "dan", "eve"}

    # Without a word, people of the one site take the places of those of the other.
    loaddata("shops", plain, dump)
    assert people(plain) == {"ann", "bob", "cleo"}

    (done,) = prepared_and_loaded("shops", dump, target)
    assert not any("rejected:" in line for line in done.said)
    # All of the one site is there by what it says, and all of the other as it was: what both sell, as the other has it.
    found = identity_differences("shops", source, target, subset=True, ignore=PLACES)
    assert [line for line in found if not line.startswith('shop.product ["teapot"]: ')] == []
    assert "fixtureflow: differs: shop.product: category 1, seller 1: the target's values stay" in done.said
    after = identities("shops", target, ignore=PLACES)
    assert [
        (label, key) for label, there in had.items() for key in there.items() if key not in after[label].items()
    ] == []
    assert people(target) == {"ann", "bob", "cleo", "dan", "eve"}
    assert len(after["shop.product"]) == 4 + 3 - 1
    assert len(after["shop.order"]) == 6 + 6
    planted = trees(target)
    assert planted["problems"] == [[], [], [], [], []]
    for kind in ("categories", "sections", "below"):
        assert planted[kind] == sorted([*ours[kind], *theirs[kind]], key=str)
