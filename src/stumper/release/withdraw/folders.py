"""Deletes folders of withdrawn releases: each is gone in one step, whenever the program is killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stumper.errors import BadRelease
from stumper.records import ReleaseId
from stumper.release.manifest import read_manifest

_DELETING: Final = ".deleting-"


def delete_release(folder: Path, release_id: ReleaseId) -> bool:
    """Renames the folder away, then deletes it; finishes what a kill left. Returns whether it was there.

    Raises BadRelease if the folder holds something else than this release.
    """
    there = folder.is_dir()
    if there:
        found = read_manifest(folder).id
        if found != release_id:
            raise BadRelease(f"{folder} holds release {found}, not {release_id}. Look at it, then delete it.")
        shutil.rmtree(_aside(folder), ignore_errors=True)  # left by a kill: a rename needs its place
        folder.rename(_aside(folder))
    shutil.rmtree(_aside(folder), ignore_errors=True)
    return there


def delete_answers(folders: Iterable[Path]) -> int:
    """Deletes folders in which models' answers to a release are kept; returns how many there were."""
    found = [folder for folder in folders if folder.is_dir()]
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return len(found)


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{_DELETING}{folder.name}")
