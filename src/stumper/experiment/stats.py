"""Means over questions and seeds, with an interval over both (numpy only).

Tuning twice gives two models, and the same pictures are asked of both: seeds and pictures are crossed. So a
resample draws whole pictures and, apart from them, whole seeds, and takes every answer as often as its
picture times its seed was drawn: the pigeonhole bootstrap (Owen 2007, doi:10.1214/07-AOAS122). Arms are
compared by the differences of their answers to the same question after tuning with the same seed, so what a
picture or a seed does to both cancels.

The spread of the noise in single answers comes out too large, that of the seeds too small: with three seeds
their variance is a third less than it should be. With one seed there is no part of the seeds at all, and the
interval is that of `evaluate.metrics`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from stumper.evaluate.metrics import LEVEL, RESAMPLES, Interval, Scores

_CELLS: Final = 4_000_000
"""Resampled cells in memory at once: 32 MB."""


def crossed_interval(
    values: Scores, images: Sequence[Hashable], *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Returns the mean of ``values`` (seeds, items) with its percentile interval over seeds and pictures.

    nan is missing and counts for nothing; ``images[i]`` names the picture of item i. All nan if nothing is
    there. Raises ValueError if the lengths differ.
    """
    sums, counts = _by_picture(values, images)
    if not counts.sum():
        return Interval(np.nan, np.nan, np.nan, 0)
    means = _resampled(sums, counts, seed=seed, resamples=resamples)
    low, high = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), int(counts.sum()))


def _by_picture(values: Scores, images: Sequence[Hashable]) -> tuple[Scores, Scores]:
    """Returns sum and number of the values that are there, (seeds, pictures); empty ones are left out."""
    if values.ndim != 2 or values.shape[1] != len(images):
        raise ValueError(f"{values.shape} values (seeds, items) but {len(images)} images")
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(image, len(numbers)) for image in images], dtype=np.intp)
    there = np.isfinite(values)
    sums, counts = np.zeros((2, len(values), len(numbers)))
    for row, (found, present) in enumerate(zip(values, there, strict=True)):
        sums[row] = np.bincount(codes[present], found[present], minlength=len(numbers))
        counts[row] = np.bincount(codes[present], minlength=len(numbers))
    seeds, pictures = counts.any(axis=1), counts.any(axis=0)
    return sums[seeds][:, pictures], counts[seeds][:, pictures]


def _resampled(sums: Scores, counts: Scores, *, seed: int, resamples: int) -> Scores:
    """Returns the means of resamples, nan where nothing was drawn that is there."""
    of_pictures, of_seeds = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    seeds, pictures = counts.shape
    means = np.empty(resamples)
    step = max(1, _CELLS // pictures)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = of_pictures.multinomial(pictures, np.full(pictures, 1 / pictures), size=size).astype(float)
        times = of_seeds.multinomial(seeds, np.full(seeds, 1 / seeds), size=size)
        total, number = ((drawn @ each.T * times).sum(axis=1) for each in (sums, counts))
        means[start : start + size] = np.divide(total, number, out=np.full(size, np.nan), where=number > 0)
    return means
