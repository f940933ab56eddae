"""SQL of the front: the player a cookie names, the picture of a claim."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimId, ClaimStatus, Player, PlayerId, PlayerKind
from stumper.store.prepared import Prepared
from stumper.store.schema import claim, image, player


async def find_player(tx: AsyncConnection, player_id: PlayerId) -> Player | None:
    """Returns the player, or None if there is none any more (deleted, or another database)."""
    query = select(player).where(player.c.id == player_id, player.c.forgotten_at.is_(None))
    row = (await tx.execute(query)).first()
    if row is None:
        return None
    return Player(
        id=PlayerId(row.id),
        nickname=row.nickname,
        language=row.language,
        kind=PlayerKind(row.kind),
        consent_at=row.consent_at,
        licence=row.licence,
        e_value=row.e_value,
        network=row.network,
        time_zone=row.time_zone,
        invited_by=None if row.invited_by is None else PlayerId(row.invited_by),
        created_at=row.created_at,
    )


_EPOCH = Prepared(select(player.c.forgotten_at, player.c.epoch).where(player.c.id == bindparam("who")))


async def epoch_of(tx: AsyncConnection, player_id: PlayerId) -> int | None:
    """Returns how often the player has signed out everywhere; None if all that was kept about them is
    deleted. Somebody who is not here has never done so.
    """
    row = await _EPOCH.first(tx, {"who": player_id})
    if row is None:
        return 0
    return None if row.forgotten_at is not None else int(row.epoch)


async def set_language(tx: AsyncConnection, player_id: PlayerId, language: str) -> None:
    """Keeps the language of a player's pages and questions from now on."""
    await tx.execute(update(player).where(player.c.id == player_id).values(language=language))


class Waiting(NamedTuple):
    """Claims of a campaign that are not decided."""

    open: int
    disputed: int
    """Voters could not decide, or a gate stopped them: an operator does."""


async def waiting(tx: AsyncConnection, campaign_id: CampaignId) -> Waiting:
    """Counts the claims that wait for votes, and for an operator."""
    mine = (claim.c.campaign_id == campaign_id) & claim.c.same_as.is_(None)
    query = select(claim.c.status, func.count()).where(mine).group_by(claim.c.status)
    found = {status: int(n) for status, n in await tx.execute(query)}
    return Waiting(found.get(ClaimStatus.OPEN.value, 0), found.get(ClaimStatus.DISPUTED.value, 0))


async def claim_file(tx: AsyncConnection, claim_id: ClaimId) -> str:
    """Returns the file key of the picture a claim is about. Raises NotFound."""
    key = (
        await tx.execute(
            select(image.c.file)
            .join(claim, and_(claim.c.image_id == image.c.id, claim.c.campaign_id == image.c.campaign_id))
            .where(claim.c.id == claim_id)
        )
    ).scalar_one_or_none()
    if key is None:
        raise NotFound(f"There is no case {claim_id!r}. Go back to the referee's desk.")
    return str(key)
