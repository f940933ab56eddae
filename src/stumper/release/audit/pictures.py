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

from stumper.errors import BadImage
from stumper.images.look import groups, look
from stumper.records import ImageId
from stumper.vlm.picture import BROKEN, open_picture

Ints = npt.NDArray[np.int64]

MOST_COMPARED: Final = 10_000
"""Pictures that are looked at, some two minutes' work; of more an even sample."""
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
    alike: tuple[tuple[int, int], ...] = ()
    """Names of different splits whose pictures look alike, each with the first that looks so; not the same
    picture by name or content."""
    compared: int = 0
    """Pictures that were looked at for that; 0 where there is one split."""


def pictures(
    names: Sequence[str], uses: Iterable[tuple[int, int]], folders: Sequence[Path], *, sure: bool
) -> Pictures:
    """Returns which names mean the same picture.

    ``uses`` are pairs (name, split). Files are looked for in the ``folders``, unless the
    caller is ``sure`` of them only if some picture lies there.
    """
    uses = list(uses)
    same = _by_name(names, uses)
    files = _files(names, folders, sure=sure)
    if files is None:
        return Pictures(same=same, absent=frozenset(), looked=False, twins=())
    twins = _equal({place: file for place, file in files.items() if file is not None})
    for place, first in twins:
        same[same == same[place]] = same[first]
    absent = frozenset(place for place, file in files.items() if file is None)
    there = {place: file for place, file in files.items() if file is not None and same[place] == place}
    compared, alike = _alike(there, _splits(same, uses))
    return Pictures(
        same=same, absent=absent, looked=True, twins=tuple(twins), alike=tuple(alike), compared=compared
    )


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


def _splits(same: Ints, uses: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    """Returns the splits that show each picture."""
    found: dict[int, set[int]] = defaultdict(set)
    for place, split in uses:
        found[int(same[place])].add(split)
    return {place: frozenset(splits) for place, splits in found.items()}


def _alike(files: dict[int, Path], splits: dict[int, frozenset[int]]) -> tuple[int, list[tuple[int, int]]]:
    """Returns how many pictures were looked at, and pairs that look alike and whose splits differ."""
    if len(frozenset[int]().union(*splits.values())) < 2:
        return 0, []
    places = sorted(files)
    places = places[:: -(-len(places) // MOST_COMPARED) or 1]
    leaders = groups({ImageId(str(place)): _look(files[place]) for place in places})
    pairs = ((int(place), int(leader)) for place, leader in leaders.items() if place != leader)
    nowhere: frozenset[int] = frozenset()
    return len(places), [
        (place, first)
        for place, first in pairs
        if len(splits.get(place, nowhere) | splits.get(first, nowhere)) > 1
    ]


def _look(path: Path) -> str | None:
    """Returns the look of a file, None for one that is no picture."""
    try:
        return look(open_picture(path.read_bytes()))
    except (BadImage, *BROKEN):
        return None
