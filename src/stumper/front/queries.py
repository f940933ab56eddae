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


async def is_forgotten(tx: AsyncConnection, player_id: PlayerId) -> bool:
    """Whether the player had all that was kept about them deleted."""
    query = select(player.c.id).where(player.c.id == player_id, player.c.forgotten_at.is_not(None))
    return (await tx.execute(query)).first() is not None


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
