"""Peers judge claims: who may vote on what, and when a claim is decided.

Voters are trusted players (their E-value has passed the campaign's bar) whose votes still tell right from
wrong, by the last estimate over the campaign and by what was decided since. Nobody judges their own claim,
one that was merged with it or made from their network, or the same claim twice. The oldest open claims are
dealt, so the queue starves nobody; among them more often the one about which a vote of this player tells
more.

A quarter of what is dealt is *gold*: claims settled with near certainty, which look like any other. They
test the voter and pay by the rule of controls. A claim stays on the desk until its player votes or others
decide it: asking again does not bring another one.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate import queries
from stumper.curate.audit import least_votes
from stumper.curate.belief import (
    MIN_VOTES,
    Ballot,
    Cause,
    Evidence,
    Rates,
    decide,
    gain,
    learned,
    posterior,
    rates,
)
from stumper.curate.dedup import means_the_same
from stumper.curate.desk import queries as desk
from stumper.curate.desk.queries import Table
from stumper.curate.payday import pay
from stumper.curate.votes import queries as votes
from stumper.curate.votes.queries import Case
from stumper.errors import AlreadyVoted, Conflict, NotFound, NotYours
from stumper.play.texts import check_correction
from stumper.records import (
    CampaignId,
    Claim,
    ClaimId,
    ClaimStatus,
    Flag,
    ImageId,
    PlayerId,
    Rules,
    Vote,
    VoteId,
    new_id,
)
from stumper.store.database import Database
from stumper.trust.bonus import pay_vote
from stumper.trust.watch.find import jury

SETTLED: Final = (ClaimStatus.ACCEPTED, ClaimStatus.REJECTED)
SURE: Final = 0.98
"""Belief from which a settled claim may test voters."""
GOLD_WINDOW: Final = 20
LEAST_BITS: Final = 0.02
"""Keeps every one of the oldest claims coming: one vote tells up to half a bit."""
FLAGS: Final = 2
"""So many voters who flag a claim send it to the operator."""
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


async def next_claim(
    database: Database, player_id: PlayerId, *, now: float, rng: random.Random
) -> ClaimView | None:
    """Returns a claim for this player to judge, or None: nothing waits, or the player may not vote (yet).

    Settled cases come only while open ones wait: they test votes, they are no work of their own.
    """
    async with database.begin() as tx:
        table = await desk.open_to(tx, player_id)
        if not table.campaigns:
            return None
        dealt = table.lying or await _deal(tx, player_id, _sure(table), now=now, rng=rng)
    return None if dealt is None else _view(dealt)


def _view(claim: Claim) -> ClaimView:
    return ClaimView(
        id=claim.id,
        campaign_id=claim.campaign_id,
        image_id=claim.image_id,
        question=claim.question,
        model_answer=claim.model_answer,
        correction=claim.correction,
    )


def _sure(table: Table) -> dict[CampaignId, Rules]:
    return {id_: rules for id_, rules in table.campaigns.items() if id_ not in table.doubted}


async def why_empty(database: Database, player_id: PlayerId) -> Empty:
    """Says why ``next_claim`` had none for this player."""
    async with database.read() as tx:
        table = await desk.open_to(tx, player_id)
        if not table.campaigns:
            return Empty.NOT_TRUSTED
        waiting = await desk.queue(tx, player_id, campaigns=table.campaigns, limit=1)
        sees = not waiting or (bool(_sure(table)) and (await _rates(tx, player_id)).informative)
    return Empty.NOTHING_WAITS if sees else Empty.NOT_SURE


async def _deal(
    tx: AsyncConnection,
    player_id: PlayerId,
    campaigns: Mapping[CampaignId, Rules],
    *,
    now: float,
    rng: random.Random,
) -> Claim | None:
    waiting = await desk.queue(tx, player_id, campaigns=campaigns, limit=WINDOW)
    if not waiting:
        return None
    by = await _rates(tx, player_id)
    if not by.informative:
        return None
    dealt = _draw(waiting, by, rng=rng)
    rules = campaigns[dealt.campaign_id]
    gold = None
    if rng.random() < rules.gold_share:
        gold = await _gold(tx, player_id, dealt.campaign_id, rules=rules, rng=rng)
    await desk.assign(tx, player_id, (gold or dealt).id, gold=gold is not None, now=now)
    return gold or dealt


def _draw(waiting: Sequence[Claim], by: Rates, *, rng: random.Random) -> Claim:
    """Draws by what a vote tells; a claim without a belief counts as even odds."""
    bits = [gain(0.5 if claim.posterior is None else claim.posterior, by) for claim in waiting]
    return rng.choices(waiting, [LEAST_BITS + each for each in bits])[0]


async def _gold(
    tx: AsyncConnection, player_id: PlayerId, campaign_id: CampaignId, *, rules: Rules, rng: random.Random
) -> Claim | None:
    """Draws a settled case: a bad one with the poison rate, a good one else.

    None unless both are at hand: with bad ones only, doubting everything would pay.
    """
    cases = await desk.settled_cases(tx, player_id, campaign_id=campaign_id, sure=SURE, limit=GOLD_WINDOW)
    good, bad = ([one for one in cases if one.status is kind] for kind in SETTLED)
    if not bad or not good:
        return None
    return rng.choice(bad if rng.random() < rules.poison_rate else good)


async def _rates(tx: AsyncConnection, player_id: PlayerId) -> Rates:
    known = await votes.history(tx, [player_id])
    return rates(known.controls[player_id], learned(known.votes, ()).get(player_id))


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
        if after.status in SETTLED:
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


async def rule_by_hand(database: Database, claim_id: ClaimId, *, accept: bool, now: float) -> Claim:
    """Decides a claim that voters could not decide, for good, and pays it; the operator's word.

    Raises NotFound for an unknown claim, Conflict for one that is decided.
    """
    async with database.begin() as tx:
        claim = await queries.get_claim(tx, claim_id)
        if claim is None:
            raise NotFound(f"No claim has the id {claim_id!r}. See: stumper claims list")
        if claim.status in SETTLED:
            raise Conflict(f"Claim {claim_id} is {claim.status} already. See: stumper claims list")
        after = replace(
            claim,
            status=ClaimStatus.ACCEPTED if accept else ClaimStatus.REJECTED,
            posterior=float(accept) if claim.posterior is None else claim.posterior,
            reason=(Cause.OPERATOR_ACCEPTS if accept else Cause.OPERATOR_REJECTS).value,
            decided_at=now,
        )
        await votes.update_claim(tx, after)
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
    if case.same_network:
        raise NotYours("This claim comes from your own network: others judge it. Take the next one.")
    settled = case.claim.status in SETTLED
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
