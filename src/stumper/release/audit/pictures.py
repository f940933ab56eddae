"""Which names mean the same picture: by path, by telling file name, by content where the files are."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_TELLING: Final = 12
"""Characters of a file name that is not just a number in its folder."""
_COCO: Final = re.compile(r"\d{12}$")
_TRIED: Final = 50
"""Pictures looked for in a folder that nobody named, before it is believed to hold none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The pictures of a data set."""

    same: Ints
    """For each name the place of the first name of its picture."""
    absent: frozenset[int]
    """Names whose file is not there; empty if nobody looked."""
    looked: bool
    """Whether the files were looked at."""
    twins: tuple[tuple[int, int], ...]
    """Names whose files are equal, each with the first."""


def pictures(
    names: Sequence[str], uses: Iterable[tuple[int, int]], folders: Sequence[Path], *, sure: bool
) -> Pictures:
    """Returns which names mean the same picture.

    ``uses`` are pairs (name, split). Files are looked for in the ``folders``, unless the
    caller is ``sure`` of them only if some picture lies there.
    """
    same = _by_name(names, uses)
    files = _files(names, folders, sure=sure)
    if files is None:
        return Pictures(same=same, absent=frozenset(), looked=False, twins=())
    twins = _equal({place: file for place, file in files.items() if file is not None})
    for place, first in twins:
        same[same == same[place]] = same[first]
    absent = frozenset(place for place, file in files.items() if file is None)
    return Pictures(same=same, absent=absent, looked=True, twins=tuple(twins))


def _by_name(names: Sequence[str], uses: Iterable[tuple[int, int]]) -> Ints:
    """A file name that is long enough and never twice in a split names its picture in any folder."""
    telling = [_name(name) for name in names]
    within: dict[tuple[str, int], int] = {}
    doubtful: set[str] = set()
    for place, split in uses:
        name = telling[place]
        if name and within.setdefault((name, split), place) != place:
            doubtful.add(name)
    first: dict[str, int] = {}
    same = np.arange(len(names))
    for place, name in enumerate(telling):
        if name and name not in doubtful:
            same[place] = first.setdefault(name, place)
    return same


def _name(path: str) -> str:
    stem = re.split(r"[/\\]", path.split("?")[0])[-1].rsplit(".", 1)[0].casefold()
    if coco := _COCO.search(stem):
        return coco[0]
    return stem if len(stem) >= _TELLING and " + " not in path else ""


def _files(names: Sequence[str], folders: Sequence[Path], *, sure: bool) -> dict[int, Path | None] | None:
    """Returns the file of each name that is a path, None where there is none; None if nobody looked."""
    local = [
        place for place, name in enumerate(names) if not re.match(r"sha256:|https?:|s3:|gs:", name) and name
    ]
    paths = {place: part for place in local for part in names[place].split(" + ")[:1]}
    tried = local if sure else local[:_TRIED]
    if not any(_find(paths[place], folders) for place in tried):
        return dict.fromkeys(local) if sure and local else None
    return {place: _find(path, folders) for place, path in paths.items()}


def _find(path: str, folders: Sequence[Path]) -> Path | None:
    candidates = (folder / part for folder in folders for part in (path, re.split(r"[/\\]", path)[-1]))
    try:
        return next((one for one in candidates if one.is_file()), None)
    except (OSError, ValueError):  # a name too long for a file, or with a zero byte
        return None


def _equal(files: dict[int, Path]) -> list[tuple[int, int]]:
    """Pairs each name with the first whose file holds the same bytes; only files of one size are read."""
    sizes: dict[int, list[int]] = defaultdict(list)
    for place, file in files.items():
        sizes[file.stat().st_size].append(place)
    pairs = []
    for places in sizes.values():
        first: dict[bytes, int] = {}
        for place in places if len({files[place].resolve() for place in places}) > 1 else []:
            with files[place].open("rb") as opened:
                key = hashlib.file_digest(opened, "blake2b").digest()
            if (older := first.setdefault(key, place)) != place:
                pairs.append((place, older))
    return pairs
