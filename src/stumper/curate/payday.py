"""What decided claims pay: the model's error rate now, whether a correction cost any thought, and what their
players' quests add.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.answers import normal
from stumper.curate.classify import classify
from stumper.curate.dues import queries
from stumper.curate.dues.offers import Made, owed
from stumper.curate.dues.queries import Found, Unpaid
from stumper.records import Category, Claim, ClaimId, ClaimStatus, ExchangeId, RoundId, Rules
from stumper.trust.bonus import Settled, pay_claims
from stumper.trust.rewards import Form

CHUNK: Final = 1_000
"""Rows a transaction: on SQLite players wait for the writer, about 20 ms for so many."""
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
    return error_rate(await queries.found_now(tx, round_id, trust_e=rules.trust_e))


async def pay(
    tx: AsyncConnection,
    round_id: RoundId,
    *,
    claim_id: ClaimId | None = None,
    rules: Rules,
    now: float,
    limit: int = CHUNK,
) -> int:
    """Pays the oldest ``limit`` claims of a round, or the one, that are accepted or rejected and were not
    paid before; a gain waits until its player is trusted. Returns how many were paid.
    """
    due = await queries.unpaid(tx, round_id, claim_id=claim_id, trust_e=rules.trust_e, limit=limit)
    bounties = await _bounties(tx, due.claims, rules=rules)
    settled = [
        Settled(
            exchange_id=one.claim.exchange_id,
            session_id=one.session_id,
            player_id=one.claim.player_id,
            trusted=one.trusted,
            confirmed=one.claim.status is ClaimStatus.ACCEPTED,
            form=form_of(one.claim),
            played_s=one.played_s,
            promised=one.promised,
            bounty=bounties.get(one.claim.exchange_id, 0) if one.promised is None else one.bounty,
        )
        for one in due.claims
    ]
    if settled:
        await pay_claims(tx, settled, error_rate=error_rate(due.found), rules=rules, now=now)
    return len(settled)


async def _bounties(tx: AsyncConnection, unpaid: Sequence[Unpaid], *, rules: Rules) -> dict[ExchangeId, int]:
    """Returns what quests pay on top, for those that are judged now and pay at all."""
    good = {
        (one.claim.player_id, one.day): None
        for one in unpaid
        if one.claim.status is ClaimStatus.ACCEPTED and one.promised is None
    }
    offers = await queries.offers(tx, list(good))
    made = [
        Made(one.claim.exchange_id, (one.claim.player_id, one.day), _category(one.claim), one.things)
        for one in unpaid
        if (one.claim.player_id, one.day) in offers
        and one.claim.status is ClaimStatus.ACCEPTED
        and one.promised is None
        and one.own_idea
        and one.played_s <= rules.paid_day_s
        and form_of(one.claim) is Form.OPEN
    ]
    return owed(made, offers, had=await queries.bounties_had(tx, {one.day for one in made}))


def _category(claim: Claim) -> Category:
    """The one that curation gives it, also where it is paid before."""
    return claim.category or classify(claim.question, claim.correction)
