"""Which pictures look alike: a perceptual hash of 256 bits that survives scaling, compression and light.

The signs of the lowest frequencies (DCT-II) of a thumbnail, 96 of its light and 80 of each of its two colour
planes (YCbCr); after Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010),
chapter 3. Colour is what tells drawn scenes apart that share a background: there hashes of light alone merge
what differs. Mirrored pictures are not alike, because left and right are asked for. Pure; numpy and Pillow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from stumper.records import ImageId

Words64 = npt.NDArray[np.uint64]
"""(n, 4): the bits of n looks."""
Floats = npt.NDArray[np.float64]

_SIDE: Final = 64
"""Pixels of the thumbnail's sides."""
_BITS: Final = (96, 80, 80)
"""Of light, blueness and redness; in all 256, which is 64 hexadecimal digits."""
MOST_LIGHT: Final = 16
MOST_COLOUR: Final = 17
"""Bits that may differ in pictures that look alike. Measured on 2,000 drawn scenes, docs/guide/images.md:
no two of them are as near, and resized, compressed, lightened or slightly cut copies nearly all are."""
_NOTHING: Final = 0.5
"""A frequency weaker than 1/64 of a grey level is none: rounding must not toss a coin."""
_LEAST: Final = 48
"""Frequencies that a picture must have. In a ramp or a lone spot of light nearly all are nothing, and such
pictures would all look alike."""
_LIGHT_REST: Final = np.uint64((1 << 32) - 1) << np.uint64(32)
"""The 32 bits of light in the second word (the first holds 64, big end first)."""


def look(picture: Image.Image) -> str:
    """Returns the look of a picture, 64 hexadecimal digits; empty for one with nothing in it to compare."""
    small = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX, reducing_gap=3.0)
    planes = np.asarray(small.convert("YCbCr"), np.float64)
    waves = np.concatenate([_waves(planes[..., at], bits) for at, bits in enumerate(_BITS)])
    if np.count_nonzero(np.abs(waves) > _NOTHING) < _LEAST:
        return ""
    return np.packbits(waves > _NOTHING).tobytes().hex()


def _waves(plane: Floats, most: int) -> Floats:
    """Returns the ``most`` lowest frequencies but the mean, those of one diagonal in order of the row."""
    sides = int(np.ceil(np.sqrt(2 * most))) + 1
    rows = np.arange(sides)
    cosines = np.cos(np.pi * (2 * np.arange(_SIDE) + 1) * rows[:, None] / (2 * _SIDE))
    found: Floats = cosines @ plane @ cosines.T * (2 / _SIDE)
    order = np.lexsort((np.repeat(rows, sides), (rows[:, None] + rows).ravel()))
    return found.ravel()[order[1 : most + 1]]


def distance(a: str, b: str) -> int:
    """Returns in how many of 256 bits two looks differ. Raises ValueError for what is no look."""
    return sum(_apart(a, b))


def alike(a: str, b: str) -> bool:
    """Tells whether two looks are of what a person would call the same picture."""
    light, colour = _apart(a, b)
    return light <= MOST_LIGHT and colour <= MOST_COLOUR


def _apart(a: str, b: str) -> tuple[int, int]:
    """Returns the differing bits of light and of colour."""
    if len(a) != 64 or len(b) != 64:
        raise ValueError(f"A look has 64 hexadecimal digits; these have {len(a)} and {len(b)}.")
    both = int(a, 16) ^ int(b, 16)
    colour = sum(_BITS[1:])
    return (both >> colour).bit_count(), (both & ((1 << colour) - 1)).bit_count()


def groups(looks: Mapping[ImageId, str | None]) -> dict[ImageId, ImageId]:
    """Returns for each picture the first, in the mapping's order, of the pictures that look alike.

    Whoever looks like one of a group belongs to it. A picture without a look is alone. Compares all pairs, so
    that the answer is exact however alike the pictures are: 100,000 take some 10 s of one core.
    """
    first: dict[str, ImageId] = {}
    leaders = {image_id: first.setdefault(seen, image_id) for image_id, seen in looks.items() if seen}
    parent = {image_id: image_id for image_id in first.values()}
    names = list(parent)
    places = {image_id: at for at, image_id in enumerate(names)}
    for one, other in _pairs(bits_of(list(first))):
        a, b = _root(parent, names[one]), _root(parent, names[other])
        older, younger = (a, b) if places[a] <= places[b] else (b, a)
        parent[younger] = older
    return {
        image_id: _root(parent, leaders[image_id]) if image_id in leaders else image_id for image_id in looks
    }


def _root(parent: dict[ImageId, ImageId], image_id: ImageId) -> ImageId:
    while parent[image_id] != image_id:
        parent[image_id] = parent[parent[image_id]]
        image_id = parent[image_id]
    return image_id


def bits_of(looks: Sequence[str]) -> Words64:
    """Returns (n, 4), the bits of looks as numbers. Raises ValueError for what is no look."""
    return np.frombuffer(bytes.fromhex("".join(looks)), ">u8").astype(np.uint64).reshape(-1, 4)


def near(one: Words64, many: Words64) -> npt.NDArray[np.intp]:
    """Returns the places of the looks (n, 4) that are alike to one (4,)."""
    # The first word says no to nearly all, at a few nanoseconds each.
    maybe = np.flatnonzero(np.bitwise_count(many[:, 0] ^ one[0]) <= MOST_LIGHT)
    both = many[maybe] ^ one
    light = _count(both[:, 0]) + _count(both[:, 1] & _LIGHT_REST)
    colour = _count(both[:, 1] & ~_LIGHT_REST) + _count(both[:, 2]) + _count(both[:, 3])
    return maybe[(light <= MOST_LIGHT) & (colour <= MOST_COLOUR)]


def _count(bits: Words64) -> npt.NDArray[np.int64]:
    return np.bitwise_count(bits).astype(np.int64)


def _pairs(found: Words64) -> Iterator[tuple[int, int]]:
    columns = np.asfortranarray(found)  # a column that lies in one piece is read three times as fast
    for place in range(len(columns) - 1):
        for step in near(columns[place], columns[place + 1 :]).tolist():
            yield place, place + 1 + step
