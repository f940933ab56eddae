"""Simulated return visits: the fit by another way, and the report finds what was put in."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.evaluate.retention import DAY_S, PAPER_WEEK, PAPER_WHOLE, pictures_reached, sessions_a_week
from stumper.simulate.returns import PAPER, WEEK, Returns, draw_visits, fit_returns

NOW = 20_000.6 * DAY_S
chances = st.floats(min_value=0.01, max_value=0.9)


@settings(deadline=None, max_examples=60)
@given(chances, chances)
def test_the_shares_of_a_week_equal_the_sum_over_all_weeks(first: float, again: float) -> None:
    shares = [0.0, 0.0, 0.0]
    for week in itertools.product((False, True), repeat=WEEK):
        chance, came = 1.0, 0
        for today in week:
            p = again if came else first
            chance *= p if today else 1 - p
            came += today
        shares[min(came, 2)] += chance

    assert Returns(first=first, again=again, stay=1.0).week() == pytest.approx(shares, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(chances, chances)
def test_the_fit_finds_the_chances_again(first: float, again: float) -> None:
    none, _, more = Returns(first=first, again=again, stay=1.0).week()

    found = fit_returns(none=none, more=more)

    assert found.first == pytest.approx(first, abs=1e-9)
    assert found.week() == pytest.approx((none, 1 - none - more, more), abs=1e-9)


def test_the_paper_is_met() -> None:
    none, one, more = PAPER.week()

    assert (none, more) == pytest.approx((PAPER_WEEK[0], PAPER_WEEK[2]), abs=1e-9)
    assert one == pytest.approx(PAPER_WEEK[1], abs=0.003)  # the paper's three shares sum to 1.002
    assert PAPER.again < PAPER.first


@pytest.mark.parametrize(("none", "more", "whole"), [(0, 0, 1), (1, 0, 1), (0.7, 0.4, 1), (0.7, 0.1, 0)])
def test_impossible_shares_are_refused(none: float, more: float, whole: float) -> None:
    with pytest.raises(ValueError, match="no player"):
        fit_returns(none=none, more=more, whole=whole)


def test_the_report_finds_what_was_put_in() -> None:
    players, weeks = 2_000, 4
    visits = draw_visits(PAPER, players=players, weeks=weeks, seed=3, now=NOW)

    found_weeks, shares = sessions_a_week(visits)
    depth, _ = pictures_reached(visits)

    assert found_weeks == weeks
    for share, expected in zip(shares, PAPER.week(), strict=True):
        error = math.sqrt(expected * (1 - expected) / (players * weeks))
        assert abs(share.value - expected) < 4 * error
    assert abs(depth[-1].value - PAPER_WHOLE) < 4 * math.sqrt(0.65 * 0.35 / depth[-1].of)
    assert depth[0].value == 1.0


def test_the_same_seed_draws_the_same_visits() -> None:
    first, again = (draw_visits(PAPER, players=50, weeks=2, seed=1, now=NOW) for _ in range(2))

    assert np.array_equal(first.started, again.started)
    assert np.array_equal(first.reached, again.reached)
