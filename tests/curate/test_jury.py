"""How much a vote counts when something was noticed about its voter."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.beliefs import case_of
from stumper.curate.belief import Ballot, Belief, Evidence, posterior
from stumper.curate.census import Census, weigh
from stumper.records import ClaimId, PlayerId
from stumper.trust.jury import EVERYBODY, Jury
from stumper.trust.rewards import Outcome

ANN, BOB, CYD, DEE = (PlayerId(name) for name in ("ann", "bob", "cyd", "dee"))
CAREFUL = Counter({Outcome.HIT: 20, Outcome.CLEAN: 30})
CONTROLS = dict.fromkeys((ANN, BOB, CYD, DEE), CAREFUL)


def yes(*voters: PlayerId) -> Evidence:
    return Evidence(ClaimId("k"), ANN, tuple(Ballot(voter, True, True) for voter in voters))


def judged(claim: Evidence, jury: Jury = EVERYBODY) -> Belief:
    return posterior(claim, controls=CONTROLS, tallies={}, jury=jury)


def test_a_group_on_its_own_claim_says_nothing() -> None:
    ring = Jury(group={ANN: 0, BOB: 0, CYD: 0})

    assert judged(yes(BOB, CYD), ring) == pytest.approx(judged(yes()))
    assert judged(yes(BOB, CYD, DEE), ring) == pytest.approx(judged(yes(DEE)))


def test_two_of_a_group_are_one_voter() -> None:
    pair = Jury(group={BOB: 0, CYD: 0})

    assert judged(yes(BOB, CYD), pair) == pytest.approx(judged(yes(BOB)))


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_the_more_a_vote_weighs_the_more_it_tells(one: float, other: float) -> None:
    less, more = sorted((one, other))

    low, high = (judged(yes(BOB), Jury(weights={BOB: weight})).good for weight in (less, more))

    assert judged(yes()).good <= low <= high <= judged(yes(BOB)).good


def test_a_round_weighs_votes_like_a_single_claim() -> None:
    cases = [case_of(yes(BOB, CYD))]
    juries = Jury(group={ANN: 0, BOB: 0, CYD: 0}), Jury(group={BOB: 0, CYD: 0}), EVERYBODY

    none, one, two = (weigh(Census(cases, (), CONTROLS, jury)).beliefs[ClaimId("k")].good for jury in juries)

    assert none < one < two
