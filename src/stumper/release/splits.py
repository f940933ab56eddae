"""Which image belongs to which split: by a seeded hash of the image alone, so new examples move no old ones.

Questions follow their image: no split shares an image with another (31.6 % of the published GAP-VQA
validation items use an image that is also in train).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from stumper.errors import BadRelease
from stumper.records import ImageId, Split

SHARES: Final[dict[Split, tuple[float, float]]] = {
    Split.TRAIN: (0.0, 0.7),
    Split.VAL: (0.7, 0.8),
    Split.TEST: (0.8, 1.0),
}
"""Each split's part of the hash range; their lengths are the expected shares of images."""


def place(image_id: ImageId, *, seed: int) -> float:
    """Returns the image's place in [0, 1), the same on every machine."""
    digest = hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def split_images(images: Iterable[ImageId], *, seed: int) -> dict[ImageId, Split]:
    """Returns the split of every image; all three splits get at least one.

    If the hash leaves a split empty, which happens below some 30 images only, the image nearest to its range
    moves there from a split that has more than one. Raises BadRelease below three images.
    """
    places = {image_id: place(image_id, seed=seed) for image_id in sorted(set(images))}
    if len(places) < len(SHARES):
        raise BadRelease(
            f"The accepted examples show {len(places)} image(s); train, val and test need at least "
            f"{len(SHARES)} different ones. Play more sessions on fresh images and settle their claims first."
        )
    found = {image_id: _by_range(where) for image_id, where in places.items()}
    for split in (Split.TEST, Split.VAL, Split.TRAIN):
        if split not in found.values():
            found[_nearest(places, found, split)] = split
    return found


def _by_range(where: float) -> Split:
    return next(split for split, (_, end) in SHARES.items() if where < end)


def _nearest(places: dict[ImageId, float], found: dict[ImageId, Split], split: Split) -> ImageId:
    sizes = [*found.values()]
    start, end = SHARES[split]
    movable = [image_id for image_id in places if sizes.count(found[image_id]) > 1]
    return min(
        movable, key=lambda image_id: (max(start - places[image_id], places[image_id] - end), image_id)
    )
