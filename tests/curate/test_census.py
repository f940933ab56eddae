"""All marks and votes of a campaign together: laws, a hand calculation, and crowds with a truth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.beliefs import case_of, measure
from stumper.curate.belief import Ballot, Belief, Evidence
from stumper.curate.census import Case, Census, Passed, Weighed, unanswerable, weigh
from stumper.records import ClaimId, ImageId, PlayerId, RoundId
from stumper.trust.rewards import Outcome
from tests.examples import examples

SHARP = Counter({Outcome.HIT: 12, Outcome.MISS: 1, Outcome.FALSE_ALARM: 1, Outcome.CLEAN: 18})
BLIND = Counter({Outcome.HIT: 12, Outcome.FALSE_ALARM: 18})
SHARP_NAMES = "abcdefgh"


def ballot(voter: str, wrong: bool, right: bool | None = None, flag: bool = False) -> Ballot:
    return Ballot(PlayerId(voter), wrong, wrong if right is None else right, flag)


def case(id_: str, *cast: Ballot, claimant: str = "author") -> Case:
    return case_of(Evidence(ClaimId(id_), PlayerId(claimant), cast))


def history(**others: Counter[Outcome]) -> dict[PlayerId, Counter[Outcome]]:
    return {PlayerId(name): SHARP for name in (*SHARP_NAMES, "author")} | {
        PlayerId(name): seen for name, seen in others.items()
    }


def told(*cases: Case, **others: Counter[Outcome]) -> Weighed:
    return weigh(Census(cases, (), history(**others)))


def crowd(rng: random.Random, *, fans: int = 0, claims: int = 60) -> tuple[list[Case], list[bool]]:
    """Sharp voters and some who confirm everything, four votes a claim, and the truth."""
    voters = [*SHARP_NAMES, *(f"fan{n}" for n in range(fans))]
    cases, good = [], []
    for n in range(claims):
        is_good = rng.random() < 0.5
        cast = []
        for voter in rng.sample(voters, 4):
            yes = rng.random() < (0.9 if voter.startswith("fan") or is_good else 0.08)
            cast.append(ballot(voter, yes))
        cases.append(case(f"k{n}", *cast, claimant=f"author{n % 12}"))
        good.append(is_good)
    return cases, good


@settings(max_examples=examples(8), deadline=None)
@given(st.integers(0, 10_000))
def test_beliefs_are_distributions(seed: int) -> None:
    rng = random.Random(seed)
    cases, _ = crowd(rng, claims=10)
    flagged = case("flagged", ballot("a", False, flag=True), ballot("b", True, rng.random() < 0.5))

    for belief in told(*cases, flagged).beliefs.values():
        assert sum(belief) == pytest.approx(1.0)
        assert min(belief) >= 0.0


@settings(max_examples=examples(12), deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(SHARP_NAMES))
def test_one_more_yes_of_an_informative_voter_never_lowers_the_belief(seed: int, voter: str) -> None:
    cases, _ = crowd(random.Random(seed), claims=20)
    before = cases[0]
    others = tuple(cast for cast in before.ballots if cast.voter != voter)
    without = told(case("k0", *others, claimant="author0"), *cases[1:])
    with_yes = told(case("k0", *others, ballot(voter, True), claimant="author0"), *cases[1:])

    assume(with_yes.sights[PlayerId(voter)].able)
    assert with_yes.beliefs[ClaimId("k0")].good >= without.beliefs[ClaimId("k0")].good - 1e-6


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_claims_marks_and_votes_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    cases, _ = crowd(rng, fans=1, claims=30)
    marks = [
        Passed(PlayerId(rng.choice(SHARP_NAMES)), ImageId(f"k{n}"), RoundId("r"), "How many cats?")
        for n in range(20)
    ]
    straight = weigh(Census(cases, marks, history(fan0=SHARP)))
    shuffled = [Case(one.claim, tuple(rng.sample(one.ballots, 4)), 4) for one in rng.sample(cases, 30)]
    mixed = weigh(Census(shuffled, rng.sample(marks, 20), dict(reversed(history(fan0=SHARP).items()))))

    for id_, belief in straight.beliefs.items():
        assert mixed.beliefs[id_] == pytest.approx(belief, abs=1e-6)
    for player_id, sight in straight.sights.items():
        assert mixed.sights[player_id] == pytest.approx(sight, abs=1e-6)


@settings(max_examples=5, deadline=None)
@given(st.permutations(SHARP_NAMES))
def test_names_of_players_change_nothing(names: Sequence[str]) -> None:
    new = dict(zip(SHARP_NAMES, names, strict=True))
    cases, _ = crowd(random.Random(7), claims=20)
    renamed = [
        Case(one.claim, tuple(cast._replace(voter=PlayerId(new[cast.voter])) for cast in one.ballots), 4)
        for one in cases
    ]

    was, now = told(*cases), told(*renamed)

    for id_, belief in was.beliefs.items():
        assert now.beliefs[id_] == pytest.approx(belief, abs=1e-6)


def test_no_answer_by_hand() -> None:
    """One flag of two votes: odds .03 / .97 * .7 / .02 * .3 / .98 = .3314."""
    assert unanswerable(np.array([1.0]), np.array([1.0])) == pytest.approx([0.3314 / 1.3314], abs=1e-4)

    found = told(case("c", ballot("a", True), ballot("b", False, flag=True))).beliefs[ClaimId("c")]
    alone = told(case("c", ballot("a", True))).beliefs[ClaimId("c")]
    assert found.unanswerable == pytest.approx(0.3314 / 1.3314, abs=1e-4)
    shares = [one.good / (1 - one.unanswerable) for one in (found, alone)]
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)


def test_two_confirmations_three_doubts_or_two_flags_decide() -> None:
    yes = told(case("c", ballot("a", True), ballot("b", True))).beliefs[ClaimId("c")]
    no = told(case("c", *(ballot(name, False) for name in "abd"))).beliefs[ClaimId("c")]
    flagged = told(case("c", ballot("a", False, flag=True), ballot("b", False, flag=True)))

    assert yes.good > 0.95
    assert no.good < 0.05 < 0.9 < no.model_right
    assert Belief(*flagged.beliefs[ClaimId("c")]).unanswerable > 0.95


def test_the_votes_of_blind_players_move_little() -> None:
    blind = {f"x{n}": BLIND for n in range(6)}
    before = told(case("c"), **blind).beliefs[ClaimId("c")]
    after = told(case("c", *(ballot(name, True) for name in blind)), **blind)

    assert after.beliefs[ClaimId("c")].good < before.good + 0.15
    assert not any(after.sights[PlayerId(name)].able for name in blind)


def test_many_votes_find_those_who_confirm_everything() -> None:
    """Controls cannot: they have the same ones."""
    cases, good = crowd(random.Random(3), fans=2, claims=300)

    found = told(*cases, fan0=SHARP, fan1=SHARP)

    assert [name for name in (*SHARP_NAMES, "fan0", "fan1") if not found.sights[PlayerId(name)].able] == [
        "fan0",
        "fan1",
    ]
    accepted = np.array([found.beliefs[one.claim.id].good > 0.95 for one in cases])
    assert np.mean(np.array(good)[accepted]) >= 0.97
    assert np.mean(accepted[np.array(good)]) >= 0.9


def test_without_controls_nothing_is_believed_and_it_is_said_why() -> None:
    cast = [ballot("x", True), ballot("y", True)]

    found = weigh(Census([case("c", *cast)], (), {}))

    assert found.beliefs[ClaimId("c")].good < 0.95
    assert "No control was judged" in found.note


def test_an_empty_campaign_is_no_error() -> None:
    found = weigh(Census((), (), {}))

    assert (found.beliefs, found.sights, str(found.audit)) == ({}, {}, "")


@pytest.mark.slow
def test_a_hostile_crowd_stays_usable() -> None:
    got = measure(players=150, mix="hostile", seed=6)

    assert got.final_precision >= 0.96
    assert got.final_recall >= 0.85
