"""Peers judge claims: who may vote on what, and when a claim is decided.

Voters are trusted players (their E-value has passed the campaign's bar) whose votes still tell right from
wrong. Nobody judges their own claim, one that was merged with it, or the same claim twice. The oldest open
claim goes first, so the queue starves nobody; among the oldest, the one with the fewest votes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.belief import MIN_VOTES, Ballot, Evidence, decide, learned, posterior, rates
from stumper.curate.queries import Judgement
from stumper.errors import AlreadyVoted, Conflict, NotFound, NotYours
from stumper.records import (
    CampaignId,
    Claim,
    ClaimId,
    ClaimStatus,
    ImageId,
    PlayerId,
    Rules,
    Vote,
    VoteId,
    new_id,
)
from stumper.store.database import Database
from stumper.trust.queries import control_counts

WINDOW: Final = 8
"""So many of the oldest claims are looked at together: voters at the same moment get different ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """What a voter sees of a claim; not who made it, nor what others voted."""

    id: ClaimId
    campaign_id: CampaignId
    image_id: ImageId
    question: str
    model_answer: str
    correction: str


async def next_claim(database: Database, player_id: PlayerId, *, rng: random.Random) -> ClaimView | None:
    """Returns a claim for this player to judge, or None: nothing waits, or the player may not vote (yet)."""
    async with database.read() as tx:
        e_value = await queries.e_value(tx, player_id)
        bars = await queries.rules_of_campaigns(tx)
        campaigns = [id_ for id_, rules in bars.items() if e_value is not None and e_value >= rules.trust_e]
        if not campaigns or not await _tells_apart(tx, player_id):
            return None
        waiting = await queries.queue(tx, player_id, campaigns=campaigns, limit=WINDOW)
    if not waiting:
        return None
    fewest = min(claim.votes for claim in waiting)
    dealt = rng.choice([claim for claim in waiting if claim.votes == fewest])
    return ClaimView(
        id=dealt.id,
        campaign_id=dealt.campaign_id,
        image_id=dealt.image_id,
        question=dealt.question,
        model_answer=dealt.model_answer,
        correction=dealt.correction,
    )


async def _tells_apart(tx: AsyncConnection, player_id: PlayerId) -> bool:
    controls = await control_counts(tx, [player_id])
    tallies = learned(await queries.votes_on_settled(tx, [player_id]), ())
    return rates(controls[player_id], tallies.get(player_id)).informative


async def vote(
    database: Database,
    player_id: PlayerId,
    claim_id: ClaimId,
    *,
    model_wrong: bool,
    correction_right: bool,
    unanswerable: bool = False,
    now: float,
    rng: random.Random,
) -> Claim:
    """Stores one vote and settles the claim if that decides it; returns the claim as it is then.

    Raises NotFound for an unknown claim, NotYours for one's own claim or a player who is not trusted yet,
    AlreadyVoted for a second vote, Conflict if the claim is decided.
    """
    async with database.begin() as tx:
        claim = await queries.lock_claim(tx, claim_id)
        if claim is None:
            raise NotFound(f"No claim has the id {claim_id!r}. Take the next one from the queue.")
        rules = (await queries.rules_of_campaigns(tx))[claim.campaign_id]
        await _may_vote(tx, player_id, claim, rules)
        ballots = await queries.ballots(tx, claim_id)
        if any(ballot.voter == player_id for ballot in ballots):
            raise AlreadyVoted("You have voted on this claim already. Take the next one from the queue.")
        if claim.status is not ClaimStatus.OPEN or claim.same_as is not None:
            raise Conflict("This claim was decided a moment ago. Take the next one from the queue.")
        cast = Ballot(player_id, model_wrong, correction_right, unanswerable)
        await queries.add_vote(
            tx,
            Vote(
                id=VoteId(new_id(rng)),
                claim_id=claim_id,
                player_id=player_id,
                model_wrong=model_wrong,
                correction_right=correction_right,
                unanswerable=unanswerable,
                voted_at=now,
            ),
        )
        return await _settle(tx, claim, [*ballots, cast], rules, now=now)


async def _may_vote(tx: AsyncConnection, player_id: PlayerId, claim: Claim, rules: Rules) -> None:
    e_value = await queries.e_value(tx, player_id)
    if e_value is None or e_value < rules.trust_e:
        raise NotYours("Only trusted players judge claims. Play on: careful marks make you one.")
    if claim.player_id == player_id or await queries.has_twin_of(tx, claim.id, player_id):
        raise NotYours("This is your own claim: others judge it. Take the next one from the queue.")


async def _settle(
    tx: AsyncConnection, claim: Claim, ballots: Sequence[Ballot], rules: Rules, *, now: float
) -> Claim:
    """Decides the claim if its votes allow it; with fewer than the least number of votes there is nothing
    to do.
    """
    voted = replace(claim, votes=len(ballots))
    if len(ballots) < MIN_VOTES:
        return voted
    players = sorted({claim.player_id, *(ballot.voter for ballot in ballots)})
    belief = posterior(
        Evidence(claim.id, claim.player_id, tuple(ballots)),
        controls=await control_counts(tx, players),
        tallies=learned(
            await queries.votes_on_settled(tx, players), await queries.settled_claims(tx, claim.player_id)
        ),
    )
    decision = decide(belief, votes=len(ballots), rules=rules)
    decided_at = None if decision.status is ClaimStatus.OPEN else now
    reason = decision.cause.value if decision.cause else ""
    await queries.judge(
        tx,
        [
            Judgement(
                claim_id=claim.id,
                status=decision.status,
                posterior=belief.good,
                reason=reason,
                decided_at=decided_at,
            )
        ],
    )
    return replace(voted, status=decision.status, posterior=belief.good, reason=reason, decided_at=decided_at)
