"""SQL of the panel: claims to ask about, with their pictures, and the opinions that are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.queries import SETTLED, claim_of
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus
from stumper.store.schema import claim, image, opinion
from stumper.store.upsert import insert_into

_ORDER: Final = case(
    (claim.c.status == ClaimStatus.DISPUTED.value, 0), (claim.c.status == ClaimStatus.OPEN.value, 1), else_=2
)
"""Those that need help first; the settled ones only teach how far to believe the panel."""
_WHOLE: Final = claim.c.same_as.is_(None) & (claim.c.question != "")
"""Neither merged with another nor of a player who was forgotten."""


class Pictured(NamedTuple):
    """A claim with the key of its picture in the file store."""

    claim: Claim
    file: str


class Kept(NamedTuple):
    """An opinion as it is kept."""

    claim_id: ClaimId
    judge: str
    prompt: str
    """Hash of all that was sent but the picture."""
    score: float | None
    facts: dict[str, Any]
    asked_at: float


class Settled(NamedTuple):
    """A claim that votes decided."""

    claim: Claim
    good: bool
    """The model was wrong and the correction is right."""


async def claim_ids(tx: AsyncConnection, campaign_id: CampaignId, *, before: float) -> list[ClaimId]:
    """Returns the claims of a campaign made ``before``: disputed ones, then open, then settled; oldest first.

    Younger ones may still be taken back by their player.
    """
    query = select(claim.c.id).where(claim.c.campaign_id == campaign_id, claim.c.created_at <= before, _WHOLE)
    rows = await tx.execute(query.order_by(_ORDER, claim.c.created_at, claim.c.id))
    return [ClaimId(id_) for (id_,) in rows]


async def pictured(tx: AsyncConnection, ids: Sequence[ClaimId]) -> list[Pictured]:
    """Returns claims with their pictures, in the order of ``ids``; without those that have gone."""
    rows = await tx.execute(
        select(claim, image.c.file)
        .join(image, (image.c.id == claim.c.image_id) & (image.c.campaign_id == claim.c.campaign_id))
        .where(claim.c.id.in_(ids), _WHOLE)
    )
    found = {row.id: Pictured(claim_of(row), row.file) for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


async def asked(tx: AsyncConnection, ids: Collection[ClaimId]) -> set[tuple[ClaimId, str, str]]:
    """Returns what was asked about these claims, as (claim, judge, prompt)."""
    query = select(opinion.c.claim_id, opinion.c.judge, opinion.c.prompt)
    rows = await tx.execute(query.where(opinion.c.claim_id.in_(ids)))
    return {(ClaimId(claim_id), judge, prompt) for claim_id, judge, prompt in rows}


async def keep(tx: AsyncConnection, opinions: Sequence[Kept]) -> None:
    """Writes opinions; what was kept before stays, and one about a claim that has gone is dropped."""
    about = select(claim.c.id).where(claim.c.id.in_({one.claim_id for one in opinions}))
    there = set((await tx.execute(about)).scalars())
    rows = [one._asdict() for one in opinions if one.claim_id in there]
    if rows:
        await tx.execute(insert_into(tx, opinion).on_conflict_do_nothing(), rows)


async def kept(tx: AsyncConnection, campaign_id: CampaignId) -> list[Kept]:
    """Returns the opinions on a campaign's claims, the newest of each claim and judge, claims in order."""
    rows = await tx.execute(
        select(opinion)
        .join(claim, claim.c.id == opinion.c.claim_id)
        .where(claim.c.campaign_id == campaign_id, _WHOLE)
        .order_by(opinion.c.claim_id, opinion.c.judge, opinion.c.asked_at, opinion.c.prompt)
    )
    newest = {(row.claim_id, row.judge): Kept(*row) for row in rows}
    return list(newest.values())


async def settled(tx: AsyncConnection, campaign_id: CampaignId) -> list[Settled]:
    """Returns the claims that votes decided, oldest first."""
    rows = await tx.execute(
        select(claim)
        .where(claim.c.campaign_id == campaign_id, claim.c.status.in_(SETTLED), claim.c.votes > 0, _WHOLE)
        .order_by(claim.c.created_at, claim.c.id)
    )
    found = [claim_of(row) for row in rows]
    return [Settled(one, one.status is ClaimStatus.ACCEPTED) for one in found]
