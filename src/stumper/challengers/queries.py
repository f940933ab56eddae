"""SQL of models that play: which player one is, how far it has come, and what it has spent."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.records import Method, PlayerId, PlayerKind, RoundId, SessionId
from stumper.store.schema import player, session


async def player_of(tx: AsyncConnection, model_ref: str, method: Method) -> PlayerId | None:
    """Returns the player that a model is with this method; None if it never played."""
    mine = (
        player.c.kind == PlayerKind.MODEL.value,
        player.c.model_ref == model_ref,
        player.c.method == method.value,
        player.c.forgotten_at.is_(None),
    )
    found = await tx.execute(select(player.c.id).where(*mine).order_by(player.c.created_at, player.c.id))
    first = found.scalars().first()
    return None if first is None else PlayerId(first)


async def finished(tx: AsyncConnection, player_id: PlayerId, round_id: RoundId) -> int:
    """Counts the sessions of a round that a player has finished."""
    counted = select(func.count()).select_from(session)
    mine = session.c.player_id == player_id, session.c.round_id == round_id
    return int((await tx.execute(counted.where(*mine, session.c.finished_at.is_not(None)))).scalar_one())


async def add_effort(tx: AsyncConnection, session_id: SessionId, spent: Mapping[str, float]) -> None:
    """Adds what a model has spent on a session to what it had spent before."""
    which = session.c.id == session_id
    before = (await tx.execute(select(session.c.effort).where(which))).scalar_one() or {}
    after = {name: before.get(name, 0) + value for name, value in spent.items()}
    await tx.execute(update(session).where(which).values(effort=after))
