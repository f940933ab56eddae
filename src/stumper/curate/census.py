"""What all marks and votes of a campaign say together about its claims and players (pure).

`stumper.trust.estimator` does the arithmetic; here rows become its columns and its answer becomes beliefs.
What it does not know is a question without an answer. Voters say so with a flag, and by Bayes the odds of
that are

    UNANSWERABLE / (1 - UNANSWERABLE) * (FLAGS / FLAGS_FALSELY) ** flags
                                      * ((1 - FLAGS) / (1 - FLAGS_FALSELY)) ** other votes

The estimator's probabilities share what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from stumper.curate.audit import AUDIT_VOTES, Audit, audited, check
from stumper.curate.belief import FLAGS, FLAGS_FALSELY, UNANSWERABLE, Ballot, Belief
from stumper.curate.classify import classify_many
from stumper.records import Claim, ClaimId, ImageId, PlayerId, RoundId
from stumper.trust.crowd import Array, CrowdLog, Players, logit, sigmoid, tabulate
from stumper.trust.estimator import Estimate, estimate
from stumper.trust.jury import EVERYBODY, Jury
from stumper.trust.rewards import Outcome

_OUTCOMES: Final = {
    Outcome.HIT: (True, True),
    Outcome.MISS: (True, False),
    Outcome.FALSE_ALARM: (False, True),
    Outcome.CLEAN: (False, False),
}
"""(the answer was poisoned, the player marked it wrong)"""


class Passed(NamedTuple):
    """An answer on a complex picture that its player found right."""

    player_id: PlayerId
    image_id: ImageId
    round_id: RoundId
    question: str


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, with those that were merged with it."""

    claim: Claim
    ballots: tuple[Ballot, ...]
    """The votes on all of them; whoever made one of the others has said yes to both questions."""
    votes: int
    """How many of the ballots are votes; these come last."""

    @property
    def cast(self) -> tuple[Ballot, ...]:
        return self.ballots[len(self.ballots) - self.votes :]


@dataclass(frozen=True, slots=True)
class Census:
    """All that is known of a campaign."""

    cases: Sequence[Case]
    passed: Sequence[Passed]
    controls: Mapping[PlayerId, Counter[Outcome]]
    jury: Jury = EVERYBODY


class Sight(NamedTuple):
    """How well a player judges complex pictures, as `trust.crowd.Players` has it."""

    sees: float
    alarms: float
    fake: float

    @property
    def able(self) -> bool:
        """Whether the player is worth asking for votes."""
        return bool(Players(*(np.array([rate]) for rate in self)).able[0])


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a census says."""

    beliefs: Mapping[ClaimId, Belief]
    sights: Mapping[PlayerId, Sight]
    """Of those who voted: a stranger who is trusted tomorrow must not be judged by what was known today."""
    audit: Audit
    note: str
    """Why the figures should not be relied on, or empty."""


def weigh(census: Census) -> Weighed:
    """Returns beliefs about every case and voter. The order of cases, marks and players does not matter."""
    index = _players(census)
    log = _log(census, index)
    found = estimate(log)
    claims = [case.claim.id for case in census.cases]
    voters = {ballot.voter for case in census.cases for ballot in case.cast}
    rates = dict(zip(index, zip(*found.players, strict=True), strict=True))
    return Weighed(
        beliefs=dict(zip(claims, _beliefs(census.cases, found), strict=True)),
        sights={id_: Sight(*map(float, rates[id_])) for id_ in sorted(voters)},
        audit=_audit(log, found),
        note=found.note,
    )


def _players(census: Census) -> dict[PlayerId, int]:
    everyone = {*census.controls, *(mark.player_id for mark in census.passed)}
    for case in census.cases:
        everyone.add(case.claim.player_id)
        everyone.update(ballot.voter for ballot in case.ballots)
    return {player_id: n for n, player_id in enumerate(sorted(everyone))}


def _log(census: Census, index: Mapping[PlayerId, int]) -> CrowdLog:
    """Items are the claims, then the answers found right; flags are no votes."""
    claims = [case.claim for case in census.cases]
    marks = [Passed(one.player_id, one.image_id, one.round_id, one.question) for one in claims]
    marks += census.passed
    asked = list({mark.question: None for mark in marks})
    # by the question alone: a mark must not tell its category
    kind = dict(zip(asked, (one.category for one in classify_many(asked)), strict=True))
    kinds = _numbered([(mark.round_id, kind[mark.question]) for mark in marks])
    votes = [
        (n, ballot, share)
        for n, case in enumerate(census.cases)
        for ballot, share in zip(case.ballots, _shares(case, census.jury), strict=True)
        if not ballot.unanswerable
    ]
    seen = [
        (index[player_id], *_OUTCOMES[happened], n)
        for player_id, outcomes in census.controls.items()
        for happened, n in outcomes.items()
    ]
    who, poisoned, wrong, times = np.array(seen, dtype=np.int64).reshape(-1, 4).T
    return tabulate(
        players=len(index),
        control_player=np.repeat(who, times),
        control_poisoned=np.repeat(poisoned, times),
        control_wrong=np.repeat(wrong, times),
        asker=[index[mark.player_id] for mark in marks],
        claimed=[n < len(claims) for n in range(len(marks))],
        category=kinds,
        image=_numbered([mark.image_id for mark in marks]),
        audited=[n < len(claims) and audited(claims[n].id) for n in range(len(marks))],
        item=[n for n, _, _ in votes],
        voter=[index[ballot.voter] for _, ballot, _ in votes],
        says_wrong=[ballot.model_wrong for _, ballot, _ in votes],
        says_right=[ballot.correction_right for _, ballot, _ in votes],
        share=[share for _, _, share in votes],
    )


def _shares(case: Case, jury: Jury) -> list[float]:
    return jury.shares(case.claim.player_id, [ballot.voter for ballot in case.ballots])


def _numbered(values: Sequence[object]) -> list[int]:
    numbers = {value: n for n, value in enumerate(dict.fromkeys(values))}
    return [numbers[value] for value in values]


def _beliefs(cases: Sequence[Case], found: Estimate) -> list[Belief]:
    n = len(cases)
    flags = np.array([sum(ballot.unanswerable for ballot in case.ballots) for case in cases], dtype=float)
    others = np.array([len(case.ballots) for case in cases]) - flags
    void = unanswerable(flags, others)
    good, wrong = found.good[:n], found.wrong[:n]
    columns = (good, wrong - good, 1.0 - wrong)
    return [Belief(*map(float, row)) for row in np.column_stack([*(p * (1.0 - void) for p in columns), void])]


def unanswerable(flags: Array, others: Array) -> Array:
    """Returns P(the question has no answer) after so many flags and other votes."""
    said = flags * np.log(FLAGS / FLAGS_FALSELY) + others * np.log((1.0 - FLAGS) / (1.0 - FLAGS_FALSELY))
    return sigmoid(logit(np.array(UNANSWERABLE)) + said)


def _audit(log: CrowdLog, found: Estimate) -> Audit:
    votes = np.bincount(log.item, minlength=len(log.asker))
    done = log.audited & (votes >= AUDIT_VOTES)
    return check(found.unheard[done], found.wrong[done])
