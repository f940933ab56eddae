"""What decided claims pay: the model's error rate now, and whether a correction cost any thought."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.answers import normal
from stumper.curate.queries import Found
from stumper.records import Claim, ClaimStatus, RoundId, Rules
from stumper.trust.bonus import Settled, pay_claims
from stumper.trust.rewards import Form

PRIOR_RATE: Final = 0.34
PRIOR_ANSWERS: Final = 50.0
"""Answers behind the prior: a round starts at it and is nine parts its own after 450."""
PRIOR_UPHELD: Final = 0.85
PRIOR_CLAIMS: Final = 10.0
SEES: Final = 0.8
"""P(a trusted player marks a wrong answer on a complex picture); it cannot be learned from controls."""


def error_rate(found: Found) -> float:
    """Returns pi, P(the model is wrong on a complex picture), 0..1, shrunk to the prior while little is
    known.

    pi = P(marked wrong) P(it was wrong | marked) / P(marked | wrong), each from counts but the last.
    """
    decided = found.model_wrong + found.model_right
    upheld = (found.model_wrong + PRIOR_UPHELD * PRIOR_CLAIMS) / (decided + PRIOR_CLAIMS)
    errors = found.wrong * upheld / SEES
    return min(1.0, (errors + PRIOR_RATE * PRIOR_ANSWERS) / (found.judged + PRIOR_ANSWERS))


def form_of(claim: Claim) -> Form:
    """A question to which the model and the player answer yes and no: its correction cost no thought."""
    answers = {normal(claim.model_answer), normal(claim.correction)}
    return Form.YES_NO if answers <= {"yes", "no"} else Form.OPEN


async def error_rate_now(tx: AsyncConnection, round_id: RoundId, *, rules: Rules) -> float:
    """Returns the error rate of the round's model by its newest sessions, 0..1."""
    return error_rate(await queries.found(tx, round_id, trust_e=rules.trust_e))


async def pay(
    tx: AsyncConnection, round_id: RoundId, decided: Iterable[Claim], *, rules: Rules, now: float
) -> None:
    """Pays those of the claims that are accepted or rejected and were not paid before."""
    settled = [
        Settled(claim.exchange_id, claim.status is ClaimStatus.ACCEPTED, form_of(claim))
        for claim in decided
        if claim.status in (ClaimStatus.ACCEPTED, ClaimStatus.REJECTED)
    ]
    if settled:
        rate = await error_rate_now(tx, round_id, rules=rules)
        await pay_claims(tx, settled, error_rate=rate, rules=rules, now=now)
