"""Which claim lies on a referee's desk: who may vote on what, and what comes next.

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
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import SURE, Rates, gain, learned, rates
from stumper.curate.desk import queries as desk
from stumper.curate.desk.queries import Table
from stumper.curate.gates import queries as gates
from stumper.curate.gates.entrance import look
from stumper.curate.votes import queries as votes
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus, ImageId, PlayerId, Rules
from stumper.store.database import Database

GOLD_WINDOW: Final = 20
LEAST_BITS: Final = 0.02
"""Keeps every one of the oldest claims coming: one vote tells up to half a bit."""
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


async def why_empty(database: Database, player_id: PlayerId, *, now: float) -> Empty:
    """Says why ``next_claim`` had none for this player."""
    async with database.read() as tx:
        table = await desk.open_to(tx, player_id)
        if not table.campaigns:
            return Empty.NOT_TRUSTED
        waiting = await desk.queue(tx, player_id, campaigns=table.campaigns, now=now, limit=1)
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
    waiting = await _let_in(tx, player_id, campaigns, now=now)
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


async def _let_in(
    tx: AsyncConnection, player_id: PlayerId, campaigns: Mapping[CampaignId, Rules], *, now: float
) -> list[Claim]:
    """Returns the oldest open claims; those that no gate has seen pass the gates first, or go no further."""
    while waiting := await desk.queue(tx, player_id, campaigns=campaigns, now=now, limit=WINDOW):
        seen = look([claim for claim in waiting if claim.category is None])
        await gates.write(tx, seen, now=now)
        stopped = {one.claim.id for one in seen if one.stopped is not None}
        if left := [claim for claim in waiting if claim.id not in stopped]:
            return left
    return []


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
    good, bad = (
        [one for one in cases if one.status is kind] for kind in (ClaimStatus.ACCEPTED, ClaimStatus.REJECTED)
    )
    if not bad or not good:
        return None
    return rng.choice(bad if rng.random() < rules.poison_rate else good)


async def _rates(tx: AsyncConnection, player_id: PlayerId) -> Rates:
    known = await votes.history(tx, [player_id])
    return rates(known.controls[player_id], learned(known.votes, ()).get(player_id))
