"""The bootstrap over pictures and seeds, beside a slow one, its laws, and known cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stumper.evaluate.metrics import LEVEL, mean_interval
from stumper.experiment import stats
from stumper.experiment.stats import crossed_interval
from tests.examples import examples

Grid = NDArray[np.float64]


@st.composite
def grids(draw: st.DrawFn) -> tuple[Grid, list[str]]:
    """Values of 1 to 4 seeds at 1 to 8 items on up to 5 pictures, some missing."""
    seeds, items = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    cell = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.5]), st.just(np.nan))
    values = draw(st.lists(st.lists(cell, min_size=items, max_size=items), min_size=seeds, max_size=seeds))
    images = draw(st.lists(st.sampled_from("abcde"), min_size=items, max_size=items))
    return np.array(values), images


def slowly(values: Grid, images: Sequence[str], *, seed: int, resamples: int) -> tuple[float, float, float]:
    """Answer by answer: each counts as often as its picture was drawn times as often as its seed."""
    rows = [row for row in values.tolist() if any(one == one for one in row)]
    seen = [at for at in range(len(images)) if any(row[at] == row[at] for row in rows)]
    names = [name for name in dict.fromkeys(images) if any(images[at] == name for at in seen)]
    pictures, seeds = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    means = []
    for _ in range(resamples):
        times = dict(zip(names, pictures.multinomial(len(names), [1 / len(names)] * len(names)), strict=True))
        of_seed = seeds.multinomial(len(rows), [1 / len(rows)] * len(rows))
        drawn = [
            row[at]
            for row, often in zip(rows, of_seed, strict=True)
            for _ in range(often)
            for at in seen
            for _ in range(times[images[at]])
            if row[at] == row[at]
        ]
        if drawn:
            means.append(sum(drawn) / len(drawn))
    there = [one for row in rows for one in row if one == one]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return sum(there) / len(there), float(low), float(high)


@settings(max_examples=examples(40), deadline=None)
@given(grids(), st.integers(0, 9))
def test_it_is_the_slow_bootstrap(grid: tuple[Grid, list[str]], seed: int) -> None:
    values, images = grid
    found = crossed_interval(values, images, seed=seed, resamples=60)

    if not np.isfinite(values).any():
        assert found.n == 0
        assert np.isnan(found.mean)
    else:
        assert found.n == np.isfinite(values).sum()
        assert found[:3] == pytest.approx(slowly(values, images, seed=seed, resamples=60), abs=1e-12)


@settings(max_examples=examples(30), deadline=None)
@given(grids())
def test_with_one_seed_it_is_the_bootstrap_over_pictures(grid: tuple[Grid, list[str]]) -> None:
    values, images = grid

    found = crossed_interval(values[:1], images, seed=3)

    assert found == pytest.approx(mean_interval(values[0], images, seed=3), nan_ok=True)


@settings(max_examples=examples(30), deadline=None)
@given(grids(), st.floats(-1, 1))
def test_adding_the_same_to_all_moves_the_interval(grid: tuple[Grid, list[str]], by: float) -> None:
    values, images = grid
    found, moved = (crossed_interval(one, images, seed=1) for one in (values, values + by))

    assert moved[:3] == pytest.approx([one + by for one in found[:3]], nan_ok=True)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).random((3, 40))
    images = [str(at // 2) for at in range(40)]
    whole = crossed_interval(values, images, seed=2)
    monkeypatch.setattr(stats, "_CELLS", 700)

    assert crossed_interval(values, images, seed=2) == pytest.approx(whole)


def test_seeds_that_differ_widen_it() -> None:
    """Every answer of a seed is off by the same: over pictures alone there would be no spread at all."""
    images = [str(at) for at in range(50)]
    values = np.repeat([[0.1], [0.2], [0.3]], 50, axis=1)

    found = crossed_interval(values, images, seed=1)

    assert found.mean == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.3))


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    """Pictures and single answers vary, seeds hardly do: 95 % hold the mean, give or take chance (n 200)."""
    rng, hits = np.random.default_rng(11), 0
    images = [str(at // 2) for at in range(80)]
    for trial in range(200):
        of_picture = np.repeat(rng.normal(0, 0.3, 40), 2)
        values = 0.2 + of_picture + rng.normal(0, 0.02, (3, 1)) + rng.normal(0, 0.2, (3, 80))
        found = crossed_interval(values, images, seed=trial, resamples=300)
        hits += found.low <= 0.2 <= found.high

    assert 180 <= hits <= 200


def test_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="images"):
        crossed_interval(np.zeros((2, 3)), ["a", "b"], seed=1)
