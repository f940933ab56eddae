"""Caps and weights: no question rules, categories are near even, weights have mean 1."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.records import Category
from stumper.release.audit.measure import entropy as audited
from stumper.release.balance import (
    CATEGORIES,
    FEW,
    HEAVIEST,
    LEAST_ENTROPY,
    LIGHTEST,
    MOST_OF_ONE,
    MOST_THINNED,
    category_cap,
    entropy,
    places_within,
    question_cap,
    ranks,
    weights,
)

_COUNTS = st.lists(st.integers(0, 3_000), min_size=len(CATEGORIES), max_size=len(CATEGORIES)).map(np.array)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=300).map(np.array))
def test_no_question_makes_more_than_its_share_and_the_cap_is_the_largest(counts: np.ndarray) -> None:
    cap = question_cap(counts)
    left = int(np.minimum(counts, cap).sum())

    assert cap <= max(FEW, MOST_OF_ONE * left)
    more = int(np.minimum(counts, cap + 1).sum())
    assert more == left or cap + 1 > max(FEW, MOST_OF_ONE * more)


def test_the_cap_of_a_demo_is_seven_of_fifteen_hundred() -> None:
    # 1,480 questions asked once and three asked often; by hand: 1480 + 3 * 7 = 1501, half a per cent is 7.5
    assert question_cap(np.array([1] * 1480 + [40, 35, 30])) == 7


@given(_COUNTS)
def test_categories_are_thinned_only_as_far_as_needed(counts: np.ndarray) -> None:
    cap = category_cap(counts, of=int(counts.sum()))
    thinned = np.minimum(counts, cap)

    assert thinned.sum() >= (1 - MOST_THINNED) * counts.sum()
    if entropy(np.minimum(counts, 1)) < LEAST_ENTROPY or entropy(counts) >= LEAST_ENTROPY:
        assert np.array_equal(thinned, counts)
    else:
        assert entropy(np.minimum(counts, cap + 1)) < LEAST_ENTROPY
        smaller = np.minimum(counts, cap - 1).sum()
        assert entropy(thinned) >= LEAST_ENTROPY or smaller < (1 - MOST_THINNED) * counts.sum()


@given(_COUNTS)
def test_the_entropy_is_that_of_the_audit(counts: np.ndarray) -> None:
    valid = [int(n) for n, name in zip(counts, CATEGORIES, strict=True) if name is not Category.INVALID]
    theirs = audited(valid, of=len(valid))

    assert entropy(counts) == pytest.approx(0.0 if math.isnan(theirs) else theirs, abs=1e-12)


_MIXES = st.none() | st.dictionaries(st.sampled_from([str(name) for name in Category]), st.floats(0, 5))


@given(_COUNTS.filter(lambda counts: counts.sum() > 0), _MIXES)
def test_weights_are_bounded_and_have_mean_one(counts: np.ndarray, mix: dict[str, float] | None) -> None:
    found = weights(counts, mix)
    each = np.array([found.get(name, 0.0) for name in CATEGORIES])

    assert {name for name, n in zip(CATEGORIES, counts, strict=True) if n} == found.keys()
    assert all(LIGHTEST <= weight <= HEAVIEST for weight in found.values())
    assert (each @ counts) / counts.sum() == pytest.approx(1.0, abs=1e-5)


def test_weights_are_the_share_wanted_over_the_share_present() -> None:
    counts = np.zeros(len(CATEGORIES), np.int64)
    counts[CATEGORIES.index(Category.COUNTING)] = 300
    counts[CATEGORIES.index(Category.TEXT)] = 100

    # by hand: half of each is wanted, .75 and .25 are there
    assert weights(counts, None) == {Category.COUNTING: pytest.approx(2 / 3), Category.TEXT: 2.0}
    # .9 and .1 are wanted
    wanted = weights(counts, {"counting": 9.0, "text": 1.0})
    assert wanted == {Category.COUNTING: pytest.approx(1.2), Category.TEXT: pytest.approx(0.4)}


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.randoms())
def test_places_count_each_group_in_order(groups: list[int], random: object) -> None:
    order = list(range(len(groups)))
    random.shuffle(order)  # type: ignore[attr-defined]
    seen: dict[int, int] = {}
    slow = {}
    for row in order:
        slow[row] = seen.setdefault(groups[row], 0)
        seen[groups[row]] += 1

    found = places_within(np.array(groups), np.array(order))

    assert found.tolist() == [slow[row] for row in range(len(groups))]


def test_of_one_question_those_stay_that_are_sure_and_lie_apart() -> None:
    place = ranks(
        np.zeros(6, np.int64),
        split=np.array([0, 0, 0, 0, 0, 2]),
        spread=(np.array([1, 1, 2, 3, 4, 5]), np.array([7, 7, 7, 8, 9, 7])),
        posterior=np.array([0.99, 0.98, 0.97, 0.96, 0.96, 0.951]),
        key=np.arange(6, dtype=np.uint64),
    )

    # one of each split first, the surer before; then new pictures with new answers; then a used answer; last
    # the second of one picture
    assert place.tolist() == [0, 5, 4, 2, 3, 1]
