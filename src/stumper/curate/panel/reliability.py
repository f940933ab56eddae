"""How well scores tell true from false (numpy only): ranking, calibration, the best bar, Platt's scaling.

``truth`` is what people decided, ``p`` a score of 0..1 for each; both have the same length.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stumper.trust.crowd import Array, Marks, logit, sigmoid

BINS: Final = 10
_NONE: Final = 1.01
"""A bar that no score reaches."""
_STEPS: Final = 300
_INSIDE: Final = 0.01
"""Scores of 0 and 1 are taken as this and its complement: no judge is worth endless odds."""


def auc(truth: Marks, p: Array) -> float:
    """Returns P(a true one is ranked above a false one), ties half; nan if there is only one sort."""
    _, place, n = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(n) - (n - 1) / 2.0)[place]
    above = float(truth.sum())
    pairs = above * float((~truth).sum())
    return float((ranks[truth].sum() - above * (above + 1.0) / 2.0) / pairs) if pairs else float("nan")


def ece(truth: Marks, p: Array) -> float:
    """Returns the expected calibration error in ten bins of equal width; nan without any."""
    cell = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = np.bincount(cell, p - truth, minlength=BINS)
    return float(np.abs(gap).sum() / len(p)) if len(p) else float("nan")


def brier(truth: Marks, p: Array) -> float:
    """Returns the mean squared error of the scores (Brier 1950); nan without any."""
    return float(((p - truth) ** 2).mean()) if len(p) else float("nan")


def agreement(truth: Marks, p: Array, bar: float) -> float:
    """Returns the share on which "at least ``bar``" says what people said; nan without any."""
    return float(((p >= bar) == truth).mean()) if len(p) else float("nan")


def best_bar(truth: Marks, p: Array) -> float:
    """Returns the bar that agrees best with people, in the middle of its gap; of equal ones that nearest 0.5.

    0.5 without any.
    """
    values = np.unique(p)
    if not len(values):
        return 0.5
    bars = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2.0, [_NONE], [0.5]])
    shares = np.array([agreement(truth, p, bar) for bar in bars])
    best = bars[shares == shares.max()]
    return float(best[np.abs(best - 0.5).argmin()])


def scaled(p: Array, *, truth: Marks, taught: Array) -> Array:
    """Returns ``p`` as probabilities, by Platt's scaling learned from ``taught`` scores and their ``truth``.

    A logit x becomes a + b x. One pseudo-observation of each keeps few or perfect scores near a = 0, b = 1.
    Each step is bounded by the largest curvature that there can be (Boehning and Lindsay 1988,
    doi:10.1007/BF00049423): Newton's own overshoots where a judge is too sure.
    """
    ones = np.column_stack([np.ones(len(taught)), _logits(taught)])
    start = ab = np.array([0.0, 1.0])
    bound = ones.T @ ones / 4.0 + np.eye(2)
    for _ in range(_STEPS):
        ab = ab + np.linalg.solve(bound, ones.T @ (truth - sigmoid(ones @ ab)) - (ab - start))
    return np.asarray(sigmoid(ab[0] + max(ab[1], 0.0) * _logits(p)))


def _logits(p: Array) -> Array:
    return np.asarray(logit(np.clip(p, _INSIDE, 1.0 - _INSIDE)))
