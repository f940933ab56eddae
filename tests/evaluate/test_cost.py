"""What answers cost: by hand, and nothing is 0 because nobody counted it."""

from __future__ import annotations

import math

from stumper.evaluate.cost import Cost, cost
from stumper.vlm.base import Answer


def test_mean_and_95th_percentile_by_hand() -> None:
    answers = [
        Answer("a", float(ms), tokens=2) for ms in range(1, 22)
    ]  # 1..21 ms: the 95th of 100 parts is 20

    assert cost([*answers, None]) == Cost(answers=21, mean_ms=11.0, p95_ms=20.0, tokens=2.0)


def test_what_nobody_counted_is_missing() -> None:
    assert cost([Answer("a", math.nan), Answer("b", 4.0)]) == Cost(
        answers=2, mean_ms=4.0, p95_ms=4.0, tokens=None
    )
    assert cost([None]) == Cost(answers=0, mean_ms=None, p95_ms=None, tokens=None)
