"""A folder of files with a manifest: put there together, all or none."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fixtureflow.errors import OutputError
from fixtureflow.output import output_faults

__all__ = ["MANIFEST", "PARTS", "Folder", "filling"]

MANIFEST = "manifest.json"
PARTS = (".json", ".jsonl", ".csv", ".sql")
"""The suffixes of the files that a split makes, of whichever kind."""


class Folder:
    """A folder that is to be filled. Files are drafted in `drafts`, a folder in it, and then placed all at once."""

    def __init__(self, path: Path, drafts: Path, before: list[str], *, force: bool) -> None:
        """`before` are the names of files that go when the new ones come; `force` allows to replace others."""
        self.path = path
        self.drafts = drafts
        self.before = before
        self.force = force

    def place(self, drafts: Mapping[str, Path], manifest: Mapping[str, object]) -> None:
        """Give each draft its name in the folder, and write the manifest."""
        with output_faults(str(self.path)):
            for name in (*drafts, MANIFEST):
                self._make_sure(self.path / name)
            draft = self.drafts / MANIFEST
            draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            self._place({**drafts, MANIFEST: draft})

    def _make_sure(self, place: Path) -> None:
        if place.is_dir():
            raise OutputError(f"{place} is a folder", advice="choose another folder for the parts")
        if place.exists() and not self.force:
            raise OutputError(
                f"{place} is there already", advice="choose another folder, or replace it with `force=True`"
            )

    def _place(self, drafts: Mapping[str, Path]) -> None:
        """Put old files aside and each draft in its place; whatever goes wrong, the folder is then as it was."""
        moves: list[tuple[Path, Path]] = []

        def move(path: Path, to: Path) -> None:
            path.rename(to)
            moves.append((path, to))

        stale = (name for name in self.before if name not in drafts)
        try:
            for number, name in enumerate((*stale, *drafts)):
                if (self.path / name).exists():
                    move(self.path / name, self.drafts / f"old-{number}")
            for name, draft in drafts.items():
                move(draft, self.path / name)
        except BaseException:
            for path, to in reversed(moves):
                to.rename(path)
            raise


@contextlib.contextmanager
def filling(path: Path, *, suffixes: Iterable[str], force: bool) -> Iterator[Folder]:
    """The folder, made if it is not there; on any error it is left, or gone, as it was.

    What a manifest in it names goes when new files come, as far as its suffix is one of `suffixes`; without `force` a
    folder with a manifest is refused. Raises `OutputError`.
    """
    with output_faults(str(path)):
        made = [folder for folder in (path, *path.parents) if not folder.exists()]
    drafts = path / f".drafts-{os.urandom(4).hex()}"
    # Whatever is made is made within `try`: whoever stops the program may do so between any two lines.
    try:
        with output_faults(str(path)):
            path.mkdir(parents=True, exist_ok=True)
            before = _before(path, set(suffixes), force=force)
        try:
            with output_faults(str(path)):
                drafts.mkdir()
            yield Folder(path, drafts, before, force=force)
        finally:
            shutil.rmtree(drafts, ignore_errors=True)
    except BaseException:
        for folder in made:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _before(path: Path, suffixes: set[str], *, force: bool) -> list[str]:
    """The files that the manifest names."""
    manifest = path / MANIFEST
    if not manifest.exists():
        return []
    if not force:
        advice = "choose another folder, or replace them with `force=True`; other files stay"
        raise OutputError(f"{path} holds the parts of an earlier split", advice=advice)
    try:
        names = [entry["name"] for entry in json.loads(manifest.read_bytes())["files"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    # Whatever a manifest says, only files of this folder that are named like parts are taken away.
    there = {file.name for file in path.iterdir() if file.is_file() and file.suffix in suffixes}
    return [name for name in names if isinstance(name, str) and name in there - {MANIFEST}]
