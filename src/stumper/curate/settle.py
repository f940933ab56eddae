"""Decides all claims of a round at once, with all votes known: the batch beside `peers.vote`.

`stumper.curate.census` weighs all marks and votes of the campaign together, those of earlier rounds too.
Later votes tell more about earlier voters, so decisions made while voting are looked at again: an accepted
claim is given up when its belief falls below `belief.KEEP`, a disputed or rejected one may turn out good.
What has become an example stands. A second call without new votes changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.audit import Audit, least_votes
from stumper.curate.belief import FINAL, MIN_VOTES, Ballot, Belief, Cause, decide
from stumper.curate.census import Case, Census, Passed, Sight, weigh
from stumper.curate.dedup import contradictions
from stumper.curate.gates.blind import given_away
from stumper.curate.gates.prior import predictable
from stumper.curate.gates.queries import looks
from stumper.curate.payday import CHUNK, pay
from stumper.curate.queries import Judgement
from stumper.curate.replay import replay
from stumper.images.look import groups
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
)
from stumper.store.database import Database
from stumper.trust.jury import EVERYBODY, Jury
from stumper.trust.queries import control_counts
from stumper.trust.rewards import Outcome
from stumper.trust.watch.find import jury


@dataclass(frozen=True, slots=True)
class Docket:
    """All there is to decide a round by."""

    round_id: RoundId
    claims: Sequence[Claim]
    """Of the whole campaign, oldest first."""
    ballots: Mapping[ClaimId, Sequence[Ballot]]
    passed: Sequence[Passed]
    controls: Mapping[PlayerId, Counter[Outcome]]
    exemplary: Sequence[Claim]
    """Claims of the campaign that are examples already, of this round and earlier ones."""
    rules: Rules
    alike: Mapping[ImageId, ImageId] = field(default_factory=dict)
    """The leader of each picture's look-alikes; a picture that is missing leads itself."""
    jury: Jury = EVERYBODY
    """How much each voter's word counts, by the signals of cheating that are open."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided."""

    changes: Sequence[Judgement]
    sights: Mapping[PlayerId, Sight]
    audit: Audit
    note: str
    """Why nothing should be accepted, or empty."""


async def settle_all(
    database: Database, campaign_id: CampaignId, round_id: RoundId, *, now: float, chunk: int = CHUNK
) -> Ruling:
    """Decides every claim of the round anew, writes what changed and what was learned about players, and pays
    what has not been paid yet; at most ``chunk`` rows a transaction. Raises NotFound for an unknown campaign.
    """
    async with database.read() as tx:
        docket = await read_docket(tx, campaign_id, round_id)
    # A minute of arithmetic for a million votes must not stop the server's other players.
    ruling = await asyncio.to_thread(rule, docket, now=now)
    for start in range(0, len(ruling.changes), chunk):
        async with database.begin() as tx:
            await queries.judge(tx, ruling.changes[start : start + chunk])
    sights = list(ruling.sights.items())
    for start in range(0, len(sights), chunk):
        async with database.begin() as tx:
            await queries.write_sights(tx, campaign_id, sights[start : start + chunk])
    paid = chunk  # also gains that waited for their player's trust
    while paid == chunk:
        async with database.begin() as tx:
            paid = await pay(tx, round_id, rules=docket.rules, now=now, limit=chunk)
    ruled = {change.claim_id: change for change in ruling.changes}
    decided = [_after(claim, ruled.get(claim.id)) for claim in docket.claims if claim.round_id == round_id]
    for start in range(0, len(decided), chunk):
        async with database.begin() as tx:
            await replay(tx, campaign_id, decided[start : start + chunk])
    return ruling


async def read_docket(tx: AsyncConnection, campaign_id: CampaignId, round_id: RoundId) -> Docket:
    """Returns all that the claims of a round are decided by. Raises NotFound for an unknown campaign."""
    return Docket(
        round_id=round_id,
        rules=await queries.rules_of(tx, campaign_id),
        claims=await queries.campaign_claims(tx, campaign_id),
        ballots=await queries.campaign_ballots(tx, campaign_id),
        passed=await queries.passed(tx, campaign_id),
        controls=await control_counts(tx, await queries.campaign_players(tx, campaign_id)),
        exemplary=await queries.exemplary_claims(tx, campaign_id),
        alike=groups(await looks(tx, campaign_id)),
        jury=await jury(tx, campaign_id),
    )


def _after(claim: Claim, change: Judgement | None) -> Claim:
    if change is None:
        return claim
    return replace(claim, status=change.status, posterior=change.posterior, reason=change.reason)


def rule(docket: Docket, *, now: float) -> Ruling:
    """Returns the judgements that differ from what stands in the claims of the round (pure)."""
    fixed = {claim.id for claim in docket.exemplary}
    cases = joined(docket)
    weighed = weigh(Census(cases, docket.passed, docket.controls, docket.jury))
    ours = [case for case in cases if case.claim.round_id == docket.round_id]
    found = {case.claim.id: _finding(case, weighed.beliefs[case.claim.id], docket.rules) for case in ours}
    for claim in docket.exemplary:
        found[claim.id] = _Finding(ClaimStatus.ACCEPTED, claim.posterior, Cause.CONFIRMED.value)
    for loser in _losers(docket, [case.claim for case in ours], found):
        found[loser] = replace(found[loser], status=ClaimStatus.DISPUTED, reason=Cause.CONTRADICTED.value)
    for seen in _without_looking(docket, [case.claim for case in ours], found):
        found[seen] = replace(found[seen], status=ClaimStatus.REJECTED, reason=Cause.GUESSABLE.value)
    changes = []
    for claim in docket.claims:
        finding = found.get(claim.same_as or claim.id) if claim.round_id == docket.round_id else None
        if finding is not None and claim.id not in fixed and finding != _standing(claim):
            changes.append(_judgement(claim, finding, now=now))
    return Ruling(changes, weighed.sights, weighed.audit, weighed.note)


@dataclass(frozen=True, slots=True)
class _Finding:
    status: ClaimStatus
    posterior: float | None
    reason: str


def _standing(claim: Claim) -> _Finding:
    return _Finding(claim.status, claim.posterior, claim.reason)


def joined(docket: Docket) -> list[Case]:
    """Joins merged claims: their votes count together, and whoever made one has said that both parts are
    so.
    """
    leaders = [claim for claim in docket.claims if claim.same_as is None]
    makers: dict[ClaimId, dict[PlayerId, Ballot]] = {claim.id: {} for claim in leaders}
    voters: dict[ClaimId, dict[PlayerId, Ballot]] = {claim.id: {} for claim in leaders}
    for claim in docket.claims:
        leader = claim.same_as or claim.id
        makers[leader].setdefault(claim.player_id, Ballot(claim.player_id, True, True))
        for ballot in docket.ballots.get(claim.id, ()):
            voters[leader].setdefault(ballot.voter, ballot)
    cases = []
    for claim in leaders:
        votes = {id_: cast for id_, cast in voters[claim.id].items() if id_ not in makers[claim.id]}
        said = {id_: cast for id_, cast in makers[claim.id].items() if id_ != claim.player_id}
        cases.append(Case(claim, (*said.values(), *votes.values()), len(votes)))
    return cases


def _finding(case: Case, belief: Belief, rules: Rules) -> _Finding:
    claim = case.claim
    if claim.reason in FINAL:
        return _standing(claim)
    posterior = round(belief.good, 6)
    if claim.category is Category.INVALID:
        return _Finding(ClaimStatus.REJECTED, posterior, Cause.INVALID.value)
    accepted = claim.status is ClaimStatus.ACCEPTED or claim.reason == Cause.CONTRADICTED.value
    # What was decided before its audit was full stays decided.
    least = least_votes(claim.id) if claim.status is ClaimStatus.OPEN else MIN_VOTES
    decision = decide(belief, votes=case.votes, rules=rules, accepted=accepted, least=least)
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
    for answers in contradictions([*docket.exemplary, *accepted], alike=docket.alike):
        odds = [max(_odds(claim, found, fixed) for claim in agreeing) for agreeing in answers]
        for agreeing, own in zip(answers, odds, strict=True):
            if own / (1.0 + sum(odds)) <= docket.rules.accept:
                yield from (claim.id for claim in agreeing if claim.id not in fixed)


def _without_looking(
    docket: Docket, leaders: Sequence[Claim], found: Mapping[ClaimId, _Finding]
) -> Iterator[ClaimId]:
    """Yields claims that are, or may yet be, accepted and that are answered without their picture."""
    fixed = {claim.id for claim in docket.exemplary}
    free = [one for one in leaders if one.id not in fixed and found[one.id].reason not in FINAL]
    hopeful = [one for one in free if found[one.id].status in (ClaimStatus.ACCEPTED, ClaimStatus.OPEN)]
    away = set(given_away(hopeful))
    left = [one for one in hopeful if one.id not in away]
    accepted = [one for one in left if found[one.id].status is ClaimStatus.ACCEPTED]
    waiting = [one for one in left if found[one.id].status is ClaimStatus.OPEN]
    yield from away
    yield from predictable(docket.exemplary, accepted, waiting)


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
