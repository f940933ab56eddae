"""What the votes on one claim say, at once (pure): a small Bayesian model with two coins for each question a
voter answers. All claims together, with more that is known about players: `stumper.curate.census`.

A claim is in one of four states: it is good (the model was wrong and the correction is right), the model
was wrong but so is the correction, the model was right, or the question has no answer. A player has six
rates:

    sees     P(says the model is wrong | it is)         alarms   P(says the model is wrong | it is right)
    confirms P(says the correction is right | it is)    waves    P(says the correction is right | it is wrong)
    finds    P(the model was wrong | they claim it)     corrects P(their correction is right | ... and it was)

Each starts from a Beta prior and is counted on from the player's other votes and claims (Dawid and Skene
1979, https://doi.org/10.2307/2346806). The priors come from controls. Those are simple pictures and claims
are not, so what is measured there is shifted by -0.8 and +0.6 logits and mixed with a share of players who
see well on simple pictures and say yes to everything on complex ones: nobody starts as a perfect witness.
Who wrongly thinks that the model is right is not asked about the correction.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stumper.records import ClaimId, ClaimStatus, PlayerId, Rules
from stumper.trust.jury import EVERYBODY, Jury
from stumper.trust.rewards import Outcome

Array = NDArray[np.float64]
Marks = NDArray[np.bool_]
Tally = NDArray[np.float64]
"""Soft counts of one player: (6, 2), for each rate (yes, out of n)."""

MODEL_ERROR: Final = 0.35
"""Prior P(the model is wrong) on a complex picture."""
UNANSWERABLE: Final = 0.03
CORRECTS: Final = 0.75
"""Prior P(a correction is right | the model was wrong)."""
SHIFT_S: Final = -0.8
SHIFT_F: Final = 0.6
FAKE: Final = 0.04
FAKE_YES: Final = 0.95
STRENGTH: Final = np.array([5.0, 5.0, 5.0, 5.0, 4.0, 4.0])
"""Pseudo-counts behind the prior of each rate: stronger ones find a voter who says yes to all too late."""
MISLED: Final = 0.5
"""P(a voter who sees an error that is not there finds the correction right): such errors come in pairs."""
FLAGS: Final = 0.7
"""P(a voter says unanswerable | it is)."""
FLAGS_FALSELY: Final = 0.02
MIN_VOTES: Final = 2
"""One pair of eyes besides the claimant's never decides, however good its record."""
KEEP: Final = 0.8
"""An accepted claim stays accepted down to here when later votes tell more about its voters: of the claims
between .8 and .95 nine in ten are good, and asking again would cost votes."""
SURE: Final = 0.98
"""From here on a settled claim is taken for the truth: it may test voters, and be one of its picture."""
LEAST_GAP: Final = 0.35
"""A voter with sees - alarms below this costs more votes than their votes save."""
_FLOOR: Final = 0.05
"""No rate is closer to 0 or 1: counting votes against beliefs that they made themselves makes voters look
sharper than they are (at .01 three in a hundred more of what is accepted was false in a crowd with 29 %
yes-sayers)."""
_YES_FLOOR: Final = 0.3
"""Least sees and confirms: below it a yes would speak against a claim, and no honest voter is there."""


class Cause(StrEnum):
    """Why a claim was decided as it was; written to ``claim.reason``."""

    CONFIRMED = "confirmed"
    WRONG_CORRECTION = "wrong correction"
    MODEL_RIGHT = "model right"
    UNANSWERABLE = "unanswerable"
    DISPUTED = "voters disagree"
    CONTRADICTED = "contradicts another claim"
    INVALID = "not a question about the picture"
    INSULT = "insulting words"
    DOUBTFUL_WORDS = "words that may insult"
    PERSONAL = "may hold personal data"
    SEVERAL = "several questions in one"
    NO_ANSWER = "the correction answers nothing that was asked"
    GUESSABLE = "can be guessed without the picture"
    FLAGGED = "flagged by voters"
    OPERATOR_ACCEPTS = "accepted by the operator"
    OPERATOR_REJECTS = "rejected by the operator"
    FORGOTTEN = "forgotten"
    """Its player had all their words deleted."""


STATES: Final = (Cause.CONFIRMED, Cause.WRONG_CORRECTION, Cause.MODEL_RIGHT, Cause.UNANSWERABLE)

STOPPED: Final = frozenset(
    {Cause.INSULT, Cause.DOUBTFUL_WORDS, Cause.PERSONAL, Cause.SEVERAL, Cause.NO_ANSWER, Cause.GUESSABLE}
)
"""Stopped at a gate (`stumper.curate.gates`). Nobody voted on it, so nothing is paid and nothing taken."""
FINAL: Final = STOPPED | {Cause.FLAGGED, Cause.OPERATOR_ACCEPTS, Cause.OPERATOR_REJECTS, Cause.FORGOTTEN}
"""Not decided by counting votes, and not undone by it."""


class Belief(NamedTuple):
    """Probabilities of the four states; they sum to one."""

    good: float
    wrong_correction: float
    model_right: float
    unanswerable: float

    @property
    def model_wrong(self) -> float:
        return self.good + self.wrong_correction


class Ballot(NamedTuple):
    """One vote as this model reads it; ``correction_right`` is used only with ``model_wrong``."""

    voter: PlayerId
    model_wrong: bool
    correction_right: bool
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim, who made it, and the votes on it."""

    id: ClaimId
    claimant: PlayerId
    ballots: tuple[Ballot, ...] = ()


class Rates(NamedTuple):
    sees: float
    alarms: float
    confirms: float
    waves: float
    finds: float
    corrects: float

    @property
    def informative(self) -> bool:
        return self.sees - self.alarms > LEAST_GAP


class Decision(NamedTuple):
    status: ClaimStatus
    cause: Cause | None


Controls = Mapping[PlayerId, Counter[Outcome]]


def posterior(
    claim: Evidence, *, controls: Controls, tallies: Mapping[PlayerId, Tally], jury: Jury = EVERYBODY
) -> Belief:
    """Returns the belief about one claim that is not counted in ``tallies`` itself.

    Players missing from ``controls`` count as strangers.
    """
    voters = [ballot.voter for ballot in claim.ballots]
    players = [claim.claimant, *voters]
    known = np.array([tallies.get(player_id, _NO_TALLY) for player_id in players])
    by = _rates(_priors([controls.get(player_id, Counter()) for player_id in players]), known)
    marks = np.array([ballot[1:] for ballot in claim.ballots], dtype=bool).reshape(-1, 3)
    shares = np.array(jury.shares(claim.claimant, voters))
    logs = np.log(_from_claimant(by[:1]))[0] + shares @ np.log(_likely(by[1:], *marks.T))
    joint = np.exp(logs - logs.max())
    return Belief(*map(float, joint / joint.sum()))


def rates(controls: Counter[Outcome], tally: Tally | None = None) -> Rates:
    """Returns what is believed about a player from controls and tally."""
    known = _NO_TALLY if tally is None else tally
    return Rates(*map(float, _rates(_priors([controls]), known[None])[0]))


def gain(good: float, by: Rates) -> float:
    """Returns the bits that one more vote of this player is expected to tell about a claim that is good with
    probability ``good``: the entropy now less the mean entropy after "the claim is right" or not.
    """
    yes_if_good = by.sees * by.confirms
    yes_if_bad = (by.sees * by.waves + by.alarms * MISLED) / 2.0  # as many wrong corrections as false alarms
    yes = good * yes_if_good + (1.0 - good) * yes_if_bad
    no = 1.0 - yes
    after_yes = good * yes_if_good / yes if yes else good
    after_no = good * (1.0 - yes_if_good) / no if no else good
    return max(0.0, _bits(good) - yes * _bits(after_yes) - no * _bits(after_no))


def _bits(p: float) -> float:
    return -sum(q * math.log2(q) for q in (p, 1.0 - p) if q > 0.0)


def learned(
    votes: Iterable[tuple[Ballot, Cause, int]], claims: Iterable[tuple[PlayerId, Cause, int]]
) -> dict[PlayerId, Tally]:
    """Returns the tallies that follow from decided claims: n votes alike on, and n claims alike of, each
    cause.
    """
    cast = [(ballot, cause, n) for ballot, cause, n in votes if cause in STATES]
    made = [(player_id, cause, n) for player_id, cause, n in claims if cause in STATES]
    tallies: dict[PlayerId, Tally] = {}
    if cast:
        marks = np.array([ballot[1:] for ballot, _, _ in cast], dtype=bool).T
        for (ballot, _, n), added in zip(cast, _from_votes(_certain(cast), *marks), strict=True):
            tallies.setdefault(ballot.voter, np.zeros((6, 2)))[:4] += n * added
    if made:
        for (player_id, _, n), added in zip(made, _from_claims(_certain(made)), strict=True):
            tallies.setdefault(player_id, np.zeros((6, 2)))[4:] += n * added
    return tallies


def decide(
    belief: Belief, *, votes: int, rules: Rules, accepted: bool = False, least: int = MIN_VOTES
) -> Decision:
    """Returns what follows from a belief: accepted, rejected with its likeliest cause, disputed, or still
    open; before the ``least`` votes always that.

    ``accepted``: it was accepted before, and stays so down to ``KEEP``.
    """
    if votes < min(least, rules.max_votes):
        return Decision(ClaimStatus.OPEN, None)
    if belief.good > (min(KEEP, rules.accept) if accepted else rules.accept):
        return Decision(ClaimStatus.ACCEPTED, Cause.CONFIRMED)
    if belief.good < rules.reject:
        likeliest = max(zip(belief[1:], STATES[1:], strict=True), key=lambda pair: pair[0])
        return Decision(ClaimStatus.REJECTED, likeliest[1])
    if votes >= rules.max_votes:
        return Decision(ClaimStatus.DISPUTED, Cause.DISPUTED)
    return Decision(ClaimStatus.OPEN, None)


_NO_TALLY: Final = np.zeros((6, 2))


def _certain(decided: Sequence[tuple[object, Cause, int]]) -> Array:
    return np.array([[float(cause is state) for state in STATES] for _, cause, _ in decided])


def _from_votes(beliefs: Array, wrong: Marks, right: Marks, flag: Marks) -> Array:
    """Returns (m, 4, 2): what each vote adds to its voter's first four counts; a flag adds nothing."""
    good, bad, sound, _ = beliefs.T
    n = np.stack([good + bad, sound, wrong * good, wrong * bad], axis=1)
    said = np.stack([wrong, wrong, right, right], axis=1)
    return np.asarray(np.stack([said * n, n], axis=2) * ~flag[:, None, None])


def _from_claims(beliefs: Array) -> Array:
    """Returns (n, 2, 2): what each claim adds to its claimant's last two counts."""
    good, bad, _, _ = beliefs.T
    found = np.stack([good + bad, beliefs.sum(axis=1)], axis=1)
    return np.stack([found, np.stack([good, good + bad], axis=1)], axis=1)


def _priors(controls: Collection[Counter[Outcome]]) -> Array:
    """Returns (players, 6) prior means from controls; Beta(2, 1) and Beta(1, 2) make a stranger beat a
    coin.
    """
    order = (Outcome.HIT, Outcome.MISS, Outcome.FALSE_ALARM, Outcome.CLEAN)
    hits, misses, alarms, clean = np.array([[seen[key] for key in order] for seen in controls], dtype=float).T
    s = _shifted((hits + 2.0) / (hits + misses + 3.0), SHIFT_S)
    f = _shifted((alarms + 1.0) / (alarms + clean + 3.0), SHIFT_F)
    sharp = (1.0 + s - f) / 2.0  # how often an answer is judged rightly, whichever it is
    voting = (1.0 - FAKE) * np.stack([s, f, sharp, 1.0 - sharp], axis=1) + FAKE * FAKE_YES
    finds = MODEL_ERROR * s / (MODEL_ERROR * s + (1.0 - MODEL_ERROR) * f)
    return np.column_stack([voting, finds, np.full_like(finds, CORRECTS)])


def _shifted(p: Array, logits: float) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-(np.log(p / (1.0 - p)) + logits))))


def _rates(priors: Array, tallies: Array) -> Array:
    """Returns (k, 6) posterior means; yes is never less likely where it is right than where it is wrong."""
    mean = (priors * STRENGTH + tallies[:, :, 0]) / (STRENGTH + tallies[:, :, 1])
    mean = np.clip(mean, _FLOOR, 1.0 - _FLOOR)
    for yes, false_yes in ((0, 1), (2, 3)):
        mean[:, yes] = np.maximum(mean[:, yes], _YES_FLOOR)
        mean[:, false_yes] = np.minimum(mean[:, false_yes], mean[:, yes])
    return np.asarray(mean)


def _from_claimant(by: Array) -> Array:
    """Returns (n, 4): the belief before any vote."""
    finds, corrects = by[:, 4], by[:, 5]
    states = np.stack([finds * corrects, finds * (1.0 - corrects), 1.0 - finds], axis=1)
    return np.column_stack([(1.0 - UNANSWERABLE) * states, np.full(len(by), UNANSWERABLE)])


def _likely(by: Array, wrong: Marks, right: Marks, flag: Marks) -> Array:
    """Returns (m, 4): P(this vote | state), up to a factor that is the same for every state."""
    sees, alarms, confirms, waves = by[:, :4].T
    misled = np.minimum(np.maximum(waves, MISLED), confirms)
    speaks = 1.0 - FLAGS_FALSELY
    says_wrong = np.stack(
        [
            speaks * sees * _coin(confirms, right),
            speaks * sees * _coin(waves, right),
            speaks * alarms * _coin(misled, right),
            np.full(len(by), (1.0 - FLAGS) * 0.25),
        ],
        axis=1,
    )
    missed = speaks * (1.0 - sees)
    says_right = np.stack(
        [missed, missed, speaks * (1.0 - alarms), np.full(len(by), (1.0 - FLAGS) * 0.5)], axis=1
    )
    flagged = np.array([FLAGS_FALSELY, FLAGS_FALSELY, FLAGS_FALSELY, FLAGS])
    spoken = np.where(wrong[:, None], says_wrong, says_right)
    return np.asarray(np.where(flag[:, None], flagged, spoken))


def _coin(p: Array, yes: Marks) -> Array:
    return np.where(yes, p, 1.0 - p)
