"""Scores against scikit-learn and by hand; intervals and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.panel.reliability import auc, ece
from stumper.simulate.figures import Figure, Grid, f1, figure, grids, rate, share

scored = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60)


@pytest.mark.slow  # scikit-learn takes longer to import than all of this to run
@given(rows=scored)
def test_f1_and_auc_are_those_of_a_second_implementation(rows: list[tuple[bool, int]]) -> None:
    from sklearn.metrics import f1_score, roc_auc_score

    truth, p = np.array([y for y, _ in rows]), np.array([k / 20 for _, k in rows])

    if truth.any():
        assert f1(truth, p > 0.5) == pytest.approx(f1_score(truth, p > 0.5, zero_division=0.0))
    if 0 < truth.sum() < len(truth):
        assert auc(truth, p) == pytest.approx(roc_auc_score(truth, p))
    else:
        assert np.isnan(auc(truth, p))


def test_the_calibration_error_by_hand() -> None:
    # Two bins: .2 with one of four true (gap .05), .9 with one of two (gap .4): (4 * .05 + 2 * .4) / 6.
    p = np.array([0.2] * 4 + [0.95, 0.85])
    truth = np.array([True, False, False, False, True, False])

    # .85 and .95 are in two bins: gaps .85 and .05.
    assert ece(truth, p) == pytest.approx((0.2 + 0.85 + 0.05) / 6)
    assert ece(np.array([True, False]), np.array([1.0, 0.0])) == 0.0
    assert np.isnan(ece(np.array([], dtype=bool), np.array([])))


def test_a_bound_decides_whether_a_figure_is_ok() -> None:
    assert figure("a", 1.0, 0.5, (">=", 1.0)) == Figure(
        name="a", value=1.0, interval=(0.5, 1.5), bound=">= 1"
    )
    assert not figure("a", 0.99, None, (">=", 1.0)).ok
    assert not figure("a", 0.3, None, ("<=", 0.2)).ok
    assert not figure("a", float("nan"), None, ("<=", 0.2)).ok
    assert figure("a", float("nan"), None).ok


def test_a_rate_of_sums_and_its_interval_by_hand() -> None:
    # 12 points in 6 minutes; residuals (4 - 4) / 2, (0 - 2) / 2, (8 - 6) / 2: sd 1, error 1 / sqrt(3).
    made = rate("a", np.array([4.0, 0.0, 8.0]), np.array([2.0, 1.0, 3.0]))

    assert made.value == 2.0
    assert made.interval == pytest.approx((2.0 - 1.96 / 3**0.5, 2.0 + 1.96 / 3**0.5), abs=1e-4)


def test_a_share_of_none_still_has_a_width() -> None:
    made = share("a", np.zeros(100, dtype=bool), ("<=", 0.04))

    assert made.value == 0.0
    assert made.ok
    assert made.interval == pytest.approx((-0.0195, 0.0195), abs=1e-4)


def test_figures_of_the_same_subjects_share_a_table() -> None:
    made = grids(
        [
            figure("ann: points", 5.0, 1.0, (">=", 4.0)),
            figure("ann: minutes", 0.25, None),
            figure("bob: points", 3.0, 1.0, (">=", 4.0)),
            figure("bob: minutes", 0.5, None),
            figure("all", 1.0, None),
        ]
    )

    assert made == [
        Grid(
            ("", "points", "minutes"),
            [("ann", "5.0 ±1.0 (>= 4)", "0.250"), ("bob", "3.000 ±1.000 (>= 4: missed)", "0.500")],
        ),
        Grid(("", "value"), [("all", "1.000")]),
    ]


def test_few_subjects_of_many_figures_become_columns() -> None:
    (made,) = grids([figure(f"{who}: {what}", 1.0, None) for who in ("a", "b") for what in ("x", "y", "z")])

    assert made == Grid(
        ("", "a", "b"), [("x", "1.000", "1.000"), ("y", "1.000", "1.000"), ("z", "1.000", "1.000")]
    )
