"""What a player may be shown next: pictures of a kind that were never in one of the player's turns."""

from __future__ import annotations

import random

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.images.queries import draw_unseen, load_many
from stumper.records import CampaignId, Image, ImageKind, PlayerId


async def fresh(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    player_id: PlayerId,
    kind: ImageKind,
    n: int,
    rng: random.Random,
) -> list[Image]:
    """Returns ``n`` random images in random order, fewer if the player has seen nearly all; never one twice.

    A picture dealt counts as seen, also in a turn that never opened. The same pool and ``rng`` give the same
    images.
    """
    ids = await draw_unseen(tx, campaign_id=campaign_id, player_id=player_id, kind=kind, n=n, rng=rng)
    return await load_many(tx, campaign_id, ids)
