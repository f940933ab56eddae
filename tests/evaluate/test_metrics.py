"""Intervals against hand calculations, coverage by simulation, and what missing scores do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stumper.evaluate.metrics import Interval, gain_interval, mean, mean_interval, places

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
