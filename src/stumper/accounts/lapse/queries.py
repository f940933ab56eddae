"""SQL of what is deleted by age. ``before``: unix seconds; what is older goes."""

from __future__ import annotations

from sqlalchemy import delete, exists, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import message, passcode, player, session, vote


async def clear_networks(tx: AsyncConnection, *, before: float) -> int:
    """Forgets from which network players came who joined before that, and neither played nor judged since."""
    played = exists().where(session.c.player_id == player.c.id, session.c.started_at >= before)
    voted = exists().where(vote.c.player_id == player.c.id, vote.c.voted_at >= before)
    idle = player.c.network.is_not(None) & (player.c.created_at < before) & ~played & ~voted
    return (await tx.execute(update(player).where(idle).values(network=None))).rowcount


async def drop_codes(tx: AsyncConnection, *, before: float) -> int:
    """Deletes codes for another device, used or not, that were too old by then."""
    return (await tx.execute(delete(passcode).where(passcode.c.expires_at < before))).rowcount


async def drop_messages(tx: AsyncConnection, *, before: float) -> int:
    """Deletes messages that were told, by the page or by the bot; what nobody has read yet stays."""
    told = or_(message.c.seen_at.is_not(None), message.c.sent_at.is_not(None))
    return (await tx.execute(delete(message).where(told, message.c.written_at < before))).rowcount
