"""Which of many wordings nearly say the same: all pairs where they are few, MinHash where they are many.

MinHash after Broder, "On the resemblance and containment of documents" (1997), over letter triples, in bands
(locality-sensitive hashing), with numpy alone. What counts as the same is said in `curate.dedup`: numbers,
colours and sides agree exactly, so only questions in which they do are compared at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from stumper.curate.dedup import ALIKE

Ints = npt.NDArray[np.int64]
Words64 = npt.NDArray[np.uint64]

ALL_PAIRS: Final = 1_000
"""Wordings compared each with each. A million in groups of this size: a minute's work."""
BANDS: Final = 16
ROWS: Final = 3
"""Signatures of 48 minima: texts that share .6 of their triples, as a slip in two words leaves, meet in a
band with P = .98, those that share .2 with P = .12."""
_NEXT: Final = 4
"""Texts of a bucket with which each is compared; buckets of common phrases would be squares."""
_CHUNK: Final = 20_000
_SEED: Final = 20240410


def same_words(stiff: Sequence[int], contents: Sequence[str]) -> Ints:
    """Returns for each question the place of the first that differs from it in small words and order only.

    ``stiff`` stands for what must agree exactly, ``contents`` are the other words (`curate.dedup.asks`).
    """
    first: dict[tuple[int, str], int] = {}
    places = (first.setdefault(key, at) for at, key in enumerate(zip(stiff, contents, strict=True)))
    return np.fromiter(places, np.int64, len(contents))


def clusters(stiff: Sequence[int], contents: Sequence[str], *, all_pairs: int = ALL_PAIRS) -> Ints:
    """Returns for each question the place of the first that it nearly equals, itself if there is none."""
    parent = same_words(stiff, contents)
    groups: dict[int, list[int]] = defaultdict(list)
    for place in np.flatnonzero(parent == np.arange(len(parent))).tolist():
        groups[stiff[place]].append(place)
    for places in groups.values():
        keys = [contents[place] for place in places]
        pairs = _every(keys) if len(keys) <= all_pairs else _banded(keys)
        for one, other in pairs:
            a, b = _root(parent, places[one]), _root(parent, places[other])
            parent[max(a, b)] = min(a, b)
    for place in range(len(parent)):
        parent[place] = parent[parent[place]]  # parents come before children, so one step is enough
    return parent


def _root(parent: Ints, place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = int(parent[place])
    return place


def _every(keys: list[str]) -> Iterator[tuple[int, int]]:
    alike = process.cdist(keys, keys, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8)
    for one, other in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        yield int(one), int(other)


def _banded(keys: list[str]) -> Iterator[tuple[int, int]]:
    for band in _bands(keys).T:
        order = np.argsort(band, kind="stable")
        for step in range(1, _NEXT + 1):
            same = np.flatnonzero(band[order][step:] == band[order][:-step])
            one, other = order[same], order[same + step]
            alike = process.cpdist(
                [keys[at] for at in one], [keys[at] for at in other], scorer=fuzz.ratio, score_cutoff=ALIKE
            )
            yield from zip(one[alike > 0].tolist(), other[alike > 0].tolist(), strict=True)


def _bands(keys: list[str]) -> Words64:
    """Returns (n, BANDS): texts with an equal value in one column share the minima of that band."""
    rng = np.random.default_rng(_SEED)
    factors = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    shifts = rng.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    found = [_chunk(keys[at : at + _CHUNK], factors, shifts) for at in range(0, len(keys), _CHUNK)]
    return np.concatenate(found)


def _chunk(keys: list[str], factors: Words64, shifts: Words64) -> Words64:
    triples, starts = _triples(keys)
    out = np.zeros((len(keys), BANDS), np.uint64)
    for place, (factor, shift) in enumerate(zip(factors, shifts, strict=True)):
        least = np.minimum.reduceat((triples * factor + shift) >> np.uint64(20), starts)
        column = out[:, place // ROWS]
        column *= np.uint64(0x100000001B3)
        column ^= least
    return out


def _triples(keys: list[str]) -> tuple[Words64, npt.NDArray[Any]]:
    """Returns the hashed byte triples of all texts in a row, and where each text begins (all have some)."""
    coded = [f"  {key} ".encode() for key in keys]
    lengths = np.fromiter(map(len, coded), np.int64, len(coded))
    codes = np.frombuffer(b"".join(coded), np.uint8).astype(np.uint64)
    triples = codes[:-2] | codes[1:-1] << np.uint64(8) | codes[2:] << np.uint64(16)
    ends = np.cumsum(lengths)
    inside = np.ones(len(codes), bool)
    inside[ends - 1] = inside[ends - 2] = False
    mixed = triples[inside[:-2]] * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29)), np.concatenate([[0], np.cumsum(lengths - 2)[:-1]])
