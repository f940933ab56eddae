"""Axes hold what they show; what is missing is not drawn."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.evaluate.metrics import Interval
from stumper.experiment.charts import curve, scale, whisker
from tests.examples import examples

NOTHING = Interval(float("nan"), float("nan"), float("nan"), 0)
ends = st.floats(-1, 1)


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.tuples(ends, ends, ends), max_size=5))
def test_an_axis_holds_all_and_nought_with_few_round_ticks(values: list[tuple[float, float, float]]) -> None:
    intervals = [Interval(mid, low, high, 3) for low, mid, high in map(sorted, values)]
    axis = scale([*intervals, NOTHING])

    assert axis.low <= 0 <= axis.high
    for one in intervals:
        assert -1e-6 <= axis.share(one.low) <= axis.share(one.high) <= 1 + 1e-6
    assert 2 <= len(axis.ticks) <= 8
    assert 0 in axis.ticks


def test_a_point_stands_where_its_value_is() -> None:
    axis = scale([Interval(0.1, 0.0, 0.2, 5)])
    drawn = whisker(Interval(0.05, 0.0, 0.1, 5), axis, beside=0.15)

    assert (axis.low, axis.high) == (0.0, pytest.approx(0.2))
    assert 'class="mean" cx="25.00%"' in drawn
    assert 'class="beside" x1="75.00%"' in drawn
    assert "mean" not in whisker(NOTHING, axis, beside=float("nan"))


def test_sizes_that_double_stand_equally_far_apart() -> None:
    point = Interval(0.1, 0.0, 0.2, 5)
    drawn = curve({"balanced": [(50, point), (100, point), (200, point)]}, scale([point]))
    first, second, third = (float(x) for x in re.findall(r'class="mean balanced" cx="([\d.]+)%"', drawn))

    assert second - first == pytest.approx(third - second, abs=0.02)
    assert drawn.count('class="path balanced"') == 2
    assert "mean" not in curve({"balanced": [(50, NOTHING)]}, scale([NOTHING]))
