"""The estimator against Bayes by enumeration, against simulated crowds of known truth, and at its edges."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadInput
from stumper.trust.crowd import Array, CrowdLog, kinds, tabulate
from stumper.trust.estimator import ACCIDENTAL, Estimate, estimate, refresh

SKILLED, BLIND = (0.92, 0.04, 0.82, 0.07), (0.99, 0.99, 0.99, 0.99)


def crowd(
    *, rates: list[tuple[float, float, float, float]], items: int, votes: int, seed: int, controls: int = 40
) -> tuple[CrowdLog, np.ndarray[Any, Any]]:
    """A log of players with these rates (s_t, f_t, s_u, f_u), ``items`` a player, and the items' truth."""
    rng = np.random.default_rng(seed)
    n, k = len(rates), len(rates) * items
    s_t, f_t, s_u, f_u = np.array(rates).T
    who, poisoned = np.repeat(np.arange(n), controls), rng.random(n * controls) < 0.4
    asker, category = np.repeat(np.arange(n), items), rng.integers(0, 3, k)
    truth = rng.random(k) < np.array([0.2, 0.35, 0.5])[category]
    claimed = rng.random(k) < np.where(truth, s_u[asker], f_u[asker])
    item = np.repeat(np.flatnonzero(claimed), votes)
    voter = (asker[item] + rng.integers(1, n, len(item))) % n
    right = truth & (rng.random(k) < 0.8)
    log = tabulate(
        players=n,
        control_player=who,
        control_poisoned=poisoned,
        control_wrong=rng.random(len(who)) < np.where(poisoned, s_t[who], f_t[who]),
        asker=asker,
        claimed=claimed,
        category=category,
        image=rng.integers(0, 50, k),
        audited=rng.random(k) < 0.1,
        item=item,
        voter=voter,
        says_wrong=rng.random(len(item)) < np.where(truth[item], s_u[voter], f_u[voter]),
        says_right=rng.random(len(item)) < np.where(right[item], s_u[voter], f_u[voter]),
    )
    return log, truth


def settled(log: CrowdLog) -> Estimate:
    """Messages until they are still, with the priors of the first estimate."""
    found = estimate(log, iterations=1)
    for _ in range(12):
        found = refresh(found, log, np.arange(log.players))
    return found


def enumerated(log: CrowdLog, found: Estimate) -> list[float]:
    """P(wrong) of every item by summing over all truths and kinds of players; the same priors."""
    known, priors = kinds(), found.priors
    prior = 1 / (
        1 + np.exp(-(priors.category[log.category] + priors.asker[log.asker] + priors.picture[log.image]))
    )
    base = np.log(priors.weights) + log.controls @ known.control_logs(accidental=ACCIDENTAL)
    total, wrong = 0.0, np.zeros(len(prior))
    for truth in itertools.product([0, 1], repeat=len(prior)):
        rates = [known.s_u if y else known.f_u for y in truth]
        chance = float(np.prod(np.where(truth, prior, 1 - prior)))
        for player in range(log.players):
            likely = np.exp(base[player])
            for item in np.flatnonzero(log.asker == player):
                likely = likely * (rates[item] if log.claimed[item] else 1 - rates[item])
            for vote in np.flatnonzero(log.voter == player):
                rate = rates[log.item[vote]]
                likely = likely * (rate if log.says_wrong[vote] else 1 - rate)
            chance *= likely.sum()
        total += chance
        wrong += chance * np.array(truth)
    return list(wrong / total)


@settings(max_examples=25, deadline=None)
@given(
    controls=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), max_size=20),
    votes=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    claimed=st.booleans(),
)
def test_one_item_is_judged_exactly_as_bayes_by_enumeration(
    controls: list[tuple[int, int]], votes: tuple[bool, bool, bool], claimed: bool
) -> None:
    log = tabulate(
        players=4,
        control_player=[n % 4 for n in range(len(controls))],
        control_poisoned=[poisoned for poisoned, _ in controls],
        control_wrong=[wrong for _, wrong in controls],
        asker=[0],
        claimed=[claimed],
        category=[0],
        image=[0],
        item=[0, 0, 0],
        voter=[1, 2, 3],
        says_wrong=votes,
        says_right=votes,
    )

    found = settled(log)

    assert list(found.wrong) == pytest.approx(enumerated(log, found), abs=1e-3)


def test_a_few_items_of_the_same_players_are_judged_almost_so() -> None:
    # Players who meet again make loops: what is then left out of a message is an approximation.
    log, _ = crowd(rates=[SKILLED, SKILLED, BLIND], items=3, votes=2, seed=4, controls=12)

    found = settled(log)

    assert list(found.wrong) == pytest.approx(enumerated(log, found), abs=0.03)


def test_a_simulated_crowd_is_seen_through() -> None:
    rates = [SKILLED] * 60 + [BLIND] * 25 + [(0.92, 0.04, 0.97, 0.92)] * 15
    log, truth = crowd(rates=rates, items=30, votes=3, seed=1)

    found = estimate(log)

    claims = log.claimed
    assert ((found.wrong > 0.5) == truth)[claims].mean() > 0.88
    assert found.wrong[claims].mean() == pytest.approx(truth[claims].mean(), abs=0.03)
    assert found.players.able[:60].mean() > 0.95
    assert not found.players.able[60:].any()
    assert found.players.fake[85:].mean() > 0.8
    assert found.players.sees[:60].mean() == pytest.approx(0.82, abs=0.05)
    assert found.players.alarms[:60].mean() == pytest.approx(0.07, abs=0.04)
    assert found.error_rate == pytest.approx(truth.mean(), abs=0.05)
    assert found.note == ""


def test_corrections_are_counted_apart_from_answers() -> None:
    log, truth = crowd(rates=[SKILLED] * 60, items=30, votes=4, seed=2)
    nobody_agrees = replace(log, says_right=np.zeros_like(log.says_right))

    found, refused = estimate(log), estimate(nobody_agrees)

    claims = log.claimed
    assert found.good[claims].sum() == pytest.approx(0.8 * truth[claims].sum(), rel=0.08)
    assert (found.good <= found.wrong).all()
    assert (found.good[~claims] == 0.0).all()
    assert refused.wrong[claims].mean() == pytest.approx(found.wrong[claims].mean(), abs=1e-9)
    assert refused.good[claims & truth].mean() < 0.1


def test_claims_without_votes_are_set_right_by_the_audited_ones() -> None:
    # On busy pictures these players see far less than their controls say.
    log, truth = crowd(rates=[(0.95, 0.03, 0.6, 0.3)] * 80, items=30, votes=3, seed=3)
    kept = log.audited[log.item] & log.claimed[log.item]
    few = replace(
        log,
        item=log.item[kept],
        voter=log.voter[kept],
        says_wrong=log.says_wrong[kept],
        says_right=log.says_right[kept],
        share=log.share[kept],
    )

    found = estimate(few)

    unheard = few.claimed & (np.bincount(few.item, minlength=len(truth)) == 0)
    assert found.priors.scaling != (0.0, 1.0)
    assert found.wrong[unheard].mean() == pytest.approx(truth[unheard].mean(), abs=0.08)


def test_the_order_of_rows_and_the_numbers_of_players_do_not_matter() -> None:
    log, _ = crowd(rates=[SKILLED] * 8 + [BLIND] * 4, items=6, votes=2, seed=5)
    rng = np.random.default_rng(0)
    votes, name = rng.permutation(len(log.item)), rng.permutation(log.players)
    mixed = replace(
        log,
        controls=log.controls[np.argsort(name)],
        asker=name[log.asker],
        item=log.item[votes],
        voter=name[log.voter[votes]],
        says_wrong=log.says_wrong[votes],
        says_right=log.says_right[votes],
        share=log.share[votes],
    )

    one, other = estimate(log), estimate(mixed)

    assert other.wrong == pytest.approx(one.wrong, abs=1e-9)
    assert other.good == pytest.approx(one.good, abs=1e-9)


def test_refresh_follows_new_votes_of_few_players_and_leaves_other_claims_alone() -> None:
    log, _ = crowd(rates=[SKILLED] * 40, items=20, votes=2, seed=6)
    before = estimate(log)
    doubted = int(np.flatnonzero(log.claimed & (np.abs(before.wrong - 0.5) < 0.3))[0])
    voters = np.setdiff1d(np.arange(40), [log.asker[doubted], *log.voter[log.item == doubted]])[:3]
    more = replace(
        log,
        item=np.append(log.item, [doubted] * 3),
        voter=np.append(log.voter, voters),
        says_wrong=np.append(log.says_wrong, [False] * 3),
        says_right=np.append(log.says_right, [False] * 3),
        share=np.append(log.share, [1.0] * 3),
    )

    after, anew = refresh(before, more, voters), estimate(more)

    assert after.wrong[doubted] < 0.1 < before.wrong[doubted]
    assert after.wrong[doubted] == pytest.approx(anew.wrong[doubted], abs=0.02)
    assert np.abs(after.wrong - anew.wrong).max() < 0.05
    untouched = ~np.isin(np.arange(len(log.asker)), [doubted, *log.item[np.isin(log.voter, voters)]])
    untouched &= ~np.isin(log.asker, voters)
    assert after.wrong[untouched] == pytest.approx(before.wrong[untouched], abs=1e-9)


def test_refresh_believes_of_a_newcomer_what_it_believes_of_anybody() -> None:
    log, _ = crowd(rates=[SKILLED] * 10, items=5, votes=1, seed=13)
    grown = replace(log, players=11, controls=np.vstack([log.controls, np.zeros((1, 4))]))

    after = refresh(estimate(log), grown, np.array([0]))

    assert 0.2 < after.players.alarms[10] < after.players.sees[10] < 0.9


def test_a_later_estimate_may_start_from_an_earlier_one() -> None:
    log, _ = crowd(rates=[SKILLED] * 30 + [BLIND] * 10, items=20, votes=3, seed=7)
    half = len(log.item) // 2
    fewer = replace(
        log,
        item=log.item[:half],
        voter=log.voter[:half],
        says_wrong=log.says_wrong[:half],
        says_right=log.says_right[:half],
        share=log.share[:half],
    )

    warm = estimate(log, iterations=8, start=estimate(fewer))

    assert np.abs(warm.wrong - estimate(log, iterations=60).wrong).max() < 0.1


def test_a_vote_tells_as_much_as_its_share() -> None:
    log, _ = crowd(rates=[SKILLED] * 30, items=6, votes=2, seed=3)

    def told(share: float) -> Array:
        return estimate(replace(log, share=np.full(len(log.item), share))).wrong

    voted = np.unique(log.item)
    none, half, all_ = told(0.0), told(0.5), told(1.0)
    assert np.array_equal(all_, estimate(log).wrong)
    assert np.allclose(none, estimate(replace(log, share=np.zeros(len(log.item)))).unheard)
    sure = [float(np.abs(p[voted] - 0.5).mean()) for p in (none, half, all_)]
    assert sure == sorted(sure)
    assert sure[2] > sure[0] + 0.02


@pytest.mark.parametrize("share", [[1.5], [-0.1], [float("nan")], [1.0, 1.0]])
def test_a_share_that_cannot_be_is_refused(share: list[float]) -> None:
    with pytest.raises(BadInput, match="'share'"):
        tabulate(players=2, asker=[0], claimed=[1], category=[0], image=[0], item=[0], voter=[1],
                 says_wrong=[1], says_right=[1], share=share)  # fmt: skip


def test_empty_tables_give_empty_answers() -> None:
    for players in (0, 3):
        found = estimate(tabulate(players=players))

        assert found.wrong.shape == found.good.shape == (0,)
        assert found.players.sees.shape == (players,)
        assert not found.players.able.any()
        assert "control" in found.note


def test_one_player_alone_is_believed_a_little_and_asked_for_nothing() -> None:
    log, _ = crowd(rates=[SKILLED], items=30, votes=0, seed=8)

    found = estimate(log)

    assert np.isfinite(found.wrong).all()
    assert found.wrong[log.claimed].mean() > found.wrong[~log.claimed].mean()
    assert (found.wrong[log.claimed] < 0.98).all()


def test_marks_without_controls_give_finite_answers_and_a_warning() -> None:
    log, _ = crowd(rates=[SKILLED] * 5 + [BLIND] * 5, items=10, votes=2, seed=9, controls=0)

    found = estimate(log)

    assert ((found.wrong > 0.0) & (found.wrong < 1.0)).all()
    assert "No control was judged" in found.note


def test_a_crowd_that_nobody_can_be_asked_in_is_told_so() -> None:
    log, _ = crowd(rates=[BLIND] * 30, items=20, votes=3, seed=10)

    found = estimate(log)

    assert not found.players.able.any()
    assert "nothing should be accepted" in found.note
    # "Wrong" on everything is worth nothing: no claim is believed much more than any answer is wrong.
    assert found.wrong[log.claimed].max() < 0.7


def test_what_cannot_be_is_refused() -> None:
    log, _ = crowd(rates=[SKILLED] * 3, items=4, votes=1, seed=11)
    found = estimate(log, iterations=2)

    with pytest.raises(BadInput, match="0 iterations"):
        estimate(log, iterations=0)
    with pytest.raises(BadInput, match="shorter"):
        refresh(found, tabulate(players=3), np.array([0]))
    with pytest.raises(BadInput, match="Player 3"):
        refresh(found, log, np.array([3]))


@pytest.mark.slow
def test_a_quarter_of_a_million_marks_take_less_than_ten_seconds_of_one_core() -> None:
    # The whole million, with its memory: benchmarks/estimator.py.
    log, _ = crowd(rates=[SKILLED] * 1_500 + [BLIND] * 1_000, items=60, votes=2, seed=12)
    assert log.controls.sum() + len(log.asker) == 250_000
    assert len(log.item) > 150_000

    start = time.process_time()
    found = estimate(log)
    whole = time.process_time() - start
    refresh(found, log, np.arange(3))

    assert whole < 10.0
    assert time.process_time() - start - whole < 0.5
