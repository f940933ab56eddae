"""SQL of the front: whether the database answers, the player a cookie names, the picture of a claim."""

from __future__ import annotations

from sqlalchemy import and_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import NotFound
from stumper.records import ClaimId, Player, PlayerId, PlayerKind
from stumper.store.schema import claim, image, player


async def ping(tx: AsyncConnection) -> None:
    """Returns if the database answers, and raises what it raises if it does not."""
    await tx.execute(text("SELECT 1"))


async def find_player(tx: AsyncConnection, player_id: PlayerId) -> Player | None:
    """Returns the player, or None if there is none any more (deleted, or another database)."""
    row = (await tx.execute(select(player).where(player.c.id == player_id))).first()
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


async def set_language(tx: AsyncConnection, player_id: PlayerId, language: str) -> None:
    """Keeps the language of a player's pages and questions from now on."""
    await tx.execute(update(player).where(player.c.id == player_id).values(language=language))


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
