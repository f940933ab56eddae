"""What is thinned out so that no question and no category rules a release, and how much a row weighs (pure).

Rows are numbers of columns that `plan` holds. Of many alike those are kept that are most certain and lie most
apart: other pictures, other answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from stumper.records import Category

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CATEGORIES: Final = tuple(Category)
_ASKED: Final = tuple(place for place, name in enumerate(CATEGORIES) if name is not Category.INVALID)
MOST_OF_ONE: Final = 0.005
"""No question makes a larger share of a release ..."""
FEW: Final = 5
"""... but so many rows of one are allowed however small the release: it is no pattern yet."""
LEAST_ENTROPY: Final = 0.85
"""Normalised, over eleven categories; categories are thinned below it (GAP-VQA: 0.34)."""
MOST_THINNED: Final = 0.25
"""Categories are never thinned further than to cost this share of the rows: weights must do the rest."""
LIGHTEST, HEAVIEST = 0.25, 4.0
_UNWANTED: Final = 1e-9
"""Not 0: where nearly all rows are unwanted, they must still be able to have mean 1."""


def places_within(group: Ints, order: Ints) -> Ints:
    """Returns for each row its place within its group (0 for the first), as ``order`` ranks all rows."""
    by_group = order[np.argsort(group[order], kind="stable")]
    sorted_group = group[by_group]
    fresh = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
    lengths = np.diff(np.r_[fresh, len(group)])
    found = np.empty(len(group), np.int64)
    found[by_group] = np.arange(len(group)) - np.repeat(fresh, lengths)
    return found


def together(one: Ints, other: Ints) -> Ints:
    """Returns one number for each pair of values."""
    _, a = np.unique(one, return_inverse=True)
    _, b = np.unique(other, return_inverse=True)
    return a.astype(np.int64) * (int(b.max(initial=0)) + 1) + b


def ranks(
    group: Ints, *, split: Ints, spread: Sequence[Ints], posterior: Floats, key: npt.NDArray[np.uint64]
) -> Ints:
    """Returns the place in which each row would be kept of its group.

    First comes one row of each split, so that thinning never empties one; then rows whose values of
    ``spread`` occur least among the better ones; of these the most certain; of these the lowest key.
    """
    best = np.lexsort((key, -posterior))
    seen = [places_within(together(group, column), best) for column in spread]
    first = places_within(together(group, split), best) > 0
    return places_within(group, np.lexsort((key, -posterior, *reversed(seen), first)))


def question_cap(counts: Ints) -> int:
    """Returns how many rows of one question may stay, given how many rows each question has.

    The largest number that is at most MOST_OF_ONE of what is left, or FEW.
    """
    left = int(counts.sum())
    while True:
        cap = max(FEW, math.floor(MOST_OF_ONE * left))
        fewer = int(np.minimum(counts, cap).sum())
        if fewer == left:
            return cap
        left = fewer


def category_cap(counts: Ints, *, of: int) -> int:
    """Returns how many rows of one category may stay; ``counts`` follow CATEGORIES.

    The largest number with which the entropy reaches LEAST_ENTROPY, but none that leaves less than all but
    MOST_THINNED ``of`` so many rows. With too few categories nothing helps: then all may stay.
    """
    top = int(counts.max(initial=0))
    if entropy(counts) >= LEAST_ENTROPY or entropy(np.minimum(counts, 1)) < LEAST_ENTROPY:
        return top
    too_much = _first(lambda cap: entropy(np.minimum(counts, cap)) < LEAST_ENTROPY, top)
    affordable = _first(lambda cap: np.minimum(counts, cap).sum() >= (1 - MOST_THINNED) * of, top)
    return max(too_much - 1, affordable)


def _first(passes: Callable[[int], bool], last: int) -> int:
    """Returns the first number of 1..last that passes, if all after it do; ``last`` is known to."""
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def entropy(counts: Ints) -> float:
    """Returns the entropy of the counts of CATEGORIES over that of eleven equal parts, 0..1.

    What is no question does not count. 0 if there is nothing.
    """
    valid = counts[list(_ASKED)]
    shares = valid[valid > 0] / max(1, valid.sum())
    return float(-(shares * np.log(shares)).sum() / math.log(len(_ASKED))) if len(shares) > 1 else 0.0


def weights(counts: Ints, mix: Mapping[str, float] | None) -> dict[Category, float]:
    """Returns the weight of each category that train holds: share wanted / share present.

    ``counts`` are its rows in train. Weights lie in LIGHTEST..HEAVIEST and their mean over the rows is 1.
    Without a ``mix`` all categories that are there are wanted alike; one that a mix does not name is not
    wanted.
    """
    there = np.flatnonzero(counts)
    named = [CATEGORIES[place] for place in there]
    wanted = np.array(
        [max(0.0, mix.get(name, 0.0)) if mix else float(name is not Category.INVALID) for name in named]
    )
    if not wanted.any():
        return dict.fromkeys(named, 1.0)
    present = counts[there] / counts.sum()
    ratio = np.maximum(wanted / wanted.sum() / present, _UNWANTED)
    found = np.clip(_scale(ratio, present) * ratio, LIGHTEST, HEAVIEST)
    return {name: round(float(weight), 6) for name, weight in zip(named, found, strict=True)}


def _scale(ratio: Floats, present: Floats) -> float:
    """Returns the factor with which the bounded weights have mean 1; the mean grows with it, so it is halved
    in.
    """
    low, high = 0.0, HEAVIEST / float(ratio.min())
    for _ in range(100):
        middle = (low + high) / 2
        mean = float(np.clip(middle * ratio, LIGHTEST, HEAVIEST) @ present)
        low, high = (middle, high) if mean < 1 else (low, middle)
    return (low + high) / 2
