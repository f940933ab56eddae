"""Intervals against hand calculations, coverage by simulation, and what missing scores do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from stumper.evaluate.metrics import Interval, gain_interval, mean, mean_interval, paired_p, places

NAN = float("nan")


def test_the_mean_is_over_items_not_over_images() -> None:
    found = mean_interval(np.array([1.0, 1.0, 1.0, 0.0]), ["a", "a", "a", "b"], seed=1)

    assert found.mean == 0.75
    assert (found.low, found.high, found.n) == (0.0, 1.0, 4)


def test_missing_scores_count_neither_right_nor_wrong() -> None:
    found = mean_interval(np.array([1.0, NAN, 0.0, NAN]), ["a", "a", "b", "c"], seed=1)

    assert (found.mean, found.n) == (0.5, 2)


def test_nothing_scored_is_nan_of_nothing() -> None:
    for scores in (np.array([]), np.array([NAN, NAN])):
        found = mean_interval(scores, ["a"] * len(scores), seed=1)
        assert found.n == 0
        assert all(math.isnan(value) for value in found[:3])
        assert math.isnan(mean(scores))


def test_a_gain_needs_both_scores() -> None:
    before, after = np.array([0.0, NAN, 0.0, 1.0]), np.array([1.0, 1.0, NAN, 1.0])

    found = gain_interval(before, after, list("abcd"), seed=1)

    assert (found.mean, found.n) == (0.5, 2)


def test_pairing_makes_a_steady_gain_certain() -> None:
    rng = np.random.default_rng(5)
    before = rng.uniform(0, 0.5, 40)

    found = gain_interval(before, before + 0.2, list(range(40)), seed=1)

    assert found == pytest.approx(Interval(0.2, 0.2, 0.2, 40))


def test_clusters_widen_the_interval() -> None:
    """Ten copies of each of 20 images tell no more than the 20 images."""
    scores = np.repeat(np.arange(20) % 2, 10).astype(float)

    single = mean_interval(scores, list(range(200)), seed=1)
    clustered = mean_interval(scores, [place // 10 for place in range(200)], seed=1)

    assert clustered.high - clustered.low > 2.5 * (single.high - single.low)


def test_the_interval_agrees_with_the_normal_one_where_that_holds() -> None:
    scores = np.array([1.0] * 300 + [0.0] * 700)

    found = mean_interval(scores, list(range(1000)), seed=1)

    half = 1.96 * math.sqrt(0.3 * 0.7 / 1000)
    assert found.low == pytest.approx(0.3 - half, abs=0.004)
    assert found.high == pytest.approx(0.3 + half, abs=0.004)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """200 draws of 60 images with 1 to 4 items each, whose scores hang together."""
    rng = np.random.default_rng(11)
    covered = 0
    for trial in range(200):
        images = np.repeat(np.arange(60), rng.integers(1, 5, 60))
        skill = rng.beta(2, 3, 60)  # mean 0.4
        scores = (rng.random(len(images)) < skill[images]).astype(float)
        found = mean_interval(scores, images.tolist(), seed=trial, resamples=400)
        covered += found.low <= 0.4 <= found.high

    assert 0.89 <= covered / 200 <= 0.99


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1) | st.just(NAN)), st.integers(0, 9))
def test_ends_lie_around_the_mean_and_within_the_scores(scores: np.ndarray, seed: int) -> None:
    found = mean_interval(scores, [place // 2 for place in range(len(scores))], seed=seed, resamples=50)

    if found.n:
        present = scores[np.isfinite(scores)]
        assert present.min() - 1e-9 <= found.low <= found.high <= present.max() + 1e-9
        assert found == mean_interval(
            scores, [place // 2 for place in range(len(scores))], seed=seed, resamples=50
        )


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 scores but 1 images"):
        mean_interval(np.array([1.0, 0.0]), ["a"], seed=1)


def test_places_come_in_alphabetical_order() -> None:
    assert {name: list(where) for name, where in places(["b", "a", "b"]).items()} == {"a": [1], "b": [0, 2]}


@pytest.mark.parametrize(
    ("gains", "p"),
    [
        ([1.0, 1.0, 1.0], 2 / 8),  # of 8 ways to sign them, +++ and ---
        ([1.0, 1.0, -1.0], 1.0),  # every way comes to 1 at least
        ([2.0, 1.0, 0.0], 2 / 4),  # what does not differ has no sign: ++ and --
        ([3.0, 1.0, -1.0], 6 / 8),  # 3, 3 and 5 of the four ways with +3, but not 1; and their mirrors
        ([0.0, 0.0], 1.0),
    ],
)
def test_the_paired_test_against_counting_by_hand(gains: list[float], p: float) -> None:
    before = np.zeros(len(gains))

    assert paired_p(before, before + gains, list("abc"[: len(gains)]), seed=1) == p


def test_questions_about_one_picture_are_one_coin() -> None:
    after = np.array([1.0, 1.0, 1.0, 1.0])

    assert paired_p(after * 0, after, ["a", "a", "a", "a"], seed=1) == 1.0
    assert paired_p(after * 0, after, ["a", "b", "c", "d"], seed=1) == 2 / 16


def test_a_pair_with_one_score_missing_says_nothing() -> None:
    before, after = np.array([0.0, NAN, 0.0]), np.array([1.0, 1.0, NAN])

    assert paired_p(before, after, list("abc"), seed=1) == 1.0
    assert math.isnan(paired_p(before[1:], after[1:], list("bc"), seed=1))


def test_drawn_signs_say_what_all_of_them_say() -> None:
    rng = np.random.default_rng(3)
    before, after = rng.random(10), rng.random(10) + 0.15
    images = list(range(10))

    every = paired_p(before, after, images, seed=1, resamples=1024)
    some = paired_p(before, after, images, seed=1, resamples=1023)

    assert every == pytest.approx(_every_sign(after - before))
    assert some == pytest.approx(every, abs=3 * math.sqrt(every * (1 - every) / 1023))


def _every_sign(gains: NDArray[np.float64]) -> float:
    """A second account: one way after another."""
    far = abs(sum(gains)) - 1e-9
    ways = list(itertools.product((1, -1), repeat=len(gains)))
    return sum(abs(sum(s * g for s, g in zip(way, gains, strict=True))) >= far for way in ways) / len(ways)


def test_without_a_difference_the_paired_test_errs_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    zeros = np.zeros(20)
    found = [
        paired_p(zeros, rng.normal(size=20), list(range(20)), seed=trial, resamples=199)
        for trial in range(400)
    ]

    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.035)
