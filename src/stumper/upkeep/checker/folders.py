"""Looks at what the database names outside of it: pictures by their digest, releases by theirs.

A kill may leave behind what nothing names yet: a picture written before its row, a release moved to its place
before it was recorded, an unfinished folder. These cost space and nothing else, so they are warnings.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final

from stumper.errors import NotFound, StoreError
from stumper.images.bucket import PROBE
from stumper.images.files import Files, content_key, is_key
from stumper.upkeep.checker.queries import Frozen
from stumper.upkeep.finding import Finding, State, some

_RESTORE = "Restore it from a backup: docs/guide/backup.md."
_COMING_S: Final = 3600.0
"""A picture is stored before its row; whoever adds many writes the rows of all at the end."""
_AT_ONCE: Final = 8
"""Pictures read at a time: a bucket answers many as fast as one, and each may have 20 MB."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def look_at_files(
    files: Files, keys: Sequence[str], *, hashes: bool, now: float
) -> AsyncIterator[Finding]:
    """Yields what is wrong with stored pictures; ``hashes``: also whether each is what its name says.

    ``now`` in seconds since 1970: a file that was written just before may get its row in a moment.
    """
    try:
        there = sorted([one async for one in files.stored()], key=lambda one: one.name)
        bad = await _changed(files, [one.name for one in there if is_key(one.name)]) if hashes else []
    except StoreError as error:
        yield Finding("files", State.WRONG, str(error), "Look why with stumper doctor, and check again.")
        return
    names, known = {one.name for one in there}, set(keys)
    gone = [key for key in keys if key not in names]
    loose = [
        one.name.rpartition("/")[2]
        for one in there
        if one.name not in known and one.name != PROBE and now - one.at > _COMING_S
    ]
    if gone:
        said = f"{len(gone):,} pictures of the database are not in {files.where}: {some(gone)}"
        yield Finding("files", State.WRONG, said, f"{_RESTORE} Or add the pictures again.")
    if bad:
        said = f"{len(bad):,} files in {files.where} are not what their name says: {some(bad)}"
        yield Finding("files", State.WRONG, said, f"{_RESTORE} Or delete them and add the pictures again.")
    if loose:
        said = f"{len(loose):,} files in {files.where} belong to no picture: {some(loose)}"
        yield Finding("files", State.WARN, said, "They cost space only; a kill leaves some. Delete them.")
    if not gone and not bad:
        yield Finding("files", State.OK, f"{len(keys):,} pictures are there")


async def _changed(files: Files, keys: Sequence[str]) -> list[str]:
    """Returns the names of those whose bytes have another digest, in order; a few are read at a time."""
    found: list[str] = []
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        same = await asyncio.gather(*(_is_itself(files, key) for key in part))
        found += [key.rpartition("/")[2] for key, one in zip(part, same, strict=True) if not one]
    return found


async def _is_itself(files: Files, key: str) -> bool:
    try:
        data = await files.get(key)
    except NotFound:
        return True  # deleted meanwhile: no longer there to be wrong
    return content_key(data, suffix=Path(key).suffix) == key


def look_at_releases(folder: Path, frozen: Sequence[Frozen]) -> Iterator[Finding]:
    """Yields what is wrong with releases: each is whole, or withdrawn and absent."""
    wrong = [f"{one.id} ({fault})" for one in frozen if (fault := _fault(one))]
    if wrong:
        yield Finding("releases", State.WRONG, f"releases that are not whole: {some(wrong)}", _RESTORE)
    else:
        yield Finding("releases", State.OK, f"{len(frozen):,} releases are whole")
    known = {Path(one.path).resolve() for one in frozen}
    there = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    loose = [path.name for path in there if path.resolve() not in known]
    if loose:
        said = f"{len(loose):,} folders in {folder} are no release of the database: {some(loose)}"
        yield Finding(
            "releases", State.WARN, said, "The next `stumper release build` cleans up or takes them."
        )


def _fault(one: Frozen) -> str:
    """Returns what is wrong with a release's folder, or nothing."""
    folder = Path(one.path)
    if not folder.is_dir():
        return "" if one.withdrawn else "absent"
    try:
        stored = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        files = dict(stored["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return "no release.json that can be read"
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    if hashlib.sha256(listed.encode()).hexdigest() != one.digest or stored.get("id") != one.id:
        return "not the one that was recorded"
    for name, digest in sorted(files.items()):
        if not (folder / name).is_file():
            return f"{name} is missing"
        if sha256(folder / name) != digest:
            return f"{name} is changed"
    return ""
