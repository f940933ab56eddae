"""The figures of experiments, and what they say in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from stumper.evaluate.metrics import Interval, Scores, mean
from stumper.evaluate.run import Item, guessed
from stumper.experiment.arms import Arm
from stumper.experiment.exam import CAUGHT, KEPT, ORDINARY
from stumper.experiment.stats import crossed_interval

ON: Final = {
    CAUGHT: "On questions that stumped the model",
    ORDINARY: "On ordinary questions",
    KEPT: "On what it knew before",
}
CALLED: Final = {
    Arm.COLLECTED: "adversarial data as collected",
    Arm.ORDINARY: "ordinary data",
    Arm.UNVALIDATED: "claims without validation",
    Arm.RANDOM: "a random part of the validated data",
    Arm.BALANCED: "balanced adversarial data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """Base beside tuned models of several seeds on one test; scores 0..1, nan where nothing was scored."""

    items: int
    before: float
    guess: float
    after: Interval
    gain: Interval
    """Over questions scored both times."""
    per_100: Interval
    """Gain for every 100 pairs."""
    missing: int
    """Answers, over all seeds, that base or tuned failed to give or that cannot be scored."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None."""
        return {
            "items": self.items,
            "before": number(self.before),
            "guess": number(self.guess),
            "after": plain(self.after),
            "gain": plain(self.gain),
            "gain_per_100_pairs": plain(self.per_100),
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An arm's score minus that of ordinary questions, on the same test, of the same size and seeds."""

    arm: Arm
    test: str
    pairs: int
    difference: Interval


def tested(items: Sequence[Item], before: Scores, after: Scores, *, pairs: int, seed: int) -> Tested:
    """Compares scores before, (items,), with those of every seed after tuning, (seeds, items)."""
    images = [item.picture for item in items]
    gain, per = crossed_interval(after - before, images, seed=seed), 100 / pairs
    return Tested(
        items=len(items),
        before=mean(before),
        guess=_guess(tuple(items)),
        after=crossed_interval(after, images, seed=seed),
        gain=gain,
        per_100=Interval(per * gain.mean, per * gain.low, per * gain.high, gain.n),
        missing=int(np.count_nonzero(np.isnan(after - before))),
    )


@lru_cache(maxsize=16)
def _guess(items: tuple[Item, ...]) -> float:
    return mean(guessed(items))


def sentence(one: Difference) -> str:
    """Says whether an arm beats ordinary data, and by how much."""
    mean, low, high, n = one.difference
    where, what = ON[one.test], CALLED[one.arm]
    if not n:
        return f"{where}, {what} cannot be compared with ordinary data: nothing was scored."
    span = f"[{low:+.3f}, {high:+.3f}]"
    if low > 0:
        return f"{where}, {what} beat ordinary data of the same size by {mean:+.3f} {span}."
    if high < 0:
        return f"{where}, {what} fall behind ordinary data of the same size: {mean:+.3f} {span}."
    return (
        f"{where}, {what} do not beat ordinary data of the same size: the difference is {mean:+.3f} {span}, "
        "which may be chance."
    )


def plain(interval: Interval) -> dict[str, float | None]:
    """Returns an interval as JSON knows it."""
    return {name: number(value) for name, value in interval._asdict().items()}


def number(value: float) -> float | None:
    """Returns None for nan."""
    return value if math.isfinite(value) else None
