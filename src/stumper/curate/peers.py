"""Peers judge claims: who may vote on what, and when a claim is decided.

Voters are trusted players (their E-value has passed the campaign's bar) whose votes still tell right from
wrong. Nobody judges their own claim, one that was merged with it, or the same claim twice. The oldest open
claim goes first, so the queue starves nobody; among the oldest, the one with the fewest votes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.belief import MIN_VOTES, Ballot, Evidence, decide, learned, posterior, rates
from stumper.curate.payday import pay
from stumper.curate.queries import Case
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


class Empty(StrEnum):
    """Why a voter's desk is empty."""

    NOT_TRUSTED = "not_trusted"
    """Not yet: controls have not shown that this player sees well."""
    NOT_SURE = "not_sure"
    """Trusted once, but the votes since do not tell right from wrong."""
    NOTHING_WAITS = "nothing_waits"


async def next_claim(database: Database, player_id: PlayerId, *, rng: random.Random) -> ClaimView | None:
    """Returns a claim for this player to judge, or None: nothing waits, or the player may not vote (yet)."""
    async with database.read() as tx:
        campaigns = await queries.open_to(tx, player_id)
        if not campaigns:
            return None
        waiting = await queries.queue(tx, player_id, campaigns=campaigns, limit=WINDOW)
        if not waiting or not await _tells_apart(tx, player_id):
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


async def why_empty(database: Database, player_id: PlayerId) -> Empty:
    """Says why ``next_claim`` had none for this player."""
    async with database.read() as tx:
        campaigns = await queries.open_to(tx, player_id)
        if not campaigns:
            return Empty.NOT_TRUSTED
        waiting = await queries.queue(tx, player_id, campaigns=campaigns, limit=1)
        return Empty.NOT_SURE if waiting and not await _tells_apart(tx, player_id) else Empty.NOTHING_WAITS


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
    """Stores one vote; if that decides the claim, settles and pays it. Returns the claim as it is then.

    Raises NotFound for an unknown claim, NotYours for one's own claim or a player who is not trusted yet,
    AlreadyVoted for a second vote, Conflict if the claim is decided.
    """
    async with database.begin() as tx:
        case = await queries.lock_case(tx, claim_id, voter=player_id)
        if case is None:
            raise NotFound(f"No claim has the id {claim_id!r}. Take the next one from the queue.")
        ballots = await queries.ballots(tx, claim_id)
        _check(case, player_id, ballots)
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
        after = await _settled(tx, case.claim, [*ballots, cast], case.rules, now=now)
        await queries.update_claim(tx, after)
        await pay(tx, after.round_id, [after], rules=case.rules, now=now)
    return after


def _check(case: Case, voter: PlayerId, ballots: Sequence[Ballot]) -> None:
    """Raises NotYours, AlreadyVoted or Conflict if this vote may not be."""
    if case.voter_e is None or case.voter_e < case.rules.trust_e:
        raise NotYours("Only trusted players judge claims. Play on: careful marks make you one.")
    if case.voters_own:
        raise NotYours("This is your own claim: others judge it. Take the next one from the queue.")
    if any(ballot.voter == voter for ballot in ballots):
        raise AlreadyVoted("You have voted on this claim already. Take the next one from the queue.")
    if case.claim.status is not ClaimStatus.OPEN or case.claim.same_as is not None:
        raise Conflict("This claim was decided a moment ago. Take the next one from the queue.")


async def _settled(
    tx: AsyncConnection, claim: Claim, ballots: Sequence[Ballot], rules: Rules, *, now: float
) -> Claim:
    """Returns the claim as these votes leave it; before the least number of votes nothing is decided."""
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
    return replace(
        voted,
        status=decision.status,
        posterior=belief.good,
        reason=decision.cause.value if decision.cause else "",
        decided_at=None if decision.status is ClaimStatus.OPEN else now,
    )
