"""The skill model against known truth, against a general optimiser, and at its edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from stumper.errors import BadInput
from stumper.trust.estimator import CATEGORY_SD, ERROR_RATE
from stumper.trust.laplace import centred_shares, covariances, squares
from stumper.trust.playlog import tabulate_play
from stumper.trust.skill import FINDS, SPEED, TIRED, fit_skill
from tests.trust.plays import LEVELS, sigmoid, simulated


def correlation(one: object, other: object) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.slow
def test_skill_difficulty_speed_and_fatigue_are_recovered() -> None:
    play = simulated(1)

    fit = fit_skill(play.log)

    for effect in range(4):
        assert correlation(fit.players[:, effect], play.sees[:, effect]) > 0.5
    assert correlation(fit.players[:, FINDS], play.finds) > 0.4
    assert correlation(fit.players[:, SPEED], play.speed) > 0.95
    assert list(fit.mean[:4]) == pytest.approx(LEVELS, abs=0.3)
    assert fit.mean[TIRED] == pytest.approx(0.08, abs=0.04)
    assert fit.cov[2, SPEED] > 0
    assert fit.wrong[play.truth].mean() - fit.wrong[~play.truth].mean() > 0.6


@pytest.mark.slow
def test_intervals_of_players_cover_the_truth() -> None:
    play = simulated(2)

    fit = fit_skill(play.log)

    for effect in range(4):
        sd = np.sqrt(fit.player_cov[:, effect, effect])
        inside = np.abs(fit.players[:, effect] - play.sees[:, effect]) < 1.96 * sd
        assert inside.mean() > 0.88


def test_a_small_table_is_fitted_as_a_general_optimiser_fits_it() -> None:
    # Players nailed to certain eyes, so that only the categories are left: every mark tells the truth.
    rng = np.random.default_rng(0)
    category = rng.integers(0, 2, 60)
    truth = rng.random(60) < np.array([0.2, 0.7])[category]
    log = tabulate_play(
        players=1, categories=2, player=np.zeros(60), busy=np.ones(60), poisoned=np.zeros(60), wrong=truth,
        category=category, image=np.zeros(60), turn=np.zeros(60), known=truth,
    )  # fmt: skip

    fit = fit_skill(log, iterations=500)

    def loss(x: np.ndarray) -> float:
        way = (x[category] + fit.players[0, FINDS] + fit.picture[0]) * np.where(truth, 1, -1)
        prior = np.log(ERROR_RATE / (1 - ERROR_RATE))
        return float(np.logaddexp(0, -way).sum() + ((x - prior) ** 2).sum() / 2 / CATEGORY_SD**2)

    assert list(fit.category) == pytest.approx(list(minimize(loss, np.zeros(2)).x), abs=0.01)


def test_known_truths_are_taken_as_they_are() -> None:
    play = simulated(3, players=40)
    known = np.where(play.log.busy, play.truth, 2)

    fit = fit_skill(replace(play.log, known=known.astype(np.int64)))

    assert list(fit.wrong[play.log.busy]) == list(play.truth[play.log.busy].astype(float))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_names_of_players_and_pictures_do_not_matter(seed: int) -> None:
    log = simulated(4, players=20, marks=10).log
    rng = np.random.default_rng(seed)
    name, picture = rng.permutation(log.players), rng.permutation(int(log.image.max()) + 1)
    renamed = replace(log, player=name[log.player], voter=name[log.voter], image=picture[log.image])

    one, other = fit_skill(log, iterations=20), fit_skill(renamed, iterations=20)

    assert other.players[name] == pytest.approx(one.players, abs=1e-6)
    assert other.category == pytest.approx(one.category, abs=1e-6)
    assert other.levels_cov == pytest.approx(one.levels_cov, abs=1e-6)


def test_a_category_that_nobody_asks_changes_nothing() -> None:
    log = simulated(5, players=20, marks=10).log

    one, other = fit_skill(log), fit_skill(replace(log, categories=log.categories + 1))

    assert other.category[:-1] == pytest.approx(one.category, abs=1e-9)
    assert other.players == pytest.approx(one.players, abs=1e-9)
    assert other.category[-1] == pytest.approx(np.log(ERROR_RATE / (1 - ERROR_RATE)))


@pytest.mark.parametrize("players", [0, 1, 3])
def test_an_empty_log_gives_back_what_was_believed_before(players: int) -> None:
    fit = fit_skill(tabulate_play(players=players, categories=2))

    assert fit.players.shape == (players, 7)
    assert np.isfinite(fit.category).all()
    assert np.isfinite(fit.levels_cov).all()
    assert sigmoid(fit.category) == pytest.approx(ERROR_RATE, abs=1e-6)


@pytest.mark.parametrize("mark", [0, 1])
def test_one_player_who_always_says_the_same_stays_finite(mark: int) -> None:
    n = 40
    log = tabulate_play(
        players=1, categories=1, player=np.zeros(n), busy=np.arange(n) % 2, poisoned=np.zeros(n),
        wrong=np.full(n, mark), category=np.zeros(n), image=np.zeros(n), turn=np.zeros(n),
        seconds=np.full(n, np.nan),
    )  # fmt: skip

    fit = fit_skill(log)

    assert np.isfinite(fit.players).all()
    assert ((fit.wrong > 0) & (fit.wrong < 1)).all()
    assert np.linalg.eigvalsh(fit.cov).min() > 0


def test_bad_columns_are_refused_with_their_name() -> None:
    one = {"players": 1, "categories": 1, "player": [0], "busy": [1], "poisoned": [0], "category": [0]}
    rest = {"image": [0], "turn": [0]}

    for wrong, name in (
        ({"wrong": [float("nan")]}, "wrong"),
        ({"wrong": [2]}, "wrong"),
        ({"wrong": [1], "seconds": [0.0]}, "seconds"),
        ({"wrong": [1], "seconds": [float("inf")]}, "seconds"),
        ({"wrong": [1], "seconds": [1.0, 2.0]}, "seconds"),
        ({"wrong": [1], "known": [3]}, "known"),
        ({"wrong": [1], "item": [1], "voter": [0], "says_wrong": [1]}, "item"),
    ):
        with pytest.raises(BadInput, match=name):
            tabulate_play(**{**one, **rest, **wrong})
    with pytest.raises(BadInput, match="iterations"):
        fit_skill(tabulate_play(players=0, categories=1), iterations=0)


def test_squares_are_sums_of_outer_products() -> None:
    rng = np.random.default_rng(0)
    who, weight, parts = rng.integers(0, 3, 50), rng.random(50), (rng.normal(size=50), rng.normal(size=50))
    places = np.column_stack([rng.integers(0, 2, 50), np.full(50, 2)])

    total = squares(who, weight, parts, places, shape=(3, 4))

    expected = np.zeros((3, 4, 4))
    for r in range(50):
        x = np.zeros(4)
        x[places[r, 0]], x[places[r, 1]] = parts[0][r], parts[1][r]
        expected[who[r]] += weight[r] * np.outer(x, x)
    assert total == pytest.approx(expected)


def test_covariances_are_inverses_until_too_much_is_lost() -> None:
    full, some = np.array([[[4.0, 1.0], [1.0, 3.0]]]), np.array([[[1.0, 0.5], [0.5, 1.0]]])

    assert covariances(full, some)[0] == pytest.approx(np.linalg.inv(full[0] - some[0]))
    assert covariances(full, 5 * full)[0] == pytest.approx(np.linalg.inv(full[0]) / 0.2)


def test_shares_are_taken_from_the_mean_of_those_who_did_anything() -> None:
    shares = centred_shares(np.array([0, 0, 1]), np.array([0, 1, 1]), shape=(3, 2))

    assert shares.tolist() == [[0.25, -0.25], [-0.25, 0.25], [0.0, 0.0]]
