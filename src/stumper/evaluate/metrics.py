"""Means, intervals and differences of scores (numpy only); knows no model and no question.

Scores lie in 0..1; nan is missing and counts neither as right nor as wrong. Items of one image are not
independent, so the bootstrap draws whole images (Cameron, Gelbach and Miller 2008,
doi:10.1162/rest.90.3.414).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.95
RESAMPLES: Final = 2_000
"""The ends of an interval move by about .003 between seeds at 400 images."""
_CELLS: Final = 4_000_000
"""Resampled cells in memory at once: 32 MB."""
_SAME: Final = 1e-9
"""Sums of scores that differ by less are the same: additions in another order."""

Scores = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean with its percentile bootstrap interval; nan where nothing was scored."""

    mean: float
    low: float
    high: float
    n: int
    """Scores that went in; missing ones did not."""


def mean_interval(
    scores: Scores, images: Sequence[Hashable], *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Returns the mean score with its interval over resampled images; ``images[i]`` names the image of item
    i.

    Raises ValueError if the lengths differ.
    """
    present = np.isfinite(scores)
    sums, counts = _by_image(scores, images, present)
    if not len(sums):
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    means = _resampled_means(sums, counts, seed=seed, resamples=resamples)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), int(present.sum()))


def gain_interval(
    before: Scores, after: Scores, images: Sequence[Hashable], *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Returns the mean of after - before over items scored both times, with its interval."""
    return mean_interval(after - before, images, seed=seed, resamples=resamples)


def paired_p(
    before: Scores, after: Scores, images: Sequence[Hashable], *, seed: int, resamples: int = RESAMPLES
) -> float:
    """Returns how often chance alone would part the two as far as they are, either way: 0..1, nan without
    scores.

    If neither is better, the sign of an image's difference is a coin's: Fisher's randomisation test for pairs
    (The Design of Experiments, 1935, section 21), with whole images as the pairs. All signs are tried where
    there are no more than ``resamples`` of them; else some are drawn, and the observed ones count as one of
    them, so that p is never 0 (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
    """
    difference = after - before
    sums, _ = _by_image(difference, images, np.isfinite(difference))
    if not len(sums):
        return float("nan")
    sums = sums[sums != 0]  # what does not differ flips to itself
    least = abs(float(sums.sum())) - _SAME
    k = len(sums)
    if 2**k <= resamples:
        signs = 1.0 - 2.0 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1)
        return float(np.mean(np.abs(signs @ sums) >= least))
    rng = np.random.default_rng(seed)
    as_far = 0
    step = max(1, _CELLS // k)
    for start in range(0, resamples, step):
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=(min(step, resamples - start), k))
        as_far += int(np.count_nonzero(np.abs(signs @ sums) >= least))
    return (as_far + 1) / (resamples + 1)


def mean(scores: Scores) -> float:
    """Returns the mean of what is not missing; nan if all is."""
    present = scores[np.isfinite(scores)]
    return float(present.mean()) if len(present) else float("nan")


def places(names: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """Returns the places of every name, names in alphabetical order."""
    array = np.asarray(names, dtype=object)
    return {name: np.flatnonzero(array == name) for name in sorted(set(names))}


def _by_image(
    scores: Scores, images: Sequence[Hashable], present: NDArray[np.bool_]
) -> tuple[Scores, Scores]:
    if len(images) != len(scores):
        raise ValueError(f"{len(scores)} scores but {len(images)} images")
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(image, len(numbers)) for image in images], dtype=np.intp)[present]
    counts = np.bincount(codes, minlength=len(numbers)).astype(np.float64)
    sums = np.bincount(codes, weights=scores[present], minlength=len(numbers)).astype(np.float64)
    return sums[counts > 0], counts[counts > 0]


def _resampled_means(sums: Scores, counts: Scores, *, seed: int, resamples: int) -> Scores:
    rng = np.random.default_rng(seed)
    k = len(sums)
    means = np.empty(resamples)
    step = max(1, _CELLS // k)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.multinomial(k, np.full(k, 1 / k), size=size).astype(np.float64)
        means[start : start + size] = (drawn @ sums) / (drawn @ counts)
    return means
