"""Krippendorff's alpha by his published example, by hand, by a second implementation, and by its laws."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stumper.curate.panel.agreement import Array, interval_alpha, nominal_alpha

_ = math.nan
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, twelve units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)

THOUSANDTHS = [n / 1000 for n in range(1001)]
SCORES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(2, 4), st.integers(1, 12)),
    elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, math.nan]),
)


def by_definition(scores: Array, *, nominal: bool) -> float:
    """Written down as in the book: all ordered pairs, one by one."""
    units = [[value for value in column if not math.isnan(value)] for column in scores.T]
    units = [values for values in units if len(values) > 1]

    def apart(values: list[float]) -> float:
        pairs = permutations(values, 2)
        return sum(float(a != b) if nominal else (a - b) ** 2 for a, b in pairs)

    everything = [value for values in units for value in values]
    if len(everything) < 2 or not apart(everything):
        return math.nan
    n = len(everything)
    observed = sum(apart(values) / (len(values) - 1) for values in units) / n
    return 1 - observed / (apart(everything) / (n * (n - 1)))


def test_the_published_example() -> None:
    assert nominal_alpha(PUBLISHED) == pytest.approx(0.743, abs=0.0005)
    assert interval_alpha(PUBLISHED) == pytest.approx(0.849, abs=0.0005)


def test_by_hand() -> None:
    scores = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]])

    # Values 0 0 1 1 1 0: one unit of three differs, so D_o = 2 / 6; 3 * 3 * 2 of 6 * 5 pairs differ.
    assert nominal_alpha(scores) == pytest.approx(1 - (2 / 6) / (18 / 30))


@given(SCORES)
def test_as_the_definition_says(scores: Array) -> None:
    for found, nominal in ((interval_alpha(scores), False), (nominal_alpha(scores), True)):
        assert found == pytest.approx(by_definition(scores, nominal=nominal), nan_ok=True, abs=1e-9)


@given(SCORES, st.data())
def test_neither_the_order_of_judges_nor_of_units_matters(scores: Array, data: st.DataObject) -> None:
    judges, units = (data.draw(st.permutations(range(n))) for n in scores.shape)
    shuffled = scores[judges][:, units]

    assert interval_alpha(shuffled) == pytest.approx(interval_alpha(scores), nan_ok=True, abs=1e-9)
    assert nominal_alpha(shuffled) == pytest.approx(nominal_alpha(scores), nan_ok=True, abs=1e-9)


@given(
    arrays.arrays(np.float64, st.integers(2, 20), elements=st.sampled_from(THOUSANDTHS)), st.integers(2, 4)
)
def test_judges_who_say_the_same_agree_perfectly(values: Array, judges: int) -> None:
    assume(values.min() != values.max())
    scores = np.tile(values, (judges, 1))

    assert interval_alpha(scores) == nominal_alpha(scores) == 1.0


def test_judges_who_draw_lots_agree_by_chance() -> None:
    scores = np.random.default_rng(1).random((3, 4000))

    assert abs(interval_alpha(scores)) < 0.03
    assert abs(nominal_alpha(np.round(scores))) < 0.03


@pytest.mark.parametrize("scores", [np.zeros((2, 0)), np.full((2, 3), 0.5), np.array([[1.0, _], [_, 0.0]])])
def test_nothing_to_compare_is_no_figure(scores: Array) -> None:
    assert math.isnan(interval_alpha(scores))
    assert math.isnan(nominal_alpha(scores))
