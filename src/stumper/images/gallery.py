"""The looks of a pool that grows: what a new picture looks like, and whether it is held out (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from stumper.images.look import bits_of, near
from stumper.images.reserve import held_out, place
from stumper.records import Image, ImageId


class Hung(NamedTuple):
    """What is kept in mind of a picture of the pool."""

    id: ImageId
    look: str | None
    held_out: bool | None


class Gallery:
    """Pictures in the order they came; 1,000,000 take some 200 MB, and a new one 5 ms to be compared."""

    def __init__(self, pool: Iterable[Hung], *, seed: int) -> None:
        """``seed`` is the campaign's ``split_seed``."""
        self._seed = seed
        there = list(pool)
        self._known = {one.id for one in there}
        self._seen = [one for one in there if one.look]
        self._bits = bits_of([one.look or "" for one in self._seen])

    def hang(self, image: Image) -> tuple[Image, ImageId | None]:
        """Returns the picture with its cohort, and the first picture of the pool that it looks like.

        What looks alike is held out together. A picture that the pool holds already looks like none.
        """
        older = None if image.id in self._known else self._older(image.look)
        reserved = held_out(place(image.id, seed=self._seed))
        if older is not None and older.held_out is not None:
            reserved = older.held_out
        self._keep(Hung(image.id, image.look, reserved))
        return replace(image, held_out=reserved), older and older.id

    def _older(self, look: str | None) -> Hung | None:
        if not look:
            return None
        found = near(bits_of([look])[0], self._bits[: len(self._seen)])
        return self._seen[int(found[0])] if len(found) else None

    def _keep(self, one: Hung) -> None:
        if one.id in self._known:
            return
        self._known.add(one.id)
        if one.look:
            if len(self._seen) == len(self._bits):
                more = np.zeros((max(64, len(self._bits)), 4), np.uint64)
                self._bits = np.concatenate([self._bits, more])
            self._bits[len(self._seen)] = bits_of([one.look])[0]
            self._seen.append(one)
