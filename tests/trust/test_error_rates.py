"""Error rates of the model: right beside the truth whoever asked, honest about what is not known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stumper.trust.error_rates import ErrorRates, error_rates, rehearse
from stumper.trust.playlog import PlayLog, tabulate_play
from stumper.trust.skill import fit_skill
from tests.trust.plays import Play, simulated


def rates(log: PlayLog) -> ErrorRates:
    return error_rates(log, fit_skill(log), seed=1)


def fitted(play: Play) -> np.ndarray[Any, Any]:
    """(categories, 3) mean, low, high."""
    return np.array([rate.error for rate in rates(play.log).categories])


@pytest.mark.slow
def test_intervals_hold_the_true_rates_about_as_often_as_they_say() -> None:
    plays = [simulated(seed, players=120) for seed in range(10, 15)]
    found = np.array([fitted(play) for play in plays])
    true = plays[0].rates

    inside = (found[:, :, 1] <= true) & (true <= found[:, :, 2])

    assert inside.mean() >= 0.8  # 95 % less three standard errors of 20 draws
    assert np.abs(found[:, :, 0].mean(axis=0) - true).max() < 0.04


@pytest.mark.slow
def test_who_asked_is_taken_out_where_marks_alone_mislead() -> None:
    play = simulated(30, picky=2.0)
    busy, category = play.log.busy, play.log.category
    asked = np.array([play.truth[busy & (category == c)].mean() for c in range(4)])

    found = rates(play.log)

    marked = np.array([rate.marked for rate in found.categories])
    error = np.array([rate.error.mean for rate in found.categories if rate.error])
    # Even with all truths known the share of wrong answers misleads: good finders asked the last category.
    assert np.abs(asked - play.rates).max() > 0.05
    assert np.abs(error - play.rates).max() < np.abs(asked - play.rates).max()
    assert np.square(error - play.rates).mean() < np.square(marked - play.rates).mean()


@pytest.mark.slow
def test_without_votes_only_relative_rates_are_told() -> None:
    play = simulated(31, players=120, votes=0)

    found = rates(play.log)

    assert all(rate.error is None for rate in (*found.categories, found.overall))
    assert "only relative" in found.note
    assert found.categories[0].relative.mean < 1 < found.categories[3].relative.mean
    assert found.overall.relative == (1.0, 1.0, 1.0)
    assert found.overall.audited == 0


def test_known_truths_are_an_audit_as_votes_are() -> None:
    play = simulated(32, players=60, votes=0)
    known = np.where(play.log.busy, play.truth, 2).astype(np.int64)

    found = rates(replace(play.log, known=known))

    assert found.note == ""
    for c, rate in enumerate(found.categories):
        share = play.truth[play.log.busy & (play.log.category == c)].mean()
        assert rate.error is not None
        assert rate.error.mean == pytest.approx(share, abs=0.05)
        assert rate.audited == rate.asked


def test_no_marks_and_no_controls_are_told_apart() -> None:
    nothing = rates(tabulate_play(players=2, categories=2))
    play = simulated(33, players=30)
    blind = rates(only(play.log, play.log.busy))

    assert "No answer on a busy picture" in nothing.note
    assert math.isnan(nothing.overall.marked)
    assert nothing.categories[0].error is None
    assert "No control" in blind.note
    assert blind.overall.error is None
    assert np.isfinite([rate.relative for rate in blind.categories]).all()


def only(log: PlayLog, kept: np.ndarray[Any, Any]) -> PlayLog:
    """The log of some marks; votes must be on these."""
    place = np.cumsum(kept) - 1
    columns = ("player", "busy", "poisoned", "wrong", "category", "image", "turn", "log_seconds", "known")
    return replace(log, item=place[log.item], **{name: getattr(log, name)[kept] for name in columns})


def test_one_player_and_one_category_still_give_an_answer() -> None:
    play = simulated(34, players=1)

    found = rates(play.log)

    assert "only relative" in found.note
    assert all(np.isfinite(rate.relative).all() for rate in found.categories if rate.asked)


def test_a_category_that_nobody_asked_is_empty() -> None:
    log = simulated(35, players=60).log

    found = rates(replace(log, categories=5))

    assert found.categories[4].asked == 0
    assert found.categories[4].error is None
    assert found.overall.asked == int(log.busy.sum())


def test_a_rehearsal_is_played_by_the_same_crowd() -> None:
    log = simulated(36).log

    again = rehearse(log, fit_skill(log), np.random.default_rng(0))

    assert again.wrong[log.busy].mean() == pytest.approx(log.wrong[log.busy].mean(), abs=0.03)
    assert again.wrong[~log.busy].mean() == pytest.approx(log.wrong[~log.busy].mean(), abs=0.03)
    assert again.says_wrong.mean() == pytest.approx(log.says_wrong.mean(), abs=0.04)
    assert len(again.item) == pytest.approx(len(log.item), rel=0.1)


def test_the_same_seed_gives_the_same_figures() -> None:
    log = simulated(37, players=30).log

    assert rates(log) == rates(log)
