"""What a player may be shown next: pictures of a kind that were never in one of the player's turns."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.images.queries import count_turns, draw_unseen, load_many, set_kind
from stumper.records import CampaignId, Image, ImageId, ImageKind, PlayerId


async def fresh(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    player_id: PlayerId,
    kind: ImageKind,
    n: int,
    rng: random.Random,
    held_out: bool | None = None,
    but: Collection[ImageId] = (),
) -> list[Image]:
    """Returns ``n`` random images in random order, fewer if the player has seen nearly all; never one twice.

    Those named in ``but`` are left out. Pictures of the cohort ``held_out`` come first, and others only where
    these run out; None takes all alike.

    A picture dealt counts as seen, also in a turn that never opened. The same pool and ``rng`` give the same
    images.
    """
    ids: list[ImageId] = []
    for cohort in (None,) if held_out is None else (held_out, None):
        if len(ids) < n:
            ids += await draw_unseen(
                tx,
                campaign_id=campaign_id,
                player_id=player_id,
                kind=kind,
                n=n - len(ids),
                rng=rng,
                held_out=cohort,
                but=[*but, *ids],
            )
    return await load_many(tx, campaign_id, ids)


async def fresh_known(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    player_id: PlayerId,
    n: int,
    views: int,
    rng: random.Random,
) -> list[Image]:
    """Returns up to ``n`` complex pictures that can be controls: something is known of them, the player has
    not seen them, and they were a control less than ``views`` times.
    """
    if n == 0:
        return []
    kind = ImageKind.UNTAINTED
    ids = await draw_unseen(
        tx, campaign_id=campaign_id, player_id=player_id, kind=kind, n=n, rng=rng, known=True
    )
    rested = [image_id for image_id in ids if await count_turns(tx, image_id, most=views) < views]
    return await load_many(tx, campaign_id, rested)


async def retire_worn(
    tx: AsyncConnection, campaign_id: CampaignId, controls: Iterable[ImageId], *, views: int
) -> None:
    """Takes those of the controls that were dealt ``views`` times out of the pool.

    Players talk: a picture that many have seen at the end of a session, with its secrets, is none any more.
    """
    for image_id in controls:
        if await count_turns(tx, image_id, most=views) >= views:
            await set_kind(tx, campaign_id, image_id, kind=ImageKind.RETIRED)
