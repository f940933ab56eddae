"""Two smaller estimates beside `estimator`: is a correction right; how far off are claims without votes."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stumper.trust.crowd import Array, CrowdLog, Players, logit, sigmoid

MIN_AUDITED: Final = 60
RIGHT: Final = (0.75, 4.0)
"""Prior mean of P(a correction is right | the answer was wrong), and how many claims that is worth."""
MOST_SHIFT: Final = 0.7
"""Logits by which corrections may be easier or harder to judge than answers."""


class Shifts(NamedTuple):
    """Logits by which voters find right and wrong corrections right more often than answers wrong."""

    on_right: float
    on_wrong: float


class Corrected(NamedTuple):
    good: Array
    """(n,) P(the answer was wrong and the correction is right)."""
    shifts: Shifts


class Scaling(NamedTuple):
    """Platt's: a logit x becomes a + b x."""

    a: float
    b: float


def judge_corrections(log: CrowdLog, wrong: Array, players: Players, known: Shifts | None) -> Corrected:
    """Returns P(good) of every item, and how much easier corrections are to judge than answers.

    Voters who found the answer wrong also judge the correction: they find a right one right as often as they
    see an error, a wrong one as often as they see one that is not there, both up to a shift that is the same
    for all. So who says yes to everything says nothing here either. A player's rate of right corrections is
    counted over their other claims.
    """
    asked = np.flatnonzero(log.says_wrong)
    item, yes = log.item[asked], log.says_right[asked]
    sees, alarms = (logit(_inside(rate[log.voter[asked]])) for rate in (players.sees, players.alarms))
    judged = np.bincount(item, minlength=len(wrong)) > 0
    right = np.full(len(wrong), RIGHT[0])
    on_right, on_wrong = known or Shifts(0.0, 0.0)
    for _ in range(4 if known else 10):
        confirms, waves = sigmoid(sees + on_right), sigmoid(alarms + on_wrong)
        ratio = np.where(yes, np.log(confirms / waves), np.log((1.0 - confirms) / (1.0 - waves)))
        heard = np.bincount(item, log.share[asked] * ratio, minlength=len(wrong))
        weight, own = wrong * judged, wrong * right * judged
        n = np.bincount(log.asker, weight, minlength=log.players)[log.asker] - weight
        k = np.bincount(log.asker, own, minlength=log.players)[log.asker] - own
        right = sigmoid(logit((k + RIGHT[0] * RIGHT[1]) / (n + RIGHT[1])) + heard)
        if known is None:
            is_right, is_wrong = wrong[item] * right[item], wrong[item] * (1.0 - right[item])
            on_right = _shifted(on_right, is_right, yes - confirms, confirms)
            on_wrong = _shifted(on_wrong, is_wrong, yes - waves, waves)
    return Corrected(np.where(log.claimed, wrong * right, 0.0), Shifts(on_right, on_wrong))


def _shifted(shift: float, weight: Array, rest: Array, mean: Array) -> float:
    """Returns a shift in logits after a Newton step, with a spread of one half around none; kept small, else
    a crowd that confirms nothing would be read as one that is hard to please.
    """
    step = (weight @ rest - 4.0 * shift) / (weight @ (mean * (1.0 - mean)) + 4.0)
    return float(np.clip(shift + step, -MOST_SHIFT, MOST_SHIFT))


def _inside(p: Array) -> Array:
    return np.clip(p, 0.01, 0.99)


def platt_scaling(before: Array, heard: Array) -> Scaling:
    """Returns a and b so that a + b ``before`` is the best logit before any vote, given what the votes said
    (``heard``, log-ratios): Platt's scaling with the truth summed out, by EM. (0, 1) with too few audits.
    """
    a, b = 0.0, 1.0
    if len(before) < MIN_AUDITED:
        return Scaling(a, b)
    ones = np.column_stack([np.ones(len(before)), before])
    for _ in range(40):
        mean = sigmoid(a + b * before)
        truth = sigmoid(a + b * before + heard)
        # One pseudo-observation of each keeps a set of equal claims from a slope without end.
        slope = ones.T @ (truth - mean) - np.array([a, b - 1.0])
        step = np.linalg.solve((ones * (mean * (1.0 - mean))[:, None]).T @ ones + np.eye(2), slope)
        a, b = a + float(step[0]), b + float(step[1])
    return Scaling(a, max(b, 0.0))
