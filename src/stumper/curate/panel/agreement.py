"""Krippendorff's alpha: how far judges agree beyond chance, with missing scores (numpy only).

alpha = 1 - D_o / D_e: the disagreement within units over the disagreement that the same values would have in
any order (Krippendorff, Content Analysis, 2004, chapter 11). 1 is perfect, 0 is chance, below 0 is worse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RELIABLE: Final = 0.8
"""Krippendorff's own bar for conclusions; from .667 on he allows tentative ones."""


def interval_alpha(scores: Array) -> float:
    """Returns alpha of ``scores`` (judges, units), squared differences counting; nan is missing.

    nan if fewer than two values can be compared, or if all are equal: then nothing could have differed.
    """
    return _alpha(scores, _squares)


def nominal_alpha(names: Array) -> float:
    """Returns alpha of names written as numbers, (judges, units), any difference counting 1; nan as above."""
    return _alpha(names, _others)


def _alpha(scores: Array, disagreement: Callable[[Array, NDArray[np.intp], int], Array]) -> float:
    present = np.isfinite(scores)
    present &= present.sum(axis=0) >= 2  # a unit that one judge saw compares nothing
    _, units = np.nonzero(present)
    values = scores[present]
    if len(values) < 2:
        return float("nan")
    _, units, sizes = np.unique(units, return_inverse=True, return_counts=True)
    observed = float((disagreement(values, units, len(sizes)) / (sizes - 1)).sum())
    together = np.zeros(len(values), dtype=np.intp)
    expected = float(disagreement(values, together, 1)[0]) / (len(values) - 1)
    return 1.0 - observed / expected if expected > 0.0 else float("nan")


def _squares(values: Array, groups: NDArray[np.intp], n: int) -> Array:
    """Sums the squared differences of all ordered pairs within each group: 2 (m sum x^2 - (sum x)^2)."""
    centred = values - values.mean()
    count, total = np.bincount(groups, minlength=n), np.bincount(groups, centred, minlength=n)
    found = 2.0 * (count * np.bincount(groups, centred**2, minlength=n) - total**2)
    return np.where(_equal(values, groups, n), 0.0, np.maximum(found, 0.0))  # exactly 0, not 1e-17


def _equal(values: Array, groups: NDArray[np.intp], n: int) -> NDArray[np.bool_]:
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, groups, values)
    np.maximum.at(high, groups, values)
    return np.asarray(low == high)


def _others(values: Array, groups: NDArray[np.intp], n: int) -> Array:
    """Counts the ordered pairs of different values within each group: m^2 less the squares of each value."""
    _, codes = np.unique(values, return_inverse=True)
    cells, counts = np.unique(groups * (codes.max() + 1) + codes, return_counts=True)
    alike = np.bincount(cells // (codes.max() + 1), counts.astype(np.float64) ** 2, minlength=n)
    return np.asarray(np.bincount(groups, minlength=n).astype(np.float64) ** 2 - alike)
