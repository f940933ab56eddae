"""Peers judge claims: what a vote does, when it decides a claim, and what the operator decides instead.

Who may vote on what, and which claim comes next: `stumper.curate.desk.dealing`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.audit import least_votes
from stumper.curate.belief import (
    MIN_VOTES,
    STOPPED,
    Ballot,
    Cause,
    Evidence,
    decide,
    learned,
    posterior,
)
from stumper.curate.dedup import means_the_same
from stumper.curate.payday import pay
from stumper.curate.votes import queries as votes
from stumper.curate.votes.queries import Case
from stumper.errors import AlreadyVoted, Conflict, NotFound, NotYours
from stumper.observe.work import move
from stumper.play.texts import check_correction
from stumper.records import (
    Claim,
    ClaimId,
    ClaimStatus,
    Flag,
    PlayerId,
    Rules,
    Vote,
    VoteId,
    new_id,
)
from stumper.store.acts import SELF, note
from stumper.store.database import Database
from stumper.trust.bonus import pay_vote
from stumper.trust.watch.find import jury

FLAGS: Final = 2
"""So many voters who flag a claim send it to the operator."""


@move("vote")
async def vote(
    database: Database,
    player_id: PlayerId,
    claim_id: ClaimId,
    *,
    model_wrong: bool,
    correction_right: bool,
    unanswerable: bool = False,
    better: str | None = None,
    flag: Flag | None = None,
    now: float,
    rng: random.Random,
) -> Claim:
    """Stores one vote; if that decides the claim, settles and pays it. Returns the claim as it is then.

    ``better`` is the right answer where neither is; if it means the same as the correction, the vote confirms
    that. Raises NotFound for an unknown claim, NotYours for one's own claim or a player who is not trusted
    yet, AlreadyVoted for a second vote, Conflict if the claim is decided, BadCorrection for a ``better`` that
    cannot be kept.
    """
    async with database.begin() as tx:
        case = await votes.lock_case(tx, claim_id, voter=player_id)
        if case is None:
            raise NotFound(f"No claim has the id {claim_id!r}. Take the next one from the queue.")
        _check(case, player_id)
        record = _record(
            case,
            Vote(
                id=VoteId(new_id(rng)),
                claim_id=claim_id,
                player_id=player_id,
                model_wrong=model_wrong,
                correction_right=correction_right,
                unanswerable=unanswerable or flag is not None,
                better=better,
                flag=flag,
                gold=case.claim.status is not ClaimStatus.OPEN,
                voted_at=now,
            ),
        )
        await votes.add_vote(tx, record)
        if record.gold:
            good = case.claim.status is ClaimStatus.ACCEPTED
            await pay_vote(tx, record, good=good, dealt_at=case.gold_since or now, rules=case.rules)
            return case.claim
        after = await _settled(tx, case.claim, [*case.ballots, _ballot(record)], case.rules, now=now)
        if flag is not None and await votes.flags(tx, claim_id) >= FLAGS:
            after = replace(after, status=ClaimStatus.DISPUTED, reason=Cause.FLAGGED.value, decided_at=now)
        await votes.update_claim(tx, after)
        if after.status.settled:
            await pay(tx, after.round_id, claim_id=after.id, rules=case.rules, now=now)
    return after


def _record(case: Case, cast: Vote) -> Vote:
    """Returns the vote with a better answer that can be kept, or as a yes if that says the same. Raises
    BadCorrection.
    """
    if cast.better is None or not cast.better.strip():
        return replace(cast, better=None)
    text = check_correction(cast.better, limit=case.rules.correction_chars, shown=case.claim.model_answer)
    if cast.model_wrong and means_the_same(case.claim.question, text, case.claim.correction):
        return replace(cast, better=None, correction_right=True)
    return replace(cast, better=text)


def _ballot(cast: Vote) -> Ballot:
    return Ballot(cast.player_id, cast.model_wrong, cast.correction_right, cast.unanswerable)


async def rule_by_hand(
    database: Database, claim_id: ClaimId, *, accept: bool, now: float, actor: str = SELF
) -> Claim:
    """Decides a claim that voters could not decide or a gate stopped, for good, and pays it; the operator's
    word.

    Raises NotFound for an unknown claim, Conflict for one that others decided.
    """
    async with database.begin() as tx:
        claim = await queries.get_claim(tx, claim_id)
        if claim is None:
            raise NotFound(f"No claim has the id {claim_id!r}. See: stumper claims list")
        if claim.status.settled and claim.reason not in STOPPED | {Cause.INVALID}:
            raise Conflict(f"Claim {claim_id} is {claim.status} already. See: stumper claims list")
        after = replace(
            claim,
            status=ClaimStatus.ACCEPTED if accept else ClaimStatus.REJECTED,
            posterior=float(accept) if claim.posterior is None else claim.posterior,
            reason=(Cause.OPERATOR_ACCEPTS if accept else Cause.OPERATOR_REJECTS).value,
            decided_at=now,
        )
        await votes.update_claim(tx, after)
        await note(tx, actor=actor, act=f"claim.{after.status.value}", about=claim_id, now=now)
        rules = await queries.rules_of(tx, claim.campaign_id)
        await pay(tx, claim.round_id, claim_id=claim.id, rules=rules, now=now)
    return after


def _check(case: Case, voter: PlayerId) -> None:
    """Raises NotYours, AlreadyVoted or Conflict if this vote may not be."""
    if case.voter_e is None or case.voter_e < case.rules.trust_e:
        raise NotYours("Only trusted players judge claims. Play on: careful marks make you one.")
    if case.voters_own:
        raise NotYours("This is your own claim: others judge it. Take the next one from the queue.")
    if any(ballot.voter == voter for ballot in case.ballots):
        raise AlreadyVoted("You have voted on this claim already. Take the next one from the queue.")
    if case.acquainted:
        raise NotYours("This claim comes from your own network or team: others judge it. Take the next one.")
    settled = case.claim.status.settled
    if settled and case.gold_since is not None:
        return
    if case.claim.status is not ClaimStatus.OPEN or case.claim.same_as is not None:
        raise Conflict("This claim was decided a moment ago. Take the next one from the queue.")


async def _settled(
    tx: AsyncConnection, claim: Claim, ballots: Sequence[Ballot], rules: Rules, *, now: float
) -> Claim:
    """Returns the claim as these votes leave it; before the least number of votes nothing is decided."""
    voted = replace(claim, votes=len(ballots))
    if len(ballots) < MIN_VOTES:
        return voted
    players = {claim.player_id, *(ballot.voter for ballot in ballots)}
    known = await votes.history(tx, players, claimant=claim.player_id)
    belief = posterior(
        Evidence(claim.id, claim.player_id, tuple(ballots)),
        controls=known.controls,
        tallies=learned(known.votes, known.claims),
        jury=await jury(tx, claim.campaign_id, players=players),
    )
    decision = decide(belief, votes=len(ballots), rules=rules, least=least_votes(claim.id))
    return replace(
        voted,
        status=decision.status,
        posterior=belief.good,
        reason=decision.cause.value if decision.cause else "",
        decided_at=None if decision.status is ClaimStatus.OPEN else now,
    )
