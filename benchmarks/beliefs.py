"""python benchmarks/beliefs.py --players 300 --mix mixed --seeds 1 2 3

How good are the accepted claims? Plays a simulated crowd without pictures or a model: marks on controls,
claims, and votes are drawn from each player's true rates, then judged by the real `trust.evidence` and
`curate.belief`. Votes go to the open claim with the fewest votes, as in `curate.peers`; the last columns
repeat the judgement with all marks and votes known, as `curate.settle` does by `curate.census`. Good = the
model was wrong and the correction is right.
"""

from __future__ import annotations

import argparse
import heapq
import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property

from stumper.curate.belief import (
    Ballot,
    Decision,
    Evidence,
    Tally,
    decide,
    learned,
    posterior,
    rates,
)
from stumper.curate.census import Case, Census, Passed, weigh
from stumper.records import (
    CampaignId,
    Claim,
    ClaimId,
    ClaimStatus,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
    Verdict,
)
from stumper.simulate.people import MIXES, Person, people
from stumper.trust.evidence import update
from stumper.trust.rewards import Mark, Outcome, outcome

RULES = Rules()
ROUND = RoundId("r")
CATEGORY_ERRORS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
TURNS_OF_A_KIND = 5


@dataclass
class Crowd:
    """What a simulated crowd left behind, with the truth beside it."""

    persons: dict[PlayerId, Person]
    e_values: dict[PlayerId, float] = field(default_factory=dict)
    controls: dict[PlayerId, Counter[Outcome]] = field(default_factory=dict)
    claims: dict[ClaimId, Evidence] = field(default_factory=dict)
    passed: list[Passed] = field(default_factory=list)
    truth: dict[ClaimId, tuple[bool, bool]] = field(default_factory=dict)
    """(the model was wrong, the correction is right)"""

    def good(self, claim_id: ClaimId) -> bool:
        return all(self.truth[claim_id])

    @cached_property
    def trusted(self) -> list[PlayerId]:
        return [id_ for id_, e in self.e_values.items() if e >= RULES.trust_e]


def play(*, players: int, mix: str, seed: int) -> Crowd:
    """Draws controls and claims of every session."""
    crowd = Crowd({PlayerId(p.name): p for p in people(players=players, mix=mix, seed=seed)})
    for player_id, person in crowd.persons.items():
        rng = random.Random(f"{seed} {player_id}")
        crowd.e_values[player_id] = 1.0
        crowd.controls[player_id] = Counter()
        for n in range(person.sessions):
            kinds = [True, False] * TURNS_OF_A_KIND
            rng.shuffle(kinds)
            for position, control in enumerate(kinds):
                if control:
                    _control_turn(crowd, player_id, position, rng)
                else:
                    _claim_turn(crowd, player_id, f"{player_id}/{n}/{position}", position, rng)
    return crowd


def _control_turn(crowd: Crowd, player_id: PlayerId, position: int, rng: random.Random) -> None:
    person = crowd.persons[player_id]
    for _ in range(person.type.questions):
        poisoned = rng.random() < RULES.poison_rate
        wrong = person.marks_wrong(answer_wrong=poisoned, easy=True, picture=position, rng=rng)
        happened = outcome(poisoned=poisoned, verdict=Verdict.WRONG if wrong else Verdict.CORRECT)
        mark = Mark(
            exchange_id=ExchangeId(""), position=position, outcome=happened, repeat=False, judged_at=0.0
        )
        crowd.controls[player_id][happened] += 1
        crowd.e_values[player_id] = update(
            crowd.e_values[player_id], [mark], poison_rate=RULES.poison_rate, cap=RULES.cap_e
        )
        if wrong:
            return


def _claim_turn(crowd: Crowd, player_id: PlayerId, name: str, position: int, rng: random.Random) -> None:
    person = crowd.persons[player_id]
    for _ in range(person.type.questions):
        model_wrong = rng.random() < rng.choice(CATEGORY_ERRORS)
        if person.marks_wrong(answer_wrong=model_wrong, easy=False, picture=position, rng=rng):
            claim_id = ClaimId(name)
            right = model_wrong and rng.random() < person.type.corrects
            crowd.claims[claim_id] = Evidence(claim_id, player_id)
            crowd.truth[claim_id] = (model_wrong, right)
            return
        crowd.passed.append(Passed(player_id, ImageId(name), ROUND, ""))


def case_of(evidence: Evidence) -> Case:
    """Returns a claim as rows would tell it, on a picture of its own; its category is not known."""
    claim = Claim(
        id=evidence.id,
        exchange_id=ExchangeId(evidence.id),
        campaign_id=CampaignId("c"),
        round_id=ROUND,
        player_id=evidence.claimant,
        image_id=ImageId(evidence.id),
        question="",
        model_answer="",
        correction="",
        created_at=0.0,
    )
    return Case(claim, evidence.ballots, len(evidence.ballots))


def vote_on_all(crowd: Crowd, *, seed: int) -> dict[ClaimId, Decision]:
    """Deals every claim to random trusted voters until it is decided; returns the decisions made on the
    way.
    """
    rng = random.Random(f"votes {seed}")
    tallies: dict[PlayerId, Tally] = {}
    queue = [(0, n, claim_id) for n, claim_id in enumerate(crowd.claims)]
    decisions: dict[ClaimId, Decision] = {}
    while queue:
        votes, n, claim_id = heapq.heappop(queue)
        claim = crowd.claims[claim_id]
        voter = _voter(crowd, claim, tallies, rng)
        if voter is None:
            continue
        claim = replace(claim, ballots=(*claim.ballots, _ballot(crowd, voter, claim_id, rng)))
        crowd.claims[claim_id] = claim
        belief = posterior(claim, controls=crowd.controls, tallies=tallies)
        decided = decide(belief, votes=votes + 1, rules=RULES)
        if decided.cause is None:
            heapq.heappush(queue, (votes + 1, n, claim_id))
            continue
        decisions[claim_id] = decided
        news = learned(
            [(ballot, decided.cause, 1) for ballot in claim.ballots], [(claim.claimant, decided.cause, 1)]
        )
        for player_id, tally in news.items():
            tallies[player_id] = tallies[player_id] + tally if player_id in tallies else tally
    return decisions


def _voter(
    crowd: Crowd, claim: Evidence, tallies: dict[PlayerId, Tally], rng: random.Random
) -> PlayerId | None:
    """Returns a random trusted, informative player who has not judged this claim."""
    barred = {claim.claimant, *(ballot.voter for ballot in claim.ballots)}
    able = [player_id for player_id in crowd.trusted if player_id not in barred]
    rng.shuffle(able)
    found = (v for v in able if rates(crowd.controls[v], tallies.get(v)).informative)
    return next(found, None)


def _ballot(crowd: Crowd, voter: PlayerId, claim_id: ClaimId, rng: random.Random) -> Ballot:
    """A voter errs on the correction as on the answer: the false alarm is to find a wrong correction
    right.
    """
    person = crowd.persons[voter]
    model_wrong, right = crowd.truth[claim_id]
    return Ballot(
        voter,
        person.marks_wrong(answer_wrong=model_wrong, easy=False, picture=0, rng=rng),
        person.marks_wrong(answer_wrong=right, easy=False, picture=0, rng=rng),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    claims: int
    good: int
    votes: float
    """Votes a claim."""
    precision: float
    recall: float
    final_precision: float
    final_recall: float
    seconds: float
    """Time of the final judgement over all claims."""


def measure(*, players: int, mix: str, seed: int) -> Figures:
    """Plays, votes and judges once; precision and recall while voting, and with all votes known."""
    crowd = play(players=players, mix=mix, seed=seed)
    decisions = vote_on_all(crowd, seed=seed)
    live = {id_ for id_, decided in decisions.items() if decided.status is ClaimStatus.ACCEPTED}
    claims = list(crowd.claims.values())
    start = time.perf_counter()
    weighed = weigh(Census([case_of(claim) for claim in claims], crowd.passed, crowd.controls))
    seconds = time.perf_counter() - start
    final = {
        claim.id
        for claim in claims
        if decide(
            weighed.beliefs[claim.id], votes=len(claim.ballots), rules=RULES, accepted=claim.id in live
        ).status
        is ClaimStatus.ACCEPTED
    }
    good = {claim.id for claim in claims if crowd.good(claim.id)}
    return Figures(
        claims=len(claims),
        good=len(good),
        votes=sum(len(claim.ballots) for claim in claims) / len(claims),
        precision=len(live & good) / len(live),
        recall=len(live & good) / len(good),
        final_precision=len(final & good) / len(final),
        final_recall=len(final & good) / len(good),
        seconds=seconds,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=300)
    parser.add_argument("--mix", choices=[*MIXES, "all"], default="mixed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    print("mix      seed claims  good votes/claim  precision recall   with all votes  seconds")
    for mix in MIXES if options.mix == "all" else [options.mix]:
        for seed in options.seeds:
            got = measure(players=options.players, mix=mix, seed=seed)
            print(
                f"{mix:8} {seed:4} {got.claims:6} {got.good:5} {got.votes:11.2f}  {got.precision:9.3f} "
                f"{got.recall:6.3f}   {got.final_precision:6.3f} {got.final_recall:6.3f}  {got.seconds:7.2f}"
            )


if __name__ == "__main__":
    main()
