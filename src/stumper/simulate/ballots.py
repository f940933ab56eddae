"""Deals claims to voters and lets `estimator` decide, with a fixed number of votes or as many as it takes.

A voter judges the answer and the correction with the same two rates: s on a wrong answer and on a right
correction, f on a right answer and on a wrong one. Only trusted players whom the estimate finds able vote,
never on their own claim and never twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from stumper.curate.audit import AUDIT_SHARE, AUDIT_VOTES
from stumper.curate.belief import KEEP
from stumper.records import Rules
from stumper.simulate.table import Played, Seats
from stumper.trust.crowd import Array, CrowdLog, Marks, Whole, tabulate
from stumper.trust.estimator import Estimate, estimate
from stumper.trust.evidence import trusted

ROUND_PASSES: Final = 3
"""Iterations of the estimator between two rounds of votes, from where it stood."""


class Aim(StrEnum):
    """What a claim is decided by."""

    ANSWER = "answer"
    """P(the shown answer was wrong), from one vote on, as in the mechanism study."""
    EXAMPLE = "example"
    """P(it was wrong and the correction is right), from two votes on: what makes examples and pays."""


MIN_VOTES: Final = {Aim.ANSWER: 1, Aim.EXAMPLE: 2}


@dataclass(frozen=True, slots=True)
class Settled:
    """Claims after voting; the arrays are over the items of the log."""

    log: CrowdLog
    estimate: Estimate
    accepted: Marks
    rejected: Marks
    """Decided while voting; what is neither had all its votes and stayed open."""

    @property
    def votes(self) -> Whole:
        return np.bincount(self.log.item, minlength=len(self.log.asker))


class Voting:
    """One crowd's claims and the votes on them."""

    def __init__(self, seats: Seats, played: Played, rng: np.random.Generator) -> None:
        self.seats, self.played, self.rng = seats, played, rng
        items = played.items
        self.claims = np.flatnonzero(items["claimed"] > 0)
        self.audited = np.zeros(len(items["claimed"]), dtype=bool)
        self.audited[self.claims] = rng.random(len(self.claims)) < AUDIT_SHARE
        self.votes: list[tuple[Whole, Whole, Marks, Marks]] = []
        """(item, voter, says wrong, says right) of each round."""

    def log(self) -> CrowdLog:
        controls, items = self.played.controls, self.played.items
        cast = [np.concatenate(part) for part in zip(*self.votes, strict=True)] or [np.empty(0)] * 4
        return tabulate(
            players=len(self.seats),
            control_player=controls["player"],
            control_poisoned=controls["poisoned"],
            control_wrong=controls["wrong"],
            asker=items["player"],
            claimed=items["claimed"],
            category=items["category"],
            image=items["image"],
            audited=self.audited,
            item=cast[0],
            voter=cast[1],
            says_wrong=cast[2],
            says_right=cast[3],
        )

    def deal(self, claims: Whole, able: Whole) -> None:
        """Lets one random able player vote on each claim; a claim for whom none is found waits."""
        if not len(able) or not len(claims):
            return
        asker = self.played.items["player"].astype(np.int64)
        n = len(self.seats)
        seen = np.concatenate([item * n + voter for item, voter, *_ in self.votes] or [np.empty(0, np.int64)])
        voter = np.full(len(claims), -1)
        for _ in range(6):  # who drew themselves, or voted before, draws again
            free = np.flatnonzero(voter < 0)
            drawn = self.rng.choice(able, len(free))
            barred = (drawn == asker[claims[free]]) | np.isin(claims[free] * n + drawn, seen)
            voter[free[~barred]] = drawn[~barred]
        claims, voter = claims[voter >= 0], voter[voter >= 0]
        items = self.played.items
        says_wrong = self._finds(items["truth"][claims] > 0, voter)
        self.votes.append((claims, voter, says_wrong, self._finds(items["right"][claims] > 0, voter)))

    def _finds(self, truth: Marks, voter: Whole) -> Marks:
        s, f = self.seats.rate("s_u")[voter], self.seats.rate("f_u")[voter]
        return np.asarray(self.rng.random(len(voter)) < np.where(truth, s, f))

    def counts(self) -> Whole:
        cast = [item for item, *_ in self.votes]
        n = len(self.audited)
        return np.bincount(np.concatenate(cast), minlength=n) if cast else np.zeros(n, dtype=np.int64)


def able_voters(estimate: Estimate, e_values: Array, rules: Rules) -> Whole:
    """Returns the trusted players whom the estimate finds able."""
    passed = np.array([trusted(e, rules=rules) for e in e_values], dtype=bool)
    return np.flatnonzero(passed & estimate.players.able)


def last_e(played: Played) -> Array:
    """Returns everybody's E after their last session, 1 for those who played none."""
    e = np.ones(len(played.e_values))
    for column in played.e_values.T:
        e = np.where(np.isnan(column), e, column)
    return e


def vote_fixed(
    seats: Seats,
    played: Played,
    *,
    votes: int,
    rules: Rules,
    rng: np.random.Generator,
    able_only: bool = True,
) -> CrowdLog:
    """Gives every claim ``votes`` votes of trusted players, also of those not found able if so wished."""
    voting = Voting(seats, played, rng)
    e_values = last_e(played)
    voters = np.flatnonzero(e_values >= rules.trust_e)
    if able_only:
        voters = able_voters(estimate(voting.log()), e_values, rules)
    for _ in range(votes):
        voting.deal(voting.claims, voters)
    return voting.log()


def vote_as_needed(
    seats: Seats, played: Played, *, aim: Aim, rules: Rules, rng: np.random.Generator
) -> Settled:
    """Asks for votes until each claim is decided, at most ``rules.max_votes``.

    Later votes tell more about earlier voters, so decisions are looked at again in every round; they stand
    down to `curate.belief.KEEP`, as in `curate.settle`.
    """
    voting = Voting(seats, played, rng)
    found = estimate(voting.log())
    e_values = last_e(played)
    accepted, rejected = (np.zeros(len(voting.audited), dtype=bool) for _ in range(2))
    for _ in range(rules.max_votes):
        due = ~(accepted | rejected) | (voting.audited & (voting.counts() < AUDIT_VOTES))
        voting.deal(voting.claims[due[voting.claims]], able_voters(found, e_values, rules))
        found = estimate(voting.log(), iterations=ROUND_PASSES, start=found)
        p = found.wrong if aim is Aim.ANSWER else found.good
        enough = voting.counts() >= MIN_VOTES[aim]
        accepted = enough & (p > np.where(accepted, KEEP, rules.accept))
        rejected = enough & (p < np.where(rejected, 1.0 - KEEP, rules.reject))
    log = voting.log()
    found = estimate(log)  # from the start, as when a round closes
    p = found.wrong if aim is Aim.ANSWER else found.good
    return Settled(log, found, accepted & (p > KEEP), rejected & (p < 1.0 - KEEP))
