"""The two-coin model: what votes must never do, a hand calculation, and a crowd whose truth is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.belief import (
    CORRECTS,
    KEEP,
    LEAST_GAP,
    MODEL_ERROR,
    UNANSWERABLE,
    Ballot,
    Belief,
    Cause,
    Decision,
    Evidence,
    decide,
    learned,
    posterior,
    rates,
)
from stumper.records import ClaimId, ClaimStatus, PlayerId, Rules
from stumper.trust.rewards import Outcome

RULES = Rules()
SHARP = Counter({Outcome.HIT: 12, Outcome.MISS: 1, Outcome.FALSE_ALARM: 1, Outcome.CLEAN: 18})
BLIND = Counter({Outcome.HIT: 12, Outcome.FALSE_ALARM: 18})

counts = st.integers(0, 40)
histories = st.builds(
    lambda h, m, f, c: Counter(
        {Outcome.HIT: h, Outcome.MISS: m, Outcome.FALSE_ALARM: f, Outcome.CLEAN: c}
    ),
    counts, counts, counts, counts,
)  # fmt: skip
ballots = st.tuples(st.booleans(), st.booleans(), st.booleans())


def ballot(voter: str, wrong: bool, right: bool = True, flag: bool = False) -> Ballot:
    return Ballot(PlayerId(voter), wrong, right, flag)


def claim(*cast: Ballot, claimant: str = "author", id_: str = "c") -> Evidence:
    return Evidence(ClaimId(id_), PlayerId(claimant), cast)


def sharp(*names: str) -> dict[PlayerId, Counter[Outcome]]:
    return {PlayerId(name): SHARP for name in names}


def after(*cast: Ballot, author: Counter[Outcome] = SHARP) -> Belief:
    controls = {**sharp("a", "b", "d", "e"), PlayerId("author"): author}
    return posterior(claim(*cast), controls=controls, tallies={})


def test_a_stranger_by_hand() -> None:
    belief = posterior(claim(), controls={}, tallies={})

    def shifted(p: float, by: float) -> float:
        return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + by)))

    s, f = shifted(2 / 3, -0.8), shifted(1 / 3, 0.6)
    found = MODEL_ERROR * s / (MODEL_ERROR * s + (1 - MODEL_ERROR) * f)
    assert belief.good == pytest.approx((1 - UNANSWERABLE) * found * CORRECTS)
    assert belief.model_right == pytest.approx((1 - UNANSWERABLE) * (1 - found))
    assert belief.unanswerable == pytest.approx(UNANSWERABLE)


@given(history=histories, cast=st.lists(ballots, max_size=9))
def test_a_belief_is_a_distribution(history: Counter[Outcome], cast: list[tuple[bool, bool, bool]]) -> None:
    made = claim(*(ballot(str(n), *marks) for n, marks in enumerate(cast)))

    belief = posterior(made, controls={PlayerId("0"): history, PlayerId("author"): history}, tallies={})

    assert sum(belief) == pytest.approx(1.0)
    assert min(belief) >= 0.0


@given(author=histories, voter=histories, before=st.lists(ballots, max_size=6))
def test_a_confirming_vote_never_lowers_the_belief(
    author: Counter[Outcome], voter: Counter[Outcome], before: list[tuple[bool, bool, bool]]
) -> None:
    controls = {PlayerId("author"): author, PlayerId("new"): voter}
    cast = [ballot(str(n), *marks) for n, marks in enumerate(before)]

    old = posterior(claim(*cast), controls=controls, tallies={})
    new = posterior(claim(*cast, ballot("new", True, True)), controls=controls, tallies={})

    assert new.good >= old.good - 1e-12


@given(author=histories, voter=histories, before=st.lists(ballots, max_size=6))
def test_a_vote_that_the_model_was_right_never_speaks_for_the_claim(
    author: Counter[Outcome], voter: Counter[Outcome], before: list[tuple[bool, bool, bool]]
) -> None:
    controls = {PlayerId("author"): author, PlayerId("new"): voter}
    cast = [ballot(str(n), *marks) for n, marks in enumerate(before)]

    old = posterior(claim(*cast), controls=controls, tallies={})
    new = posterior(claim(*cast, ballot("new", False, False)), controls=controls, tallies={})

    # Both may rise a little at the cost of "unanswerable": whoever votes has not flagged.
    assert new.good / new.model_right <= old.good / old.model_right * (1 + 1e-9)


@given(order=st.permutations([(True, True), (True, False), (False, False), (True, True)]))
def test_the_order_of_votes_does_not_matter(order: list[tuple[bool, bool]]) -> None:
    names = {(True, True): "a", (True, False): "b", (False, False): "d"}
    straight = sorted(order)

    def told(marks: list[tuple[bool, bool]]) -> Belief:
        return after(*(ballot(names[pair], *pair) for pair in marks))

    assert told(list(order)) == pytest.approx(told(straight))


def test_two_sharp_confirmations_accept_the_claim_of_a_sharp_player() -> None:
    belief = after(ballot("a", True), ballot("b", True))

    assert decide(belief, votes=2, rules=RULES) == Decision(ClaimStatus.ACCEPTED, Cause.CONFIRMED)


def test_a_wrong_correction_is_rejected_as_that() -> None:
    belief = after(*(ballot(name, True, False) for name in "abde"))

    assert belief.model_wrong > 0.95
    assert decide(belief, votes=4, rules=RULES) == Decision(ClaimStatus.REJECTED, Cause.WRONG_CORRECTION)


def test_a_false_alarm_is_rejected_as_that() -> None:
    belief = after(*(ballot(name, False, False) for name in "abd"))

    assert decide(belief, votes=3, rules=RULES) == Decision(ClaimStatus.REJECTED, Cause.MODEL_RIGHT)


def test_two_flags_reject_a_question_without_an_answer() -> None:
    belief = after(ballot("a", False, False, True), ballot("b", False, False, True))

    assert decide(belief, votes=2, rules=RULES) == Decision(ClaimStatus.REJECTED, Cause.UNANSWERABLE)


def test_the_votes_of_blind_players_move_nothing() -> None:
    blind = {PlayerId(name): BLIND for name in "abdefg"}
    controls = {**blind, PlayerId("author"): SHARP}

    old = posterior(claim(), controls=controls, tallies={})
    new = posterior(claim(*(ballot(name, True) for name in "abdefg")), controls=controls, tallies={})

    assert decide(new, votes=6, rules=RULES).status is not ClaimStatus.ACCEPTED
    assert new.good < old.good + 0.25


def test_one_vote_never_decides() -> None:
    assert decide(Belief(1.0, 0.0, 0.0, 0.0), votes=1, rules=RULES).status is ClaimStatus.OPEN
    assert decide(Belief(0.0, 0.0, 1.0, 0.0), votes=1, rules=RULES).status is ClaimStatus.OPEN


def test_an_audited_claim_waits_for_its_votes_however_sure_one_is() -> None:
    sure = Belief(0.999, 0.001, 0.0, 0.0)

    assert decide(sure, votes=4, rules=RULES, least=5).status is ClaimStatus.OPEN
    assert decide(sure, votes=5, rules=RULES, least=5).status is ClaimStatus.ACCEPTED
    few = Rules(max_votes=3)
    assert decide(sure, votes=3, rules=few, least=5).status is ClaimStatus.ACCEPTED


def test_after_nine_votes_without_a_decision_a_claim_is_disputed() -> None:
    torn = Belief(0.5, 0.2, 0.2, 0.1)

    assert decide(torn, votes=8, rules=RULES).status is ClaimStatus.OPEN
    assert decide(torn, votes=9, rules=RULES) == Decision(ClaimStatus.DISPUTED, Cause.DISPUTED)


def test_what_was_accepted_is_not_given_up_for_a_little_doubt() -> None:
    doubt = Belief(KEEP + 0.05, 0.1, 0.05, 0.0)

    assert decide(doubt, votes=3, rules=RULES).status is ClaimStatus.OPEN
    assert decide(doubt, votes=3, rules=RULES, accepted=True).status is ClaimStatus.ACCEPTED
    worse = Belief(KEEP - 0.05, 0.2, 0.05, 0.0)
    assert decide(worse, votes=3, rules=RULES, accepted=True).status is ClaimStatus.OPEN


def test_a_voter_who_confirms_what_others_reject_is_found_out() -> None:
    yes = ballot("fan", True, True)
    before = rates(SHARP)

    tallies = learned([(yes, Cause.MODEL_RIGHT, 12), (yes, Cause.CONFIRMED, 8)], [])

    later = rates(SHARP, tallies[PlayerId("fan")])
    assert before.informative
    assert later.alarms > 0.7
    assert not later.informative


def test_a_claimant_whose_claims_fail_is_believed_less() -> None:
    author = PlayerId("author")
    bad = learned([], [(author, Cause.MODEL_RIGHT, 8), (author, Cause.CONFIRMED, 1)])
    good = learned([], [(author, Cause.CONFIRMED, 8), (author, Cause.MODEL_RIGHT, 1)])

    low = posterior(claim(), controls={author: SHARP}, tallies=bad)
    high = posterior(claim(), controls={author: SHARP}, tallies=good)

    assert low.good < 0.35 < 0.6 < high.good


def test_disputed_claims_teach_nothing() -> None:
    assert learned([(ballot("a", True), Cause.DISPUTED, 5)], [(PlayerId("b"), Cause.INVALID, 3)]) == {}


def test_least_gap_leaves_out_the_careless() -> None:
    careless = Counter({Outcome.HIT: 13, Outcome.MISS: 7, Outcome.FALSE_ALARM: 5, Outcome.CLEAN: 25})

    found = rates(careless)

    assert found.sees - found.alarms < LEAST_GAP
    assert not found.informative


def test_evidence_is_a_value() -> None:
    made = claim(ballot("a", True))

    assert replace(made) == made
