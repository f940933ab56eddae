"""Decides all claims of a round at once, with all votes known: the batch beside `peers.vote`.

Later votes tell more about earlier voters, so decisions made while voting are looked at again: an accepted
claim is given up when its belief falls below `belief.KEEP`, a disputed or rejected one may turn out good.
What has become an example stands. A second call without new votes changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stumper.curate import queries
from stumper.curate.belief import FINAL, Ballot, Belief, Cause, Evidence, believe, decide
from stumper.curate.dedup import contradictions
from stumper.curate.payday import CHUNK, pay
from stumper.curate.queries import Judgement
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    PlayerId,
    RoundId,
    Rules,
)
from stumper.store.database import Database
from stumper.trust.queries import control_counts
from stumper.trust.rewards import Outcome


@dataclass(frozen=True, slots=True)
class Docket:
    """All there is to decide a round by; ``claims`` oldest first."""

    claims: Sequence[Claim]
    ballots: Mapping[ClaimId, Sequence[Ballot]]
    controls: Mapping[PlayerId, Counter[Outcome]]
    exemplary: Sequence[Claim]
    """Claims of the campaign that are examples already, of this round and earlier ones."""
    rules: Rules


async def settle_all(
    database: Database, campaign_id: CampaignId, round_id: RoundId, *, now: float, chunk: int = CHUNK
) -> list[Judgement]:
    """Decides every claim of the round anew, writes what changed and pays what has not been paid yet.

    At most ``chunk`` rows a transaction. Returns the changes.
    """
    async with database.read() as tx:
        claims = await queries.round_claims(tx, round_id)
        ballots = await queries.round_ballots(tx, round_id)
        players = {claim.player_id for claim in claims}
        players.update(ballot.voter for cast in ballots.values() for ballot in cast)
        docket = Docket(
            claims=claims,
            ballots=ballots,
            controls=await control_counts(tx, players),
            exemplary=await queries.exemplary_claims(tx, campaign_id),
            rules=await queries.rules_of(tx, campaign_id),
        )
    # A minute of arithmetic for a million votes must not stop the server's other players.
    changes = await asyncio.to_thread(rule, docket, now=now)
    for start in range(0, len(changes), chunk):
        async with database.begin() as tx:
            await queries.judge(tx, changes[start : start + chunk])
    paid = chunk  # also gains that waited for their player's trust
    while paid == chunk:
        async with database.begin() as tx:
            paid = await pay(tx, round_id, rules=docket.rules, now=now, limit=chunk)
    return changes


def rule(docket: Docket, *, now: float) -> list[Judgement]:
    """Returns the judgements that differ from what stands in the claims (pure)."""
    fixed = {claim.id: claim for claim in docket.exemplary}
    leaders = [claim for claim in docket.claims if claim.same_as is None]
    cases = _cases(docket, leaders)
    beliefs = believe([case.evidence for case in cases], controls=docket.controls)
    found = {
        claim.id: _finding(claim, belief, case.votes, docket.rules)
        for claim, case, belief in zip(leaders, cases, beliefs, strict=True)
    }
    for claim in docket.exemplary:
        found[claim.id] = _Finding(ClaimStatus.ACCEPTED, claim.posterior, Cause.CONFIRMED.value)
    for loser in _losers(docket, leaders, found):
        found[loser] = replace(found[loser], status=ClaimStatus.DISPUTED, reason=Cause.CONTRADICTED.value)
    changes = []
    for claim in docket.claims:
        finding = found.get(claim.same_as or claim.id)
        if finding is not None and claim.id not in fixed and finding != _standing(claim):
            changes.append(_judgement(claim, finding, now=now))
    return changes


@dataclass(frozen=True, slots=True)
class _Case:
    evidence: Evidence
    votes: int


@dataclass(frozen=True, slots=True)
class _Finding:
    status: ClaimStatus
    posterior: float | None
    reason: str


def _standing(claim: Claim) -> _Finding:
    return _Finding(claim.status, claim.posterior, claim.reason)


def _cases(docket: Docket, leaders: Sequence[Claim]) -> list[_Case]:
    """Joins merged claims: their votes count together, and whoever made one has said that both parts are
    so.
    """
    makers: dict[ClaimId, dict[PlayerId, Ballot]] = {claim.id: {} for claim in leaders}
    voters: dict[ClaimId, dict[PlayerId, Ballot]] = {claim.id: {} for claim in leaders}
    for claim in docket.claims:
        leader = claim.same_as or claim.id
        if leader in makers:  # not so if the leader belongs to an earlier round
            makers[leader].setdefault(claim.player_id, Ballot(claim.player_id, True, True))
            for ballot in docket.ballots.get(claim.id, ()):
                voters[leader].setdefault(ballot.voter, ballot)
    cases = []
    for claim in leaders:
        votes = {id_: cast for id_, cast in voters[claim.id].items() if id_ not in makers[claim.id]}
        said = {id_: cast for id_, cast in makers[claim.id].items() if id_ != claim.player_id}
        ballots = (*said.values(), *votes.values())
        cases.append(_Case(Evidence(claim.id, claim.player_id, ballots), len(votes)))
    return cases


def _finding(claim: Claim, belief: Belief, votes: int, rules: Rules) -> _Finding:
    if claim.reason in FINAL:
        return _standing(claim)
    posterior = round(belief.good, 6)
    if claim.category is Category.INVALID:
        return _Finding(ClaimStatus.REJECTED, posterior, Cause.INVALID.value)
    accepted = claim.status is ClaimStatus.ACCEPTED or claim.reason == Cause.CONTRADICTED.value
    decision = decide(belief, votes=votes, rules=rules, accepted=accepted)
    return _Finding(decision.status, posterior, decision.cause.value if decision.cause else "")


def _losers(docket: Docket, leaders: Sequence[Claim], found: Mapping[ClaimId, _Finding]) -> Iterator[ClaimId]:
    """Yields accepted claims that contradict another: at most one answer to a question can be right.

    Of several answers each keeps its odds; the best one stays if it is still likely enough beside the others.
    """
    fixed = {claim.id for claim in docket.exemplary}
    accepted = [
        claim
        for claim in leaders
        if claim.id not in fixed
        and found[claim.id].status is ClaimStatus.ACCEPTED
        and found[claim.id].reason not in FINAL
    ]
    for answers in contradictions([*docket.exemplary, *accepted]):
        odds = [max(_odds(claim, found, fixed) for claim in agreeing) for agreeing in answers]
        for agreeing, own in zip(answers, odds, strict=True):
            if own / (1.0 + sum(odds)) <= docket.rules.accept:
                yield from (claim.id for claim in agreeing if claim.id not in fixed)


def _odds(claim: Claim, found: Mapping[ClaimId, _Finding], fixed: Collection[ClaimId]) -> float:
    good = 1.0 if claim.id in fixed else found[claim.id].posterior or 0.0
    return good / (1.0 - min(good, 1.0 - 1e-6))


def _judgement(claim: Claim, finding: _Finding, *, now: float) -> Judgement:
    if finding.status is ClaimStatus.OPEN:
        decided_at = None
    else:
        decided_at = claim.decided_at if finding.status is claim.status else now
    return Judgement(
        claim_id=claim.id,
        status=finding.status,
        posterior=finding.posterior,
        reason=finding.reason,
        decided_at=decided_at,
    )
