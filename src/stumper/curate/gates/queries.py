"""SQL of the gates: what they found, what a model said without the picture, and which pictures look alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.gates.entrance import Seen
from stumper.curate.queries import claim_of
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus, ImageId, RoundId
from stumper.store.schema import claim, example, image


async def write(tx: AsyncConnection, seen: Sequence[Seen], *, now: float) -> None:
    """Writes categories, and what was stopped; a claim that was looked at or decided meanwhile stays."""
    named = [{"id_": one.claim.id, "category_": one.category.value} for one in seen]
    halted = [
        {
            "id_": one.claim.id,
            "status_": one.stopped.status.value,
            "reason_": one.stopped.cause.value,
            "decided_at_": now,
        }
        for one in seen
        if one.stopped is not None
    ]
    unseen = (claim.c.id == bindparam("id_")) & claim.c.category.is_(None)
    if halted:  # first: whoever has a category was looked at
        is_open = claim.c.status == ClaimStatus.OPEN.value
        columns = ("status", "reason", "decided_at")
        stop = update(claim).where(unseen, is_open)
        await tx.execute(stop.values({name: bindparam(f"{name}_") for name in columns}), halted)
    if named:
        await tx.execute(update(claim).where(unseen).values(category=bindparam("category_")), named)


async def looks(tx: AsyncConnection, campaign_id: CampaignId) -> dict[ImageId, str | None]:
    """Returns the perceptual hash of every picture of a campaign that a claim is about."""
    claimed = select(claim.c.image_id).where(claim.c.campaign_id == campaign_id)
    query = select(image.c.id, image.c.look).where(
        image.c.campaign_id == campaign_id, image.c.id.in_(claimed)
    )
    return {ImageId(id_): look for id_, look in await tx.execute(query)}


async def not_asked_blind(tx: AsyncConnection, round_id: RoundId, *, limit: int, after: str) -> list[Claim]:
    """Returns claims of a round by id, from after ``after``, that may become examples and that no model was
    asked about without the picture.
    """
    may_be = claim.c.status.in_((ClaimStatus.OPEN.value, ClaimStatus.ACCEPTED.value))
    rows = await tx.execute(
        select(claim)
        .where(
            claim.c.round_id == round_id,
            may_be,
            claim.c.same_as.is_(None),
            claim.c.blind.is_(None),
            claim.c.id > after,
            claim.c.id.not_in(select(example.c.claim_id).where(example.c.round_id == round_id)),
        )
        .order_by(claim.c.id)
        .limit(limit)
    )
    return [claim_of(row) for row in rows]


async def keep_blind(tx: AsyncConnection, said: Mapping[ClaimId, str]) -> None:
    """Writes what a model said to questions without the picture."""
    rows: Iterable[dict[str, str]] = [{"id_": id_, "blind_": text} for id_, text in said.items()]
    if said:
        await tx.execute(
            update(claim).where(claim.c.id == bindparam("id_")).values(blind=bindparam("blind_")), [*rows]
        )
