"""Votes in columns: who may vote, when voting stops, and that without voters nothing is accepted."""

from __future__ import annotations

import numpy as np
import pytest

from stumper.records import Rules
from stumper.simulate.ballots import MIN_VOTES, Aim, last_e, vote_as_needed, vote_fixed
from stumper.simulate.people import MIXES, TYPES
from stumper.simulate.strategies import Sort, Strategy
from stumper.simulate.table import Played, Seats, play, seat

RULES = Rules()
Crowd = tuple[Seats, Played]


def crowd(mix: dict[str, float], *, players: int, seed: int) -> Crowd:
    rng = np.random.default_rng(seed)
    kinds = [Strategy(name, Sort.SLY, TYPES[name]) for name in mix]
    counts = [round(share * players) for share in mix.values()]
    seats = seat(kinds, counts, rng.integers(1, 6, sum(counts)), rng)
    return seats, play(seats, rules=RULES, pictures=300, rng=rng)


@pytest.fixture(scope="module")
def mixed() -> Crowd:
    return crowd(MIXES["mixed"], players=150, seed=1)


@pytest.mark.parametrize("able_only", [True, False])
def test_only_trusted_players_vote_never_twice_and_never_on_their_own(mixed: Crowd, able_only: bool) -> None:
    seats, played = mixed

    log = vote_fixed(seats, played, votes=3, rules=RULES, rng=np.random.default_rng(2), able_only=able_only)

    assert (log.asker[log.item] != log.voter).all()
    assert len({*zip(log.item, log.voter, strict=True)}) == len(log.item)
    assert (last_e(played)[log.voter] >= RULES.trust_e).all()
    assert log.claimed[log.item].all()
    assert np.bincount(log.item, minlength=len(log.asker))[log.claimed].mean() == pytest.approx(3.0, abs=0.01)


def test_those_found_able_are_better_voters_than_all_who_are_trusted() -> None:
    seats, played = crowd(MIXES["fakers"], players=200, seed=3)
    fakes = np.array([one.name in {"faker", "colluder"} for one in seats.strategies])[seats.strategy]

    def share(*, able_only: bool) -> float:
        rng = np.random.default_rng(4)
        log = vote_fixed(seats, played, votes=2, rules=RULES, rng=rng, able_only=able_only)
        return float(fakes[log.voter].mean())

    assert share(able_only=False) > 0.2
    assert share(able_only=True) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("aim", Aim)
def test_voting_stops_when_it_is_clear_and_after_nine_votes(mixed: Crowd, aim: Aim) -> None:
    seats, played = mixed

    done = vote_as_needed(seats, played, aim=aim, rules=RULES, rng=np.random.default_rng(5))

    votes, claims = done.votes, done.log.claimed
    assert votes.max() <= RULES.max_votes
    assert not votes[~claims].any()
    assert (votes[done.accepted | done.rejected] >= MIN_VOTES[aim]).all()
    assert not (done.accepted & done.rejected).any()
    assert (done.accepted | done.rejected)[claims].mean() > 0.95
    truth = played.items["truth" if aim is Aim.ANSWER else "right"] > 0
    assert truth[done.accepted].mean() > 0.95
    assert truth[done.rejected].mean() < 0.05


def test_a_crowd_without_trusted_players_gets_nothing_accepted() -> None:
    seats, played = crowd({"always_wrong": 0.6, "random": 0.4}, players=60, seed=6)

    done = vote_as_needed(seats, played, aim=Aim.EXAMPLE, rules=RULES, rng=np.random.default_rng(7))

    assert len(done.log.item) == 0
    assert not done.accepted.any()
    assert (done.estimate.wrong[done.log.claimed] < RULES.accept).all()
